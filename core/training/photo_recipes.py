"""Model families for photos, with their recipes for each way to start. Imports without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.messages import N_
from core.training.model_recipes import (
    AlexNetRecipe,
    ConvRecipe,
    DropoutRecipe,
    EfficientNetRecipe,
    FastRecipe,
    InceptionRecipe,
    MultiplierRecipe,
    ResNetRecipe,
    TransferRecipe,
    VGGRecipe,
)
from core.training.recipe import recipe_field

Init = Literal["scratch", "frozen", "fine-tuned"]
INITS: tuple[Init, ...] = get_args(Init)
LARGE = 5000
"""Number of training photos from which on the recipe for large data sets is used."""

# A frozen backbone's features are computed from the photos themselves and from their mirror images.
_NOT_WHEN_FROZEN = frozenset(
    {
        "shift",
        "rotate",
        "scale",
        "crop_padding",
        "vertical_flip",
        "resized_crop",
        "cutout",
        "random_erasing",
        "color_jitter",
        "hue",
        "grayscale",
        "norm_lr_factor",
        "dropout",
    }
)


class PhotoFields(TransferRecipe):
    """What all recipes for photos have in common."""

    image_size: int = recipe_field(
        64,
        N_("Image size"),
        N_("Photos are cropped to a centered square and resized to this side length."),
        unit=N_("pixels"),
        group="data",
        passes_to="data",
        ge=32,
        le=224,
    )

    @classmethod
    def has_effect(cls, name: str, values: Mapping[str, Any]) -> bool:
        """Whether the field `name` has an effect beside the other `values`; a frozen backbone leaves little to set."""
        if values["init"] == "frozen" and name in _NOT_WHEN_FROZEN:
            return False
        return super().has_effect(name, values)


class OriginalRecipe(ConvRecipe, DropoutRecipe, PhotoFields):
    """Options of `core.models.original`."""

    hidden_units: int = recipe_field(
        128,
        N_("Hidden units"),
        N_("Number of units in each hidden layer."),
        unit=N_("units"),
        group="model",
        passes_to="model",
        ge=1,
        le=8192,
    )


class PhotoBackboneRecipe(FastRecipe, PhotoFields):
    """Options of `core.models.backbone` and `core.models.fast_cnn`."""


class PhotoResNetRecipe(ResNetRecipe, PhotoFields):
    """Options of `core.models.resnet`."""


class PhotoMultiplierRecipe(MultiplierRecipe, PhotoFields):
    """Options of `core.models.mobilenetv1`."""


class PhotoEfficientNetRecipe(EfficientNetRecipe, PhotoFields):
    """Options of `core.models.efficientnet`."""


class PhotoInceptionRecipe(InceptionRecipe, PhotoFields):
    """Options of `core.models.inception`."""


class PhotoImageNetRecipe(PhotoFields):
    """Options of `core.models.resnet18_imagenet`, at the size of the photos."""


class PhotoVGGRecipe(VGGRecipe, PhotoFields):
    """Options of `core.models.vgg`."""


class PhotoAlexNetRecipe(AlexNetRecipe, PhotoFields):
    """Options of `core.models.alexnet`."""


@dataclass(frozen=True)
class PhotoFamily:
    """A model family for photos.

    Attributes:
        title: message id.
        about: message id.
        model: registered name of the model.
        recipe: its recipe class.
        options: options of the model: those of the checkpoint that it can start from.
        pretrained: what it can start from, as in `Task.pretrained`; empty if it can only be trained from scratch.
        transfer_size: side in pixels at which the pretrained network transfers best; 0 for that of the photos.
        default_init: how it starts unless something else is asked for.
        batch_norm: whether it has batch normalization layers.
    """

    title: str
    about: str
    model: str
    recipe: type[PhotoFields]
    options: Mapping[str, Any]
    pretrained: str = ""
    transfer_size: int = 0
    default_init: Init = "scratch"
    batch_norm: bool = True

    @property
    def inits(self) -> tuple[Init, ...]:
        """The ways to start."""
        return INITS if self.pretrained else ("scratch",)

    def make_recipe(self, init: Init = "scratch", num_train: int = 0) -> PhotoFields:
        """The recipe for `num_train` training photos; `init` is one of `inits`."""
        settings = {
            "scratch": _LARGE_RECIPE if num_train >= LARGE else _SMALL_RECIPE,
            "frozen": _FROZEN_RECIPE,
            "fine-tuned": _FINE_TUNED_RECIPE,
        }
        size = {"image_size": self.transfer_size} if self.transfer_size and init != "scratch" else {}
        return self.recipe(**self.options).changed(**settings[init], **size, init=init)


_COMMON: dict[str, Any] = {"flip": "random", "num_validation": 0}
# From scratch on few photos: as `fruit-classifier`, whose recipe was chosen on 764 photos.
_SMALL_RECIPE: dict[str, Any] = {
    **_COMMON,
    "epochs": 20,
    "batch_size": 32,
    "optimizer": "adamw",
    "learning_rate": 0.003,
    "weight_decay": 0.02,
    "schedule": "one-cycle",
    "label_smoothing": 0.05,
    "crop_padding": 6,
    "color_jitter": 0.3,
}
# From scratch on many: as the CIFAR-10 tasks.
_LARGE_RECIPE: dict[str, Any] = {
    **_COMMON,
    "epochs": 20,
    "batch_size": 128,
    "optimizer": "sgd",
    "nesterov": True,
    "learning_rate": 0.1,
    "weight_decay": 5e-4,
    "schedule": "one-cycle",
    "label_smoothing": 0.1,
    "crop_padding": 4,
    "ema_decay": 0.99,
}
# Weight decay was chosen by cross-validation on fruit, COCO crops and CIFAR-10's animals: few photos, many features.
_FROZEN_RECIPE: dict[str, Any] = {
    **_COMMON,
    "epochs": 15,
    "batch_size": 32,
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "weight_decay": 3.0,
    "schedule": "cosine",
    "tta_flip": True,
}
_FINE_TUNED_RECIPE: dict[str, Any] = {
    **_COMMON,
    "epochs": 10,
    "batch_size": 32,
    "optimizer": "adamw",
    "learning_rate": 0.001,
    "weight_decay": 0.02,
    "schedule": "one-cycle",
    "label_smoothing": 0.05,
    "crop_padding": 4,
    "color_jitter": 0.2,
}

FAMILIES: dict[str, PhotoFamily] = {
    "backbone": PhotoFamily(
        N_("Backbone"),
        N_("A fast CNN, pretrained on CIFAR-10. Its head sees the features of all its blocks."),
        "backbone",
        PhotoBackboneRecipe,
        {"width": 64, "depth": 2},
        "cifar10-fast",
        transfer_size=32,
        default_init="frozen",
    ),
    "original": PhotoFamily(
        N_("original (small CNN)"),
        N_("Four convolutions and one hidden layer: small enough to read, and quick to train."),
        "original",
        OriginalRecipe,
        {},
    ),
    "resnet": PhotoFamily(
        "ResNet",
        N_("Each block learns a residual that is added to its input. This makes deep models trainable."),
        "resnet",
        PhotoResNetRecipe,
        {"depth": 18, "width": 32},
        "cifar10-resnet",
    ),
    "mobilenetv1": PhotoFamily(
        "MobileNetV1",
        N_(
            "Depthwise separable convolutions: one filter per channel, then channel mixing. They "
            "need about one eighth of the MACs."
        ),
        "mobilenetv1",
        PhotoMultiplierRecipe,
        {"multiplier": 0.75},
        "cifar10-mobilenetv1",
    ),
    "efficientnet": PhotoFamily(
        N_("EfficientNet"),
        N_("Inverted bottlenecks with learned channel weights (squeeze-and-excitation)."),
        "efficientnet",
        PhotoEfficientNetRecipe,
        {"multiplier": 0.5, "dropout": 0.1},
        "cifar10-efficientnet",
    ),
    "inception": PhotoFamily(
        "Inception",
        N_("Parallel convolutions with different kernel sizes on the same feature maps."),
        "inception",
        PhotoInceptionRecipe,
        {"multiplier": 0.5, "stem_pool": True},
        "cifar10-inception",
    ),
    "fast": PhotoFamily(
        N_("fast CNN"),
        N_(
            "Optimized for accuracy per second: a first layer computed from the data, identity "
            "initialization and averaged weights."
        ),
        "fast_cnn",
        PhotoBackboneRecipe,
        {"width": 64, "depth": 2},
        "cifar10-fast",
    ),
    "resnet18": PhotoFamily(
        N_("ResNet-18 (ImageNet)"),
        N_(
            "torchvision's ResNet-18, pretrained on 1.3 million photos. The weights are downloaded once (47 MB)."
        ),
        "resnet18_imagenet",
        PhotoImageNetRecipe,
        {},
        "resnet18-imagenet",
    ),
    "vgg": PhotoFamily(
        "VGG",
        N_("A deep stack of 3×3 convolutions."),
        "vgg",
        PhotoVGGRecipe,
        {"depth": 13, "width": 48},
        "cifar10-vgg",
    ),
    "alexnet": PhotoFamily(
        "AlexNet",
        N_("The 2012 architecture: large kernels first, large linear layers last."),
        "alexnet",
        PhotoAlexNetRecipe,
        {"width": 48, "hidden_units": 1024, "dropout": 0.3},
        "cifar10-alexnet",
    ),
}
"""The families offered for photos, by the name that commands and task names use."""
