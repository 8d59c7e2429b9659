"""The training of the playground as a plain PyTorch script, to be copied: it makes the same points and takes the same steps."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence

from core.lessons.playground import data_sets
from core.lessons.playground.network import MOMENTUM
from core.lessons.playground.settings import OWN, THREE_CLASSES, Settings

_ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "leaky": "nn.LeakyReLU()",
    "elu": "nn.ELU()",
    "gelu": "nn.GELU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "linear": "nn.Identity()",
}
_FEATURES = {
    "x1": "x1",
    "x2": "x2",
    "x1sq": "x1**2",
    "x2sq": "x2**2",
    "x1x2": "x1 * x2",
    "sinx1": "np.sin(2 * x1)",
    "sinx2": "np.sin(2 * x2)",
}
_INITIALIZATIONS = {
    "default": """\
bound = layer.in_features**-0.5
nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
nn.init.uniform_(layer.bias, -bound, bound, generator=generator)""",
    "he": 'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)',
    "xavier": "nn.init.xavier_normal_(layer.weight, generator=generator)",
    "normal": "nn.init.normal_(layer.weight, std=1.0, generator=generator)",
    "small": "nn.init.normal_(layer.weight, std=0.01, generator=generator)",
    "zeros": "nn.init.zeros_(layer.weight)",
}
_OPTIMIZERS = {
    "sgd": "torch.optim.SGD(model.parameters(), lr={rate})",
    "momentum": f"torch.optim.SGD(model.parameters(), lr={{rate}}, momentum={MOMENTUM})",
    "rmsprop": "torch.optim.RMSprop(model.parameters(), lr={rate})",
    "adam": "torch.optim.Adam(model.parameters(), lr={rate})",
}


def render_script(settings: Settings, own: Sequence[Sequence[float]], epochs: int) -> str:
    """Return a Python script that trains the network of `settings` for `epochs` and prints its losses.

    `own` are the points of the data set of that name; they are part of the script.
    """
    parts = [
        "import numpy as np\nimport torch\nfrom torch import nn\nfrom torch.nn import functional\n",
        _render_data(settings, own),
        _render_model(settings),
        _render_training(settings, epochs),
    ]
    return "\n".join(parts)


def _render_data(settings: Settings, own: Sequence[Sequence[float]]) -> str:
    lines = [f"seed = {settings.seed}", "rng = np.random.default_rng(seed)"]
    source = ""
    if settings.data == OWN:
        lines.append(f"rows = np.array({[list(row) for row in own]})")
        lines.append("points, targets = rows[:, :2], rows[:, 2]")
    else:
        source = inspect.getsource(data_sets.GENERATORS[settings.data]).replace(
            "n: int, noise: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]", "n, noise, rng)"
        )
        source = f"\n\n{source}\n\n"
        lines.append(f"points, targets = {settings.data}({settings.points}, {settings.noise / 100}, rng)")
    lines += [
        "order = rng.permutation(len(points))",
        f"count = min(max(2, round(len(points) * {settings.train_share} / 100)), len(points) - 1)",
        "train, test = np.sort(order[:count]), np.sort(order[count:])",
    ]
    if settings.label_noise and settings.data in data_sets.REGRESSION:
        lines.append(f"targets[train] += {settings.label_noise / 100} * rng.standard_normal(len(train))")
    elif settings.label_noise:
        lines.append(f"flipped = train[rng.uniform(size=len(train)) < {settings.label_noise / 100}]")
        if settings.data in THREE_CLASSES:
            lines.append("targets[flipped] = np.mod(targets[flipped] + rng.integers(1, 3, len(flipped)), 3)")
        else:
            lines.append("targets[flipped] = 1 - targets[flipped]")
    features = ", ".join(_FEATURES[name] for name in settings.features)
    lines += [
        "x1, x2 = points.astype(np.float32).T",
        f"x = torch.from_numpy(np.stack([{features}], 1).astype(np.float32))",
        f"y = torch.from_numpy(targets.astype(np.{'int64' if settings.data in THREE_CLASSES else 'float32'}))",
        "x_train, y_train, x_test, y_test = x[train], y[train], x[test], y[test]",
    ]
    return source + "\n".join(lines) + "\n"


def _render_model(settings: Settings) -> str:
    layers, width = [], len(settings.features)
    for units in settings.hidden:
        layers.append(f"nn.Linear({width}, {units})")
        if settings.batch_norm:
            layers.append(f"nn.BatchNorm1d({units})")
        layers.append(_ACTIVATIONS[settings.activation])
        if settings.dropout:
            layers.append(f"Dropout({settings.dropout})")
        width = units
    layers.append(f"nn.Linear({width}, {settings.num_outputs})")
    body = "".join(f"    {layer},\n" for layer in layers)
    zero_bias = "" if settings.init == "default" else "nn.init.zeros_(layer.bias)\n"
    init = textwrap.indent(zero_bias + _INITIALIZATIONS[settings.init], "        ")
    return (
        (_DROPOUT if settings.dropout else "")
        + f"\nmodel = nn.Sequential(\n{body})\n"
        + "generator = torch.Generator().manual_seed(seed)\n"
        + "for layer in model:\n    if isinstance(layer, nn.Linear):\n"
        + f"{init}\n"
    )


_DROPOUT = '''
dropout_generator = torch.Generator().manual_seed(seed)


class Dropout(nn.Module):
    """As nn.Dropout, with random numbers of its own."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=dropout_generator) >= self.p) / (1 - self.p)

'''


def _render_training(settings: Settings, epochs: int) -> str:
    if settings.data in THREE_CLASSES:
        loss, column = "cross_entropy", ""  # the softmax is part of it
    else:
        column = "[:, 0]"
        loss = "mse_loss" if settings.data in data_sets.REGRESSION else "binary_cross_entropy_with_logits"
    size = settings.batch_size or "len(x_train)"
    lines = [
        f"optimizer = {_OPTIMIZERS[settings.optimizer].format(rate=settings.learning_rate)}",
        "batches = torch.Generator().manual_seed(seed)",
        f"for epoch in range({epochs}):",
        "    model.train()",
        f"    for batch in torch.randperm(len(x_train), generator=batches).split({size}):",
    ]
    if settings.batch_norm:
        lines += ["        if len(batch) == 1:  # no variance to normalize by", "            continue"]
    lines.append(f"        loss = functional.{loss}(model(x_train[batch]){column}, y_train[batch])")
    weights = "for layer in model if isinstance(layer, nn.Linear)"
    if settings.l1:
        lines.append(f"        loss = loss + {settings.l1} * sum(layer.weight.abs().sum() {weights})")
    if settings.l2:
        lines.append(f"        loss = loss + {settings.l2} / 2 * sum(layer.weight.square().sum() {weights})")
    lines += [
        "        optimizer.zero_grad()",
        "        loss.backward()",
        "        optimizer.step()",
        "",
        "model.eval()",
        "with torch.no_grad():",
        f"    train_loss = functional.{loss}(model(x_train){column}, y_train).item()",
        f"    test_loss = functional.{loss}(model(x_test){column}, y_test).item()",
        'print(f"training loss {train_loss:.4f}, test loss {test_loss:.4f}")',
    ]
    return "\n" + "\n".join(lines) + "\n"
