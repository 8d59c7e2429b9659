"""Classifiers of apples and oranges, and backbones for photos."""

from __future__ import annotations

from core.messages import N_
from core.task_spec import TRANSFER_TRAINER, Task
from core.task_table.defaults import AIRBENCH_FIELDS, QUICK_FIELDS
from core.training.model_recipes import BackboneRecipe, FastRecipe, ResNetRecipe

TASKS: list[Task] = [
    Task(
        name="fruit-classifier",
        title=N_("Apple vs. orange"),
        about=N_(
            "Classifies photos of apples and oranges. It is also used to evaluate translations between them."
        ),
        kind="classification",
        dataset="fruit",
        model="resnet",
        recipe=ResNetRecipe(
            epochs=12,
            batch_size=32,
            optimizer="adamw",
            learning_rate=0.003,
            weight_decay=0.02,
            schedule="one-cycle",
            label_smoothing=0.05,
            flip="random",
            crop_padding=6,
            color_jitter=0.3,
            depth=10,
            width=16,
            num_validation=100,
        ),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="fruit-classifier-gray",
        title=N_("Apple vs. orange, color-independent"),
        short_title=N_("Apple vs. orange (gray)"),
        about=N_(
            "The same photos in gray and with altered colors. This classifier evaluates "
            "translations by shape and texture."
        ),
        kind="classification",
        dataset="fruit",
        model="resnet",
        recipe=ResNetRecipe(
            seed=1,
            epochs=24,
            batch_size=32,
            optimizer="adamw",
            learning_rate=0.003,
            weight_decay=0.02,
            schedule="one-cycle",
            label_smoothing=0.05,
            flip="random",
            crop_padding=6,
            color_jitter=0.3,
            hue=1.0,
            grayscale=0.5,
            depth=10,
            width=16,
            num_validation=100,
        ),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="backbone",
        title=N_("CIFAR-10 and fruit: backbone"),
        short_title=N_("Backbone"),
        about=N_(
            "The fast CNN with a head on the features of all its blocks, fine-tuned with photos of apples and oranges."
        ),
        kind="classification",
        dataset="backbone",
        model="backbone",
        recipe=BackboneRecipe(
            **{**AIRBENCH_FIELDS, "learning_rate": 0.02, "tta_flip": False, "tta_shift": False},
            epochs=1,
            crop_padding=4,
            color_jitter=0.2,
            width=64,
        ),
        quick={**QUICK_FIELDS, "epochs": 1},
        trainer=TRANSFER_TRAINER,
        pretrained="cifar10-fast",
    ),
    Task(
        name="backbone-seven",
        title=N_("CIFAR-10 without cats, dogs and horses: backbone"),
        short_title=N_("Backbone (7 classes)"),
        about=N_(
            "Trained on the other seven classes of CIFAR-10. It shows what transfer learning gains on three "
            "classes whose labels it never saw."
        ),
        kind="classification",
        dataset="cifar7",
        model="backbone",
        recipe=FastRecipe(**AIRBENCH_FIELDS, crop_padding=2, epochs=4, width=32),
        quick=QUICK_FIELDS,
        trainer=TRANSFER_TRAINER,
    ),
]
