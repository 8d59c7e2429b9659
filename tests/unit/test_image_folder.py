"""Image folders and zips of them: decoded once, in order, and nothing hostile gets through."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from core import images, paths
from core.data import array_cache, image_folder
from core.messages import UserError

PLAIN = {"train": {}, "test": {}}


def png(color, size=(32, 32)):
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def members(**more):
    places = [
        (split, name, color, i)
        for split in PLAIN
        for name, color in (("cat", "red"), ("dog", "blue"))
        for i in range(3)
    ]
    return {f"set/{split}/{name}/{i}.png": png(color) for split, name, color, i in places} | more


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def load(source, splits=PLAIN, size=32):
    return image_folder.load_image_folder(source, splits, size, "test")


def test_a_zip_and_the_folder_that_it_holds_give_the_same_arrays(tmp_path):
    source = zipped(tmp_path / "a.zip", members())
    with zipfile.ZipFile(source) as archive:
        archive.extractall(tmp_path / "folder")
    one, other = load(source), load(tmp_path / "folder")
    assert one.classes == other.classes == ("cat", "dog")
    for split in PLAIN:
        np.testing.assert_array_equal(one.splits[split].x, other.splits[split].x)
        np.testing.assert_array_equal(one.splits[split].y, [0, 0, 0, 1, 1, 1])
    assert one.splits["train"].x[0, :, 0, 0].tolist() == [255, 0, 0]


def test_the_second_time_only_opens(tmp_path, monkeypatch):
    source = zipped(tmp_path / "a.zip", members())
    load(source)
    monkeypatch.setattr(image_folder, "_decode_splits", None)
    assert len(load(source).splits["train"].y) == 6


def damaged(path, name, where):
    """A zip of the usual images in which `name`, in the directory at its end or before the file's own content, is no UTF-8."""
    zipped(path, members(**{"set/train/cat/é.png": png("red"), "set/train/dog/é.png": png("blue")}))
    content, whole = path.read_bytes(), name.encode()
    at = content.index(whole) if where == "content" else content.rindex(whole)
    path.write_bytes(content[:at] + whole.replace(b"\xc3", b"\xff") + content[at + len(whole) :])
    return path


def test_a_name_that_is_no_utf8_in_the_directory_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"a\.zip cannot be opened as a zip file: 'utf-8' codec"):
        load(damaged(tmp_path / "a.zip", "set/train/cat/é.png", "directory"))


def test_a_name_that_is_no_utf8_before_a_file_costs_only_this_file(tmp_path):
    found = load(damaged(tmp_path / "a.zip", "set/train/cat/é.png", "content"))
    assert found.num_skipped == 1 and len(found.splits["train"].y) == 7


def test_a_full_disk_is_not_told_as_a_broken_zip(tmp_path, monkeypatch):
    source = zipped(tmp_path / "a.zip", members())

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(array_cache, "_save_array", full)
    with pytest.raises(OSError, match="No space left"):
        load(source)


def test_an_interrupted_decoding_is_done_again(tmp_path):
    source = zipped(tmp_path / "a.zip", members())
    load(source)
    for done in (paths.cache() / "images").glob("*/done.json"):
        done.unlink()
    assert len(load(source).splits["train"].y) == 6


def test_folders_can_stand_for_classes(tmp_path):
    places = [
        (part, side, color, i)
        for part in ("train", "test")
        for side, color in (("A", "red"), ("B", "orange"))
        for i in range(2)
    ]
    files = {f"fruit/{part}{side}/{i}.png": png(color, (60, 40)) for part, side, color, i in places}
    splits = {part: {f"{part}A": "apple", f"{part}B": "orange"} for part in ("train", "test")}
    found = load(zipped(tmp_path / "a.zip", files), splits, 16)
    assert found.classes == ("apple", "orange") and found.splits["test"].x.shape == (4, 3, 16, 16)


def test_what_is_no_image_is_counted_and_left_out(tmp_path):
    found = load(
        zipped(
            tmp_path / "a.zip",
            members(**{"set/train/cat/readme.txt": b"hello", "set/train/.hidden/x.png": png("red")}),
        )
    )
    assert found.num_skipped == 1 and len(found.splits["train"].y) == 6


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../evil/cat/1.png": b""}, "points outside its folder"),
        ({"/etc/cat/1.png": b""}, "points outside its folder"),
        ({"set/train/cat/bomb.png": b"\0" * 30_000_000}, "would expand to 30 MB"),
        ({"set/train/bird/1.txt": b"no image"}, "no readable images of bird"),
    ],
)
def test_a_hostile_or_incomplete_zip_is_a_sentence(tmp_path, files, words):
    with pytest.raises(UserError, match=words):
        load(zipped(tmp_path / "a.zip", members(**files)))
    assert not (tmp_path.parent / "evil").exists()


def test_missing_split_one_class_and_no_zip(tmp_path):
    only = {name: content for name, content in members().items() if "/test/" not in name}
    with pytest.raises(UserError, match="no images for the test split"):
        load(zipped(tmp_path / "a.zip", only))
    with pytest.raises(UserError, match=r"too few classes \(cat\)"):
        load(zipped(tmp_path / "b.zip", {n: c for n, c in members().items() if "/cat/" in n}))
    (tmp_path / "c.zip").write_bytes(b"PK but no zip")
    with pytest.raises(UserError, match="cannot be opened"):
        load(tmp_path / "c.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_without_a_bound_is_refused(tmp_path, method):
    """zipfile unpacks as much of these as their bytes hold, whatever the directory promises."""
    with zipfile.ZipFile(tmp_path / "data.zip", "w", method) as packed:
        for name, content in members().items():
            packed.writestr(name, content)
    with pytest.raises(UserError, match="unusual compression method"):
        load(tmp_path / "data.zip")


def test_a_film_among_the_images_is_not_read_whole(tmp_path, monkeypatch):
    for name, content in members(**{"set/train/cat/film.png": b"x"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "set/train/cat/film.png").open("wb") as f:
        f.truncate(100_000_000)
    read, decode = [], images.decode_image
    monkeypatch.setattr(
        images, "decode_image", lambda content, *rest: read.append(len(content)) or decode(content, *rest)
    )
    assert load(tmp_path).num_skipped == 1 and max(read) == images.MAX_BYTES + 1


@pytest.mark.parametrize("torn", ["done.json", "train-x.npy"])
def test_a_torn_cache_is_made_again(tmp_path, torn):
    """A power failure leaves empty files; a disk cleanup removes others."""
    before = load(zipped(tmp_path / "data.zip", members())).splits["train"].x.copy()
    [file] = paths.cache().rglob(torn)
    file.write_bytes(b"")
    np.testing.assert_array_equal(load(tmp_path / "data.zip").splits["train"].x, before)
    [file] = paths.cache().rglob(torn)
    file.unlink()
    np.testing.assert_array_equal(load(tmp_path / "data.zip").splits["train"].x, before)
