"""Recipe of supervised training (`core.training.supervised`). Imports without torch."""

from __future__ import annotations

from typing import Literal

from core.messages import N_
from core.training.augmentation_recipe import AugmentationRecipe
from core.training.recipe import recipe_field


class SupervisedRecipe(AugmentationRecipe):
    """Hyperparameters of minibatch gradient descent for classification and regression."""

    epochs: int = recipe_field(
        10, N_("Epochs"), N_("Number of passes over the training set."), ge=1, le=1000, term="epoch"
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
        64,
        N_("Batch size"),
        N_("Examples per step. Larger batches mean fewer, less noisy updates."),
        ge=1,
        le=8192,
        log=True,
        term="batch-size",
    )
    learning_rate: float = recipe_field(
        0.01,
        N_("Learning rate"),
        N_("Step size along the gradient. If too large, training diverges; if too small, it is slow."),
        gt=0,
        le=10,
        log=True,
        term="learning-rate",
        short=N_("lr"),
    )
    optimizer: Literal["sgd", "rmsprop", "adam", "adamw", "muon"] = recipe_field(
        "adam",
        N_("Optimizer"),
        N_(
            "Algorithm that updates the weights from the gradients. muon orthogonalizes the updates of hidden "
            "convolutions and updates all other layers by SGD with Nesterov momentum."
        ),
        group="optimizer",
        term="optimizer",
    )
    momentum: float = recipe_field(
        0.9,
        N_("Momentum"),
        N_(
            "Momentum factor for SGD and RMSprop, and for the layers that Muon updates by SGD. With "
            "one-cycle, it varies by up to 0.05 around this value, unless it is 0."
        ),
        group="optimizer",
        when={"optimizer": ("sgd", "rmsprop", "muon")},
        ge=0,
        le=0.999,
        term="momentum",
    )
    muon_lr: float = recipe_field(
        0.1,
        N_("Muon learning rate"),
        N_("Learning rate of hidden convolutions: the relative change of their weights in a step."),
        group="optimizer",
        when={"optimizer": ("muon",)},
        gt=0,
        le=1,
        log=True,
        term="optimizer",
        short=N_("Muon lr"),
    )
    nesterov: bool = recipe_field(
        False,
        N_("Nesterov"),
        N_("Enables Nesterov momentum for SGD."),
        group="optimizer",
        when={"optimizer": ("sgd",)},
        term="nesterov",
    )
    schedule: Literal["none", "step", "one-cycle", "triangular", "cosine"] = recipe_field(
        "none",
        N_("Learning rate schedule"),
        N_("How the learning rate changes during training."),
        group="optimizer",
        term="schedule",
        short=N_("schedule"),
    )
    norm_lr_factor: float = recipe_field(
        1.0,
        N_("Learning rate multiplier, batch norm biases"),
        N_("Learning rate of batch norm biases, as a multiple of the learning rate of all other parameters."),
        group="optimizer",
        only="batch-norm",
        gt=0,
        le=1000,
        log=True,
        term="learning-rate",
        short=N_("batch norm lr ×"),
    )
    lr_step_size: int = recipe_field(
        5,
        N_("LR decay interval"),
        N_("Epochs between learning rate decays in the step schedule."),
        unit=N_("epochs"),
        group="optimizer",
        when={"schedule": ("step",)},
        ge=1,
        le=1000,
        term="step-schedule",
    )
    lr_gamma: float = recipe_field(
        0.1,
        N_("LR decay factor"),
        N_("The step schedule multiplies the learning rate by this factor."),
        group="optimizer",
        when={"schedule": ("step",)},
        gt=0,
        le=1,
        term="step-schedule",
    )
    loss: Literal["cross-entropy", "squared-error"] = recipe_field(
        "cross-entropy",
        N_("Loss"),
        N_("Loss function to minimize. Squared error compares predicted probabilities with one-hot labels."),
        group="optimizer",
        only="classification",
        term="loss",
    )
    class_weights: bool = recipe_field(
        False,
        N_("Class weights"),
        N_(
            "Weights each example by the inverse frequency of its class, so that rare classes count as much as others."
        ),
        group="optimizer",
        only="classification",
        term="loss",
    )
    max_grad_norm: float = recipe_field(
        0.0,
        N_("Gradient clipping"),
        N_("Maximum gradient norm. 0 disables clipping."),
        group="optimizer",
        ge=0,
        le=1000,
        term="gradient-clipping",
    )
    weight_decay: float = recipe_field(
        0.0,
        N_("Weight decay"),
        N_("Shrinks the weights toward zero at each step. Normalization layers and biases are excluded."),
        group="regularization",
        ge=0,
        le=10,
        log=True,
        term="weight-decay",
    )
    label_smoothing: float = recipe_field(
        0.0,
        N_("Label smoothing"),
        N_("Fraction of the target probability spread over all classes."),
        group="regularization",
        only="classification",
        ge=0,
        le=0.9,
        term="label-smoothing",
    )
    ema_decay: float = recipe_field(
        0.0,
        N_("Weight averaging (EMA)"),
        N_(
            "Evaluates and saves an exponential moving average of the weights. A decay of 0.99 "
            "averages over about 100 steps (fewer early on); 0 disables EMA."
        ),
        group="regularization",
        ge=0,
        le=0.99999,
        term="ema",
        short=N_("EMA"),
    )
    patience: int = recipe_field(
        0,
        N_("Early stopping"),
        N_(
            "Stop after this many epochs without improvement in validation loss (patience). 0 "
            "disables early stopping."
        ),
        unit=N_("epochs"),
        group="regularization",
        ge=0,
        le=1000,
        term="early-stopping",
    )
    tta_flip: bool = recipe_field(
        False,
        N_("TTA: horizontal flip"),
        N_(
            "Averages the predictions for the image and its mirror image. Doubles inference time "
            "and slightly improves accuracy."
        ),
        group="regularization",
        only="photos",
        term="test-time-augmentation",
    )
    tta_shift: bool = recipe_field(
        False,
        N_("TTA: shift"),
        N_(
            "Also averages predictions for the image shifted one pixel up-left and one pixel "
            "down-right. Triples inference time."
        ),
        group="regularization",
        only="photos",
        term="test-time-augmentation",
    )
    input_scaling: Literal["standardized", "unit", "symmetric", "bytes"] = recipe_field(
        "standardized",
        N_("Input scaling"),
        N_(
            "bytes: unchanged, 0 to 255. unit: divided by 255. symmetric: from -1 to 1. standardized: "
            "mean 0 and standard deviation 1 over the training set."
        ),
        group="data",
        passes_to="data",
        only="images",
        term="normalization",
    )
    num_validation: int = recipe_field(
        5000,
        N_("Validation set"),
        N_("Examples held out from the training set for validation. 0 trains on the full training set."),
        unit=N_("examples"),
        group="data",
        ge=0,
        le=1_000_000,
        term="validation-data",
    )
    limit_train: int = recipe_field(
        0,
        N_("Training examples (0 = all)"),
        N_("Number of training examples to use. 0 uses all."),
        unit=N_("examples"),
        group="data",
        ge=0,
        le=100_000_000,
        term="training-data",
        short=N_("training examples"),
    )
