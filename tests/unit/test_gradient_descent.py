"""Gradient descent on a line: every number against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from core import data, tasks
from core.lessons import gradient_descent as gd
from core.messages import UserError
from core.training.supervised import SupervisedTrainer

X, Y = gd.make_points("notes")
NX, NY = gd.make_points("noisy")


def test_the_notes_first_step() -> None:
    step = gd.Descent(X, Y, rate=0.02).step()
    assert gd.forward(X, 1, 10)[1] == 11  # x = 1 as in the notes: 11 instead of 3
    assert step.loss == pytest.approx(np.mean((X + 10 - Y) ** 2))
    assert (step.next_w, step.next_b) == pytest.approx((1 - 0.02 * step.grad_w, 10 - 0.02 * step.grad_b))


@pytest.mark.parametrize(("w", "b"), [(1, 10), (-2, 0.5), (2, 1)], ids=["start", "other", "minimum"])
def test_the_gradient_is_that_of_finite_differences(w: float, b: float) -> None:
    h = 1e-6
    by_w = (gd.mean_squared_error(NX, NY, w + h, b) - gd.mean_squared_error(NX, NY, w - h, b)) / (2 * h)
    by_b = (gd.mean_squared_error(NX, NY, w, b + h) - gd.mean_squared_error(NX, NY, w, b - h)) / (2 * h)
    assert gd.gradient(NX, NY, w, b) == pytest.approx((by_w, by_b), rel=1e-5, abs=1e-5)


TORCH = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.02),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.02),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02),
}


@pytest.mark.parametrize("optimizer", TORCH)
def test_optimizers_equal_torch_step_by_step(optimizer: str) -> None:
    w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.0, 10.0))
    theirs, x, y = TORCH[optimizer]([w, b]), torch.from_numpy(NX), torch.from_numpy(NY)
    ours = gd.Descent(NX, NY, 1, 10, optimizer, 0.02)
    for _step in range(60):
        theirs.zero_grad()
        ((w * x + b - y) ** 2).mean().backward()
        theirs.step()
        record = ours.step()
        assert (record.next_w, record.next_b) == pytest.approx((w.item(), b.item()), rel=1e-9, abs=1e-9)


def test_least_squares_is_numpys_line() -> None:
    found = gd.least_squares(NX, NY)
    assert (found.w, found.b) == pytest.approx(tuple(np.polyfit(NX, NY, 1)))
    around = [
        gd.mean_squared_error(NX, NY, found.w + dw, found.b + db) for dw in (-0.1, 0.1) for db in (-0.1, 0.1)
    ]
    assert min(around) > found.loss


@pytest.mark.parametrize("x", [[1.0], [2.0, 2.0, 2.0]], ids=["one", "same"])
def test_points_without_a_line_are_one_sentence(x: list[float]) -> None:
    with pytest.raises(UserError, match="at least two points"):
        gd.least_squares(np.array(x), np.array(x))


@pytest.mark.parametrize("name", list(gd.POINT_SETS))
def test_the_limit_is_where_sgd_begins_to_diverge(name: str) -> None:
    x, y = gd.make_points(name)
    limit = gd.curvature(x).limit
    below, above = (list(gd.Descent(x, y, rate=r * limit).run(3000)) for r in (0.98, 1.02))
    assert below[-1].next_loss < below[0].loss and gd.has_diverged(above[-1].next_loss, above[0].loss)
    assert len(above) < 3000


@pytest.mark.parametrize(
    ("rate", "verdict"), [(1e-4, "small"), (0.02, "right"), (0.06, "oscillates"), (0.1, "large")]
)
def test_learning_rates_are_recognized(rate: float, verdict: str) -> None:
    assert gd.assess_rate(X, rate).verdict == verdict
    assert ("explodes" in str(gd.assess_rate(X, rate).message)) == (verdict in ("large", "right"))


def test_momentum_stands_larger_rates_than_sgd() -> None:
    limit = gd.curvature(X).limit
    assert gd.assess_rate(X, 1.5 * limit).verdict == "large"
    assert gd.assess_rate(X, 1.5 * limit, "momentum").verdict != "large"
    last = list(gd.Descent(X, Y, optimizer="momentum", rate=1.5 * limit).run(2000))[-1]
    assert last.next_loss < 1e-3


@pytest.mark.parametrize("optimizer", list(gd.OPTIMIZERS))
def test_every_optimizer_reaches_the_line_of_the_notes_with_its_own_rate(optimizer: str) -> None:
    *_, last = gd.Descent(X, Y, optimizer=optimizer, rate=gd.DEFAULT_RATES[optimizer]).run()
    assert (last.next_w, last.next_b) == pytest.approx((2, 1), abs=0.1)


def test_the_task_of_the_notes_learns_the_line() -> None:
    task, points = tasks.get_task("line"), data.load_dataset("line")
    fabric = Fabric(accelerator="cpu", devices=1, precision="32-true")
    trainer = SupervisedTrainer(task.model, points, task.recipe, fabric)
    *_, _done = trainer.run()
    scale, head = trainer.output_scale(), trainer.trained_module.head
    w = head.weight.item() * scale["std"] / points.std.item()
    b = head.bias.item() * scale["std"] + scale["mean"] - w * points.mean.item()
    assert (w, b) == pytest.approx((2, 1), abs=1e-3)


def test_a_steep_surface_is_described_without_an_exponent() -> None:
    found = gd.assess_rate(gd.make_points("years")[0], 0.02)
    assert found.message.params["high"] == "1,068" and gd.format_curvature(29.7342) == "29.7"
