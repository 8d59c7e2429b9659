"""CIFAR-10 without cats, dogs and horses: seven classes, so that a network trained on them can be transferred to those three without
having seen their labels.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from core.data import ArrayDataset, ProgressCallback, cifar10
from core.data.array_cache import channel_statistics
from core.messages import Message, N_

TITLE = N_("CIFAR-10 without cats, dogs and horses")
HELD_OUT = ("cat", "dog", "horse")
CLASSES = tuple(name for name in cifar10.CLASSES if name not in HELD_OUT)


def load(source: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """Load the seven classes from what `core.data.cifar10.find` returned. Raises UserError like its `load`."""
    return dataclasses.replace(
        select_classes(cifar10.load(source, progress), CLASSES), name="cifar7", title=TITLE
    )


def fallback(notice: Message) -> ArrayDataset:
    """The first seven synthetic shapes."""
    shapes = cifar10.fallback(notice)
    return dataclasses.replace(
        select_classes(shapes, shapes.classes[: len(CLASSES)]), name="seven-shapes", stand_in_for=TITLE
    )


def select_classes(dataset: ArrayDataset, classes: tuple[str, ...]) -> ArrayDataset:
    """The examples of `classes`, numbered in that order, standardized by their own statistics."""
    splits = []
    for x, y in ((dataset.train_x, dataset.train_y), (dataset.test_x, dataset.test_y)):
        renumber = np.full(len(dataset.classes), -1)
        renumber[[dataset.classes.index(name) for name in classes]] = np.arange(len(classes))
        labels = renumber[y]
        splits += [x[labels >= 0], labels[labels >= 0]]
    mean, std = channel_statistics(splits[0])
    return dataclasses.replace(
        dataset,
        train_x=splits[0],
        train_y=splits[1],
        test_x=splits[2],
        test_y=splits[3],
        mean=np.array(mean, np.float32),
        std=np.array(std, np.float32),
        classes=tuple(classes),
    )


INFO = dataclasses.replace(
    cifar10.INFO,
    name="cifar7",
    title=TITLE,
    classes=CLASSES,
    load=load,
    inventory=None,
    fallback=fallback,
    files_of="cifar10",
    variants={},
    identify=None,
    download=None,
    download_bytes=0,
    url="",
)
