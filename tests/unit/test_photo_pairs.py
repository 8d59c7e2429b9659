"""Uploaded photo pairs: what becomes of a zip, which ones are refused with which sentence, and the task that they become."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from core import data, pair_tasks, paths, tasks
from core.data import photo_pairs
from core.messages import UserError
from core.translation import pair_store
from tests import factories


def photo(seed: int, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    rng = np.random.default_rng(seed)
    Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).save(out, "JPEG")
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def folders(**counts: int) -> dict[str, bytes]:
    """Photos in folders; `top__name` is a folder within another."""
    return {
        f"{folder.replace('__', '/')}/{i}.jpg": photo(i) for folder, n in counts.items() for i in range(n)
    }


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """The table of tasks is that of the process."""
    yield
    for pair in photo_pairs.list_pairs():
        photo_pairs.remove_pair(pair)
    tasks.refresh_pairs()


@pytest.mark.parametrize(
    ("files", "names", "counts"),
    [
        (folders(horse=20, zebra=9), ("horse", "zebra"), (18, 7, 2, 2)),
        (folders(set__horse=20, set__zebra=9), ("horse", "zebra"), (18, 7, 2, 2)),
        (folders(trainA=8, trainB=9, testA=2, testB=3), ("A", "B"), (8, 9, 2, 3)),
        (folders(x__trainA=20, x__trainB=8, other=3), ("A", "B"), (18, 6, 2, 2)),
    ],
    ids=["two-folders", "two-folders-in-one", "cyclegan", "cyclegan-without-test"],
)
def test_a_zip_becomes_a_data_set(
    files: dict[str, bytes], names: tuple[str, str], counts: tuple[int, ...]
) -> None:
    pair, skipped = photo_pairs.save_upload(zipped(files), "mine.zip")
    assert pair.names == names and skipped == 0 and photo_pairs.list_pairs() == [pair]
    assert tuple(len(pair.photos(s)) for s in ("trainA", "trainB", "testA", "testB")) == counts
    dataset = photo_pairs.make_info(pair).load(pair.path, image_size=64)
    assert dataset.classes == names and dataset.train_x.shape[1:] == (3, 72, 72)
    assert np.bincount(dataset.train_y).tolist() == list(counts[:2])
    assert np.bincount(dataset.test_y).tolist() == list(counts[2:])


def test_given_names_win_and_files_that_are_no_images_are_skipped_and_counted() -> None:
    files = {
        **folders(a=8, b=8),
        "a/readme.txt": b"hello",
        "b/evil.jpg": b"\xff\xd8no",
        "__MACOSX/a/x.jpg": b"",
    }
    pair, skipped = photo_pairs.save_upload(zipped(files), "mine.zip", ("<b>day</b>", "day"))
    assert skipped == 2 and pair.names == ("b", "day")
    same, _ = photo_pairs.save_upload(zipped(folders(a=8, b=8)), "mine.zip", ("day", "day"))
    assert same.names == ("day A", "day B")


def bomb() -> bytes:
    return zipped({**folders(a=8, b=8), "a/bomb.jpg": b"\0" * 30_000_000})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no zip at all", "mine.zip cannot be opened as a zip file"),
        (
            zipped({}),
            "must contain the folders trainA and trainB, or exactly two folders of photos. Found: –.",
        ),
        (zipped(folders(a=8, b=8, c=8)), "Found: a, b, c."),
        (zipped({f"{i}.jpg": photo(i) for i in range(20)}), "Found: –."),
        (zipped(folders(a=8, b=7)), "mine.zip: b has 7 readable photos. The minimum per domain is 8."),
        (zipped({**folders(a=8, b=8), "../../evil.jpg": b"x"}), "points outside its folder"),
        (zipped({**folders(a=8, b=8), "/etc/evil.jpg": b"x"}), "points outside its folder"),
        (bomb(), "would expand to 30 MB"),
        (
            zipped({f"a/{i}.txt": b"" for i in range(4001)}),
            "mine.zip contains 4,001 files. The limit is 4,000.",
        ),
    ],
    ids=["no-zip", "empty", "three", "loose", "few", "traversal", "absolute", "bomb", "many"],
)
def test_what_cannot_be_used_is_refused_in_one_sentence_and_leaves_nothing(
    content: bytes, sentence: str
) -> None:
    with pytest.raises(UserError, match="mine.zip") as error:
        photo_pairs.save_upload(content, "mine.zip")
    assert sentence in str(error.value) and str(paths.download_root()) not in str(error.value)
    assert list(photo_pairs.pairs_folder().iterdir()) == []


def test_a_pair_is_a_task_of_every_process_until_it_is_deleted_with_its_runs() -> None:
    pair, _ = pair_store.add_pair(zipped(folders(horse=20, zebra=9)), "mine.zip", ("", ""))
    task = tasks.get_task(pair_tasks.task_name(pair))
    assert task.title == "CycleGAN: horse ↔ zebra" and data.dataset_status(task.dataset).train == 25
    assert task.recipe.num_validation == 1 and task.quick_recipe().num_validation == 1
    listed = subprocess.run(
        [sys.executable, "-c", "from core import tasks; print(*(t.name for t in tasks.TASKS))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.split()[-1] == task.name
    run = factories.stopped(task.name)
    active = factories.running(task.name)
    with pytest.raises(UserError, match="Stop its run before deleting it"):
        pair_store.delete_pair(pair)
    assert run.path.exists() and pair.path.exists()
    factories.status(active, "stopped")
    data.load_dataset(task.dataset, image_size=64)
    decoded = list((paths.cache() / "images").glob(f"{pair.dataset_name}-*"))
    assert decoded
    pair_store.delete_pair(pair)
    assert not any(p.exists() for p in (run.path, active.path, pair.path, *decoded))
    assert task.name not in {t.name for t in tasks.TASKS} and task.dataset not in data.list_datasets()


def test_a_damaged_pair_is_left_out() -> None:
    pair, _ = photo_pairs.save_upload(zipped(folders(horse=8, zebra=8)), "mine.zip")
    (pair.path / "pair.json").write_text("{")
    assert photo_pairs.list_pairs() == []
    (pair.path / "pair.json").write_text('{"names": ["horse", "zebra"]}')
