"""From a run to what ships: only measured on the run's own data, only with a whole card, and both files or neither."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core import checkpoints
from core.analysis import release
from core.files import read_json, write_json
from core.messages import UserError
from core.runs import system_info
from core.runs.store import Run
from tests import factories


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path / "shelf"))
    return tmp_path / "shelf"


@pytest.fixture
def run(shelf: Path) -> Run:
    """A finished run on the stand-in that is told to be real."""
    made = factories.finished("mnist-softmax")
    write_json(made.path / "summary.json", {**read_json(made.path / "summary.json"), "stand_in_for": ""})
    return made


def test_weights_and_card_ship_together_and_nothing_else(run: Run, shelf: Path) -> None:
    release.export_checkpoint(run.id)
    assert sorted(p.name for p in shelf.iterdir()) == ["mnist-softmax.json", "mnist-softmax.safetensors"]
    assert checkpoints.load_card("mnist-softmax").content["command"] == run.command()


def test_a_card_is_measured_on_the_data_of_its_run(
    run: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = release.data.load_dataset("mnist", download=False)
    other = dataclasses.replace(
        found, title="more digits", train_x=found.train_x[1:], train_y=found.train_y[1:]
    )
    monkeypatch.setattr(release.data, "load_dataset", lambda *_args, **_more: other)
    with pytest.raises(UserError, match=r"started with .* size: 1437\), but more digits \(1436\) was found"):
        release.export_checkpoint(run.id)
    assert not list(shelf.glob("*"))


@pytest.mark.parametrize(
    ("name", "content", "missing"),
    [
        ("env.json", b"{", "processor, cores, precision, versions"),
        ("env.json", b'{"processor": "x", "cores": 2, "versions": {}}', "precision"),
        ("summary.json", b'{"metrics": {}}', "steps, parameters"),
    ],
    ids=["env-truncated", "env-no-precision", "summary-no-steps"],
)
def test_a_run_whose_files_lack_what_a_card_says_does_not_ship(
    run: Run, shelf: Path, name: str, content: bytes, missing: str
) -> None:
    (run.path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is corrupted: .* are missing \\({missing}\\)"):
        release.export_checkpoint(run.id)
    assert not list(shelf.glob("*"))


def test_a_config_without_its_data_does_not_ship(run: Run) -> None:
    write_json(run.path / "config.json", {k: v for k, v in run.config.items() if k != "data"})
    with pytest.raises(UserError, match=r"config.json is corrupted: .* are missing \(data\)"):
        release.export_checkpoint(run.id)


def test_a_card_that_cannot_be_written_leaves_what_shipped_before(
    run: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release.export_checkpoint(run.id)
    before = {p.name: p.read_bytes() for p in shelf.iterdir()}
    spec = checkpoints.read_spec(run.best_weights_path)
    network, _ = checkpoints.load_weights(run.best_weights_path)
    next(network.parameters()).data += 1
    checkpoints.save_weights(run.best_weights_path, network, spec)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        release.export_checkpoint(run.id)
    assert {p.name: p.read_bytes() for p in shelf.iterdir()} == before
    assert checkpoints.load_card("mnist-softmax").weights == shelf / "mnist-softmax.safetensors"


def test_the_longest_curve_keeps_its_last_epoch(run: Run) -> None:
    head, *_rows = (run.path / "metrics.csv").read_text().splitlines()
    rows = [",".join(str(epoch) for _name in head.split(",")) for epoch in range(1, 400)]
    (run.path / "metrics.csv").write_text("\n".join([head, *rows, ""]))
    epochs = release._learning_curves(run)["epoch"]
    assert len(epochs) == release.MAX_EPOCHS and (epochs[0], epochs[-1]) == (1, 399)


def test_a_card_names_the_graphics_card_that_it_was_trained_on(run: Run, shelf: Path) -> None:
    assert (
        system_info.summarize_environment(
            {"processor": "P", "cores": 2, "device": "cpu", "precision": "32-true"}
        )
        == "P, 2 cores, 32-true"
    )
    write_json(run.path / "env.json", run.environment | {"device": "NVIDIA H200"})
    release.export_checkpoint(run.id)
    assert "NVIDIA H200" in read_json(next(shelf.glob("*.json")))["machine"]
