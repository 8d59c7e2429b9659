"""The photos of a run as arrays: those of its training, validation or test split, as they were when it started.

Shapes: N photos, H W pixels. Imports without torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.data.splits import train_val_split
from core.messages import N_, UserError
from core.projects import dataset, store, tasks
from core.projects.store import Project
from core.runs.store import Run

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class RunPhotos:
    """Photos of a split that still exist.

    Attributes:
        ids: their ids.
        x: uint8 (N, 3, H, W).
        y: class numbers (N,) at the time of the run.
        classes: names of the classes at the time of the run.
    """

    ids: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def find_project(run: Run) -> Project:
    """The project of a run. Raises UserError if it was deleted, or if the run belongs to none."""
    parsed = tasks.parse_task_name(run.task_name)
    if parsed is None:
        raise UserError(N_("Run {run} does not belong to a photo project."), run=run.id)
    return store.open_project(parsed[0])


def split_ids(run: Run, split: Split) -> tuple[list[str], list[str]]:
    """Ids and labels of the photos of a split of `run`, as they were when it started.

    Raises:
        UserError: if it is not known which photos the run used.
    """
    part, classes = _part(split), _classes(run)
    ids, labels = dataset.run_photo_ids(run, part), dataset.run_photo_labels(run, part)
    if not ids or len(ids) != len(labels) or not set(labels) <= set(classes):
        raise UserError(N_("The photos that run {run} used are not known. Train again."), run=run.id)
    index = _split_index(run, split, np.array([classes.index(name) for name in labels]))
    return [ids[i] for i in index], [labels[i] for i in index]


def load_run_photos(run: Run, split: Split, image_size: int = 0) -> RunPhotos:
    """The photos of a split of `run`, cropped to a centered square of `image_size` pixels (default: that of the run).

    Raises:
        UserError: if the project was deleted, or if the photos that the run used are not known.
    """
    project, (ids, labels) = find_project(run), split_ids(run, split)
    size = image_size or int(run.config["data"]["in_shape"][1])
    classes = _classes(run)
    y = np.array([classes.index(name) for name in labels], np.int64)
    if project.version == Path(run.config["data"]["origin"]).stem:
        arrays = dataset.load_project(project, size)
        if split == "test":
            return RunPhotos(tuple(ids), np.asarray(arrays.test_x), y, classes)
        return RunPhotos(tuple(ids), arrays.train_x[_split_index(run, split, arrays.train_y)], y, classes)
    files = {photo.id: project.file(photo) for photo in project.photos(dropped=True)}
    kept = [i for i, photo_id in enumerate(ids) if photo_id in files and files[photo_id].exists()]
    x = np.empty((len(kept), 3, size, size), np.uint8)
    for row, i in enumerate(kept):
        x[row] = dataset.read_photo(files[ids[i]], size).transpose(2, 0, 1)
    return RunPhotos(tuple(ids[i] for i in kept), x, y[kept], classes)


def _part(split: Split) -> str:
    return "test" if split == "test" else "train"


def _classes(run: Run) -> tuple[str, ...]:
    return tuple(run.config.get("data", {}).get("classes", ()))


def _split_index(run: Run, split: Split, labels: np.ndarray) -> np.ndarray:
    """Indices of a split in its part of the data set, whose class numbers are `labels` (N,)."""
    if split == "test":
        return np.arange(len(labels))
    train, held_out = train_val_split(labels, run.recipe.num_validation)
    return train if split == "train" else held_out
