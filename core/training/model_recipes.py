"""Recipes with the options of the model families. Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import recipe_field
from core.training.supervised_recipe import SupervisedRecipe


class DropoutRecipe(SupervisedRecipe):
    """Models with dropout."""

    dropout: float = recipe_field(
        0.3,
        N_("Dropout"),
        N_("Probability of zeroing a hidden unit at each training step."),
        group="regularization",
        passes_to="model",
        ge=0,
        le=0.95,
        term="dropout",
    )


class ConvRecipe(SupervisedRecipe):
    """Convolutional models of variable width."""

    width: int = recipe_field(
        32,
        N_("Width"),
        N_("Number of filters in the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )


class NotesRecipe(ConvRecipe):
    """Options of `core.models.notes_cnn`, and of how its batches are made."""

    batch_norm: bool = recipe_field(
        True,
        N_("Batch normalization"),
        N_("Normalizes the feature maps of the convolution over each batch."),
        group="model",
        passes_to="model",
        term="batch-normalization",
    )
    pooling: Literal["max", "average", "none"] = recipe_field(
        "max",
        N_("Pooling"),
        N_("How each 2×2 block of a feature map becomes one value. none keeps all four."),
        group="model",
        passes_to="model",
        term="pooling",
    )
    batching: Literal["tensors", "dataloader"] = recipe_field(
        "tensors",
        N_("Batches made by"),
        N_(
            "tensors: a whole batch is gathered and normalized at once. dataloader: PyTorch's DataLoader "
            "prepares one image at a time and stacks them."
        ),
        group="machine",
        term="mini-batch",
        short=N_("batches"),
    )


class DropoutConvRecipe(ConvRecipe, DropoutRecipe):
    """Convolutional models of variable width with dropout."""


class MLPRecipe(DropoutRecipe):
    """Fully connected models."""

    width: int = recipe_field(
        256,
        N_("Width"),
        N_("Number of units in each hidden layer."),
        unit=N_("units"),
        group="model",
        passes_to="model",
        ge=1,
        le=4096,
    )
    depth: int = recipe_field(
        2,
        N_("Depth"),
        N_("Number of hidden layers."),
        unit=N_("layers"),
        group="model",
        passes_to="model",
        ge=0,
        le=20,
    )


class HousingRecipe(MLPRecipe):
    """Fully connected models for Boston housing, without column `b` by default."""

    use_b_column: bool = recipe_field(
        False,
        N_("Use column b"),
        N_("Column b encodes the share of Black residents of a district. It is excluded by default."),
        group="data",
        passes_to="data",
    )


# ---- models for color images ----------------------------------------------------------------------------------------


class VGGRecipe(DropoutRecipe):
    """Options of `core.models.vgg`."""

    depth: Literal[11, 13, 16, 19] = recipe_field(
        11,
        N_("Depth"),
        N_("Number of layers with weights, as counted in the paper."),
        unit=N_("layers"),
        group="model",
        passes_to="model",
    )
    width: int = recipe_field(
        64,
        N_("Width"),
        N_("Number of filters in the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )


class ResNetRecipe(SupervisedRecipe):
    """Options of `core.models.resnet`."""

    depth: Literal[10, 18, 34, 20, 56] = recipe_field(
        18,
        N_("Depth"),
        N_("Number of layers with weights, as counted in the paper. 20 and 56 are its models for CIFAR-10."),
        unit=N_("layers"),
        group="model",
        passes_to="model",
    )
    width: int = recipe_field(
        64,
        N_("Width"),
        N_("Number of filters in the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )
    skip: bool = recipe_field(
        True,
        N_("Skip connections"),
        N_(
            "Adds the input of each block to its output. Turn it off to get the plain baseline "
            "from the paper."
        ),
        group="model",
        passes_to="model",
        term="residual-connection",
    )


class MultiplierRecipe(SupervisedRecipe):
    """Models with a width multiplier for all layers."""

    multiplier: float = recipe_field(
        1.0,
        N_("Width multiplier"),
        N_("Multiplies the number of channels in every layer."),
        group="model",
        passes_to="model",
        gt=0,
        le=4,
    )


class EfficientNetRecipe(MultiplierRecipe, DropoutRecipe):
    """Options of `core.models.efficientnet`."""


class InceptionRecipe(MultiplierRecipe):
    """Options of `core.models.inception`."""

    stem_pool: bool = recipe_field(
        False,
        N_("Early pooling"),
        N_("Halves the image side right after the first layer. This cuts the cost to a quarter."),
        group="model",
        passes_to="model",
    )


class AlexNetRecipe(DropoutRecipe):
    """Options of `core.models.alexnet`."""

    width: int = recipe_field(
        64,
        N_("Width"),
        N_("Number of filters in the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )
    hidden_units: int = recipe_field(
        1024,
        N_("Hidden units"),
        N_("Number of units in each hidden layer."),
        unit=N_("units"),
        group="model",
        passes_to="model",
        ge=1,
        le=8192,
    )


class SandboxRecipe(SupervisedRecipe):
    """Options of `core.models.sandbox`."""

    width: int = recipe_field(
        32,
        N_("Width"),
        N_("Number of filters in the first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=256,
    )
    depth: int = recipe_field(
        6,
        N_("Depth"),
        N_("Number of blocks, with one convolution each."),
        unit=N_("blocks"),
        group="model",
        passes_to="model",
        ge=1,
        le=24,
    )
    stride: int = recipe_field(
        2,
        N_("Stride"),
        N_("Stride of every second block. Larger values shrink the feature maps."),
        unit=N_("pixels"),
        group="model",
        passes_to="model",
        ge=1,
        le=4,
        term="stride",
    )
    depthwise: bool = recipe_field(
        False,
        N_("Depthwise convolutions"),
        N_("One filter per channel, then channel mixing. Needs about one eighth of the MACs."),
        group="model",
        passes_to="model",
        term="depthwise-convolution",
    )
    skip: bool = recipe_field(
        True,
        N_("Skip connections"),
        N_("Adds the input of each block to its output."),
        group="model",
        passes_to="model",
        term="residual-connection",
    )
    padding: bool = recipe_field(
        True,
        N_("Padding"),
        N_("Adds a border of zeros so that 3×3 convolutions keep the spatial size."),
        group="model",
        passes_to="model",
        term="padding",
    )


class FastRecipe(SupervisedRecipe):
    """Options of `core.models.fast_cnn`."""

    width: int = recipe_field(
        64,
        N_("Width"),
        N_("Number of filters in the first block. The other blocks have four times as many."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=512,
    )
    depth: int = recipe_field(
        2,
        N_("Depth"),
        N_("Number of convolutions in each of the three blocks."),
        unit=N_("layers"),
        group="model",
        passes_to="model",
        ge=1,
        le=4,
    )


class TransferRecipe(SupervisedRecipe):
    """Networks that can start from a checkpoint of this project."""

    init: Literal["scratch", "frozen", "fine-tuned"] = recipe_field(
        "fine-tuned",
        N_("Start"),
        N_(
            "scratch: random initialization; frozen: pretrained backbone, only the head is "
            "trained; fine-tuned: all layers are trained."
        ),
        group="model",
        term="transfer-learning",
    )


class BackboneRecipe(FastRecipe, TransferRecipe):
    """Options of `core.models.backbone`."""


class PretrainedRecipe(SupervisedRecipe):
    """Options of `core.models.resnet18_imagenet`."""

    init: Literal["scratch", "frozen", "fine-tuned"] = recipe_field(
        "fine-tuned",
        N_("Start"),
        N_(
            "scratch: random initialization; frozen: pretrained backbone, only the head is "
            "trained; fine-tuned: all layers are trained."
        ),
        group="model",
        passes_to="model",
        term="transfer-learning",
    )
    image_size: int = recipe_field(
        64,
        N_("Input size"),
        N_("Images are upsampled to this size because the model downsamples them by a factor of 32."),
        unit=N_("pixels"),
        group="model",
        passes_to="model",
        ge=32,
        le=224,
    )
