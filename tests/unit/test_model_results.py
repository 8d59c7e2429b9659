"""Model results from cards and from run folders, with and without data, complete and corrupted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core import checkpoints
from core.analysis import model_results, release
from core.files import read_json, write_json
from core.messages import UserError
from core.runs import store
from tests import factories


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty folder of checkpoints."""
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def shipped(shelf, monkeypatch):
    """A checkpoint of cifar10-mlp, shipped from a run on the stand-in that is told to be real."""
    run = factories.finished("cifar10-mlp")
    summary = read_json(run.path / "summary.json")
    write_json(run.path / "summary.json", {**summary, "stand_in_for": "", "last_metrics": {"accuracy": 0.5}})
    release.export_checkpoint(run.id)
    return run


@pytest.mark.slow
def test_a_card_tells_everything_that_a_comparison_needs(shipped):
    one = model_results.load_model_result("cifar10-mlp")
    assert one.count == 1000 and one.right == round(one.accuracy * 1000) and one.last_accuracy == 0.5
    assert (
        one.multiply_adds > 0
        and len(one.history) == 4
        and {"epoch", "images", "seconds", "val/accuracy"} <= set(one.history)
    )
    card = checkpoints.load_card("cifar10-mlp").content
    assert np.trace(np.array(card["confusion"])) == one.right and len(card["per_class"]) == 10


@pytest.mark.slow
def test_a_run_and_a_card_of_the_same_images_can_be_compared(shipped):
    own, other = model_results.load_model_result(shipped.id), model_results.load_model_result("cifar10-mlp")
    assert own.is_comparable_to(other) and own.run is not None and len(own.history) == 4
    assert model_results.classifier_ids("cifar10") == ["cifar10-mlp", shipped.id]
    assert not own.is_comparable_to(dataclasses.replace(other, test_fingerprint=other.test_fingerprint[::-1]))
    assert own.is_comparable_to(dataclasses.replace(other, test_fingerprint=()))  # of a time that kept none
    two_classes = model_results.load_model_result(factories.finished("fruit-classifier").id)
    assert not own.is_comparable_to(two_classes)


def test_runs_that_did_not_come_to_their_end(shelf):
    stopped = factories.stopped("cifar10-cnn")
    assert model_results.classifier_ids("cifar10") == []  # no weights yet
    whole = factories.finished("cifar10-cnn")
    stopped.best_weights_path.write_bytes(whole.best_weights_path.read_bytes())
    one = model_results.load_model_result(stopped.id)
    assert one.state == "stopped" and one.count == 0 and np.isnan(one.accuracy) and len(one.history) == 2
    assert not one.is_comparable_to(model_results.load_model_result(whole.id))


def test_a_damaged_run_is_a_sentence_beside_the_others(shelf):
    bad, good = factories.damaged("cifar10-cnn"), factories.finished("cifar10-mlp")
    found, [problem] = model_results.load_results([bad.id, good.id])
    assert [one.id for one in found] == [good.id] and "best.safetensors" in str(problem)


@pytest.mark.slow
def test_those_that_saw_other_data_stand_apart(shipped):
    run = model_results.load_model_result(factories.finished("cifar10-cnn").id)
    other = dataclasses.replace(
        model_results.load_model_result("cifar10-mlp"), id="other", stand_in_for="", data="CIFAR-10"
    )
    same, others = model_results.split_by_dataset([dataclasses.replace(run, id="1"), run, other])
    assert [c.id for c in same] == ["1", run.id] and [c.id for c in others] == ["other"]
    assert model_results.split_by_dataset([]) == ([], [])


@pytest.mark.slow
def test_who_cannot_be_told_apart(shipped):
    one = model_results.load_model_result("cifar10-mlp")
    answers = one.labels.copy()
    answers[:400] = (answers[:400] + 1) % 10
    worse = dataclasses.replace(one, id="worse", predictions=answers)
    twin = dataclasses.replace(one, id="twin")
    elsewhere = dataclasses.replace(one, id="elsewhere", labels=one.labels[::-1])
    found = model_results.not_significantly_different([one, worse, twin, elsewhere])
    assert found == {"cifar10-mlp": ["twin"], "worse": [], "twin": ["cifar10-mlp"], "elsewhere": []}


def test_what_cannot_be_had_is_a_sentence_beside_the_others(shipped, shelf):
    weights = shelf / "cifar10-mlp.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    found, problems = model_results.load_results(["cifar10-mlp", shipped.id, "unknown"])
    assert [one.id for one in found] == [shipped.id] and len(problems) == 2
    with pytest.raises(UserError, match="does not match its model card"):
        model_results.load_model_result("cifar10-mlp")
    store.delete_run(shipped)
    with pytest.raises(UserError, match="not found"):
        model_results.load_model_result(shipped.id)


@pytest.mark.slow
def test_a_pair_trained_on_domains_of_ones_own_does_not_ship(shelf, monkeypatch):
    run = factories.finished("cyclegan-light")
    write_json(run.path / "summary.json", {**read_json(run.path / "summary.json"), "stand_in_for": ""})
    drawn = release.data.load_dataset("apple2orange", download=False, image_size=64)
    own = dataclasses.replace(drawn, name="unpaired", title="horses", stand_in_for="")
    write_json(run.path / "config.json", {**run.config, "data": own.describe()})
    monkeypatch.setattr(release.data, "load_dataset", lambda *_args, **_more: own)
    with pytest.raises(UserError, match=r"trained on a custom photo set \(horses\)"):
        release.export_checkpoint(run.id)
    assert not list(shelf.glob("*"))
