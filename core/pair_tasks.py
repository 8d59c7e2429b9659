"""Tasks for the photo pairs that users upload: CycleGAN between their two domains."""

from __future__ import annotations

import dataclasses

from core.data import list_datasets, photo_pairs, register_dataset, unregister_dataset
from core.data.photo_pairs import PhotoPair
from core.messages import N_
from core.task_spec import Task

_PREFIX = "cyclegan-pair-"
_STEPS = 2600  # of the full recipe, about as many as apples and oranges take
_MIN_EPOCHS, _MAX_EPOCHS = 20, 400
_MAX_VALIDATION = 16  # photos of each domain
_QUICK_EPOCHS, _QUICK_PHOTOS = 30, 64


def is_pair_task(task: Task) -> bool:
    """Whether `task` trains on an uploaded pair."""
    return task.name.startswith(_PREFIX)


def task_name(pair: PhotoPair) -> str:
    """Name of the task of a pair."""
    return _PREFIX + pair.id


def load_tasks(base: Task) -> list[Task]:
    """Register the stored pairs as data sets, and return a task with the recipe of `base` for each, oldest first."""
    pairs = photo_pairs.list_pairs()[::-1]
    names = {p.dataset_name for p in pairs}
    for name in list_datasets():
        if name.startswith("pair-") and name not in names:
            unregister_dataset(name)
    for pair in pairs:
        register_dataset(photo_pairs.make_info(pair))
    return [_make_task(pair, base) for pair in pairs]


def _make_task(pair: PhotoPair, base: Task) -> Task:
    counts = [len(pair.photos(split)) for split in ("trainA", "trainB")]
    held = max(1, min(_MAX_VALIDATION, min(counts) // 4))
    per_epoch = -(-(max(counts) - held) // base.recipe.batch_size)
    epochs = min(_MAX_EPOCHS, max(_MIN_EPOCHS, -(-_STEPS // max(1, per_epoch))))
    return dataclasses.replace(
        base,
        name=task_name(pair),
        title=f"CycleGAN: {pair.title}",
        short_title=pair.title,
        about=N_("CycleGAN between two domains of uploaded photos, with the recipe for two CPU cores."),
        dataset=pair.dataset_name,
        recipe=base.recipe.changed(num_validation=held, epochs=epochs),
        quick={
            **base.quick,
            "epochs": _QUICK_EPOCHS,
            "limit_train": _QUICK_PHOTOS,
            "num_validation": min(held, 8),
            "sample_every": 50,
        },
        checkpoint_name="",
    )
