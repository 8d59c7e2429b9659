"""CIFAR-10 in its three layouts, what is wrong with them, the stand-in; and the fruit photos."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import data, paths
from core.data import cifar10, fruit
from core.messages import UserError


def batches(root: Path, per_file: int = 20) -> Path:
    """The official layout with few images."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        entry = {
            b"data": rng.integers(0, 256, (per_file, 3072), dtype=np.uint8),
            b"labels": [i % 10 for i in range(per_file)],
        }
        # Python 2 wrote the official files: torchvision reads their keys as text, we as bytes.
        (folder / name).write_bytes(pickle.dumps({**entry, **{k.decode(): v for k, v in entry.items()}}))
    return folder


def jpeg(color: int, size: int = 32) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), (color, 80, 120)).save(out, "JPEG")
    return out.getvalue()


def image_zip(
    path: Path,
    classes: tuple[str, ...] = cifar10.CLASSES,
    splits: tuple[str, ...] = ("train", "test"),
    more: dict | None = None,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for split in splits:
            for i, name in enumerate(classes):
                for number in range(3):
                    archive.writestr(f"cifar10/{split}/{name}/{number}.jpg", jpeg(20 * i))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return path


def test_the_official_layout_is_read_as_torchvision_reads_it(tmp_path):
    import torchvision

    folder = batches(tmp_path)
    found = data.load_dataset("cifar10", tmp_path)
    assert (
        found.name == "cifar10"
        and found.title == "CIFAR-10"
        and not found.stand_in_for
        and found.in_shape == (3, 32, 32)
    )
    meta = {"label_names": list(cifar10.CLASSES)}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    theirs = torchvision.datasets.CIFAR10
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theirs, "_check_integrity", lambda self: True)
        patch.setattr("torchvision.datasets.cifar.check_integrity", lambda *a: True)
        original = theirs(str(tmp_path), train=True)
    assert (
        np.array_equal(found.train_x.transpose(0, 2, 3, 1), original.data)
        and found.train_y.tolist() == original.targets
    )


def test_the_official_layout_is_unpickled_once(tmp_path, monkeypatch):
    folder = batches(tmp_path)
    first = data.load_dataset("cifar10", tmp_path)

    def again(*_args):
        raise AssertionError("unpickled again")

    monkeypatch.setattr(cifar10, "_read_batches", again)
    found = data.load_dataset("cifar10", tmp_path)
    assert np.array_equal(found.train_x, first.train_x) and np.array_equal(found.test_y, first.test_y)
    (folder / "test_batch").write_bytes((folder / "test_batch").read_bytes() + b" ")
    with pytest.raises(AssertionError, match="again"):
        data.load_dataset("cifar10", tmp_path)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('owned')",))


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Evil()),
        pickle.dumps({b"data": Evil(), b"labels": [1]}),
        b"",
        b"no pickle",
        pickle.dumps({b"data": [[1, 2]], b"labels": [1]}),
        pickle.dumps({b"labels": [1]}),
        pickle.dumps([1, 2]),
    ],
    ids=["code", "code inside", "empty", "text", "short rows", "no data", "a list"],
)
def test_a_batch_that_is_none_is_one_sentence_and_never_run(tmp_path, content):
    folder = batches(tmp_path)
    (folder / "data_batch_3").write_bytes(content)
    with pytest.raises(UserError, match="data_batch_3"):
        data.load_dataset("cifar10", tmp_path)


def test_a_missing_batch_is_named(tmp_path):
    (batches(tmp_path) / "test_batch").unlink()
    with pytest.raises(UserError, match="test_batch not found in"):
        data.load_dataset("cifar10", tmp_path)


def test_a_zip_of_images_is_a_copy_and_says_so(tmp_path):
    image_zip(
        tmp_path / "cifar10.zip", more={"cifar10/train/airplane/readme.txt": b"no image", "notes.txt": b"x"}
    )
    found = data.load_dataset("cifar10", tmp_path)
    assert found.name == "cifar10-copy" and found.title == "CIFAR-10 (JPEG copy)" and len(found.train_x) == 30
    assert data.dataset_status("cifar10", tmp_path).title == "CIFAR-10 (JPEG copy)"
    again = data.load_dataset("cifar10", tmp_path)
    assert isinstance(again.train_x, np.memmap) and np.array_equal(again.train_x, found.train_x)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: image_zip(p, more={"../../evil.jpg": jpeg(3)}), "points outside its folder"),
        (lambda p: image_zip(p, classes=cifar10.CLASSES[:9]), "different classes"),
        (lambda p: image_zip(p, splits=("train",)), "no images for the test split"),
        (lambda p: image_zip(p, classes=(*cifar10.CLASSES[:9], "unicorn")), "different classes"),
        (
            lambda p: (p.parent.mkdir(parents=True, exist_ok=True), p.write_bytes(b"PK no zip"))[0],
            "cannot be opened as a zip file",
        ),
    ],
    ids=["leaves its folder", "a class is missing", "no test split", "another class", "no zip"],
)
def test_a_zip_that_is_wrong_is_one_sentence(tmp_path, make, words):
    make(tmp_path / "cifar10.zip")
    with pytest.raises(UserError, match=words):
        data.load_dataset("cifar10", tmp_path)


def test_a_class_without_images_is_named(tmp_path):
    path = image_zip(
        tmp_path / "cifar10.zip",
        classes=cifar10.CLASSES[:9],
        more={"cifar10/train/truck/a.txt": b"text", "cifar10/test/truck/a.txt": b"text"},
    )
    with pytest.raises(UserError, match="no readable images of truck"):
        cifar10.load(path)


def test_so_many_bytes_are_not_fetched_unasked(monkeypatch):
    monkeypatch.setenv("MANABI_OFFLINE", "0")
    monkeypatch.setattr(cifar10, "download", lambda *a: pytest.fail("fetched without being asked"))
    found = data.load_dataset("cifar10")
    assert (
        found.stand_in_for == "CIFAR-10"
        and "python -m core data get cifar10" in str(found.notice)
        and "170 MB" in str(found.notice)
    )


@pytest.mark.slow
def test_the_stand_in_is_always_the_same():
    one = data.load_dataset("cifar10")
    for file in (paths.cache()).glob("shapes-*"):
        file.unlink()
    two = data.load_dataset("cifar10")
    assert np.array_equal(one.train_x, two.train_x) and len(one.classes) == 10 and len(one.train_x) == 4000
    assert np.bincount(one.train_y).min() > 300
    assert np.allclose(one.mean, one.train_x.mean((0, 2, 3)) / 255, atol=1e-4)


def test_the_real_copy_has_its_counts_and_constants(real_data):
    found = data.load_dataset("cifar10")
    assert found.train_x.shape == (50_000, 3, 32, 32) and found.test_x.shape == (10_000, 3, 32, 32)
    assert (
        np.bincount(found.train_y).tolist() == [5000] * 10
        and np.bincount(found.test_y).tolist() == [1000] * 10
    )
    np.testing.assert_allclose(found.mean, found.train_x.mean((0, 2, 3)) / 255, atol=1e-5)
    np.testing.assert_allclose(found.std, found.train_x.std((0, 2, 3), dtype=np.float64) / 255, atol=1e-5)
    np.testing.assert_allclose(found.mean, cifar10.MEAN, atol=0.001)  # the compression hardly moves the mean


def damaged_zips() -> dict[str, bytes]:
    """What is no zip, what is cut, a zip of another version, a name that is no UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("cifar10/train/é.jpg", b"x")
    whole = out.getvalue()
    entry = whole.rindex(
        b"PK\x01\x02"
    )  # of the directory; the version that is needed to read it lies six bytes on
    name = whole.rindex("é".encode())
    return {
        "no zip": b"<html>",
        "cut": whole[:-30],
        "version": whole[: entry + 6] + b"\xff" + whole[entry + 7 :],
        "name": whole[:name] + b"\xff" + whole[name + 1 :],
    }


@pytest.mark.parametrize(("dataset", "file"), [("cifar10", "cifar10.zip"), ("fruit", "apple2orange.zip")])
@pytest.mark.parametrize("damage", ["no zip", "cut", "version", "name"])
def test_a_damaged_zip_is_a_problem_of_the_status(tmp_path: Path, dataset: str, file: str, damage: str):
    (tmp_path / file).write_bytes(damaged_zips()[damage])
    status = data.dataset_status(dataset, tmp_path)
    assert f"{file} cannot be opened as a zip" in str(status.problem) and status.train == 0


# ---- fruit -----------------------------------------------------------------------------------------------------------


def test_the_real_fruit(real_data):
    found = data.load_dataset("fruit")
    assert np.bincount(found.train_y).tolist() == [541, 223] and np.bincount(found.test_y).tolist() == [
        79,
        79,
    ]
    assert found.classes == ("apple", "orange") and found.in_shape == (3, 64, 64)
    status = data.dataset_status("fruit")
    assert (status.train, status.test) == (764, 158)


def test_drawn_fruit_can_be_told_apart_and_stand_in():
    found = data.load_dataset("fruit")
    assert (
        found.stand_in_for == fruit.TITLE
        and found.train_x.shape == (400, 3, 64, 64)
        and found.train_x.dtype == np.uint8
    )
    assert np.array_equal(found.train_x, data.load_dataset("fruit").train_x)


def test_a_fruit_folder_without_oranges(tmp_path):
    for name in ("trainA", "testA"):
        (tmp_path / "apple2orange" / name).mkdir(parents=True)
        (tmp_path / "apple2orange" / name / "1.jpg").write_bytes(jpeg(200, 80))
    with pytest.raises(UserError, match=r"too few classes \(apple\)"):
        data.load_dataset("fruit", tmp_path)


def test_a_folder_below_one_called_train_is_counted_right(tmp_path):
    with zipfile.ZipFile(image_zip(tmp_path / "cifar10.zip")) as packed:
        packed.extractall(tmp_path / "train")
    source = cifar10.find(tmp_path / "train")
    train, test, _bytes = cifar10.inventory(source)
    assert (train, test) == (30, 30)
