"""The recipe of CycleGAN: every hyper-parameter that `core.training.cyclegan` reads. Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import Recipe, option

# Photos come singly by default, and the pools of earlier translations are those of one process: there is nothing to divide.
ONE_DEVICE = N_("A training of translators runs on one device. Leave out --devices and --num-nodes.")


class CycleGANRecipe(Recipe):
    """Two generators and two discriminators on two domains of photos; the defaults are the paper's (arXiv 1703.10593)."""

    epochs: int = option(
        200, N_("Epochs"), N_("How often every photo of the larger domain is seen."), ge=1, le=10_000, term="epoch"
    )
    max_steps: int = option(
        0, N_("Steps at most"), N_("Ends the training after so many batches, whatever the epochs; 0 sets no such end."),
        unit=N_("batches"), ge=0, le=100_000_000, term="step",
    )  # fmt: skip
    batch_size: int = option(
        1, N_("Batch size"), N_("Photos of each domain per step."), ge=1, le=256, log=True, term="batch-size"
    )
    learning_rate: float = option(
        0.0002, N_("Learning rate"), N_("Of Adam, for generators and discriminators. How long it stays before it falls linearly to 0 "
                                       "is a setting of its own."),
        gt=0, le=1, log=True, term="learning-rate",
    )  # fmt: skip
    beta1: float = option(
        0.5, N_("Momentum (β₁)"), N_("Share of Adam's last step that is kept; 0.5 calms a game of two."),
        group="optimizer", ge=0, lt=1, term="momentum",
    )  # fmt: skip
    constant: float = option(
        0.5, N_("Constant rate for"), N_("Share of the training in which the learning rate stays; then it falls linearly to 0."),
        group="optimizer", ge=0, le=1, term="schedule",
    )  # fmt: skip
    cycle: float = option(
        10.0, N_("Cycle weight (λ)"), N_("How much a photo that came back must be the one that left."),
        group="optimizer", ge=0, le=1000, term="cycle-consistency",
    )  # fmt: skip
    identity: float = option(
        5.0, N_("Identity weight"), N_("How much a generator must leave alone what is already of its own domain; keeps colours."),
        group="optimizer", ge=0, le=1000, term="identity-loss",
    )  # fmt: skip
    pool: int = option(
        50, N_("Image pool"), N_("Earlier translations that the discriminators are shown again; 0 shows only the newest."),
        unit=N_("photos"), group="regularisation", ge=0, le=10_000, term="image-pool",
    )  # fmt: skip
    diff_augment: bool = option(
        False, N_("Differentiable augmentation"), N_("Discriminators see every photo shifted, recoloured and with a piece cut out, so that "
                                                     "few photos last longer (Zhao et al., arXiv 2006.10738)."),
        group="regularisation", term="diff-augment",
    )  # fmt: skip
    ema: float = option(
        0.0, N_("Weight averaging (EMA)"), N_("Keeps a running average of the generators and shows and saves that; 0 does not average."),
        group="regularisation", ge=0, le=0.99999, term="ema",
    )  # fmt: skip
    width: int = option(
        64, N_("Width"), N_("Filters of the generators' first convolution."), unit=N_("filters"), group="model", passes_to="model",
        ge=1, le=256,
    )  # fmt: skip
    blocks: int = option(
        9, N_("Residual blocks"), N_("In each generator; the paper takes 9 for 256 pixels and 6 for 128."), unit=N_("blocks"),
        group="model", passes_to="model", ge=1, le=24, term="residual-connection",
    )  # fmt: skip
    resize: bool = option(
        False, N_("Resize-convolution"), N_("Enlarges maps and then convolves, in place of transposed convolutions: no checkerboards."),
        group="model", passes_to="model", term="checkerboard",
    )  # fmt: skip
    size: Literal[64, 96, 128, 192, 256] = option(
        256, N_("Photo size"), N_("Photos are cut to squares of so many pixels, out of ones an eighth larger."),
        unit=N_("pixels"), group="data", passes_to="data",
    )  # fmt: skip
    validation: int = option(
        16, N_("Validation"), N_("Photos of each domain that are not trained on; eight of each are shown translated."),
        unit=N_("photos"), group="data", ge=0, le=100_000, term="validation-data",
    )  # fmt: skip
    limit_train: int = option(
        0, N_("Training examples"), N_("Uses only so many photos of each domain; 0 uses all."),
        unit=N_("photos"), group="data", ge=0, le=100_000_000, term="training-data",
    )  # fmt: skip
    sample_every: int = option(
        50, N_("Pictures every"), N_("Steps between two looks at the translated validation photos."),
        unit=N_("batches"), group="data", ge=1, le=1_000_000, term="step",
    )  # fmt: skip
