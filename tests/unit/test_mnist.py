"""MNIST: the reader against torchvision's, broken files, the figures of the real ones, the stand-in."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import mnist as torchvision_mnist

from core import data
from core.data import mnist
from core.messages import UserError

TRAIN_X, TRAIN_Y, TEST_X, TEST_Y = mnist._FILES.values()


def idx(array: np.ndarray) -> bytes:
    """An IDX file as Yann LeCun's page describes it: two zero bytes, the type (8: unsigned byte), the rank, the sizes, the data."""
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small data set in MNIST's layout: 40 training and 10 test images."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for images, labels, n in ((TRAIN_X, TRAIN_Y, 40), (TEST_X, TEST_Y, 10)):
        (raw / images).write_bytes(idx(rng.integers(0, 256, (n, 28, 28))))
        (raw / labels).write_bytes(idx(np.arange(n) % 10))
    return tmp_path


def raw(root: Path) -> Path:
    return root / "MNIST" / "raw"


def test_real_files_are_read_as_torchvision_reads_them(real_data: Path) -> None:
    found = data.load_dataset("mnist")
    for train, x, y in ((True, found.train_x, found.train_y), (False, found.test_x, found.test_y)):
        theirs = torchvision_mnist.MNIST(str(real_data), train=train)
        assert np.array_equal(x[:, 0], theirs.data.numpy()) and np.array_equal(y, theirs.targets.numpy())
        assert x.dtype == np.uint8 and y.dtype == np.int64
    assert found.train_x.shape == (60_000, 1, 28, 28) and found.test_x.shape == (10_000, 1, 28, 28)
    assert found.stand_in_for == "" and found.notice is None and found.origin == str(raw(real_data))


def test_mean_and_std_recomputed_from_the_60000_training_images(real_data: Path) -> None:
    pixels = mnist.read_idx(raw(real_data) / TRAIN_X).astype(np.float64) / 255
    assert round(pixels.mean(), 4) == mnist.MEAN and round(pixels.std(), 4) == mnist.STD
    found = data.load_dataset("mnist")
    assert (round(float(found.mean[0]), 4), round(float(found.std[0]), 4)) == (mnist.MEAN, mnist.STD)


def test_status_of_the_real_files(real_data: Path) -> None:
    status = data.dataset_status("mnist")
    assert (status.train, status.test, status.problem) == (60_000, 10_000, None)
    assert status.bytes == sum(p.stat().st_size for p in raw(real_data).iterdir())


@pytest.mark.parametrize("shape", [(7,), (5, 28, 28), (1, 1, 1)])
def test_the_reader_gives_back_what_was_written_and_torchvision_agrees(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    (tmp_path / "x").write_bytes(idx(array))
    assert np.array_equal(mnist.read_idx(tmp_path / "x"), array)
    assert np.array_equal(torchvision_mnist.read_sn3_pascalvincent_tensor(str(tmp_path / "x")).numpy(), array)


def test_the_files_are_never_written_to(root: Path) -> None:
    before = (raw(root) / TRAIN_X).read_bytes()
    found = data.load_dataset("mnist", root)
    found.train_x[0] = 7
    assert (raw(root) / TRAIN_X).read_bytes() == before


def test_gzipped_files_read_the_same(root: Path, own_world: Path) -> None:
    plain = data.load_dataset("mnist", root)
    for path in list(raw(root).iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    for _ in range(2):  # the second time from the cache
        packed = data.load_dataset("mnist", root)
        assert np.array_equal(packed.train_x, plain.train_x) and np.array_equal(packed.test_y, plain.test_y)
    assert sorted(p.suffix for p in raw(root).iterdir()) == [".gz"] * 4, (
        "nothing is unpacked inside a data root"
    )
    assert len(list((own_world / "cache" / "mnist").iterdir())) == 4


def refused(root: Path, *words: str) -> None:
    """Loading says one sentence with all these words in it, and so does `data status`."""
    with pytest.raises(UserError) as caught:
        data.load_dataset("mnist", root)
    assert all(w in str(caught.value) for w in words), str(caught.value)
    assert str(data.dataset_status("mnist", root).problem) == str(caught.value)


def test_a_truncated_file(root: Path) -> None:
    path = raw(root) / TRAIN_X
    path.write_bytes(path.read_bytes()[:-100])
    refused(root, str(path), "is truncated", f"{40 * 784 - 100:,} of {40 * 784:,}")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00",
        b"PK\x03\x04 and so on",
        b"\x00\x00\x0d\x03" + bytes(12),
        b"\x00\x00\x08\x02" + bytes(12),
        b"<html>",
    ],
    ids=["empty", "one-byte", "zip", "wrong-type", "wrong-dimensions", "html"],
)
def test_a_wrong_magic_number(root: Path, head: bytes) -> None:
    (raw(root) / TRAIN_X).write_bytes(head)
    refused(root, str(raw(root) / TRAIN_X), "no IDX header")


@pytest.mark.parametrize(
    "shape", [(0, 28, 28), (2**32 - 1,) * 3, (2**31, 2**31, 4)], ids=["none", "most", "overflow"]
)
def test_sizes_that_cannot_be(root: Path, shape: tuple[int, ...]) -> None:
    (raw(root) / TRAIN_X).write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, *shape) + bytes(1000))
    refused(root, str(raw(root)))


def test_a_missing_file(root: Path) -> None:
    (raw(root) / TEST_Y).unlink()
    refused(root, TEST_Y, "not found in", str(raw(root)))


def test_labels_that_do_not_fit_the_images(root: Path) -> None:
    (raw(root) / TRAIN_Y).write_bytes(idx(np.zeros(39)))
    refused(root, "do not match", "images: 40, labels: 39")


def test_labels_that_are_no_digits(root: Path) -> None:
    (raw(root) / TRAIN_Y).write_bytes(idx(np.full(40, 11)))
    refused(root, str(raw(root)))


def test_images_of_another_size(root: Path) -> None:
    (raw(root) / TRAIN_X).write_bytes(idx(np.zeros((40, 32, 32))))
    refused(root, str(raw(root)))


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(bytes(10_000), mtime=0)[:-10],
        gzip.compress(bytes(range(256)) * 40, mtime=0)[:30],
    ],
    ids=["not-gzip", "truncated-tail", "truncated-head"],
)
def test_a_broken_gzip_file(root: Path, content: bytes) -> None:
    (raw(root) / TRAIN_X).unlink()
    path = raw(root) / f"{TRAIN_X}.gz"
    path.write_bytes(content)
    refused(root, str(path), "cannot be extracted")


def test_gzip_with_damage_in_the_middle(root: Path) -> None:
    content = bytearray(
        gzip.compress(np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8).tobytes())
    )
    content[200:260] = bytes(60)
    content[11] ^= 0xFF
    (raw(root) / TRAIN_X).unlink()
    (raw(root) / f"{TRAIN_X}.gz").write_bytes(bytes(content))
    refused(root, f"{TRAIN_X}.gz", "cannot be extracted")


def test_a_folder_in_the_place_of_a_file_is_a_missing_file(root: Path) -> None:
    (raw(root) / TRAIN_X).unlink()
    (raw(root) / TRAIN_X).mkdir()
    refused(root, TRAIN_X, "not found in")


def test_a_named_folder_without_the_data_is_a_sentence_not_a_stand_in(tmp_path: Path) -> None:
    refused(tmp_path, "MNIST not found in", str(tmp_path), mnist.LAYOUT)
    refused(tmp_path / "no such folder", "no such folder")


# ---- the stand-in ----------------------------------------------------------------------------------------------------


def test_the_stand_in_says_what_it_is() -> None:
    found = data.load_dataset("mnist")
    assert found.name == "digits" and found.stand_in_for == "MNIST"
    assert found.describe()["stand_in_for"] == "MNIST" and found.describe()["title"] == mnist.FALLBACK_TITLE
    said = str(found.notice)
    assert said.startswith("MNIST is not installed.") and "scikit-learn" in said and "MNIST/raw" in said


def test_the_stand_in_has_1437_and_360_digits_in_mnists_form() -> None:
    found = data.load_dataset("mnist")
    assert found.train_x.shape == (1437, 1, 28, 28) and found.test_x.shape == (360, 1, 28, 28)
    assert found.train_x.dtype == np.uint8 and found.classes == tuple("0123456789")
    scaled = found.train_x / 255.0
    assert float(found.mean[0]) == pytest.approx(scaled.mean(), rel=1e-5)
    assert float(found.std[0]) == pytest.approx(scaled.std(), rel=1e-5)
    assert not found.train_x[:, :, :4].any() and not found.train_x[:, :, 24:].any(), (
        "a border of four pixels, as MNIST has"
    )
    assert found.train_x.max() == 255


def test_the_stand_in_keeps_every_digit_once() -> None:
    from sklearn.datasets import load_digits

    found = data.load_dataset("mnist")
    counts = np.bincount(np.concatenate([found.train_y, found.test_y]), minlength=10)
    assert np.array_equal(counts, np.bincount(load_digits().target))


def test_the_stand_in_is_the_same_every_time() -> None:
    one, two = data.load_dataset("mnist"), data.load_dataset("mnist")
    assert np.array_equal(one.train_x, two.train_x) and np.array_equal(one.test_y, two.test_y)


def test_the_md5_sums_are_torchvisions() -> None:
    theirs = {re.sub(r"\.gz$", "", name): md5 for name, md5 in torchvision_mnist.MNIST.resources}
    assert theirs == mnist._MD5
    assert mnist.URL in torchvision_mnist.MNIST.mirrors
