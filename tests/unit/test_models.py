"""Every registered network, by iterating over the registry; parameter counts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core import checkpoints, models, tasks
from core.checkpoints import Spec
from core.messages import UserError

NAMES = models.list_models()
IMAGE = (1, 28, 28)
DIGITS = {t.model for t in tasks.TASKS if t.dataset == "mnist"}


def image(name: str) -> tuple[int, ...]:
    """What model `name` is made for: MNIST's digits where a task says so, else CIFAR-10's images."""
    return IMAGE if name in DIGITS else (3, 32, 32)


def build(name: str, num_outputs: int = 10, in_shape: tuple[int, ...] | None = None, **options):
    torch.manual_seed(0)
    return models.create_model(name, in_shape or image(name), num_outputs, **options)


def test_every_task_names_a_registered_model() -> None:
    for task in tasks.TASKS:
        assert task.model in models.list_models("translator" if task.kind == "translation" else "predictor")


@pytest.mark.parametrize("name", NAMES)
def test_output_shape_and_finite(name: str) -> None:
    network = build(name).eval()
    out = network(torch.randn(3, *image(name)))
    assert out.shape == (3, 10) and out.isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_gets_a_gradient(name: str) -> None:
    network = build(name).train()
    network(torch.randn(4, *image(name))).square().sum().backward()
    # What is computed or fixed by design says so itself.
    learned = {n: p for n, p in network.named_parameters() if p.requires_grad}
    silent = [n for n, p in learned.items() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not silent


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_number_of_classes_reaches_the_head(name: str) -> None:
    network = build(name, num_outputs=42).eval()
    assert network(torch.randn(2, *image(name))).shape == (2, 42)
    assert network.head.out_features == 42


@pytest.mark.parametrize("name", NAMES)
def test_forward_is_head_of_embed(name: str) -> None:
    network = build(name).eval()
    x = torch.randn(3, *image(name))
    hidden = network.embed(x)
    assert hidden.ndim == 2 and torch.equal(network.head(hidden), network(x))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_channels_last_gives_the_same_answer(name: str) -> None:
    network = build(name).eval()
    x = torch.randn(3, *image(name))
    plain = network(x)
    last = network.to(memory_format=torch.channels_last)(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(last, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_it_answers_the_same(name: str, half: bool, tmp_path: Path) -> None:
    network = build(name).train()
    network(torch.randn(8, *image(name)))  # batch norm's running figures are no longer the initial ones
    network.eval()
    spec = Spec(
        "t", name, {}, image(name), "classification", tuple("0123456789"), (0.1,), (0.3,), 0.0, 1.0, "MNIST"
    )
    checkpoints.save_weights(tmp_path / "w.safetensors", network, spec, half=half)
    again, found = checkpoints.load_weights(tmp_path / "w.safetensors", name)
    assert found == spec and not again.training
    assert all(p.dtype == torch.float32 for p in again.parameters())
    x = torch.randn(3, *image(name))
    if half:
        torch.testing.assert_close(again(x), network(x), rtol=1e-2, atol=1e-2)
    else:
        assert torch.equal(again(x), network(x))


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_weights(name: str) -> None:
    one, two = build(name).state_dict(), build(name).state_dict()
    assert all(torch.equal(one[k], two[k]) for k in one)


@pytest.mark.parametrize("name", NAMES)
def test_the_source_shown_is_the_file_that_defines_it(name: str) -> None:
    source = models.model_source(name)
    assert f"def {name}(" in source and "@register_model" in source and "Shapes:" in source


LENET5 = {
    "c1": 6 * (1 * 25) + 6,
    "c3": 16 * (6 * 25) + 16,
    "c5": 120 * (16 * 25) + 120,
    "f6": 120 * 84 + 84,
    "output": 84 * 10 + 10,
}
MODERN = (
    (32 * 1 * 9 + 2 * 32)
    + (32 * 32 * 9 + 2 * 32)
    + (64 * 32 * 9 + 2 * 64)
    + (64 * 64 * 9 + 2 * 64)
    + (64 * 7 * 7 * 128 + 2 * 128)
    + (128 * 10 + 10)
)
COUNTS = {
    "softmax": 784 * 10 + 10,  # 7,850
    "notes_cnn": 832 + 64 + 62_730,  # convolution, batch norm, linear: 63,626
    "lenet5": sum(LENET5.values()),  # 61,706
    "modern_cnn": MODERN,
    "mlp": (784 * 256 + 256) + (256 * 256 + 256) + (256 * 10 + 10),
}


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_by_hand(name: str) -> None:
    assert sum(p.numel() for p in build(name).parameters()) == COUNTS[name]


def test_the_notes_cnn_part_by_part() -> None:
    network = build("notes_cnn")
    parts = [
        sum(p.numel() for p in part.parameters()) for part in (network.conv[0], network.conv[1], network.head)
    ]
    assert parts == [832, 64, 62_730]
    assert network.embed(torch.randn(1, *IMAGE)).shape == (1, 6272)


def test_an_mlp_of_any_depth_for_tables() -> None:
    for depth in (0, 1, 3):
        network = build("mlp", 1, (13,), width=64, depth=depth)
        assert network(torch.randn(5, 13)).shape == (5, 1)
        linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
        assert len(linear) == depth + 1


def test_an_unknown_model_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="Model lenet6 not found.*lenet5"):
        models.create_model("lenet6", IMAGE, 10)
