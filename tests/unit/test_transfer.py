"""Transfer learning: networks that start from a checkpoint, heads of frozen ones, and what is built on their features."""

from __future__ import annotations

import dataclasses
import itertools
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from core import checkpoints, data, models, paths, pretrained, tasks
from core.analysis import cross_validation, label_shares
from core.checkpoints import Spec
from core.data import ArrayDataset
from core.files import write_json
from core.messages import UserError
from core.training import features, heads, lr_finder, photo_recipes
from core.training.batches import Batches
from core.training.events import Done, EpochEnd, Step
from core.training.frozen import FrozenTrainer, transfer_trainer
from core.training.photo_recipes import FAMILIES, INITS
from core.training.supervised import SupervisedTrainer

SIZE = {"width": 4, "depth": 1}
NAME = "tiny-backbone"


def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1, precision="32-true")


def photos(count: int = 60, side: int = 32, classes: int = 3) -> ArrayDataset:
    """Noise whose brightness gives the class away."""
    rng, y = np.random.default_rng(0), np.arange(count) % classes
    x = rng.integers(0, 80, (count, 3, side, side)) + (60 * y)[:, None, None, None]
    x = x.astype(np.uint8)
    names = tuple("abcdefgh"[:classes])
    mean, std = np.full(3, 0.4, np.float32), np.full(3, 0.25, np.float32)
    return ArrayDataset(
        "photos", "photos", "classification", "", x, y, x[:30], y[:30], mean, std, classes=names
    )


def ship(folder: Path, name: str, model: str, **options: object) -> torch.nn.Module:
    """Write a checkpoint of random weights for five classes, with a card."""
    torch.manual_seed(1)
    network = models.create_model(model, (3, 32, 32), 5, **options)
    spec = Spec(
        task=name, model=model, options=options, in_shape=(3, 32, 32), kind="classification",
        classes=tuple("vwxyz"), mean=(0.5,) * 3, std=(0.25,) * 3, output_mean=0.0, output_std=1.0, data="other",
    )  # fmt: skip
    checkpoints.save_weights(folder / f"{name}.safetensors", network, spec)
    digest = checkpoints.sha256(folder / f"{name}.safetensors")
    write_json(folder / f"{name}.json", {"task": name, "classes": list("vwxyz"), "sha256": digest})
    return network


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("MANABI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def family(tmp_path: Path) -> photo_recipes.PhotoFamily:
    ship(tmp_path, NAME, "backbone", **SIZE)
    return dataclasses.replace(FAMILIES["backbone"], options=SIZE, pretrained=NAME)


def make(family: photo_recipes.PhotoFamily, init: str, **changes: object) -> SupervisedTrainer:
    small = {"epochs": 3, "batch_size": 16, "num_validation": 12, "threads": 1, "precision": "32-true"}
    recipe = family.make_recipe(init).changed(**{**small, **changes})
    trainer = transfer_trainer(family.model, photos(), recipe, fabric())
    if init != "scratch":
        pretrained.load_checkpoint(family.pretrained, trainer.trained_module)
    return trainer


def backbone_state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in network.state_dict().items() if not k.startswith("head.")}


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


# ---- starting from a checkpoint --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [32, 48])
def test_all_tensors_but_the_head_come_from_the_checkpoint(tmp_path: Path, side: int) -> None:
    source = ship(tmp_path, NAME, "backbone", **SIZE)
    network = models.create_model("backbone", (3, side, side), 2, **SIZE)
    head = network.head.weight.clone()
    pretrained.load_checkpoint(NAME, network)
    assert same(backbone_state(source), backbone_state(network)) and torch.equal(network.head.weight, head)


def test_the_fast_cnns_weights_fit_the_backbone(tmp_path: Path) -> None:
    source = ship(tmp_path, NAME, "fast_cnn", **SIZE)
    network = models.create_model("backbone", (3, 32, 32), 2, **SIZE)
    pretrained.load_checkpoint(NAME, network)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(network.eval().embed(x)[:, -16:], source.eval().embed(x))


def test_another_architecture_is_a_sentence(tmp_path: Path) -> None:
    ship(tmp_path, NAME, "backbone", **SIZE)
    for other in (
        models.create_model("backbone", (3, 32, 32), 2, width=8, depth=1),
        models.create_model("original", (3, 32, 32), 2),
    ):
        with pytest.raises(UserError, match="does not match the architecture"):
            pretrained.load_checkpoint(NAME, other)
    with pytest.raises(UserError, match="not found"):
        pretrained.load_checkpoint("no-such-checkpoint", other)


def test_a_task_starts_from_its_checkpoint_unless_it_starts_from_scratch(tmp_path: Path) -> None:
    ship(tmp_path, NAME, "backbone", **SIZE)
    task = dataclasses.replace(tasks.get_task("backbone"), pretrained=NAME)
    for init, expected in (("scratch", False), ("frozen", True), ("fine-tuned", True)):
        recipe = task.recipe.changed(init=init, **SIZE)
        network = models.create_model("backbone", (3, 32, 32), 12, **SIZE)
        before = backbone_state(network)
        pretrained.load_pretrained(task, recipe, network)
        assert pretrained.is_transfer(task, recipe) is expected
        assert same(before, backbone_state(network)) is not expected
        assert pretrained.required_weights(task, recipe) is None, "nothing is downloaded"


# ---- frozen ----------------------------------------------------------------------------------------------------------


def test_a_frozen_network_trains_nothing_but_its_head(family) -> None:
    trainer = make(family, "frozen")
    before, head = backbone_state(trainer.trained_module), trainer.trained_module.head.weight.clone()
    events = list(trainer.run())
    assert isinstance(trainer, FrozenTrainer) and isinstance(events[-1], Done)
    assert same(before, backbone_state(trainer.module))
    assert not torch.equal(head, trainer.trained_module.head.weight)
    assert [e.epoch for e in events if isinstance(e, EpochEnd)] == [1, 2, 3]
    for event in (e for e in events if isinstance(e, EpochEnd)):
        assert set(event.metrics) <= set(trainer.metric_names) and event.probe.shape == (8, 3)


@pytest.mark.parametrize("name", ["backbone", "fast", "resnet"])
def test_the_saved_model_predicts_from_pixels_what_the_head_predicts_from_features(
    tmp_path: Path, name: str
) -> None:
    sizes = {"backbone": SIZE, "fast": SIZE, "resnet": {"depth": 10, "width": 4}}
    family = dataclasses.replace(FAMILIES[name], options=sizes[name], pretrained=NAME)
    ship(tmp_path, NAME, family.model, **sizes[name])
    trainer = make(family, "frozen", epochs=5)
    list(trainer.run())
    expected = trainer._eval_forward(trainer.features["validation"])
    found = trainer.module.eval()(trainer.validation.inputs(slice(None)))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    spec_model = models.create_model(family.model, (3, 32, 32), 3, **sizes[name])
    spec_model.load_state_dict(trainer.module.state_dict())  # a weights file of the family like any other


@pytest.mark.parametrize("stop", [1, 4, 6])
@pytest.mark.parametrize("init", INITS)
def test_a_resumed_training_comes_to_the_same_numbers(family, init: str, stop: int) -> None:
    whole = make(family, init, flip="random", ema_decay=0.9)
    losses = [e.metrics["train/loss"] for e in whole.run() if isinstance(e, Step)]
    first = make(family, init, flip="random", ema_decay=0.9)
    list(itertools.islice((e for e in first.run() if isinstance(e, Step)), stop))
    second = make(family, init, flip="random", ema_decay=0.9)
    second.load_state(first.state())
    rest = [e.metrics["train/loss"] for e in second.run() if isinstance(e, Step)]
    assert rest == losses[stop:]
    assert same(dict(whole.module.state_dict()), dict(second.module.state_dict()))


@pytest.mark.slow
def test_features_are_read_from_the_cache_and_computed_again_for_other_weights(family, monkeypatch) -> None:
    list(make(family, "frozen").run())
    stored = sorted(p.name for p in (paths.cache() / "features").iterdir())
    assert len(stored) == 3, "of training, mirrored and validation photos"
    assert all(name.startswith("photos-") for name in stored), "deleted with the data set"
    monkeypatch.setattr(features, "extract_features", lambda *_: pytest.fail("computed again"))
    list(make(family, "frozen", learning_rate=0.1).run())
    monkeypatch.undo()


def test_damaged_features_are_computed_again(family) -> None:
    trainer = make(family, "frozen")
    expected = features.cached_features(trainer.trained_module, trainer.train)
    for path in (paths.cache() / "features").iterdir():
        path.write_bytes(b"damaged")
    assert torch.equal(features.cached_features(trainer.trained_module, trainer.train), expected)


def test_mirrored_features_are_those_of_mirrored_photos(family) -> None:
    trainer, dataset = make(family, "frozen"), photos()
    turned = Batches(dataset, dataset.train_x[:, :, :, ::-1], dataset.train_y)
    plain = Batches(dataset, dataset.train_x, dataset.train_y)
    network = trainer.trained_module
    torch.testing.assert_close(
        features.extract_features(network, plain, mirrored=True), features.extract_features(network, turned)
    )


# ---- recipes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_a_recipe_for_every_start(name: str) -> None:
    family = FAMILIES[name]
    assert family.model in models.list_models()
    assert family.inits == (INITS if family.pretrained else ("scratch",))
    for init, count in itertools.product(family.inits, (100, 50_000)):
        recipe = family.make_recipe(init, count)
        assert recipe.init == init and recipe.part("data")["image_size"] >= 32
        network = models.create_model(family.model, (3, 64, 64), 3, **recipe.part("model"))
        assert sum(p.numel() for p in network.parameters()) > 1000
        assert network.head.out_features == 3


@pytest.mark.parametrize("name", [n for n, f in FAMILIES.items() if pretrained.is_checkpoint(f.pretrained)])
def test_the_options_are_those_of_the_shipped_checkpoint(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANABI_CHECKPOINTS")
    family = FAMILIES[name]
    network = models.create_model(family.model, (3, 64, 64), 3, **family.make_recipe("frozen").part("model"))
    pretrained.load_checkpoint(family.pretrained, network)


def test_augmentation_has_no_effect_on_a_frozen_network() -> None:
    recipe = FAMILIES["backbone"].make_recipe("frozen")
    for init, expected in (("frozen", False), ("fine-tuned", True)):
        values = recipe.changed(init=init).model_dump()
        assert recipe.has_effect("cutout", values) is expected
        assert recipe.has_effect("flip", values) and recipe.has_effect("weight_decay", values)


# ---- heads, folds, learning rates, label shares ----------------------------------------------------------------------


def made_features(count: int = 2000, width: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng, labels = np.random.default_rng(0), np.arange(count) % 3
    centers = rng.normal(0, 1, (3, width))
    return (5 + 3 * (centers[labels] + rng.normal(0, 2, (count, width)))).astype(np.float32), labels


def test_a_head_is_as_good_as_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import scale

    x, y = made_features()
    *events, result = heads.train_head(x, y, heads.HEAD_RECIPE.changed(num_validation=500))
    assert isinstance(events[-1], Done) and result.steps == events[-1].step
    theirs = LogisticRegression().fit(scale(x)[:1500], y[:1500]).score(scale(x)[1500:], y[1500:])
    assert result.validation_accuracy == pytest.approx(theirs, abs=0.03) and result.validation_accuracy > 0.9
    probabilities = result.probabilities(x)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities.argmax(1) == y).mean() > 0.9


def test_a_head_on_2000_features_is_quick() -> None:
    x, y = made_features(width=832)
    begun = time.process_time()
    list(heads.train_head(x, y))
    assert time.process_time() - begun < 8, "asked: 2 s of an idle machine; this only notices another order"


def test_folds_use_every_example_and_the_interval_holds_the_mean() -> None:
    x, y = made_features(90, 16)
    held: list[np.ndarray] = []
    score = cross_validation.head_scorer(x, y, heads.HEAD_RECIPE.changed(batch_size=16, learning_rate=0.02))

    def fit_and_score(train: np.ndarray, out: np.ndarray) -> float:
        held.append(out)
        return score(train, out)

    results = list(cross_validation.cross_validate(y, fit_and_score, k=3, repeats=2))
    assert [len(r.scores) for r in results] == [1, 2, 3, 4, 5, 6] and results[-1].total == 6
    assert sorted(np.concatenate(held[:3])) == sorted(np.concatenate(held[3:])) == list(range(90))
    assert results[0].interval() is None
    low, high = results[-1].interval()
    assert low <= results[-1].mean <= high and results[-1].mean > 0.6
    with pytest.raises(ValueError, match="smallest class"):
        next(cross_validation.cross_validate(y, score, k=40))


def test_the_interval_is_the_corrected_t_of_nadeau_and_bengio() -> None:
    folds = cross_validation.FoldScores((0.8, 0.9, 0.85, 0.95), 4, held_out=1 / 3)
    reach = 3.1824463 * np.sqrt(np.var(folds.scores, ddof=1) * (1 / 4 + 1 / 3))
    assert folds.interval() == pytest.approx((0.875 - reach, min(1, 0.875 + reach)))


def test_the_range_test_finds_a_rate_that_trains(family) -> None:
    recipe = lr_finder.range_test_recipe(family.make_recipe("scratch"), steps=40).changed(
        batch_size=16, threads=1, precision="32-true"
    )
    trainer = SupervisedTrainer(family.model, photos(), recipe, fabric())
    points = list(lr_finder.find_learning_rate(trainer, 1e-5, 1.0))
    rates = [p.rate for p in points]
    assert rates[0] == pytest.approx(1e-5) and len(points) <= 40
    ratios = np.array(rates[1:]) / np.array(rates[:-1])
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)
    rate = lr_finder.suggest_learning_rate(points)
    assert 1e-5 < rate < 1.0


def test_the_suggested_rate_is_where_the_loss_falls_fastest() -> None:
    def point(i: int, loss: float) -> lr_finder.RatePoint:
        return lr_finder.RatePoint(10.0 ** (i - 8), loss, loss)

    falling = [2.0, 2.0, 1.9, 1.2, 0.9, 0.8, 3.0]
    assert lr_finder.suggest_learning_rate([point(i, v) for i, v in enumerate(falling)]) == pytest.approx(
        1e-5
    )
    assert lr_finder.suggest_learning_rate([point(i, 1.0 + i) for i in range(7)]) is None


@pytest.mark.slow
def test_label_shares_train_every_start_on_the_same_examples(family) -> None:
    results = list(label_shares.measure_shares(family, photos(), shares=(0.2, 1.0), seeds=2, steps=3))
    assert len(results) == 2 * 3 * 2
    last = {(r.share, r.init): r for r in results if len(r.accuracies) == 2}
    assert {r.num_labels for (share, _), r in last.items() if share == 0.2} == {12}
    for result in last.values():
        low, high = result.interval()
        assert 0 <= low <= result.mean <= high <= 1
    one, two = (label_shares._label_share(photos(), 0.2, seed) for seed in (0, 1))
    assert np.bincount(one.train_y).tolist() == [4, 4, 4] and not np.array_equal(one.train_x, two.train_x)


# ---- data ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_backbones_data_are_those_of_both_sets() -> None:
    both, images, fruit = (data.load_dataset(n, download=False) for n in ("backbone", "cifar10", "fruit"))
    assert both.classes == (*images.classes, *fruit.classes) and both.stand_in_for
    assert len(both.train_x) == len(images.train_x) + len(fruit.train_x)
    assert len(both.test_x) == len(images.test_x) + len(fruit.test_x) and both.in_shape == (3, 32, 32)
    np.testing.assert_array_equal(np.bincount(both.test_y)[-2:], np.bincount(fruit.test_y))


@pytest.mark.slow
def test_three_classes_of_cifar10_are_held_out() -> None:
    seven = data.load_dataset("cifar7", download=False)
    assert len(seven.classes) == 7 and set(np.unique(seven.train_y)) == set(range(7))
    info = data.dataset_info("cifar7")
    assert not set(info.classes) & {"cat", "dog", "horse"} and len(info.classes) == 7
    ten = data.load_dataset("cifar10", download=False)
    assert len(seven.train_x) == int((ten.train_y < 7).sum())
