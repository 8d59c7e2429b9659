"""Settings of the playground: the choices of every field, and how they are written in a URL."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from core.messages import Message, N_, UserError, closest_names

MAX_LAYERS, MAX_UNITS, MAX_SEED = 5, 32, 9999
OWN = "own"

DATA_SETS = {
    "xor": N_("XOR"),
    "circles": N_("Circles"),
    "spirals": N_("Spirals"),
    "moons": N_("Two moons"),
    "gaussians": N_("Two Gaussians"),
    "three_gaussians": N_("Three Gaussians"),
    "three_spirals": N_("Three spirals"),
    "plane": N_("Regression: plane"),
    "bumps": N_("Regression: bumps"),
    OWN: N_("Own points"),
}
THREE_CLASSES = ("three_gaussians", "three_spirals")
"""Data sets whose network has three outputs and a softmax."""
FEATURES = {
    "x1": "x₁",
    "x2": "x₂",
    "x1sq": "x₁²",
    "x2sq": "x₂²",
    "x1x2": "x₁x₂",
    "sinx1": "sin 2x₁",
    "sinx2": "sin 2x₂",
}
ACTIVATIONS = {
    "relu": "ReLU",
    "leaky": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "linear": N_("linear"),
}
INITIALIZATIONS = {
    "default": N_("PyTorch default"),
    "he": "He",
    "xavier": "Xavier",
    "normal": "N(0, 1)",
    "small": "N(0, 0.01²)",
    "zeros": N_("all zeros"),
}
OPTIMIZERS = {"sgd": "SGD", "momentum": N_("SGD with momentum"), "rmsprop": "RMSprop", "adam": "Adam"}

CHOICES: dict[str, tuple] = {
    "data": tuple(DATA_SETS),
    "points": (50, 100, 200, 300, 500, 1000),
    "noise": (0, 5, 10, 15, 20, 25, 30, 40, 50),
    "label_noise": (0, 5, 10, 20, 30, 40, 50),
    "train_share": (10, 20, 30, 40, 50, 60, 70, 80, 90),
    "activation": tuple(ACTIVATIONS),
    "init": tuple(INITIALIZATIONS),
    "batch_norm": (False, True),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.5),
    "optimizer": tuple(OPTIMIZERS),
    "learning_rate": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
    "batch_size": (1, 4, 8, 16, 32, 64, 128, 0),
    "l1": (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "l2": (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "early_stopping": (0, 10, 25, 50, 100),
}
"""The values of the fields that are chosen from a list. `batch_size` 0 is all training points at once."""


COMPARABLE = ("activation", "optimizer", "learning_rate", "l1", "l2", "dropout", "batch_norm")
"""Fields that change neither data nor initial weights nor batches."""


@dataclass(frozen=True)
class Settings:
    """All that determines a training of the playground, own points aside.

    Attributes:
        data: name in `DATA_SETS`.
        points: number of points, training and test together.
        noise: spread of the points, in percent.
        label_noise: share of flipped training labels in percent; of regression, standard deviation of the added noise.
        train_share: share of the points to train on, in percent; the others are test points.
        features: names in `FEATURES`, at least one.
        hidden: units of each hidden layer; empty for a linear model.
        activation: name in `ACTIVATIONS`.
        init: name in `INITIALIZATIONS`.
        batch_norm: whether each hidden layer is batch-normalized.
        dropout: probability of zeroing a hidden unit.
        optimizer: name in `OPTIMIZERS`.
        learning_rate: step size.
        batch_size: points of a step; 0 for all.
        l1: factor of the sum of absolute weights in the loss.
        l2: factor of half the sum of squared weights in the loss.
        early_stopping: epochs without a lower test loss after which training stops; 0 for never.
        seed: fixes points, initial weights and batches.
    """

    data: str = "circles"
    points: int = 300
    noise: int = 10
    label_noise: int = 0
    train_share: int = 70
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[int, ...] = (6, 4)
    activation: str = "tanh"
    init: str = "default"
    batch_norm: bool = False
    dropout: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 0.01
    batch_size: int = 16
    l1: float = 0.0
    l2: float = 0.0
    early_stopping: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UserError(
                    N_("{name} cannot be {value}. Choose from: {choices}."),
                    name=name,
                    value=getattr(self, name),
                    choices=", ".join(map(_format_value, choices)),
                )
        if not self.features or not set(self.features) <= set(FEATURES):
            raise UserError(N_("Choose at least one input feature: {names}."), names=", ".join(FEATURES))
        if len(self.hidden) > MAX_LAYERS or not all(1 <= units <= MAX_UNITS for units in self.hidden):
            raise UserError(
                N_("Too many layers or units: the limits are {layers} and {units}."),
                layers=MAX_LAYERS,
                units=MAX_UNITS,
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise UserError(N_("The seed is a number from 0 to {largest}."), largest=MAX_SEED)

    @property
    def num_outputs(self) -> int:
        """Outputs of the network: 3 logits for three classes, else 1."""
        return 3 if self.data in THREE_CLASSES else 1

    def to_query(self) -> dict[str, str]:
        """Return the fields that are not at their default, as URL parameters."""
        default = Settings()
        return {
            f.name: _format_value(getattr(self, f.name))
            for f in dataclasses.fields(self)
            if getattr(self, f.name) != getattr(default, f.name)
        }


NAMES = tuple(f.name for f in dataclasses.fields(Settings))


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "0"
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def from_query(parameters: Mapping[str, str]) -> tuple[Settings, list[Message]]:
    """Read settings from URL parameters. Returns the settings, and a sentence for each value that was ignored."""
    settings, complaints = Settings(), []
    for name in NAMES:
        if name not in parameters:
            continue
        try:
            settings = dataclasses.replace(settings, **{name: _parse(name, parameters[name])})
        except (ValueError, UserError):
            complaints.append(_complaint(name, parameters[name]))
    return settings, complaints


def _parse(name: str, text: str) -> object:
    """Parse a field; raises ValueError if `text` is no value of it."""
    if len(text) > 60 or not text.isascii():
        raise ValueError(text)
    if name in CHOICES:
        return (
            {_format_value(choice): choice for choice in CHOICES[name]}[text]
            if _known(name, text)
            else _bad(text)
        )
    if name == "features":
        return tuple(f for f in FEATURES if f in text.split(","))
    if name == "hidden":
        return tuple(int(units) for units in text.split(",")) if text != "0" else ()
    return int(text)


def _known(name: str, text: str) -> bool:
    return text in map(_format_value, CHOICES[name])


def _bad(text: str) -> object:
    raise ValueError(text)


def _complaint(name: str, text: str) -> Message:
    short = text if len(text) <= 30 else text[:30] + "…"
    default = _format_value(getattr(Settings(), name))
    if name in CHOICES:
        choices = closest_names(text[:60], map(_format_value, CHOICES[name]), most=20)
    else:
        choices = {"features": ",".join(FEATURES), "hidden": "4,2", "seed": f"0 … {MAX_SEED}"}[name]
    return Message(
        N_("The address says {name}={value}, which is not possible; {default} is used. Possible: {choices}."),
        {"name": name, "value": short, "default": default, "choices": choices},
    )
