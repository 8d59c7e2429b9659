"""Weights files and cards: what is refused, and with which sentence. Saving and loading: test_models.py."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import checkpoints, models, tasks
from core.checkpoints import Spec
from core.messages import UserError

SPEC = Spec(
    task="mnist-softmax",
    model="softmax",
    options={},
    in_shape=(1, 28, 28),
    kind="classification",
    classes=tuple("0123456789"),
    mean=(0.13,),
    std=(0.31,),
    output_mean=0.0,
    output_std=1.0,
    data="MNIST",
    epoch=3,
)


def network(spec: Spec = SPEC) -> torch.nn.Module:
    return models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    checkpoints.save_weights(path, network(), SPEC)
    return path


def refused(path: Path, *words: str, model: str | None = None) -> None:
    with pytest.raises(UserError) as caught:
        checkpoints.load_weights(path, model)
    said = str(caught.value)
    assert str(path) in said and all(w in said for w in words), said


def with_metadata(path: Path, value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    save_file({k: v.clone() for k, v in network().state_dict().items()}, path, metadata={"manabi": text})


def test_a_spec_survives_its_file(path: Path) -> None:
    assert checkpoints.read_spec(path) == SPEC


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "none.safetensors", "not found")


@pytest.mark.parametrize(
    "content",
    [b"", b"no safetensors", bytes(100), b"\xff" * 100, b"\x80\x04\x95 pickled", b"PK\x03\x04"],
    ids=["empty", "text", "zeros", "ones", "pickle", "zip"],
)
def test_a_file_that_is_no_safetensors(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path, "cannot be read as a safetensors file")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_file(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refused(path, "cannot be read as a safetensors file")


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    refused(tmp_path)


def test_a_torch_file_is_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"weights": Trap()}, tmp_path / "w.safetensors")
    refused(tmp_path / "w.safetensors", "cannot be read as a safetensors file")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "metadata",
    [
        "no json",
        "[]",
        "null",
        "7",
        {},
        {"task": "x"},
        {**dataclasses.asdict(SPEC), "more": 1},
        {k: v for k, v in dataclasses.asdict(SPEC).items() if k != "model"},
    ],
    ids=str,
)
def test_a_safetensors_file_of_another_program(path: Path, metadata: object) -> None:
    with_metadata(path, metadata)
    refused(path, "without Manabi Lab metadata")


def test_a_safetensors_file_without_metadata(path: Path) -> None:
    save_file({"w": torch.zeros(3)}, path)
    refused(path, "without Manabi Lab metadata")


def test_weights_of_another_network(path: Path) -> None:
    refused(path, "softmax", "lenet5", model="lenet5")


def test_a_network_that_does_not_exist(path: Path) -> None:
    with_metadata(path, {**dataclasses.asdict(SPEC), "model": "softmaxx"})
    with pytest.raises(UserError, match="Model softmaxx not found"):
        checkpoints.load_weights(path)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "lenet5"},
        {"in_shape": [1, 8, 8]},
        {"in_shape": []},
        {"in_shape": 5},
        {"in_shape": ["a", "b", "c"]},
        {"classes": ["a", "b"]},
        {"options": {"width": 3}},
        {"options": 7},
        {"options": None},
        {"classes": 7},
        {"classes": None},
        {"in_shape": None},
        {"model": 7},
        {"model": ["softmax"]},
    ],
    ids=str,
)
def test_tensors_that_do_not_fit_the_network_that_is_named(path: Path, change: dict) -> None:
    with_metadata(path, {**dataclasses.asdict(SPEC), **change})
    with pytest.raises(UserError):
        checkpoints.load_weights(path)


def test_a_missing_and_a_surplus_tensor(path: Path) -> None:
    metadata = {"manabi": json.dumps(dataclasses.asdict(SPEC))}
    save_file({"head.weight": torch.zeros(10, 784)}, path, metadata=metadata)
    refused(path, "do not match the architecture of softmax")
    save_file({**network().state_dict(), "more": torch.zeros(1)}, path, metadata=metadata)
    refused(path, "do not match the architecture of softmax")


def test_half_precision_halves_the_file_and_keeps_counters_whole(tmp_path: Path) -> None:
    spec = dataclasses.replace(SPEC, model="modern_cnn")
    made = network(spec)
    for half in (False, True):
        checkpoints.save_weights(tmp_path / f"{half}.safetensors", made, spec, half=half)
    sizes = [(tmp_path / f"{half}.safetensors").stat().st_size for half in (True, False)]
    assert sizes[0] < 0.55 * sizes[1]
    again, _ = checkpoints.load_weights(tmp_path / "True.safetensors")
    counters = [v for k, v in again.state_dict().items() if k.endswith("num_batches_tracked")]
    assert counters and all(v.dtype == torch.int64 for v in counters)


# ---- cards -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one shipped checkpoint and its card."""
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    weights = tmp_path / "mnist-softmax.safetensors"
    checkpoints.save_weights(weights, network(), SPEC)
    card = {"task": "mnist-softmax", "metrics": {"accuracy": 0.92}, "sha256": checkpoints.sha256(weights)}
    (tmp_path / "mnist-softmax.json").write_text(json.dumps(card))
    return tmp_path


def test_a_card_and_its_weights(shipped: Path) -> None:
    card = checkpoints.load_card("mnist-softmax")
    assert card.weights == shipped / "mnist-softmax.safetensors" and card.metrics == {"accuracy": 0.92}
    assert checkpoints.pretrained_names() == ["mnist-softmax"]


def test_weights_that_do_not_match_their_card(shipped: Path) -> None:
    with (shipped / "mnist-softmax.safetensors").open("r+b") as f:
        f.seek(-1, os.SEEK_END)
        f.write(b"\x01")
    with pytest.raises(UserError, match="does not match its model card"):
        checkpoints.load_card("mnist-softmax")


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b"{", b"{}"], ids=["missing", "empty", "list", "truncated", "no-fields"]
)
def test_a_missing_or_damaged_card(shipped: Path, content: bytes | None) -> None:
    path = shipped / "mnist-softmax.json"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match="card"):
        checkpoints.load_card("mnist-softmax")


def test_a_checkpoint_that_does_not_ship(shipped: Path) -> None:
    with pytest.raises(
        UserError, match=r"Pretrained checkpoint mnist-cnn not found\. Available: mnist-softmax"
    ):
        checkpoints.load_card("mnist-cnn")


def test_what_ships_is_whole_and_loads() -> None:
    for name in [t.name for t in tasks.TASKS if t.name in checkpoints.pretrained_names()]:
        card = checkpoints.load_card(name)
        made, spec = checkpoints.load_weights(card.weights)
        assert spec.task == name and card.content["task"] == name and not spec.stand_in_for
        assert all(p.isfinite().all() for p in made.parameters())
        assert {"metrics", "recipe", "seed", "commit", "data"} <= card.content.keys()
