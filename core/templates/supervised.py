"""Template of an exported script, and of a notebook: supervised training in plain PyTorch.

`core.analysis.export` fills in RECIPE, MODEL, DATA, `build_model` and `load`, inlines everything imported from `core`, and removes
branches that the recipe decides. `N_("…")` is a comment, or a paragraph of a text cell; lines `# %%` mark the cells of a notebook.
"""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from core.data.augment import (
    color_jitter,
    cutout,
    flip_mask,
    random_affine,
    random_crop_flip,
    random_erasing,
    random_hue_grayscale,
    random_resized_crop,
    random_vertical_flip,
)
from core.data.augment_digits import deform_digits
from core.data.splits import stratified_subset, train_val_split
from core.messages import N_
from core.models.modern_cnn import modern_cnn as build_model
from core.templates.load.digits import load
from core.training.batches import MAX_WARM_START_EXAMPLES, epoch_order, normalization
from core.training.optim import (
    class_weights,
    ema_update,
    make_classification_loss,
    make_optimizer,
    make_schedule,
)

RECIPE: dict = {}
MODEL: dict = {}
DATA: dict = {}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
(
    IS_CLASSIFIER,
    IS_IMAGE,
    IS_REAL,
    IS_PRETRAINED,
    HAS_WHITENING,
    STANDARDIZES_FIRST,
    ONE_BY_ONE,
    IS_NOTEBOOK,
) = [True] * 8


# ---- training -----------------------------------------------------------------------------------


class SupervisedRecipe(SimpleNamespace):
    """The entries of RECIPE as attributes."""


recipe = SupervisedRecipe(**RECIPE)
if IS_IMAGE:
    GAIN, OFFSET = (v.to(DEVICE) for v in normalization(DATA["mean"], DATA["std"], is_image=True))
if not IS_IMAGE:
    GAIN, OFFSET = (v.to(DEVICE) for v in normalization(DATA["mean"], DATA["std"], is_image=False))
if STANDARDIZES_FIRST:
    # Color jitter, cutout and erasing work on standardized images, whatever the input scaling.
    STANDARD_GAIN, STANDARD_OFFSET = normalization(*DATA["standardization"], is_image=True)
if IS_IMAGE:
    AUGMENT_RNG = torch.Generator().manual_seed(recipe.seed)


def normalize(x: Tensor) -> Tensor:
    """Scale uint8 images (B, C, H, W), or a table's columns (B, F), as the model takes them."""
    return torch.addcmul(OFFSET, x.float(), GAIN)


if IS_IMAGE:

    def augment(x: Tensor, y: Tensor, index: Tensor, epoch: int, flipped_first: Tensor) -> Tensor:
        """Augmented and normalized images of the training examples `index`, whose labels are `y`."""
        if recipe.crop_padding or recipe.flip != "none":
            flipped = flip_mask(recipe.flip, index, epoch, flipped_first, AUGMENT_RNG)
            x = random_crop_flip(x, recipe.crop_padding, flipped, AUGMENT_RNG)
        if recipe.vertical_flip:
            x = random_vertical_flip(x, AUGMENT_RNG)
        if recipe.hue or recipe.grayscale:
            x = random_hue_grayscale(x.float() / 255, recipe.hue, recipe.grayscale, AUGMENT_RNG) * 255
        if recipe.pen_strokes or recipe.stroke_width or recipe.shear or recipe.elastic:
            x = 255 * deform_digits(
                x.float() / 255,
                y,
                pen_strokes=recipe.pen_strokes,
                stroke_width=recipe.stroke_width,
                shear=recipe.shear,
                elastic=recipe.elastic,
                generator=AUGMENT_RNG,
            )
        if STANDARDIZES_FIRST:
            x = torch.addcmul(STANDARD_OFFSET.to(DEVICE), x.float(), STANDARD_GAIN.to(DEVICE))
        if not STANDARDIZES_FIRST:
            x = normalize(x)
        if recipe.shift or recipe.rotate or recipe.scale:
            x = random_affine(x, recipe.shift, recipe.rotate, recipe.scale, AUGMENT_RNG)
        if recipe.resized_crop != 1:
            x = random_resized_crop(x, recipe.resized_crop, AUGMENT_RNG)
        if recipe.color_jitter:
            x = color_jitter(x, recipe.color_jitter, AUGMENT_RNG)
        if recipe.cutout:
            x = cutout(x, recipe.cutout, AUGMENT_RNG)
        if recipe.random_erasing:
            x = random_erasing(x, recipe.random_erasing, AUGMENT_RNG)
        if STANDARDIZES_FIRST:
            x = normalize((x - STANDARD_OFFSET.to(DEVICE)) / STANDARD_GAIN.to(DEVICE))
        return x


def forward(model: nn.Module, x: Tensor) -> Tensor:
    """Logits (B, K), or standardized predictions (B,), computed in the precision of the recipe."""
    with torch.autocast(DEVICE.type, torch.bfloat16, enabled=recipe.precision == "bf16-mixed"):
        outputs = model(x)
    if IS_CLASSIFIER:
        return outputs.float()
    if not IS_CLASSIFIER:
        return outputs.float().squeeze(1)


if recipe.tta_flip or recipe.tta_shift:

    def predict_views(model: nn.Module, x: Tensor) -> Tensor:
        """Test-time augmentation: the weighted mean of the logits for several views of each image."""
        views = [(x, 1.0)]
        if recipe.tta_shift:
            h, w = x.shape[-2:]
            padded = F.pad(x, (1, 1, 1, 1), "reflect")
            views = [(x, 0.5), (padded[..., :h, :w], 0.25), (padded[..., 2:, 2:], 0.25)]
        if recipe.tta_flip:
            views = [(v, share / 2) for view, share in views for v in (view, view.flip(-1))]
        return sum(share * forward(model, view) for view, share in views)


PredictBatch = Callable[[nn.Module, Tensor], Tensor]


@torch.no_grad()
def predict(model: nn.Module, x: Tensor, predict_batch: PredictBatch = forward) -> Tensor:
    """Outputs (N, K) or (N,) for the examples `x`, 250 at a time."""
    model.eval()
    return torch.cat([predict_batch(model, normalize(batch)) for batch in x.split(250)])


def main() -> None:
    """Train, keep the best epoch, test and save it."""
    if not IS_NOTEBOOK:
        parser = argparse.ArgumentParser(description="Train, keep the best epoch, test and save it.")
        if IS_REAL:
            parser.add_argument("--root", default="data", help="data folder")
        parser.add_argument("--epochs", type=int, default=recipe.epochs, help="passes over the training set")
        parser.add_argument("--out", default="weights.pt", help="file for the best weights")
        parser.add_argument("--log-steps", metavar="FILE", help="write the loss of every step to a CSV file")
        args = parser.parse_args()
    # %% [markdown]
    if IS_NOTEBOOK:
        N_("# {title} in plain PyTorch")
        N_(
            "{about} Google Colab opens it with File → Upload notebook. Elsewhere, first: `pip install {packages}`"
        )
    # %% [markdown]
    if IS_NOTEBOOK:
        N_("## Settings")
        N_(
            "`RECIPE` holds the hyperparameters, `MODEL` the options of the architecture, `DATA` what is known about the data."
        )
    # %% insert: settings
    # %% [markdown]
    if IS_NOTEBOOK:
        N_("## Batches, augmentation and optimizer")
        N_("Functions that the training uses: they prepare a whole batch at once, as tensors.")
    # %% insert: helpers

    # %% [markdown]
    N_("## Data")
    N_(
        "The training set trains the model, the validation set chooses the best epoch, and the test set is used once, at the end."
    )
    # %% insert: data
    # %%
    if IS_REAL and not IS_NOTEBOOK:
        x, y, test_x, test_y = load(args.root)
    if IS_REAL and IS_NOTEBOOK:
        N_("The folder that holds the data")
        x, y, test_x, test_y = load("data")
    if not IS_REAL:
        x, y, test_x, test_y = load()
    if recipe.num_validation:
        N_("Every class has the same share in both parts.")
        train, validation = train_val_split(y.numpy(), recipe.num_validation)
    if not recipe.num_validation:
        train = np.arange(len(y))
    if recipe.limit_train:
        train = train[stratified_subset(y.numpy()[train], recipe.limit_train)]
    if not IS_CLASSIFIER:
        N_("Standardized targets, so that one learning rate suits every unit")
        y_mean, y_std = float(y.numpy()[train].mean()), float(y.numpy()[train].std()) or 1.0
        y = (y - y_mean) / y_std
    train_x, train_y = x[train].to(DEVICE), y[train].to(DEVICE)
    if recipe.num_validation:
        val_x, val_y = x[validation].to(DEVICE), y[validation].to(DEVICE)

    # %% [markdown]
    N_("## Model")
    N_("The seed fixes the initial weights, so every run starts from the same model.")
    # %% insert: model
    # %%
    torch.manual_seed(recipe.seed)
    model = build_model(in_shape=x.shape[1:], num_outputs=DATA["num_outputs"], **MODEL).to(DEVICE)
    if HAS_WHITENING:
        N_("The first layer is computed from training images and not trained.")
        model.init_whitening(normalize(train_x[:MAX_WARM_START_EXAMPLES]))
    if IS_PRETRAINED:
        N_("Start from weights that were trained on ImageNet.")
        model.load_imagenet()
    if IS_IMAGE:
        model = model.to(memory_format=torch.channels_last)
    if recipe.ema_decay:
        N_("A moving average of the weights predicts better than the weights of any single step.")
        average = AveragedModel(model, multi_avg_fn=ema_update(recipe.ema_decay), use_buffers=True)

    # %% [markdown]
    N_("## Optimizer and schedule")
    N_(
        "The optimizer turns gradients into new weights. The schedule sets the learning rate of each step, and the loss says how wrong "
        "the predictions are."
    )
    # %%
    steps_per_epoch = math.ceil(len(train_x) / recipe.batch_size)
    if not IS_NOTEBOOK:
        total_steps = args.epochs * steps_per_epoch
    if IS_NOTEBOOK:
        total_steps = recipe.epochs * steps_per_epoch
    if recipe.max_steps:
        total_steps = min(total_steps, recipe.max_steps)
    optimizer = make_optimizer(model, recipe)
    schedule = make_schedule(optimizer, recipe, total_steps, steps_per_epoch)
    if IS_CLASSIFIER and recipe.class_weights:
        N_("Rare classes count more, so that all classes count the same.")
        weights = class_weights(train_y, DATA["num_outputs"])
        loss_function = make_classification_loss(recipe, weights)
    if IS_CLASSIFIER and not recipe.class_weights:
        loss_function = make_classification_loss(recipe)
    if not IS_CLASSIFIER:
        loss_function = F.mse_loss

    # %% [markdown]
    N_("## Training")
    N_(
        "An epoch is one pass over the training set, in a new random order. Each step predicts a batch, measures the loss, and moves the "
        "weights against its gradient."
    )
    # %%
    step_losses, best_model = [], model
    if IS_NOTEBOOK:
        train_losses, val_losses = [], []
    if recipe.num_validation:
        best_rank = (math.inf, math.inf)
    if recipe.num_validation and recipe.patience:
        lowest_loss, waited = math.inf, 0
    if IS_IMAGE:
        flip_rng = torch.Generator().manual_seed(recipe.seed)
        flipped_first = torch.rand(len(train_x), generator=flip_rng) < 0.5
    for epoch in range(math.ceil(total_steps / steps_per_epoch)):
        model.train()
        loss_sum, images = 0.0, 0
        for index in epoch_order(len(train_x), recipe.seed, epoch).split(recipe.batch_size):
            if len(step_losses) == total_steps:
                break
            N_("1. The next batch, normalized")
            if IS_IMAGE and not ONE_BY_ONE:
                inputs = augment(train_x[index], train_y[index], index, epoch, flipped_first)
            if IS_IMAGE and ONE_BY_ONE:
                N_("One image at a time, as PyTorch's DataLoader prepares a batch")
                parts = [augment(train_x[i], train_y[i], i, epoch, flipped_first) for i in index.split(1)]
                inputs = torch.cat(parts)
            if not IS_IMAGE:
                inputs = normalize(train_x[index])
            N_("2. Forward: predictions and their loss")
            loss = loss_function(forward(model, inputs), train_y[index])
            N_("3. Backward: the gradient of the loss for every weight")
            optimizer.zero_grad()
            loss.backward()
            if recipe.max_grad_norm:
                N_("A gradient that is too long is shortened.")
                nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
            N_("4. Update: one step of the optimizer")
            optimizer.step()
            schedule.step()
            if recipe.ema_decay:
                average.update_parameters(model)
            step_losses.append(loss.item())
            loss_sum, images = loss_sum + loss.item() * len(index), images + len(index)

        N_("The weights that are evaluated and saved")
        final = model
        if recipe.ema_decay:
            final = average.module
        line = f"epoch {epoch + 1:3d}  train loss {loss_sum / images:.4f}"
        if IS_NOTEBOOK:
            train_losses.append(loss_sum / images)
        if not recipe.num_validation:
            best_model = final
        if recipe.num_validation:
            N_("Validation, without training: the epoch with the best result is kept.")
            outputs = predict(final, val_x)
            val_loss = loss_function(outputs, val_y).item()
            if IS_NOTEBOOK:
                val_losses.append(val_loss)
            if IS_CLASSIFIER:
                accuracy = (outputs.argmax(1) == val_y).float().mean().item()
                rank = (-accuracy, val_loss)
                line += f"  val loss {val_loss:.4f}  val accuracy {accuracy:.4f}"
            if not IS_CLASSIFIER:
                rmse = (outputs - val_y).square().mean().sqrt().item() * y_std
                rank = (rmse, val_loss)
                line += f"  val loss {val_loss:.4f}  val rmse {rmse:.4f}"
            if rank < best_rank:
                best_rank, best_model = rank, copy.deepcopy(final)
            if recipe.patience:
                N_("Early stopping: count the epochs without a lower validation loss.")
                waited = 0 if val_loss < lowest_loss else waited + 1
                lowest_loss = min(val_loss, lowest_loss)
        print(line, flush=True)
        if recipe.num_validation and recipe.patience:  # noqa: SIM102
            if waited == recipe.patience:
                break

    # %% [markdown]
    if IS_NOTEBOOK:
        N_("## Learning curves")
        N_("If the training loss falls while the validation loss rises, the model is overfitting.")
    # %%
    if IS_NOTEBOOK:
        _figure, axis = plt.subplots()
        axis.plot(range(1, len(train_losses) + 1), train_losses, label="train loss")
    if IS_NOTEBOOK and recipe.num_validation:
        axis.plot(range(1, len(val_losses) + 1), val_losses, label="val loss")
    if IS_NOTEBOOK:
        axis.set_xlabel("epoch")
        axis.legend()
    # %% [markdown]
    N_("## Test")
    N_("The test set is used once, after everything is decided.")
    # %%
    if recipe.tta_flip or recipe.tta_shift:
        outputs = predict(best_model, test_x.to(DEVICE), predict_views).cpu()
    if not (recipe.tta_flip or recipe.tta_shift):
        outputs = predict(best_model, test_x.to(DEVICE)).cpu()
    if IS_CLASSIFIER:
        print(f"test accuracy {(outputs.argmax(1) == test_y).float().mean():.4f}")
    if not IS_CLASSIFIER:
        errors = outputs * y_std + y_mean - test_y
        r2 = 1 - errors.square().sum() / (test_y - test_y.mean()).square().sum()
        print(f"test rmse {errors.square().mean().sqrt():.4f}  mae {errors.abs().mean():.4f}  r2 {r2:.4f}")
    if IS_NOTEBOOK and IS_CLASSIFIER:
        N_("Confusion matrix: rows are true classes, columns predicted classes.")
        pairs = test_y * DATA["num_outputs"] + outputs.argmax(1)
        print(torch.bincount(pairs, minlength=DATA["num_outputs"] ** 2).view(DATA["num_outputs"], -1))
    # %% [markdown]
    if IS_NOTEBOOK:
        N_("## Save")
        N_("`torch.save` keeps the weights; `load_state_dict` of the same model reads them.")
    # %%
    if not IS_NOTEBOOK:
        torch.save(best_model.state_dict(), args.out)
        if args.log_steps:
            lines = [f"{step},{loss!r}" for step, loss in enumerate(step_losses, 1)]
            Path(args.log_steps).write_text("\n".join(["step,loss", *lines]) + "\n")
    if IS_NOTEBOOK:
        torch.save(best_model.state_dict(), "weights.pt")


if __name__ == "__main__":
    main()
