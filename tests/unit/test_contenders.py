"""Contenders from cards and from run folders, with and without data, whole and damaged."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core import checkpoints, contenders, shipping
from core.files import read_json, write_json
from core.messages import UserError
from core.training import runs
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
    shipping.ship_run(run.id)
    return run


def test_a_card_tells_everything_that_a_comparison_needs(shipped):
    one = contenders.contender("cifar10-mlp")
    assert one.count == 1000 and one.right == round(one.accuracy * 1000) and one.last_accuracy == 0.5
    assert one.multiply_adds > 0 and len(one.history) == 4 and {"epoch", "images", "seconds", "val/accuracy"} <= set(one.history)
    card = checkpoints.card("cifar10-mlp").content
    assert np.trace(np.array(card["confusion"])) == one.right and len(card["per_class"]) == 10


def test_a_run_and_a_card_of_the_same_pictures_can_be_compared(shipped):
    own, other = contenders.contender(shipped.id), contenders.contender("cifar10-mlp")
    assert own.comparable(other) and own.run is not None and len(own.history) == 4
    assert contenders.ids("cifar10") == ["cifar10-mlp", shipped.id]
    assert not own.comparable(dataclasses.replace(other, test_levels=other.test_levels[::-1]))
    assert own.comparable(dataclasses.replace(other, test_levels=()))  # of a time that kept none
    two_classes = contenders.contender(factories.finished("fruit-classifier").id)
    assert not own.comparable(two_classes)


def test_runs_that_did_not_come_to_their_end(shelf):
    stopped = factories.stopped("cifar10-cnn")
    assert contenders.ids("cifar10") == []  # no weights yet
    whole = factories.finished("cifar10-cnn")
    stopped.best_weights.write_bytes(whole.best_weights.read_bytes())
    one = contenders.contender(stopped.id)
    assert one.state == "stopped" and one.count == 0 and np.isnan(one.accuracy) and len(one.history) == 2
    assert not one.comparable(contenders.contender(whole.id))


def test_a_damaged_run_is_a_sentence_beside_the_others(shelf):
    bad, good = factories.damaged("cifar10-cnn"), factories.finished("cifar10-mlp")
    found, [problem] = contenders.every([bad.id, good.id])
    assert [one.id for one in found] == [good.id] and "best.safetensors" in str(problem)


def test_those_that_saw_other_data_stand_apart(shipped):
    run = contenders.contender(factories.finished("cifar10-cnn").id)
    other = dataclasses.replace(contenders.contender("cifar10-mlp"), id="other", stand_in_for="", data="CIFAR-10")
    same, others = contenders.by_data([dataclasses.replace(run, id="1"), run, other])
    assert [c.id for c in same] == ["1", run.id] and [c.id for c in others] == ["other"]
    assert contenders.by_data([]) == ([], [])


def test_who_cannot_be_told_apart(shipped):
    one = contenders.contender("cifar10-mlp")
    answers = one.labels.copy()
    answers[:400] = (answers[:400] + 1) % 10
    worse = dataclasses.replace(one, id="worse", predictions=answers)
    twin = dataclasses.replace(one, id="twin")
    elsewhere = dataclasses.replace(one, id="elsewhere", labels=one.labels[::-1])
    found = contenders.not_told_apart([one, worse, twin, elsewhere])
    assert found == {"cifar10-mlp": ["twin"], "worse": [], "twin": ["cifar10-mlp"], "elsewhere": []}


def test_what_cannot_be_had_is_a_sentence_beside_the_others(shipped, shelf):
    weights = shelf / "cifar10-mlp.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    found, problems = contenders.every(["cifar10-mlp", shipped.id, "nobody"])
    assert [one.id for one in found] == [shipped.id] and len(problems) == 2
    with pytest.raises(UserError, match="does not match its card"):
        contenders.contender("cifar10-mlp")
    runs.delete(shipped)
    with pytest.raises(UserError, match="no run"):
        contenders.contender(shipped.id)


def test_a_pair_trained_on_domains_of_ones_own_does_not_ship(shelf, monkeypatch):
    run = factories.finished("cyclegan-light")
    write_json(run.path / "summary.json", {**read_json(run.path / "summary.json"), "stand_in_for": ""})
    drawn = shipping.data.obtain("apple2orange", download=False, size=64)
    own = dataclasses.replace(drawn, name="unpaired", title="horses", stand_in_for="")
    write_json(run.path / "config.json", {**run.config, "data": own.describe()})
    monkeypatch.setattr(shipping.data, "obtain", lambda *_args, **_more: own)
    with pytest.raises(UserError, match="was trained on horses"):
        shipping.ship_run(run.id)
    assert not list(shelf.glob("*"))
