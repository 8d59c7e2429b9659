"""Two unpaired domains of photos: CycleGAN's apple2orange (Zhu et al., arXiv 1703.10593), or your own photos
in its layout.

`trainA` and `testA` hold domain A, `trainB` and `testB` domain B. Training photos are decoded an eighth
larger than the crops that a model is trained on, test photos at 256 pixels. The fallback data are the
synthetic fruit of `core.data.fruit`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from core.data import ArrayDataset, ProgressCallback, fruit, image_folder
from core.messages import Message, N_

TITLE = N_("Apples and oranges, unpaired")
LAYOUT = "apple2orange/{trainA,trainB,testA,testB}/* | apple2orange.zip | {trainA,trainB,testA,testB}/*"

IMAGE_SIZE = 256
TEST_IMAGE_SIZE = 256
_SPLIT_FOLDERS = {"train": {"trainA": "A", "trainB": "B"}, "test": {"testA": "A", "testB": "B"}}
_EMPTY_SPLIT = (
    np.zeros((0, 3, TEST_IMAGE_SIZE, TEST_IMAGE_SIZE), np.uint8),
    np.zeros(0, np.int64),
)
_SYNTHETIC_COUNTS = {"train": 120, "test": 24}  # images of each domain in the fallback data


def find(root: Path) -> Path | None:
    """The folder or the zip below `root`, `root` itself if it has the folders of two domains, or None."""
    return fruit.find(root) or (root if (root / "trainA").is_dir() and (root / "trainB").is_dir() else None)


def load(
    source: Path, progress: ProgressCallback | None = None, image_size: int = IMAGE_SIZE, train: bool = True
) -> ArrayDataset:
    """Load the photos from what `find` returned.

    Args:
        source: folder or zip.
        progress: called while photos are decoded.
        image_size: side of the training crops, in pixels.
        train: whether to decode the training set; otherwise it is empty.

    Raises:
        UserError: if files are missing, corrupted or unsafe; the message names them.
    """
    is_custom = not source.name.startswith("apple2orange")
    return load_domains(
        source,
        "unpaired" if is_custom else "apple2orange",
        source.name if is_custom else TITLE,
        ("A", "B") if is_custom else fruit.CLASSES,
        progress=progress,
        image_size=image_size,
        train=train,
    )


def load_domains(
    source: Path,
    name: str,
    title: str,
    classes: tuple[str, str],
    *,
    progress: ProgressCallback | None = None,
    image_size: int = IMAGE_SIZE,
    train: bool = True,
    cache_name: str = "unpaired",
) -> ArrayDataset:
    """Load two domains from CycleGAN's folders, as data set `name` with `title` and the names of A and B.

    `cache_name` begins the names of the cache folders; the rest is as for `load`.
    """
    train_arrays = _EMPTY_SPLIT
    if train:
        decoded = image_folder.load_image_folder(
            source, {"train": _SPLIT_FOLDERS["train"]}, load_size(image_size), cache_name, progress
        ).splits["train"]
        train_arrays = decoded.x, decoded.y
    test = image_folder.load_image_folder(
        source, {"test": _SPLIT_FOLDERS["test"]}, TEST_IMAGE_SIZE, cache_name, progress
    ).splits["test"]
    return _make_dataset(name, title, str(source), train_arrays, (test.x, test.y), classes)


def load_size(size: int) -> int:
    """Side in pixels at which photos are decoded for crops of `size`: the paper's 286 for 256, as a multiple
    of 4.
    """
    return size * 9 // 32 * 4


def fallback(notice: Message, image_size: int = IMAGE_SIZE, train: bool = True) -> ArrayDataset:
    """120 synthetic apples and 120 oranges for training (none without `train`), 24 of each for testing, from
    a fixed seed.
    """
    parts = []
    for seed, split, pixels in ((1, "train", load_size(image_size)), (2, "test", TEST_IMAGE_SIZE)):
        if split == "train" and not train:
            parts.append(_EMPTY_SPLIT)
            continue
        rng = np.random.default_rng(seed)  # one per split: the test set does not depend on the training size
        y = np.repeat([0, 1], _SYNTHETIC_COUNTS[split])
        parts.append((np.stack([fruit.draw_fruit(fruit.CLASSES[domain], rng, pixels) for domain in y]), y))
    return _make_dataset("drawn-unpaired", fruit.FALLBACK_TITLE, "Manabi Lab", *parts, fruit.CLASSES, notice)


def draw_examples() -> ArrayDataset:
    """Four synthetic apples and four oranges for testing, without a training set."""
    rng, y = np.random.default_rng(2), np.repeat([0, 1], 4)
    x = np.stack([fruit.draw_fruit(fruit.CLASSES[domain], rng, TEST_IMAGE_SIZE) for domain in y])
    title = fruit.FALLBACK_TITLE
    return _make_dataset(
        "drawn-unpaired", title, "Manabi Lab", _EMPTY_SPLIT, (x, y), fruit.CLASSES, Message("")
    )


def _make_dataset(name, title, origin, train, test, classes, notice=None) -> ArrayDataset:  # noqa: ANN001
    return ArrayDataset(
        name=name,
        title=title,
        kind="translation",
        origin=origin,
        train_x=train[0],
        train_y=train[1].astype(np.int64),
        test_x=test[0],
        test_y=test[1].astype(np.int64),
        # Photos in [-1, 1], the range of a generator's tanh.
        mean=np.full(3, 0.5, np.float32),
        std=np.full(3, 0.5, np.float32),
        classes=classes,
        stand_in_for="" if notice is None else TITLE,
        notice=notice,
    )


INFO = dataclasses.replace(
    fruit.INFO,
    name="apple2orange",
    title=TITLE,
    kind="translation",
    shape=(3, IMAGE_SIZE, IMAGE_SIZE),
    classes=(),
    layout=LAYOUT,
    find=find,
    load=load,
    fallback=fallback,
    draw_examples=draw_examples,
    files_of="fruit",
    shape_of=lambda image_size=IMAGE_SIZE, train=True: (3, image_size, image_size),
)
