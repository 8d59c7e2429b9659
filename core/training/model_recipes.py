"""Recipes of the network families: what each lets one choose of its shape. Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import option
from core.training.supervised_recipe import SupervisedRecipe


class DropoutRecipe(SupervisedRecipe):
    """For networks with dropout."""

    dropout: float = option(
        0.3, N_("Dropout"), N_("Share of hidden units switched off at each training step."),
        group="regularisation", passes_to="model", ge=0, le=0.95, term="dropout",
    )  # fmt: skip


class ConvRecipe(SupervisedRecipe):
    """For convolutional networks whose number of filters can be chosen."""

    width: int = option(
        32,
        N_("Width"),
        N_("Filters of the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )


class DropoutConvRecipe(ConvRecipe, DropoutRecipe):
    """Filters and dropout."""


class MLPRecipe(DropoutRecipe):
    """For fully connected networks."""

    width: int = option(
        256, N_("Width"), N_("Units of each hidden layer."), unit=N_("units"), group="model", passes_to="model", ge=1, le=4096
    )
    depth: int = option(2, N_("Depth"), N_("Hidden layers."), unit=N_("layers"), group="model", passes_to="model", ge=0, le=20)


class HousingRecipe(MLPRecipe):
    """For Boston housing, whose column `b` is left out unless asked for."""

    use_b: bool = option(
        False,
        N_("Use column b"),
        N_("Column b encodes the share of Black residents of a district; it is left out unless you switch it on."),
        group="data", passes_to="data",
    )  # fmt: skip


# ---- networks for colour pictures ------------------------------------------------------------------------------------


class VGGRecipe(DropoutRecipe):
    """For `core.models.vgg`."""

    depth: Literal[11, 13, 16, 19] = option(
        11, N_("Depth"), N_("Layers with weights, as the paper counts them."), unit=N_("layers"), group="model", passes_to="model"
    )
    width: int = option(
        64, N_("Width"), N_("Filters of the first convolution."), unit=N_("filters"), group="model", passes_to="model", ge=1, le=512
    )


class ResNetRecipe(SupervisedRecipe):
    """For `core.models.resnet`."""

    depth: Literal[10, 18, 34] = option(
        18, N_("Depth"), N_("Layers with weights, as the paper counts them."), unit=N_("layers"), group="model", passes_to="model"
    )
    width: int = option(
        64, N_("Width"), N_("Filters of the first convolution."), unit=N_("filters"), group="model", passes_to="model", ge=1, le=512
    )
    skip: bool = option(
        True, N_("Skip connections"), N_("Adds the input of each block to its output; without, the plain network that the "
                                         "paper compares with."),
        group="model", passes_to="model", term="residual-connection",
    )  # fmt: skip


class MultiplierRecipe(SupervisedRecipe):
    """For networks whose every layer is made thinner or wider by one factor."""

    multiplier: float = option(
        1.0, N_("Width multiplier"), N_("Multiplies the channels of every layer."), group="model", passes_to="model", gt=0, le=4
    )


class EfficientNetRecipe(MultiplierRecipe, DropoutRecipe):
    """For `core.models.efficientnet`."""


class InceptionRecipe(MultiplierRecipe):
    """For `core.models.inception`."""

    early_pool: bool = option(
        False, N_("Early pooling"), N_("Halves the picture right after the first layer, for a quarter of the cost."),
        group="model", passes_to="model",
    )  # fmt: skip


class AlexNetRecipe(DropoutRecipe):
    """For `core.models.alexnet`."""

    width: int = option(
        64, N_("Width"), N_("Filters of the first convolution."), unit=N_("filters"), group="model", passes_to="model", ge=1, le=512
    )
    units: int = option(
        1024, N_("Hidden units"), N_("Units of each hidden layer."), unit=N_("units"), group="model", passes_to="model", ge=1, le=8192
    )


class SandboxRecipe(SupervisedRecipe):
    """For `core.models.sandbox`."""

    width: int = option(
        32, N_("Width"), N_("Filters of the first convolution."), unit=N_("filters"), group="model", passes_to="model", ge=1, le=256
    )
    depth: int = option(
        6, N_("Depth"), N_("Blocks, one convolution each."), unit=N_("blocks"), group="model", passes_to="model", ge=1, le=24
    )
    stride: int = option(
        2, N_("Stride"), N_("Every second block moves its kernel by so many pixels, which shrinks the maps."), unit=N_("pixels"),
        group="model", passes_to="model", ge=1, le=4, term="stride",
    )  # fmt: skip
    depthwise: bool = option(
        False, N_("Depthwise convolutions"), N_("One filter per map and then a mix of the maps: about an eighth of the multiplications."),
        group="model", passes_to="model", term="depthwise-convolution",
    )  # fmt: skip
    skip: bool = option(
        True, N_("Skip connections"), N_("Adds the input of each block to its output."), group="model", passes_to="model",
        term="residual-connection",
    )  # fmt: skip
    padding: bool = option(
        True, N_("Padding"), N_("A border of zeros, so that a 3x3 convolution keeps the size."), group="model", passes_to="model",
        term="padding",
    )  # fmt: skip


class FastRecipe(SupervisedRecipe):
    """For `core.models.fast_cnn`."""

    width: int = option(
        64, N_("Width"), N_("Filters of the first block; the others have four times as many."), unit=N_("filters"),
        group="model", passes_to="model", ge=1, le=512,
    )  # fmt: skip
    depth: int = option(
        2, N_("Depth"), N_("Convolutions in each of the three blocks."), unit=N_("layers"), group="model", passes_to="model", ge=1, le=4
    )


class PretrainedRecipe(SupervisedRecipe):
    """For `core.models.resnet18_imagenet`."""

    start: Literal["scratch", "frozen", "fine-tuned"] = option(
        "fine-tuned",
        N_("Start"),
        N_("Scratch: random weights; frozen: ImageNet's stay, only the last layer learns; fine-tuned: all learn on."),
        group="model", passes_to="model", term="transfer-learning",
    )  # fmt: skip
    size: int = option(
        64, N_("Enlarged to"), N_("Pictures are enlarged to so many pixels, since the network shrinks them 32 times."),
        unit=N_("pixels"), group="model", passes_to="model", ge=32, le=224,
    )  # fmt: skip
