"""Splits of a project: test photos that stay the same when others are added, validation photos as in every training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from core.data.splits import SPLIT_SEED, train_val_split
from core.projects.store import Photo, Project

TEST_SHARE = VALIDATION_SHARE = 0.1
MIN_PHOTOS = 3
"""Fewest photos of a class that can be trained on: one for each split."""


def test_ids(photos: Sequence[Photo]) -> set[str]:
    """The ids of the test photos: of each class those that came in a test folder, else a tenth.

    A validation folder is the test split of a class that has no test folder: its photos were held out when they were collected. The
    tenth depends on the content of a photo alone, so that adding or dropping others hardly changes it, and copies of a photo tend to
    stay together.
    """
    chosen: set[str] = set()
    by_class: dict[str, list[Photo]] = {}
    for photo in photos:
        by_class.setdefault(photo.label, []).append(photo)
    for members in by_class.values():
        given = [p for p in members if p.split == "test"] or [p for p in members if p.split == "validation"]
        if given and len(given) < len(members):
            chosen.update(p.id for p in given)
        elif len(members) > 1:
            ranked = sorted(members, key=lambda p: (_rank(p), p.id))
            chosen.update(p.id for p in ranked[: max(1, round(TEST_SHARE * len(members)))])
    return chosen


def _rank(photo: Photo) -> str:
    return hashlib.sha256(f"{SPLIT_SEED} {photo.sha or photo.id}".encode()).hexdigest()


def validation_size(labels: np.ndarray, num_classes: int) -> int:
    """Number of validation photos to hold out of training photos with these `labels` (N,): a ninth, so that the splits are as 8:1:1.

    More where a rare class would be missing in the validation set; 0 where a class has too few photos.
    """
    counts = np.bincount(labels, minlength=num_classes)
    if not len(labels) or counts.min() < 2:
        return 0
    wanted = max(num_classes, round(len(labels) * VALIDATION_SHARE / (1 - TEST_SHARE)))
    most = min(len(labels) // 2, len(labels) - num_classes)
    for size in sorted({min(most, round(wanted * factor)) for factor in (1, 1.25, 1.5, 2, 3, 5)}):
        if size < num_classes:
            continue
        train, held = train_val_split(labels, size)
        if all(np.bincount(labels[part], minlength=num_classes).min() for part in (train, held)):
            return size
    return 0


def split_photos(project: Project, num_validation: int | None = None) -> dict[str, str]:
    """The split of each photo, "train", "validation" or "test", by its id.

    `num_validation` is that of a recipe (default: that of the project's tasks); the same photos are then held out in the training.
    """
    photos = project.photos()
    held_out = test_ids(photos)
    rest = [p for p in photos if p.id not in held_out]
    place = {name: i for i, name in enumerate(project.classes)}
    labels = np.array([place[p.label] for p in rest], np.int64)
    size = validation_size(labels, len(place)) if num_validation is None else num_validation
    _train, validation = train_val_split(labels, size)
    split = {p.id: "test" if p.id in held_out else "train" for p in photos}
    return {**split, **{rest[i].id: "validation" for i in validation}}


def k_folds(
    labels: np.ndarray, k: int, repeats: int = 1, seed: int = SPLIT_SEED
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stratified folds of examples with `labels` (N,), `repeats` times `k`: sorted indices (training, held out)."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    folds = RepeatedStratifiedKFold(n_splits=k, n_repeats=repeats, random_state=seed)
    for train, held in folds.split(np.zeros(len(labels)), labels):
        yield np.sort(train), np.sort(held)
