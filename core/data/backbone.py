"""What the backbone for transfer learning is trained on: CIFAR-10 and the photos of apples and oranges, in twelve classes.

Each part keeps its own training and test set. Photos of fruit are decoded at the size of CIFAR-10's images. If one of the two
is not installed, the fallback data of both are used.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from core.data import ArrayDataset, DatasetInfo, ProgressCallback, cifar10, fruit, image_folder
from core.data.array_cache import channel_statistics
from core.messages import Message, N_

TITLE = N_("CIFAR-10, apples and oranges")
LAYOUT = f"{cifar10.LAYOUT} + {fruit.LAYOUT}"
FALLBACK_TITLE = N_("synthetic shapes and fruit")
IMAGE_SIZE = 32


def find(root: Path) -> Path | None:
    """The folder `root` if it holds both data sets, or None."""
    return root if cifar10.find(root) and fruit.find(root) else None


def load(source: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """Load both data sets from the folder that `find` returned.

    Raises:
        UserError: if files are missing, corrupted or unsafe; the message names them.
    """
    photos = image_folder.load_image_folder(
        fruit.find(source), fruit.SPLIT_FOLDERS, IMAGE_SIZE, "fruit", progress
    ).splits
    parts = [(photos[split].x, photos[split].y) for split in ("train", "test")]
    return _join(cifar10.load(cifar10.find(source), progress), *parts, "backbone", str(source))


def inventory(source: Path) -> tuple[int, int, int]:
    """Number of training images, of test images, and bytes on disk, without decoding.

    Raises:
        UserError: if a zip cannot be opened.
    """
    counts = cifar10.inventory(cifar10.find(source)), fruit.inventory(fruit.find(source))
    return tuple(sum(values) for values in zip(*counts, strict=True))


def fallback(notice: Message) -> ArrayDataset:
    """The fallback data of both: 4,400 training and 1,100 test images."""
    drawn = fruit.fallback(notice)
    parts = [
        (x[:, :, ::2, ::2], y) for x, y in ((drawn.train_x, drawn.train_y), (drawn.test_x, drawn.test_y))
    ]
    joined = _join(cifar10.fallback(notice), *parts, "shapes-and-fruit", "Manabi Lab")
    return dataclasses.replace(joined, title=FALLBACK_TITLE, stand_in_for=TITLE, notice=notice)


def _join(
    images: ArrayDataset,
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    name: str,
    origin: str,
) -> ArrayDataset:
    """Append fruit, images and labels of each split, as two more classes."""
    offset = len(images.classes)
    train_x = np.concatenate([images.train_x, train[0]])
    mean, std = channel_statistics(train_x)
    return ArrayDataset(
        name=name,
        title=TITLE,
        kind="classification",
        origin=origin,
        train_x=train_x,
        train_y=np.concatenate([images.train_y, train[1] + offset]),
        test_x=np.concatenate([images.test_x, test[0]]),
        test_y=np.concatenate([images.test_y, test[1] + offset]),
        mean=np.array(mean, np.float32),
        std=np.array(std, np.float32),
        classes=(*images.classes, *fruit.CLASSES),
    )


INFO = DatasetInfo(
    name="backbone",
    title=TITLE,
    kind="classification",
    shape=(3, IMAGE_SIZE, IMAGE_SIZE),
    classes=(*cifar10.CLASSES, *fruit.CLASSES),
    photos=True,
    layout=LAYOUT,
    find=find,
    load=load,
    inventory=inventory,
    fallback=fallback,
    fallback_title=FALLBACK_TITLE,
    files_of="cifar10",
)
