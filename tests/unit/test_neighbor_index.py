"""The nearest training digits, by a network's features or by pixels."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from core import models, paths
from core.checkpoints import Spec
from core.digits import neighbor_index
from core.inference.predictor import Predictor


def predictor(model: str) -> Predictor:
    torch.manual_seed(0)
    spec = Spec(
        task="t",
        model=model,
        options={},
        in_shape=(1, 28, 28),
        kind="classification",
        classes=tuple("0123456789"),
        mean=(0.13,),
        std=(0.31,),
        output_mean=0.0,
        output_std=1.0,
        data="none",
    )
    return Predictor(models.create_model(model, (1, 28, 28), 10).eval(), spec)


@pytest.fixture
def small_mnist(tmp_path: Path) -> Path:
    """A data root with 300 random images in MNIST's layout."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, n in (("train", 300), ("t10k", 20)):
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) * (rng.random((n, 28, 28)) < 0.2)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 0x803, n, 28, 28) + images.astype(np.uint8).tobytes()
        )
        labels = rng.integers(0, 10, n, dtype=np.uint8)
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, n) + labels.tobytes())
    return tmp_path


@pytest.mark.parametrize(
    ("model", "by"),
    [("lenet5", "features"), ("modern_cnn", "features"), ("notes_cnn", "pixels"), ("softmax", "pixels")],
)
def test_a_training_digit_is_nearest_to_itself(small_mnist: Path, model: str, by: str) -> None:
    index = neighbor_index.load_index(predictor(model), "key", str(small_mnist))
    assert index.space == by
    found = index.search(index.images[123], 5)
    assert found.space == by and found.index[0] == 123 and found.similarity[0] == pytest.approx(1, abs=2e-3)
    assert found.images.shape == (5, 28, 28) and (found.images[0] == index.images[123]).all()
    assert (found.labels == index.labels[found.index]).all()
    assert (np.diff(found.similarity) <= 0).all()


def test_similarities_are_cosines(small_mnist: Path) -> None:
    p = predictor("lenet5")
    index = neighbor_index.load_index(p, "key", str(small_mnist))
    image = np.random.default_rng(5).integers(0, 256, (28, 28), dtype=np.uint8)
    found = index.search(image, 300)
    a, b = p.embed(image[None, None])[0], p.embed(index.images[found.index][:, None])
    wanted = b @ a / np.linalg.norm(a) / np.linalg.norm(b, axis=1)
    assert np.allclose(found.similarity, wanted, atol=2e-3)


def test_vectors_are_made_once_per_key_and_made_again_where_damaged(small_mnist: Path) -> None:
    told = []
    first = neighbor_index.load_index(
        predictor("lenet5"), "one", str(small_mnist), lambda message, share: told.append(share)
    )
    files = list((paths.cache() / "nearest").glob("*.npy"))
    assert len(files) == 1 and told[-1] == 1.0 and isinstance(first.vectors, np.memmap)
    told.clear()
    neighbor_index.load_index(
        predictor("lenet5"), "one", str(small_mnist), lambda message, share: told.append(share)
    )
    assert told == [0.0]  # MNIST is read, no vector is computed
    half = files[0].read_bytes()[:200]
    files[0].unlink()  # the old one stays mapped
    files[0].write_bytes(half)
    again = neighbor_index.load_index(predictor("lenet5"), "one", str(small_mnist))
    assert (again.vectors == first.vectors).all()
    neighbor_index.load_index(predictor("lenet5"), "two", str(small_mnist))
    assert len(list((paths.cache() / "nearest").iterdir())) == 2


@pytest.mark.parametrize("model", ["lenet5", "softmax"])
def test_progress_starts_before_mnist_is_read(small_mnist: Path, model: str) -> None:
    steps = []
    neighbor_index.load_index(
        predictor(model),
        f"progress-{model}",
        str(small_mnist),
        lambda message, share: steps.append((message.msgid, share)),
    )
    assert steps[0] == ("Loading the training set", 0.0)


def test_black_images_and_few_digits(small_mnist: Path) -> None:
    for model in ("lenet5", "softmax"):
        found = neighbor_index.load_index(predictor(model), "key", str(small_mnist)).search(
            np.zeros((28, 28), np.uint8), 1000
        )
        assert len(found.index) == 300 and np.isfinite(found.similarity).all()


def test_without_mnist_there_is_no_index() -> None:
    assert neighbor_index.load_index(predictor("lenet5"), "key") is None


def test_the_real_thing(real_data: Path) -> None:
    for model in ("lenet5", "notes_cnn"):
        index = neighbor_index.load_index(predictor(model), "key", str(real_data))
        assert len(index.vectors) == 60_000
        for number in (0, 1, 2, 3, 4):
            assert index.search(index.images[number]).index[0] == number
