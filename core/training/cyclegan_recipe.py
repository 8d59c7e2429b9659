"""Recipe of CycleGAN training (`core.training.cyclegan`). Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import Recipe, recipe_field

REVERSE_DIRECTION = {"a2b": "b2a", "b2a": "a2b"}
"""The opposite of each direction."""

# Photos come singly by default, and the pools of earlier translations are those of one process: there is nothing to divide.
ONE_DEVICE_MESSAGE = N_(
    "Image translation models support training on one device only. Remove --devices and --num-nodes."
)


class CycleGANRecipe(Recipe):
    """Hyperparameters of CycleGAN; the defaults are those of the paper (Zhu et al., arXiv 1703.10593)."""

    epochs: int = recipe_field(
        200,
        N_("Epochs"),
        N_("Number of passes over the photos of the larger domain."),
        ge=1,
        le=10_000,
        term="epoch",
    )
    max_steps: int = recipe_field(
        0,
        N_("Max steps"),
        N_("Stop after this many batches, regardless of the number of epochs. 0 disables the limit."),
        unit=N_("batches"),
        ge=0,
        le=100_000_000,
        term="step",
    )
    batch_size: int = recipe_field(
        1,
        N_("Batch size"),
        N_("Number of photos per domain in each step."),
        ge=1,
        le=256,
        log=True,
        term="batch-size",
    )
    learning_rate: float = recipe_field(
        0.0002,
        N_("Learning rate"),
        N_(
            "Adam learning rate for the generators and discriminators. It stays constant for the "
            "share set in “Constant-rate share”, then decays linearly to 0."
        ),
        gt=0,
        le=1,
        log=True,
        term="learning-rate",
        short=N_("lr"),
    )
    beta1: float = recipe_field(
        0.5,
        N_("Momentum (β₁)"),
        N_("Decay rate of Adam's first moment. A value of 0.5 stabilizes GAN training."),
        group="optimizer",
        ge=0,
        lt=1,
        term="momentum",
        short=N_("β₁"),
    )
    constant_lr_fraction: float = recipe_field(
        0.5,
        N_("Constant-rate share"),
        N_("Share of training with a constant learning rate, before it decays linearly to 0."),
        group="optimizer",
        ge=0,
        le=1,
        term="schedule",
    )
    cycle_weight: float = recipe_field(
        10.0,
        N_("Cycle loss weight (λ)"),
        N_(
            "Weight of the cycle consistency loss, which penalizes differences between a photo and "
            "its reconstruction."
        ),
        group="optimizer",
        ge=0,
        le=1000,
        term="cycle-consistency",
        short=N_("λ"),
    )
    identity_weight: float = recipe_field(
        5.0,
        N_("Identity loss weight"),
        N_(
            "Weight of the identity loss, which penalizes changes to photos already in the target "
            "domain. Preserves colors."
        ),
        group="optimizer",
        ge=0,
        le=1000,
        term="identity-loss",
    )
    pool_size: int = recipe_field(
        50,
        N_("Image pool"),
        N_("Number of earlier translations kept for the discriminators. 0 uses only the latest."),
        unit=N_("photos"),
        group="regularization",
        ge=0,
        le=10_000,
        term="image-pool",
    )
    diff_augment: bool = recipe_field(
        False,
        N_("Differentiable augmentation"),
        N_(
            "Shifts, recolors and cuts out parts of every discriminator input. Useful for small "
            "datasets (Zhao et al., arXiv 2006.10738)."
        ),
        group="regularization",
        term="diff-augment",
    )
    ema_decay: float = recipe_field(
        0.0,
        N_("Weight averaging (EMA)"),
        N_("Displays and saves an exponential moving average of the generator weights. 0 disables EMA."),
        group="regularization",
        ge=0,
        le=0.99999,
        term="ema",
        short=N_("EMA"),
    )
    width: int = recipe_field(
        64,
        N_("Width"),
        N_("Number of filters in the generators' first convolution."),
        unit=N_("filters"),
        group="model",
        passes_to="model",
        ge=1,
        le=256,
    )
    num_blocks: int = recipe_field(
        9,
        N_("Residual blocks"),
        N_("Number of residual blocks in each generator. The paper uses 9 for 256 pixels and 6 for 128."),
        unit=N_("blocks"),
        group="model",
        passes_to="model",
        ge=1,
        le=24,
        term="residual-connection",
    )
    resize_conv: bool = recipe_field(
        False,
        N_("Resize-convolution"),
        N_(
            "Upsamples feature maps and then convolves, instead of using transposed convolutions. "
            "Avoids checkerboard artifacts."
        ),
        group="model",
        passes_to="model",
        term="checkerboard",
    )
    image_size: Literal[64, 96, 128, 192, 256] = recipe_field(
        256,
        N_("Photo size"),
        N_("Side length of the square crops. Photos are first resized to be one eighth larger."),
        unit=N_("pixels"),
        group="data",
        passes_to="data",
    )
    num_validation: int = recipe_field(
        16,
        N_("Validation set"),
        N_("Photos of each domain held out from training. The translations of eight of each are displayed."),
        unit=N_("photos"),
        group="data",
        ge=0,
        le=100_000,
        term="validation-data",
    )
    limit_train: int = recipe_field(
        0,
        N_("Training examples (0 = all)"),
        N_("Maximum number of photos per domain. 0 uses all of them."),
        unit=N_("photos"),
        group="data",
        ge=0,
        le=100_000_000,
        term="training-data",
        short=N_("training examples"),
    )
    sample_every: int = recipe_field(
        50,
        N_("Sample interval"),
        N_("Number of steps between saved translations of the validation photos."),
        unit=N_("batches"),
        group="data",
        ge=1,
        le=1_000_000,
        term="step",
    )
