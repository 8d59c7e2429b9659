"""The table of tasks: data set + model + trainer + recipe + quick variant.

Menus, the command line, tests and the README's table iterate over it. Importing it does not import torch: models go by their
registered name, trainers by a dotted one.
"""

from __future__ import annotations

from typing import Any

from core import pair_tasks, plugins, private_tasks
from core.messages import N_, UserError, closest_names
from core.task_spec import CYCLEGAN_TRAINER, TRANSFER_TRAINER, Preset, PublishedResult, Task
from core.training.cyclegan_recipe import CycleGANRecipe
from core.training.model_recipes import (
    AlexNetRecipe,
    BackboneRecipe,
    DropoutConvRecipe,
    EfficientNetRecipe,
    FastRecipe,
    HousingRecipe,
    InceptionRecipe,
    MLPRecipe,
    MultiplierRecipe,
    NotesRecipe,
    PretrainedRecipe,
    ResNetRecipe,
    SandboxRecipe,
    VGGRecipe,
)
from core.training.supervised_recipe import SupervisedRecipe

_QUICK_FIELDS = {"epochs": 2, "limit_train": 2000, "num_validation": 500}
_CYCLEGAN_QUICK_FIELDS = {
    "epochs": 2,
    "limit_train": 8,
    "num_validation": 8,
    "image_size": 64,
    "width": 16,
    "num_blocks": 3,
    "sample_every": 1,
}

# Common to the CIFAR-10 recipes: flips and crops, a one-cycle schedule, averaged weights, and a small validation set, because with
# averaged weights and a decaying learning rate there is little to select.
_CIFAR_DEFAULTS: dict[str, Any] = {
    "batch_size": 128,
    "optimizer": "sgd",
    "nesterov": True,
    "learning_rate": 0.1,
    "weight_decay": 5e-4,
    "schedule": "one-cycle",
    "label_smoothing": 0.1,
    "flip": "alternating",
    "crop_padding": 4,
    "ema_decay": 0.99,
    "num_validation": 2000,
}

# A final run of fixed length uses the full training set, since nothing is selected during it; test-time augmentation flips and shifts.
_TTA_FIELDS: dict[str, Any] = {"num_validation": 0, "tta_flip": True, "tta_shift": True}

# airbench94's own, in this project's terms: its rate of 11.5 and decay of 0.0153 "per 1024 examples" at momentum 0.85 are 1.5 and
# 1.3e-3 for PyTorch's SGD and a mean loss; a quarter of the batch takes a quarter of the rate.
_AIRBENCH_FIELDS: dict[str, Any] = {
    "batch_size": 256,
    "optimizer": "sgd",
    "nesterov": True,
    "momentum": 0.85,
    "learning_rate": 0.375,
    "weight_decay": 1.3e-3,
    "norm_lr_factor": 64,
    "schedule": "triangular",
    "label_smoothing": 0.2,
    "flip": "alternating",
    "ema_decay": 0.99,
    "num_validation": 0,
    "tta_flip": True,
    "tta_shift": True,
}

# airbench94_muon's optimizer for batches of 500; its rates are those of batches of 2000.
_MUON_FIELDS: dict[str, Any] = {
    "batch_size": 500,
    "optimizer": "muon",
    "momentum": 0.85,
    "learning_rate": 0.5,
    "muon_lr": 0.2,
    "weight_decay": 1.3e-3,
    "norm_lr_factor": 32,
    "schedule": "triangular",
    "label_smoothing": 0.2,
}

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
        quick=_QUICK_FIELDS,
        presets=(
            Preset(
                "one-cycle",
                N_("One-cycle"),
                N_(
                    "The same model and number of epochs, but the learning rate rises over the first 30% of the "
                    "steps and then falls to almost 0, instead of staying constant."
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
        quick=_QUICK_FIELDS,
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
        quick=_QUICK_FIELDS,
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
        quick=_QUICK_FIELDS,
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
        quick=_QUICK_FIELDS,
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
            **{**_MUON_FIELDS, "norm_lr_factor": 8},
            ema_decay=0.96,
            num_validation=1000,
            epochs=1,
            width=8,
        ),
        quick=_QUICK_FIELDS,
        presets=(
            Preset(
                "long",
                N_("Longer"),
                N_("More filters, four passes and shifted images, for 99.5%."),
                {"epochs": 4, "width": 12, "crop_padding": 2, "ema_decay": 0.99},
            ),
        ),
    ),
    Task(
        name="cifar10-mlp",
        title=N_("CIFAR-10: MLP"),
        short_title=N_("CIFAR-10 MLP"),
        about=N_("Fully connected, with no notion of neighboring pixels: the baseline without convolutions."),
        kind="classification",
        dataset="cifar10",
        model="mlp",
        recipe=MLPRecipe(
            **{**_CIFAR_DEFAULTS, "learning_rate": 0.02, "crop_padding": 2},
            epochs=20,
            width=1024,
            depth=3,
            dropout=0.2,
        ),
        batch_norm=False,
        quick=_QUICK_FIELDS,
    ),
    Task(
        name="cifar10-cnn",
        title=N_("CIFAR-10: plain CNN"),
        about=N_(
            "Two blocks of two 3×3 convolutions and one hidden layer: the baseline from the learning notes."
        ),
        kind="classification",
        dataset="cifar10",
        model="modern_cnn",
        recipe=DropoutConvRecipe(
            **{**_CIFAR_DEFAULTS, "learning_rate": 0.05}, epochs=20, width=32, dropout=0.3
        ),
        quick=_QUICK_FIELDS,
    ),
    Task(
        name="cifar10-vgg",
        title=N_("CIFAR-10: VGG"),
        about=N_("A deep stack of 3×3 convolutions."),
        kind="classification",
        dataset="cifar10",
        model="vgg",
        recipe=VGGRecipe(**_AIRBENCH_FIELDS, crop_padding=4, epochs=30, depth=13, width=48),
        quick=_QUICK_FIELDS,
        published_result=PublishedResult("VGG16", 0.9264, 350, "https://github.com/kuangliu/pytorch-cifar"),
    ),
    Task(
        name="cifar10-resnet",
        title=N_("CIFAR-10: ResNet"),
        about=N_(
            "Each block learns a residual that is added to its input. This makes deep models trainable."
        ),
        kind="classification",
        dataset="cifar10",
        model="resnet",
        recipe=ResNetRecipe(**_AIRBENCH_FIELDS, crop_padding=4, epochs=30, depth=18, width=32),
        quick=_QUICK_FIELDS,
        published_result=PublishedResult(
            "ResNet18", 0.9302, 350, "https://github.com/kuangliu/pytorch-cifar"
        ),
    ),
    Task(
        name="cifar10-mobilenetv1",
        title=N_("CIFAR-10: MobileNetV1"),
        about=N_(
            "Depthwise separable convolutions: one filter per channel, then channel mixing. They "
            "need about one eighth of the MACs."
        ),
        kind="classification",
        dataset="cifar10",
        model="mobilenetv1",
        recipe=MultiplierRecipe(**{**_CIFAR_DEFAULTS, **_TTA_FIELDS}, epochs=22, multiplier=0.75),
        quick=_QUICK_FIELDS,
        published_result=PublishedResult(
            "MobileNetV1", 0.9235, 344, "https://github.com/kuangliu/pytorch-cifar/issues/112"
        ),
    ),
    Task(
        name="cifar10-inception",
        title=N_("CIFAR-10: Inception"),
        about=N_("Parallel convolutions with different kernel sizes on the same feature maps."),
        kind="classification",
        dataset="cifar10",
        model="inception",
        recipe=InceptionRecipe(**_AIRBENCH_FIELDS, crop_padding=4, epochs=18, multiplier=0.5, stem_pool=True),
        quick=_QUICK_FIELDS,
    ),
    Task(
        name="cifar10-alexnet",
        title=N_("CIFAR-10: AlexNet"),
        about=N_("The 2012 architecture: large kernels first, large linear layers last."),
        kind="classification",
        dataset="cifar10",
        model="alexnet",
        recipe=AlexNetRecipe(
            **{**_CIFAR_DEFAULTS, "learning_rate": 0.05}, epochs=14, width=48, hidden_units=1024, dropout=0.3
        ),
        quick=_QUICK_FIELDS,
    ),
    Task(
        name="cifar10-efficientnet",
        title=N_("CIFAR-10: EfficientNet"),
        about=N_(
            "EfficientNet-B0 at half width: inverted bottlenecks with learned channel weights "
            "(squeeze-and-excitation)."
        ),
        kind="classification",
        dataset="cifar10",
        model="efficientnet",
        recipe=EfficientNetRecipe(
            **{**_CIFAR_DEFAULTS, **_TTA_FIELDS}, epochs=20, multiplier=0.5, dropout=0.1
        ),
        quick=_QUICK_FIELDS,
    ),
    Task(
        name="cifar10-fast",
        title=N_("CIFAR-10: fast CNN"),
        about=N_(
            "Optimized for accuracy per second: a first layer computed from the data, identity "
            "initialization and averaged weights."
        ),
        kind="classification",
        dataset="cifar10",
        model="fast_cnn",
        recipe=FastRecipe(**_AIRBENCH_FIELDS, crop_padding=2, epochs=10, width=64),
        quick=_QUICK_FIELDS,
        presets=(
            Preset(
                "muon",
                N_("Muon"),
                N_(
                    "The same model with the Muon optimizer: the same accuracy after seven epochs instead of ten."
                ),
                {**_MUON_FIELDS, "muon_lr": 0.15, "epochs": 7},
            ),
        ),
        published_result=PublishedResult("airbench94", 0.9401, 9.9, "https://arxiv.org/abs/2404.00498"),
    ),
    Task(
        name="cifar10-best",
        title=N_("CIFAR-10: fast CNN, large"),
        about=N_("A wider and deeper version of the fast model, trained longer and with cutout."),
        kind="classification",
        dataset="cifar10",
        model="fast_cnn",
        recipe=FastRecipe(**_AIRBENCH_FIELDS, crop_padding=4, cutout=12, epochs=32, width=96, depth=3),
        quick=_QUICK_FIELDS,
        published_result=PublishedResult(
            "airbench96", 0.9605, 40, "https://github.com/KellerJordan/cifar10-airbench"
        ),
    ),
    Task(
        name="cifar10-resnet18-pretrained",
        title=N_("CIFAR-10: pretrained ResNet-18"),
        about=N_(
            "torchvision's ResNet-18, pretrained on ImageNet, trained in three ways: from scratch, with a "
            "frozen backbone, or fine-tuned."
        ),
        kind="classification",
        dataset="cifar10",
        model="resnet18_imagenet",
        recipe=PretrainedRecipe(
            epochs=5,
            batch_size=128,
            optimizer="adamw",
            learning_rate=0.001,
            weight_decay=0.02,
            schedule="one-cycle",
            label_smoothing=0.1,
            flip="alternating",
            crop_padding=4,
            num_validation=2000,
        ),
        quick=_QUICK_FIELDS,
        pretrained="resnet18-imagenet",
    ),
    Task(
        name="cifar10-sandbox",
        title=N_("CIFAR-10: sandbox"),
        about=N_(
            "A small CNN with configurable width, depth, stride, depthwise convolutions, skip "
            "connections and padding."
        ),
        kind="classification",
        dataset="cifar10",
        model="sandbox",
        recipe=SandboxRecipe(**{**_CIFAR_DEFAULTS, "ema_decay": 0.0}, epochs=5),
        quick=_QUICK_FIELDS,
    ),
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
        quick=_QUICK_FIELDS,
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
        quick=_QUICK_FIELDS,
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
            **{**_AIRBENCH_FIELDS, "learning_rate": 0.02, "tta_flip": False, "tta_shift": False},
            epochs=1,
            crop_padding=4,
            color_jitter=0.2,
            width=64,
        ),
        quick={**_QUICK_FIELDS, "epochs": 1},
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
        recipe=FastRecipe(**_AIRBENCH_FIELDS, crop_padding=2, epochs=4, width=32),
        quick=_QUICK_FIELDS,
        trainer=TRANSFER_TRAINER,
    ),
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
        quick=_CYCLEGAN_QUICK_FIELDS,
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
        quick=_CYCLEGAN_QUICK_FIELDS,
        trainer=CYCLEGAN_TRAINER,
        checkpoint_name="cyclegan-apple2orange",
    ),
    Task(
        name="boston-mlp",
        title=N_("Boston: house prices"),
        about=N_(
            "A fully connected model that predicts the median house price of a district, in "
            "thousands of 1970 dollars."
        ),
        kind="regression",
        dataset="boston",
        model="mlp",
        recipe=HousingRecipe(
            epochs=200,
            batch_size=32,
            learning_rate=0.003,
            weight_decay=0.001,
            width=64,
            depth=2,
            dropout=0.1,
            num_validation=60,
        ),
        batch_norm=False,
        quick={"epochs": 20},
    ),
    Task(
        name="line",
        title=N_("Line y = 2x + 1"),
        about=N_("The regression of the notes: one weight and one bias, learned from five points."),
        kind="line",
        dataset="line",
        model="linear",
        recipe=SupervisedRecipe(
            epochs=100,
            batch_size=5,
            optimizer="sgd",
            momentum=0.0,
            learning_rate=0.2,
            num_validation=0,
            precision="32-true",
        ),
        batch_norm=False,
        quick={"epochs": 20},
    ),
]


# Former names, still accepted on the command line, in links and as names of run folders.
ALIASES = {"fruit-judge": "fruit-classifier-gray"}


def current_name(name: str) -> str:
    """Return the name that the task called `name` has now; `name` itself if it was never renamed."""
    return ALIASES.get(name, name)


def register_task(task: Task) -> None:
    """Add a task to the table at run time; see `core.plugins` for how every process gets to know it.

    Raises ValueError if another task has that name.
    """
    if task.name in {t.name for t in TASKS}:
        raise ValueError(f"two tasks are called {task.name}")
    TASKS.append(task)


def get_task(name: str) -> Task:
    """Return the task called `name` now or formerly, in the table or private. Raises UserError with the closest names if there is none."""
    name = current_name(name)
    for entry in TASKS:
        if entry.name == name:
            return entry
    if private_tasks.is_private(name):
        return private_tasks.make_private_task(name)
    raise UserError(
        N_("Task {name} not found. Closest matches: {nearest}."),
        name=name,
        nearest=closest_names(name, (t.name for t in TASKS)),
    )


def task_for_checkpoint(name: str) -> Task:
    """The task of pretrained checkpoint `name`, or the task called `name`. Raises UserError if there is neither."""
    return next((t for t in TASKS if t.checkpoint == name), None) or get_task(name)


def refresh_pairs() -> None:
    """Bring the table up to date with the photo pairs that users uploaded or deleted."""
    others = [t for t in TASKS if not pair_tasks.is_pair_task(t)]
    TASKS[:] = others + pair_tasks.load_tasks(get_task("cyclegan-light"))


refresh_pairs()
plugins.load()  # last, because plugins import this module
