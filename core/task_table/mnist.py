"""Handwritten digits."""

from __future__ import annotations

from core.messages import N_
from core.task_spec import Preset, Task
from core.task_table.defaults import MUON_FIELDS, QUICK_FIELDS
from core.training.model_recipes import DropoutConvRecipe, FastRecipe, MLPRecipe, NotesRecipe
from core.training.supervised_recipe import SupervisedRecipe

TASKS: list[Task] = [
    Task(
        name="mnist-cnn",
        title=N_("MNIST: CNN from the notes"),
        about=N_(
            "One convolution, batch norm, ReLU, max pooling and one linear layer, trained with the "
            "recipe from the learning notes."
        ),
        kind="classification",
        dataset="mnist",
        model="notes_cnn",
        recipe=NotesRecipe(),
        quick=QUICK_FIELDS,
        presets=(
            Preset(
                "one-cycle",
                N_("One-cycle"),
                N_(
                    "The same model and number of epochs, but the learning rate rises over the first 30% of the "
                    "steps and then falls to almost 0: 98.9% instead of the 98.4% of a constant rate."
                ),
                {"schedule": "one-cycle"},
            ),
        ),
    ),
    Task(
        name="mnist-softmax",
        title=N_("MNIST: softmax regression"),
        about=N_(
            "A single linear layer from pixels to digits: the smallest model, and the baseline to beat."
        ),
        kind="classification",
        dataset="mnist",
        model="softmax",
        recipe=SupervisedRecipe(learning_rate=0.001, batch_size=128),
        batch_norm=False,
        quick=QUICK_FIELDS,
    ),
    Task(
        name="mnist-mlp",
        title=N_("MNIST: MLP"),
        about=N_("Two fully connected hidden layers, with no built-in notion of neighboring pixels."),
        kind="classification",
        dataset="mnist",
        model="mlp",
        recipe=MLPRecipe(learning_rate=0.001, batch_size=128, dropout=0.2),
        batch_norm=False,
        quick=QUICK_FIELDS,
    ),
    Task(
        name="mnist-lenet5",
        title=N_("MNIST: LeNet-5"),
        about=N_("The 1998 architecture: two convolutions, average pooling and tanh."),
        kind="classification",
        dataset="mnist",
        model="lenet5",
        recipe=SupervisedRecipe(learning_rate=0.002, schedule="cosine", epochs=12),
        batch_norm=False,
        quick=QUICK_FIELDS,
    ),
    Task(
        name="mnist-modern",
        title=N_("MNIST: modern CNN"),
        about=N_(
            "Two blocks of 3×3 convolutions with batch norm, dropout, data augmentation and a "
            "one-cycle learning rate schedule."
        ),
        kind="classification",
        dataset="mnist",
        model="modern_cnn",
        recipe=DropoutConvRecipe(
            epochs=30,
            batch_size=128,
            optimizer="adamw",
            learning_rate=0.004,
            weight_decay=0.02,
            schedule="one-cycle",
            shift=2.5,
            rotate=12,
            scale=0.12,
            shear=15,
            elastic=1.0,
            stroke_width=0.6,
            pen_strokes=0.5,
        ),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="mnist-fast",
        title=N_("MNIST: fast CNN"),
        short_title=N_("MNIST fast CNN"),
        about=N_(
            "A small version of the fast CNN with the Muon optimizer: one pass over the training set reaches 99%."
        ),
        kind="classification",
        dataset="mnist",
        model="fast_cnn",
        recipe=FastRecipe(
            **{**MUON_FIELDS, "norm_lr_factor": 8},
            ema_decay=0.96,
            num_validation=1000,
            epochs=1,
            width=8,
        ),
        quick={**QUICK_FIELDS, "epochs": 1},
        presets=(
            Preset(
                "long",
                N_("Longer"),
                N_("More filters, four passes and shifted images, for 99.5%."),
                {"epochs": 4, "width": 12, "crop_padding": 2, "ema_decay": 0.99},
            ),
        ),
    ),
]
