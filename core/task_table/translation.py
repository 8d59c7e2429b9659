"""CycleGAN: photos of one kind into photos of another."""

from __future__ import annotations

from core.messages import N_
from core.task_spec import CYCLEGAN_TRAINER, Task
from core.training.cyclegan_recipe import CycleGANRecipe

_QUICK_FIELDS = {
    "epochs": 2,
    "limit_train": 8,
    "num_validation": 8,
    "image_size": 64,
    "width": 16,
    "num_blocks": 3,
    "sample_every": 1,
}

TASKS: list[Task] = [
    Task(
        name="cyclegan-light",
        title=N_("CycleGAN: apples and oranges, for two CPU cores"),
        short_title=N_("CycleGAN"),
        about=N_(
            "Two narrow generators and two discriminators at 128 pixels. Apples turn orange within "
            "15 minutes of training."
        ),
        kind="translation",
        dataset="apple2orange",
        model="cyclegan",
        recipe=CycleGANRecipe(
            epochs=20, batch_size=4, width=32, image_size=128, resize_conv=True, ema_decay=0.99
        ),
        quick=_QUICK_FIELDS,
        trainer=CYCLEGAN_TRAINER,
        checkpoint_name="cyclegan-apple2orange",
    ),
    Task(
        name="cyclegan-paper",
        title=N_("CycleGAN: configuration from the paper"),
        short_title=N_("CycleGAN (paper)"),
        about=N_("The architecture and recipe from the paper at 256 pixels. Intended for a GPU."),
        kind="translation",
        dataset="apple2orange",
        model="cyclegan",
        recipe=CycleGANRecipe(),
        quick=_QUICK_FIELDS,
        trainer=CYCLEGAN_TRAINER,
        checkpoint_name="cyclegan-apple2orange",
    ),
]
