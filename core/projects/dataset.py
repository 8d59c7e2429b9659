"""A project as a data set: `photos-<id>`, made when it is asked for by name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import images
from core.data import array_cache
from core.data.dataset import ArrayDataset
from core.data.registry import DatasetInfo, ProgressCallback
from core.files import read_json, write_json
from core.messages import Message, N_, UserError
from core.projects import splits, store
from core.projects.store import Photo, Project
from core.runs.store import Run

IMAGE_SIZES = (32, 64)
"""Default sides in pixels: the smaller one for photos that are no larger."""
_PROGRESS_EVERY = 200


def default_image_size(project: Project) -> int:
    """Side in pixels at which a project's photos reach a model by default."""
    sides = [min(p.width, p.height) for p in project.photos()]
    return IMAGE_SIZES[0] if sides and float(np.median(sides)) <= IMAGE_SIZES[0] else IMAGE_SIZES[-1]


def photo_ids(project: Project, split: str) -> list[str]:
    """The ids of the photos in the order of the arrays: "test" for `test_x`, "train" for `train_x`, which validation photos are cut
    from.
    """
    held_out = splits.test_ids(project.photos())
    return [p.id for p in project.photos() if (p.id in held_out) == (split == "test")]


def run_photo_ids(run: Run, split: str) -> list[str]:
    """As `photo_ids`, for the photos that `run` was trained and tested on, whatever has been changed since. Empty if unknown."""
    return _strings(_read_record(run).get(split))


def run_photo_labels(run: Run, split: str) -> list[str]:
    """The labels of the photos of `run_photo_ids` at the time of `run`, in their order. Empty if unknown."""
    labels = _read_record(run).get("labels")
    return _strings(labels.get(split)) if isinstance(labels, dict) else []


def _read_record(run: Run) -> dict[str, Any]:
    record = read_json(Path(str(run.config.get("data", {}).get("origin", ""))))
    return record if isinstance(record, dict) else {}


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def project_info(project_id: str) -> DatasetInfo:
    """The declaration of a project as a data set. Raises UserError if there is no such project."""
    project = store.open_project(project_id)
    size = default_image_size(project)

    def load(_source: Path, progress: ProgressCallback | None = None, image_size: int = size) -> ArrayDataset:
        return load_project(project, image_size, progress)

    def inventory(_source: Path) -> tuple[int, int, int]:
        return len(photo_ids(project, "train")), len(photo_ids(project, "test")), project.size()

    return DatasetInfo(
        name=project.dataset_name,
        title=project.name,
        kind="classification",
        shape=(3, size, size),
        layout=f"photo-projects/{project.id}",
        find=lambda _root: project.path if project.about else None,
        load=load,
        classes=project.classes,
        photos=True,
        inventory=inventory,
        shape_of=lambda image_size=size: (3, image_size, image_size),
    )


def load_project(project: Project, image_size: int, progress: ProgressCallback | None = None) -> ArrayDataset:
    """The project's photos as arrays, cropped to a centered square of `image_size` pixels; decoded once per version and size.

    Raises:
        UserError: if there are fewer than two classes, if a class has too few photos, or if a file is missing.
    """
    check_trainable(project)
    version, photos, classes = project.version, project.photos(), project.classes
    held_out = splits.test_ids(photos)
    parts = {
        "train": [p for p in photos if p.id not in held_out],
        "test": [p for p in photos if p.id in held_out],
    }

    def make(save: array_cache.SaveSplit) -> dict[str, object]:
        done = 0
        for split, members in parts.items():
            x = _decode_photos(project, members, image_size, progress, done, len(photos))
            save(split, x, np.array([classes.index(p.label) for p in members], np.int64))
            done += len(members)
        return {}

    arrays, _about = array_cache.load_or_build(project.dataset_name, f"{version} {image_size}", make)
    train, test = arrays["train"], arrays["test"]
    return ArrayDataset(
        name=project.dataset_name,
        title=project.name,
        kind="classification",
        origin=str(_write_record(project, version, parts)),
        train_x=train.x,
        train_y=train.y,
        test_x=test.x,
        test_y=test.y,
        mean=np.array(train.mean, np.float32),
        std=np.array(train.std, np.float32),
        classes=classes,
    )


def check_trainable(project: Project) -> None:
    """Raise UserError if the project's photos do not suffice for a training."""
    counts = Counter(p.label for p in project.photos())
    if len(project.classes) < 2:
        raise UserError(
            N_("{title} needs at least two classes. Add another class with its photos."), title=project.name
        )
    name = min(project.classes, key=lambda c: counts[c])
    if counts[name] < splits.MIN_PHOTOS:
        raise UserError(
            Message.counted(
                "Class {name} has {count} photo. Each class needs at least {least}: one each for training, "
                "validation and test.",
                "Class {name} has {count} photos. Each class needs at least {least}: one each for training, "
                "validation and test.",
                counts[name],
                name=name,
                least=splits.MIN_PHOTOS,
            )
        )


def _write_record(project: Project, version: str, parts: dict[str, list[Photo]]) -> Path:
    """Write which photos a version consists of, so that a run's predictions can be traced to them later; return the file."""
    path = project.path / "versions" / f"{version}.json"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        ids = {split: [p.id for p in members] for split, members in parts.items()}
        write_json(path, {**ids, "labels": {split: [p.label for p in m] for split, m in parts.items()}})
    return path


def _decode_photos(
    project: Project,
    photos: Sequence[Photo],
    size: int,
    progress: ProgressCallback | None,
    done: int,
    total: int,
) -> np.ndarray:
    """Photos as uint8 (N, 3, size, size)."""
    x = np.empty((len(photos), 3, size, size), np.uint8)

    def decode(i: int) -> None:
        x[i] = read_photo(project.file(photos[i]), size).transpose(2, 0, 1)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, _result in enumerate(pool.map(decode, range(len(photos)))):
            if progress and i % _PROGRESS_EVERY == 0:
                progress(Message(N_("Decoding {name}"), {"name": project.name}), (done + i) / total)
    return x


def read_photo(path: Path, size: int) -> np.ndarray:
    """A stored photo as uint8 (size, size, 3). Raises UserError if the file is missing or damaged."""
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            return np.asarray(images.center_crop(image.convert("RGB"), size))
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(N_("{file} cannot be read: {reason}."), file=path.name, reason=str(error)) from error
