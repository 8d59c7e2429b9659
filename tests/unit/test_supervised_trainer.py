"""The supervised trainer, over every task of the table, on the stand-in data."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from core import data, tasks
from core.data import ArrayDataset, train_val_split
from core.messages import UserError
from core.runs import system_info
from core.task_spec import Task
from core.training import batches
from core.training.events import Done, EpochEnd, Step
from core.training.supervised import SupervisedTrainer
from tests import factories

pytestmark = pytest.mark.slow

# The five points of the line are too few for the numbers below; test_gradient_descent trains it.
SUPERVISED = [t for t in tasks.TASKS if t.kind not in ("translation", "line")]
TASKS = pytest.mark.parametrize("task", SUPERVISED, ids=lambda t: t.name)
ALIKE = {"fruit-classifier-gray"} | {
    f"cifar10-{n}"
    for n in (
        "efficientnet",
        "vgg",
        "mobilenetv1",
        "inception",
        "alexnet",
        "cnn",
        "sandbox",
        "best",
        "resnet18-pretrained",
    )
}
"""Tasks whose trainings keep no other kind of state (dropout, batch norm, augmentation, schedules, averaged weights, a first
layer that is computed) than another one in the table."""
STATES_AFTER = (3, 7, 8, 10, 14)
PRECISIONS = pytest.mark.parametrize(
    ("task", "precision"),
    [
        pytest.param(task, precision, id=f"{precision}-{task.name}")
        for precision in sorted({"32-true", system_info.resolve_precision("auto")})
        for task in SUPERVISED
        if precision == "32-true" or task.name not in ALIKE
    ],
)


@functools.cache
def dataset(name: str) -> ArrayDataset:
    return data.load_dataset(name)


def make(task: Task | str, precision: str = "32-true", **changes: object) -> SupervisedTrainer:
    task = tasks.get_task(task) if isinstance(task, str) else task
    small = factories.SMALL.get(task.name, {})
    changes = {
        "threads": 1,
        "epochs": 2,
        "limit_train": 100,
        "num_validation": 50,
        "batch_size": 16,
        **small,
        **changes,
    }
    torch.set_num_threads(1)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    return task.trainer_class()(task.model, dataset(task.dataset), task.recipe.changed(**changes), fabric)


def losses(trainer: SupervisedTrainer, steps: int | None = None) -> list[float]:
    events = (e for e in trainer.run() if isinstance(e, Step))
    return [e.metrics["train/loss"] for e in itertools.islice(events, steps)]


def weights(trainer: SupervisedTrainer) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in trainer.module.state_dict().items()}


def equal(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


# ---- over the table --------------------------------------------------------------------------------------------------


@TASKS
def test_two_steps_publish_what_the_trainer_declares(task: Task) -> None:
    trainer = make(task)
    before = weights(trainer)
    first, second = itertools.islice(trainer.run(), 2)
    assert (first.step, second.step) == (1, 2) and (first.images, second.images) == (16, 32)
    assert set(first.metrics) <= set(trainer.metric_names)
    assert all(math.isfinite(v) for e in (first, second) for v in e.metrics.values())
    assert not equal(before, weights(trainer))


@TASKS
def test_a_short_training_has_the_events_it_should(task: Task) -> None:
    trainer = make(task)
    events = list(trainer.run())
    steps, ends = [e for e in events if isinstance(e, Step)], [e for e in events if isinstance(e, EpochEnd)]
    assert len(steps) == trainer.total_steps == 2 * math.ceil(len(trainer.train) / 16) and len(ends) == 2
    assert isinstance(events[-1], Done) and events[-1].reason == "epochs"
    assert [e.step for e in steps] == list(range(1, 15)) and steps[-1].images == ends[-1].images == 200
    assert steps[-1].epoch == 2.0 and [e.epoch for e in ends] == [1, 2]
    for end in ends:
        assert set(end.metrics) | set(steps[0].metrics) == set(trainer.metric_names)
        assert end.probe is not None and end.probe.shape == (8, dataset(task.dataset).num_outputs)
    if task.kind == "classification":
        np.testing.assert_allclose(ends[-1].probe.sum(1), 1, atol=0.02)
        assert 0 <= ends[-1].metrics["val/accuracy"] <= 1
    x, y = trainer.probe_examples()
    assert len(x) == len(y) == 8 and x.shape[1:] == dataset(task.dataset).in_shape


# The families for color images are overfitted in test_cifar_models.
@pytest.mark.parametrize(
    "task", [t for t in SUPERVISED if t.name not in ALIKE | {"cifar10-resnet"}], ids=lambda t: t.name
)
def test_one_batch_can_be_overfitted(task: Task) -> None:
    calm = {"dropout": 0.0} if "dropout" in type(task.recipe).model_fields else {}
    trainer = make(
        task,
        limit_train=16,
        batch_size=16,
        num_validation=0,
        epochs=150,
        schedule="none",
        optimizer="adam",
        learning_rate=0.005,
        weight_decay=0.0,
        shift=0,
        rotate=0,
        scale=0,
        flip="none",
        crop_padding=0,
        cutout=0,
        color_jitter=0,
        ema_decay=0,
        label_smoothing=0,
        **calm,
    )
    steps = (e.metrics["train/loss"] for e in trainer.run() if isinstance(e, Step))
    first = next(steps)
    assert any(loss < 0.05 * first for loss in steps)


def through_a_file(state: dict, tmp_path) -> dict:
    torch.save(state, tmp_path / "state.ckpt")
    return torch.load(tmp_path / "state.ckpt", weights_only=True)


@PRECISIONS
def test_same_seed_same_numbers_and_a_state_in_the_middle_goes_on_to_the_same_bits(
    task: Task, precision: str, tmp_path
) -> None:
    """7 steps are one epoch: the states lie inside an epoch, at its last step, and at its end (8 events)."""
    whole = make(task, precision)
    expected = [e.metrics for e in whole.run() if not isinstance(e, Done)]

    # Made after: dropout draws from torch's own random state, which a trainer seeds when it is made.
    again, seen, states = make(task, precision), [], {}
    for event in again.run():
        if isinstance(event, Done):
            break
        seen.append(event.metrics)
        if task.name not in ALIKE and len(seen) in STATES_AFTER:
            states[len(seen)] = through_a_file(again.state(), tmp_path)
    assert seen == expected and equal(weights(again), weights(whole))

    for stop, state in states.items():
        torch.rand(100)  # another process has another random state
        resumed = make(task, precision)
        resumed.load_state(state)
        rest = [e.metrics for e in resumed.run() if not isinstance(e, Done)]
        assert rest == expected[stop:], stop
        assert equal(weights(resumed), weights(whole)), stop
        assert resumed.best == whole.best and resumed.images_seen == whole.images_seen
    other = make(task, precision, seed=7)
    assert [e.metrics for e in itertools.islice(other.run(), 3)] != expected[:3]


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", "adamw", "muon"])
@pytest.mark.parametrize("schedule", ["none", "step", "one-cycle", "triangular", "cosine"])
def test_every_optimizer_and_schedule_can_be_resumed(optimizer: str, schedule: str, tmp_path) -> None:
    changes = {"optimizer": optimizer, "schedule": schedule, "learning_rate": 0.01, "lr_step_size": 1}
    whole = make("mnist-mlp", **changes)
    expected = [(e.metrics["train/loss"], e.metrics["lr"]) for e in whole.run() if isinstance(e, Step)]
    first = make("mnist-mlp", **changes)
    losses(first, 5)
    state = through_a_file(first.state(), tmp_path)
    second = make("mnist-mlp", **changes)
    second.load_state(state)
    assert [
        (e.metrics["train/loss"], e.metrics["lr"]) for e in second.run() if isinstance(e, Step)
    ] == expected[5:]
    assert equal(weights(second), weights(whole))


def test_the_state_is_plain_enough_to_be_read_without_unpickling(tmp_path) -> None:
    trainer = make("mnist-modern")
    losses(trainer, 3)
    through_a_file(trainer.state(), tmp_path)  # weights_only=True refuses everything else
    assert pickle.dumps(trainer.state())


# ---- what it uses ----------------------------------------------------------------------------------------------------


def test_validation_is_cut_from_the_training_part_and_never_trained_on() -> None:
    trainer = make("mnist-softmax", limit_train=0, num_validation=100)
    train, held = train_val_split(dataset("mnist").train_y, 100)
    assert np.array_equal(trainer.train_index, train) and np.array_equal(trainer.validation_index, held)
    assert not set(trainer.train_index) & set(trainer.validation_index)


def test_the_test_part_is_not_touched() -> None:
    found = dataset("mnist")
    blind = dataclasses.replace(found, test_x=found.test_x[:0], test_y=found.test_y[:0])
    task = tasks.get_task("mnist-softmax")
    fabric = Fabric(accelerator="cpu", devices=1)
    recipe = task.recipe.changed(threads=1, epochs=1, num_validation=100, limit_train=100)
    assert list(SupervisedTrainer(task.model, blind, recipe, fabric).run())


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 32])
def test_every_process_has_a_share_of_every_batch(world: int, count: int) -> None:
    trainer, batch = make("mnist-softmax"), torch.arange(100, 100 + count)
    shares = []
    for rank in range(world):
        trainer.fabric = SimpleNamespace(global_rank=rank, world_size=world, device="cpu")
        shares.append(trainer._rank_shard(batch).tolist())
    assert all(shares) and set().union(*shares) == set(batch.tolist())
    assert sum(map(len, shares)) == max(world, count)
    if world == 1:
        assert shares == [batch.tolist()]


def test_few_examples_hold_every_class() -> None:
    trainer = make("mnist-softmax", limit_train=100)
    assert len(trainer.train) == 100 and set(trainer.train.y.tolist()) == set(range(10))


def test_everything_can_be_trained_on() -> None:
    trainer = make("mnist-softmax", num_validation=0, limit_train=0, epochs=1, batch_size=128)
    events = list(trainer.run())
    assert len(trainer.train) == len(dataset("mnist").train_x)
    assert events[-2].best and events[-2].probe is None and "val/loss" not in events[-2].metrics
    assert events[-1].best_epoch == 1


def test_of_a_stand_in_at_most_a_fifth_is_held_back() -> None:
    """The recipes of the table are made for the real data; the stand-in has fewer examples than they hold back."""
    trainer = make("mnist-softmax", num_validation=5000, limit_train=0)
    assert (len(trainer.validation), len(trainer.train)) == (287, 1150)


@pytest.mark.parametrize("validation", [1, 9, 1428, 1437, 5000])
def test_a_validation_part_that_leaves_too_little_is_a_sentence(validation: int) -> None:
    real = dataclasses.replace(dataset("mnist"), stand_in_for="")
    recipe = tasks.get_task("mnist-softmax").recipe.changed(threads=1, num_validation=validation)
    with pytest.raises(
        UserError, match=f"validation is {validation}, but must be 0 or from 10 to 1427 .*1437"
    ):
        SupervisedTrainer("softmax", real, recipe, Fabric(accelerator="cpu", devices=1))


@pytest.mark.parametrize("validation", [10, 1427])
def test_the_bounds_of_the_validation_part_themselves_work(validation: int) -> None:
    real = dataclasses.replace(dataset("mnist"), stand_in_for="")
    recipe = tasks.get_task("mnist-softmax").recipe.changed(threads=1, num_validation=validation, epochs=1)
    trainer = SupervisedTrainer("softmax", real, recipe, Fabric(accelerator="cpu", devices=1))
    assert len(trainer.validation) == validation and list(trainer.run())


@pytest.mark.parametrize("task", ["mnist-cnn", "mnist-mlp", "mnist-lenet5"])
def test_a_last_batch_of_one_example(task: str) -> None:
    trainer = make(task, limit_train=33, batch_size=32, epochs=1)
    assert list(trainer.run())[-1].step == 2 and trainer.images_seen == 33


@pytest.mark.parametrize(("limit", "size"), [(33, 32), (64, 1)])
def test_a_batch_of_one_example_is_a_sentence_where_batch_norm_cannot_learn_from_it(
    limit: int, size: int
) -> None:
    with pytest.raises(UserError, match=f"batch_size is {size}, which leaves a single example .*{limit}"):
        make("mnist-modern", limit_train=limit, batch_size=size)


@pytest.mark.parametrize(("limit", "batch"), [(33, 32), (64, 1)])
def test_batch_norm_on_maps_of_one_pixel_cannot_learn_from_one_example_either(limit: int, batch: int) -> None:
    """ResNet-18 downsamples by 32: images of 32 pixels end as one pixel, those of 64 do not."""
    with pytest.raises(UserError, match=f"batch_size is {batch}, which leaves a single example .*{limit}"):
        make("cifar10-resnet18-pretrained", limit_train=limit, batch_size=batch)


@pytest.mark.parametrize(
    "fits", [{"image_size": 64}, {"init": "frozen"}], ids=["larger maps", "what is frozen does not learn"]
)
def test_a_last_image_alone_where_batch_norm_bears_it(fits: dict) -> None:
    assert (
        len(losses(make("cifar10-resnet18-pretrained", limit_train=33, batch_size=32, epochs=1, **fits))) == 2
    )


def test_looking_for_a_lonely_batch_norm_changes_nothing() -> None:
    found, bare = (
        make("mnist-cnn", limit_train=33, batch_size=32),
        make("mnist-cnn", limit_train=64, batch_size=32),
    )
    assert equal(weights(found), weights(bare)) and found.network.training == bare.network.training


def test_a_share_of_one_example_is_found_too() -> None:
    trainer = make("mnist-modern", limit_train=35, batch_size=32)
    trainer.fabric = SimpleNamespace(world_size=2)
    with pytest.raises(UserError, match="leaves a single example"):
        trainer._check_batch_size(trainer.module)


@pytest.mark.parametrize("crop", [31, 32, 64])
def test_a_crop_reaches_no_further_than_the_image(crop: int) -> None:
    if crop < 32:
        assert losses(make("cifar10-cnn", crop_padding=crop), 1)
        return
    with pytest.raises(
        UserError, match=f"crop_padding is {crop}, but must be at most 31 for images of 32×32"
    ):
        make("cifar10-cnn", crop_padding=crop)


def test_validation_is_the_same_however_many_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = make("cifar10-resnet18-pretrained", epochs=1, max_steps=1)
    list(trainer.run())
    whole = trainer._validate()
    monkeypatch.setattr(batches, "_MAX_EVAL_BYTES", 7 * 4 * 3 * 32 * 32)
    assert len(list(trainer.validation.parts(trainer.module))) == 8
    assert trainer._validate() == pytest.approx(whole, rel=1e-5)
