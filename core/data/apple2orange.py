"""Two domains of photos, unpaired: CycleGAN's apple2orange (Zhu et al., arXiv 1703.10593), or any two of one's own in its layout.

`trainA` and `testA` hold domain A, `trainB` and `testB` domain B. Training photos are decoded an eighth larger than a training's squares,
test photos at 256 pixels. The stand-in are the drawn fruit of `core.data.fruit`.
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
)  # a training part that nobody asked for
_SYNTHETIC_COUNTS = {"train": 120, "test": 24}  # pictures of each domain in the stand-in


def find(root: Path) -> Path | None:
    """The folder or the zip in `root`, or `root` itself where it is two domains of one's own."""
    return fruit.find(root) or (root if (root / "trainA").is_dir() and (root / "trainB").is_dir() else None)


def load(
    source: Path, progress: ProgressCallback | None = None, image_size: int = IMAGE_SIZE, train: bool = True
) -> ArrayDataset:
    """Load the photos in what `find` returned, for training at `image_size` pixels. Without `train`, the training set is empty.
    Raises UserError naming what is missing, damaged or hostile."""
    learned = _EMPTY_SPLIT
    if train:
        found = image_folder.load_image_folder(
            source, {"train": _SPLIT_FOLDERS["train"]}, load_size(image_size), "unpaired", progress
        ).splits["train"]
        learned = found.x, found.y
    test = image_folder.load_image_folder(
        source, {"test": _SPLIT_FOLDERS["test"]}, TEST_IMAGE_SIZE, "unpaired", progress
    ).splits["test"]
    own = not source.name.startswith("apple2orange")
    return _make_dataset(
        "unpaired" if own else "apple2orange",
        source.name if own else TITLE,
        str(source),
        learned,
        (test.x, test.y),
        ("A", "B") if own else fruit.CLASSES,
    )


def load_size(size: int) -> int:
    """How large photos are decoded from which squares of `size` pixels are cut: the paper's 286 for 256, as a multiple of 4."""
    return size * 9 // 32 * 4


def fallback(notice: Message, image_size: int = IMAGE_SIZE, train: bool = True) -> ArrayDataset:
    """120 drawn apples and 120 drawn oranges to train on (none without `train`), 24 of each to test, made from a fixed seed."""
    parts = []
    for seed, split, pixels in ((1, "train", load_size(image_size)), (2, "test", TEST_IMAGE_SIZE)):
        if split == "train" and not train:
            parts.append(_EMPTY_SPLIT)
            continue
        rng = np.random.default_rng(
            seed
        )  # of its own: the test part is the same whatever the training's size
        y = np.repeat([0, 1], _SYNTHETIC_COUNTS[split])
        parts.append((np.stack([fruit.draw_fruit(fruit.CLASSES[domain], rng, pixels) for domain in y]), y))
    return _make_dataset("drawn-unpaired", fruit.FALLBACK_TITLE, "Manabi Lab", *parts, fruit.CLASSES, notice)


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
    files_of="fruit",
    shape_of=lambda image_size=IMAGE_SIZE, train=True: (3, image_size, image_size),
)
