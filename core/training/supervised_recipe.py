"""The recipe of supervised training: every hyper-parameter that `core.training.supervised` reads. Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.recipe import Recipe, option


class SupervisedRecipe(Recipe):
    """Classification and regression by gradient descent on batches; read by `core.training.supervised`."""

    epochs: int = option(10, N_("Epochs"), N_("How often the whole training part is seen."), ge=1, le=1000, term="epoch")
    max_steps: int = option(
        0, N_("Steps at most"), N_("Ends the training after so many batches, whatever the epochs; 0 sets no such end."),
        unit=N_("batches"), ge=0, le=100_000_000, term="step",
    )  # fmt: skip
    batch_size: int = option(
        64, N_("Batch size"), N_("Examples per step. Larger batches step less often, with less noise."),
        ge=1, le=8192, log=True, term="batch-size",
    )  # fmt: skip
    learning_rate: float = option(
        0.01, N_("Learning rate"), N_("Size of a step along the gradient. Too large diverges, too small crawls."),
        gt=0, le=10, log=True, term="learning-rate",
    )  # fmt: skip
    optimizer: Literal["sgd", "rmsprop", "adam", "adamw"] = option(
        "adam",
        N_("Optimizer"),
        N_("The rule that turns gradients into steps."),
        group="optimizer",
        term="optimizer",
    )
    momentum: float = option(
        0.9,
        N_("Momentum"),
        N_("Share of the last step that SGD and RMSprop keep; one-cycle moves it by up to 0.05 around this value, unless it is 0."),
        group="optimizer",
        ge=0,
        le=0.999,
        term="momentum",
    )
    nesterov: bool = option(
        False,
        N_("Nesterov"),
        N_("SGD looks ahead along its momentum before it takes the gradient."),
        group="optimizer",
        term="nesterov",
    )
    schedule: Literal["none", "step", "one-cycle", "triangular", "cosine"] = option(
        "none",
        N_("Schedule"),
        N_("How the learning rate changes during the training."),
        group="optimizer",
        term="schedule",
    )
    norm_rate: float = option(
        1.0, N_("Learning-rate multiplier of batch-norm biases"),
        N_("The biases of batch norms learn at so many times the learning rate of everything else."),
        group="optimizer", gt=0, le=1000, log=True, term="learning-rate",
    )  # fmt: skip
    step_epochs: int = option(
        5,
        N_("Step every"),
        N_("Epochs between two steps of the step schedule."),
        unit=N_("epochs"),
        group="optimizer",
        ge=1,
        le=1000,
        term="step-schedule",
    )
    step_factor: float = option(
        0.1,
        N_("Step factor"),
        N_("The step schedule multiplies the learning rate by this."),
        group="optimizer",
        gt=0,
        le=1,
        term="step-schedule",
    )
    loss: Literal["cross-entropy", "squared-error"] = option(
        "cross-entropy", N_("Loss"), N_("What is minimised. Squared error compares probabilities with the one-hot label."),
        group="optimizer", only="classification", term="loss",
    )  # fmt: skip
    clip: float = option(
        0.0,
        N_("Gradient clipping"),
        N_("A gradient longer than this is shortened to it; 0 leaves all as they are."),
        group="optimizer",
        ge=0,
        le=1000,
        term="gradient-clipping",
    )
    weight_decay: float = option(
        0.0,
        N_("Weight decay"),
        N_("Pulls weights towards zero at every step; norms and biases are spared."),
        group="regularisation",
        ge=0,
        le=10,
        log=True,
        term="weight-decay",
    )
    label_smoothing: float = option(
        0.0, N_("Label smoothing"), N_("Share of the label that is spread over all classes."),
        group="regularisation", only="classification", ge=0, le=0.9, term="label-smoothing",
    )  # fmt: skip
    ema: float = option(
        0.0,
        N_("Weight averaging (EMA)"),
        N_("Judges and saves a running average of the weights: 0.99 remembers about 100 steps, fewer at first; 0 does not average."),
        group="regularisation",
        ge=0,
        le=0.99999,
        term="ema",
    )
    patience: int = option(
        0, N_("Early stopping"), N_("Ends after so many epochs without a better validation loss; 0 never does."),
        unit=N_("epochs"), group="regularisation", ge=0, le=1000, term="early-stopping",
    )  # fmt: skip
    shift: float = option(
        0.0, N_("Shift"), N_("Augmentation: moves each image by up to so many pixels."), unit=N_("pixels"),
        group="augmentation", only="images", ge=0, le=16, term="augmentation",
    )  # fmt: skip
    rotate: float = option(
        0.0, N_("Rotation"), N_("Augmentation: turns each image by up to so many degrees."), unit=N_("degrees"),
        group="augmentation", only="images", ge=0, le=180, term="augmentation",
    )  # fmt: skip
    scale: float = option(
        0.0, N_("Scale"), N_("Augmentation: enlarges or shrinks each image by up to this share."),
        group="augmentation", only="images", ge=0, le=0.9, term="augmentation",
    )  # fmt: skip
    flip: Literal["none", "random", "alternating"] = option(
        "none", N_("Mirroring"), N_("Augmentation: mirrors half of the pictures; alternating shows each one the other way "
                                    "round in every second epoch."),
        group="augmentation", only="photos", term="augmentation",
    )  # fmt: skip
    crop: int = option(
        0, N_("Crop"), N_("Augmentation: moves each picture by up to so many whole pixels and mirrors its border into the gap."),
        unit=N_("pixels"), group="augmentation", only="photos", ge=0, le=64, term="augmentation",
    )  # fmt: skip
    cutout: int = option(
        0, N_("Cutout"), N_("Augmentation: greys out a square of so many pixels at a random place."),
        unit=N_("pixels"), group="augmentation", only="photos", ge=0, le=256, term="cutout",
    )  # fmt: skip
    jitter: float = option(
        0.0, N_("Colour jitter"), N_("Augmentation: changes brightness, contrast and saturation by up to this share."),
        group="augmentation", only="photos", ge=0, le=1, term="augmentation",
    )  # fmt: skip
    hue: float = option(
        0.0, N_("Hue"), N_("Augmentation: turns all colours by up to this share of the colour circle; 1 leaves no colour what it was."),
        group="augmentation", only="photos", ge=0, le=1, term="augmentation",
    )  # fmt: skip
    grey: float = option(
        0.0, N_("Grey"), N_("Augmentation: shows this share of the pictures without colour."),
        group="augmentation", only="photos", ge=0, le=1, term="augmentation",
    )  # fmt: skip
    mirror: bool = option(
        False, N_("Mirror at test time"), N_("An answer is the mean of those to the picture and to its mirror image: twice "
                                             "the time, a little more accuracy."),
        group="regularisation", only="photos", term="test-time-augmentation",
    )  # fmt: skip
    shifted: bool = option(
        False, N_("Shift at test time"), N_("An answer also counts those to the picture moved by one pixel, up left and down right: "
                                            "three times the time."),
        group="regularisation", only="photos", term="test-time-augmentation",
    )  # fmt: skip
    scaling: Literal["standardised", "unit", "bytes"] = option(
        "standardised", N_("Pixels become"), N_("Bytes: as they are, 0 to 255. Unit: divided by 255. Standardised: then moved and "
                                                "scaled to mean 0 and standard deviation 1."),
        group="data", passes_to="data", only="images", term="normalisation",
    )  # fmt: skip
    validation: int = option(
        5000, N_("Validation"), N_("Examples cut from the training part to choose the best epoch; 0 trains on everything."),
        unit=N_("examples"), group="data", ge=0, le=1_000_000, term="validation-data",
    )  # fmt: skip
    limit_train: int = option(
        0, N_("Training examples"), N_("Uses only so many training examples; 0 uses all."),
        unit=N_("examples"), group="data", ge=0, le=100_000_000, term="training-data",
    )  # fmt: skip
