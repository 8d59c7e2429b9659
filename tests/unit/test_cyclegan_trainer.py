"""CycleGAN's parts against facts from outside: parameter counts, receptive field, the paper's schedule, torch's own norms."""

from __future__ import annotations

import functools
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from core import data, models, tasks
from core.data import ArrayDataset
from core.kinds import get_kind
from core.messages import UserError
from core.models.cyclegan import Generator, InstanceNorm, PatchGAN
from core.runs import samples
from core.training import gan_signals
from core.training.cyclegan import CycleGANTrainer
from core.training.events import Done, EpochEnd, Sample, Step
from core.training.image_pool import ImagePool
from core.translation import gan_diagnostics

pytestmark = pytest.mark.slow

TINY = {
    "width": 4,
    "num_blocks": 1,
    "image_size": 64,
    "batch_size": 2,
    "epochs": 2,
    "limit_train": 6,
    "num_validation": 3,
    "sample_every": 2,
    "threads": 1,
    "precision": "32-true",
    "resize_conv": True,
    "ema_decay": 0.9,
    "pool_size": 3,
}


@functools.cache
def drawn() -> ArrayDataset:
    return data.load_dataset("apple2orange", download=False, image_size=64)


def make(dataset: ArrayDataset | None = None, **changes: object) -> CycleGANTrainer:
    torch.set_num_threads(1)
    recipe = tasks.get_task("cyclegan-light").recipe.changed(**{**TINY, **changes})
    return CycleGANTrainer("cyclegan", dataset or drawn(), recipe, Fabric(accelerator="cpu", devices=1))


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


# ---- the networks ----------------------------------------------------------------------------------------------------


def test_the_papers_networks_have_their_parameters() -> None:
    assert round(parameters(Generator(64, 9, resize_conv=False)) / 1e6, 3) == 11.378
    assert round(parameters(PatchGAN(64)) / 1e6, 3) == 2.765
    pair = models.create_model("cyclegan", (3, 256, 256), 0, width=64, num_blocks=9)
    assert parameters(pair) == 2 * parameters(pair.a2b)


def test_a_patch_is_70_pixels_wide() -> None:
    """Instance norm depends on the whole image; without it, what reaches one score is the patch."""
    network = PatchGAN(8)
    for name, module in network.named_modules():
        if isinstance(module, InstanceNorm):
            parent, leaf = name.rsplit(".", 1)
            network.get_submodule(parent)[int(leaf)] = nn.Identity()
    x = torch.ones(1, 3, 160, 160, requires_grad=True)
    scores = network(x)
    assert scores.shape == (1, 1, 18, 18)
    scores[0, 0, 9, 9].backward()
    reached = x.grad.abs().sum((0, 1)) > 0
    assert (int(reached.any(0).sum()), int(reached.any(1).sum())) == (70, 70)


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("size", [(64, 64), (68, 100)])
def test_a_generator_keeps_the_size_and_the_range(size: tuple[int, int], resize: bool) -> None:
    out = Generator(4, 2, resize)(torch.rand(2, 3, *size) * 2 - 1)
    assert out.shape == (2, 3, *size) and out.abs().max() <= 1


def test_the_norm_is_torchs_instance_norm() -> None:
    x = torch.randn(3, 5, 8, 6).to(memory_format=torch.channels_last).requires_grad_()
    theirs = x.detach().clone().requires_grad_()
    weight = torch.randn(3, 5, 8, 6)
    ours_out, their_out = InstanceNorm()(x), nn.functional.instance_norm(theirs)
    torch.testing.assert_close(ours_out, their_out)
    (ours_out * weight).sum().backward()
    (their_out * weight).sum().backward()
    torch.testing.assert_close(x.grad, theirs.grad)


def test_weights_begin_as_the_paper_says() -> None:
    torch.manual_seed(0)
    network = models.create_model("cyclegan", (3, 64, 64), 0, width=32, num_blocks=3)
    weights = torch.cat([m.weight.detach().flatten() for m in network.modules() if isinstance(m, nn.Conv2d)])
    assert float(weights.std()) == pytest.approx(0.02, rel=0.01) and abs(float(weights.mean())) < 1e-4


# ---- the pool and the schedule ---------------------------------------------------------------------------------------


def test_the_pool_keeps_and_gives_back() -> None:
    pool = ImagePool(50, seed=0)
    first = torch.arange(50.0).view(50, 1, 1, 1)
    torch.testing.assert_close(pool.query(first), first)
    newest = torch.arange(50.0, 1050.0).view(1000, 1, 1, 1)
    shown = pool.query(newest)
    old = (shown != newest).flatten()
    assert 0.45 < old.float().mean() < 0.55 and (shown[old] < newest[old]).all()
    assert len(pool.kept) == 50
    assert torch.equal(ImagePool(0, 0).query(newest), newest)


def test_the_rate_falls_as_in_the_official_plan() -> None:
    """`LambdaRule` of the authors: n epochs at the full rate, then n in which it falls linearly; here by steps."""
    trainer = make(epochs=20)
    total, half = trainer.total_steps, trainer.total_steps // 2
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.0002)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 1.0 - max(0, step - half) / (total - half)
    )
    for step in range(total):
        assert trainer._lr_factor(step) == pytest.approx(plan.get_last_lr()[0] / 0.0002)
        optimizer.step()
        plan.step()
    assert trainer._lr_factor(total) == 0
    steps = [e for e in make(epochs=4).run() if isinstance(e, Step)]
    assert [e.metrics["lr"] for e in steps] == pytest.approx(
        [0.0002 * min(1.0, (12 - i) / 6) for i in range(12)]
    )


def test_what_came_of_it_is_always_looked_at() -> None:
    looks = [e.step for e in make(sample_every=4).run() if isinstance(e, Sample)]
    assert looks == [0, 4, 6]


# ---- the loop --------------------------------------------------------------------------------------------------------


def test_a_training_publishes_what_it_declares() -> None:
    trainer = make()
    events = list(trainer.run())
    kinds = [type(e) for e in events]
    assert kinds == [
        Sample,
        Step,
        Step,
        Sample,
        Step,
        EpochEnd,
        Step,
        Sample,
        Step,
        Step,
        Sample,
        EpochEnd,
        Done,
    ]
    for event in events:
        if isinstance(event, Step | EpochEnd):
            assert set(event.metrics) <= set(trainer.metric_names)
            assert all(math.isfinite(v) for v in event.metrics.values())
    sample = events[0]
    assert set(sample.images) == {f"{name}/{kind}" for name in "ab" for kind in samples.IMAGE_KINDS}
    assert all(p.shape == (3, 3, 64, 64) and p.dtype == np.uint8 for p in sample.images.values())
    assert events[-1].step == 6 and trainer.images_seen == 24


def test_stopped_and_resumed_it_ends_with_the_same_weights() -> None:
    whole = make(diff_augment=True)
    list(whole.run())
    first = make(diff_augment=True)
    steps = 0
    for event in first.run():
        steps += isinstance(event, Step)
        if steps == 4:
            break
    state = first.state()
    second = make(diff_augment=True, seed=0)
    torch.manual_seed(99)
    second.load_state(state)
    list(second.run())
    for a, b in zip(
        whole.generators.state_dict().values(), second.generators.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b)
    for a, b in zip(
        whole.discriminators.state_dict().values(), second.discriminators.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b)
    for a, b in zip(whole.average.state_dict().values(), second.average.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert len(whole.pool_a.kept) >= 3
    assert all(torch.equal(a, b) for a, b in zip(whole.pool_a.kept, second.pool_a.kept, strict=True))


def test_one_pair_can_be_overfitted() -> None:
    """One drawn apple, and the same with red and green exchanged: what fools each discriminator is the other one, pixel by pixel."""
    apple = drawn().train_x[0]
    images, half = np.stack([apple, apple[[1, 0, 2]]]), np.full(3, 0.5, np.float32)
    y = np.array([0, 1])
    pair = ArrayDataset(
        "pair", "pair", "translation", "", images, y, images, y, half, half, classes=("A", "B")
    )
    trainer = make(
        pair,
        width=8,
        batch_size=1,
        num_validation=0,
        limit_train=0,
        epochs=200,
        ema_decay=0.0,
        learning_rate=0.001,
        identity_weight=0.0,
    )
    list(trainer.run())
    x = torch.from_numpy(images[:, :, 4:68, 4:68]).float() / 127.5 - 1
    with torch.no_grad():
        fake = trainer.module.a2b(x[:1])
    assert (fake - x[1:]).abs().mean() < 0.4 * (x[:1] - x[1:]).abs().mean()


def test_what_is_held_back_is_not_trained_on() -> None:
    trainer, dataset = make(limit_train=0), drawn()
    for part, held, domain in ((trainer.a, trainer.val_a, 0), (trainer.b, trainer.val_b, 1)):
        assert len(held) == 3 and len(part) + 3 == (dataset.train_y == domain).sum()
        for photo in held.x:
            assert not (part.x == photo).flatten(1).all(1).any()


def test_every_photo_of_the_smaller_domain_is_seen_in_every_round() -> None:
    trainer = make()
    order = trainer._epoch_order(3, 1)
    assert len(order) == trainer.steps_per_epoch * 2 and sorted(order[:3].tolist()) == [0, 1, 2]


def test_one_validation_photo_per_domain_is_enough() -> None:
    recipe = tasks.get_task("cyclegan-light").recipe.changed(num_validation=1)
    assert get_kind("translation").resolve_validation_size(drawn(), recipe) == 1
    trainer = make(num_validation=1, epochs=1, max_steps=1)
    [end] = [e for e in trainer.run() if isinstance(e, EpochEnd)]
    assert len(trainer.val_a) == len(trainer.val_b) == 1 and math.isfinite(end.metrics["val/cycle_error"])


def test_too_few_photos_are_a_sentence() -> None:
    with pytest.raises(
        UserError, match="apple has only 120 photos. With 500 held out for validation, the minimum is 501"
    ):
        make(num_validation=500)


# ---- health ----------------------------------------------------------------------------------------------------------


def look(real: torch.Tensor, translated: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"real": real, "translated": translated, "cycled": real + 0.1}


def test_more_than_one_process_is_refused() -> None:
    recipe = tasks.get_task("cyclegan-light").recipe.changed(**TINY)
    with pytest.raises(UserError, match="one device only"):
        CycleGANTrainer("cyclegan", drawn(), recipe, SimpleNamespace(world_size=2))


def test_signals_say_what_happened() -> None:
    torch.manual_seed(0)
    photos = torch.rand(6, 3, 16, 16)
    same, inverted, collapsed = photos, 1 - photos, photos[:1].expand(6, -1, -1, -1)
    found = gan_signals.measure_signals(look(photos, same), look(photos, inverted), None)
    assert found["val/cycle_error"] == pytest.approx(0.1, rel=1e-4)
    assert found["val/change_a2b"] == 0 and found["val/likeness_a2b"] == pytest.approx(1, rel=1e-4)
    assert found["val/likeness_b2a"] == pytest.approx(-1, rel=1e-4) and found[
        "val/diversity_b2a"
    ] == pytest.approx(1, rel=1e-4)
    assert "val/fooled_a2b" not in found
    signals = gan_signals.measure_signals(
        look(photos, collapsed), look(photos, same), lambda x: np.array([0.9, 0.9, 0.1, 0.9, 0.1, 0.1])
    )
    assert signals["val/diversity_a2b"] == 0
    assert signals["val/fooled_a2b"] == signals["val/fooled_b2a"] == 0.5


HEALTHY = dict.fromkeys(gan_signals.SIGNALS, 0.5)
SICK = [
    ({"val/change_a2b": 0.01}, "Almost no change in the direction A to B"),
    ({"val/likeness_b2a": -0.5}, "Inverted brightness in the direction B to A"),
    ({"val/likeness_a2b": 0.1}, "Translations in the direction A to B preserve little"),
    ({"val/diversity_a2b": 0.1}, "Mode collapse in the direction A to B"),
    ({"score/real_b": 0.95, "score/translated_b": 0.02}, "The discriminator of domain B dominates"),
    ({"score/real_a": 0.5, "score/translated_a": 0.5}, "The discriminator of domain A does not separate"),
]


@pytest.mark.parametrize(("changes", "sentence"), SICK, ids=[s for _, s in SICK])
def test_each_sickness_is_found_and_nothing_else(changes: dict[str, float], sentence: str) -> None:
    scores = {"score/real_a": 0.7, "score/translated_a": 0.3, "score/real_b": 0.7, "score/translated_b": 0.3}
    rows = [{**scores, **HEALTHY, **changes} for _ in range(120)]
    [finding] = gan_diagnostics.diagnose_log(pd.DataFrame(rows))
    assert str(finding.message).startswith(sentence)
    [good] = gan_diagnostics.diagnose_log(pd.DataFrame([{**scores, **HEALTHY}] * 120))
    assert good.level == "good"


def test_nothing_is_said_before_there_is_something_to_say() -> None:
    assert gan_diagnostics.diagnose_log(pd.DataFrame()) == []
    assert (
        gan_diagnostics.diagnose_log(pd.DataFrame([{"score/real_a": 1.0, "score/translated_a": 0.0}] * 5))
        == []
    )


# ---- images on disk ------------------------------------------------------------------------------------------------


def test_sheets_come_back_as_they_were_published(tmp_path) -> None:
    rng = np.random.default_rng(0)
    names = [f"{name}/{kind}" for name, kind in itertools.product("ab", samples.IMAGE_KINDS)]
    flat = {name: np.full((5, 3, 32, 32), rng.integers(0, 256), np.uint8) for name in names}
    samples.write_sheets(tmp_path, Sample(7, 0.5, flat))
    one, other = samples.list_sheets(tmp_path)
    assert (one.step, one.name, other.name) == (7, "a", "b")
    for kind in samples.IMAGE_KINDS:
        found = samples.read_images(one.path, kind)
        assert len(found) == 5 and found[0].shape == (32, 32, 3)
        assert abs(int(found[2].mean()) - int(flat[f"a/{kind}"][0, 0, 0, 0])) <= 2


@pytest.mark.parametrize("asked", [10, 100, 130], ids=["few", "more than a fifth", "more than there are"])
def test_the_estimate_counts_the_photos_that_a_run_trains_on(asked: int) -> None:
    task = tasks.get_task("cyclegan-light")
    dataset = data.load_dataset("apple2orange", download=False, image_size=64)
    kind, recipe = get_kind(task.kind), task.recipe.changed(num_validation=asked)
    held_out = kind.resolve_validation_size(dataset, recipe)
    largest = max(int((dataset.train_y == domain).sum()) for domain in (0, 1))
    assert kind.num_train_examples(dataset, recipe) == largest - held_out > 0
    assert kind.timing_overrides(recipe, dataset)["num_validation"] == held_out
