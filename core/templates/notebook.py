"""Template of an exported notebook: a photo classifier in plain PyTorch, cell by cell.

`core.analysis.notebook` fills in RECIPE, MODEL and DATA, removes branches that the recipe decides, translates `N_("…")`, which is a
paragraph of a text cell or a comment of a code cell, and puts inlined source in place of lines that begin with `# insert:`.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from core.data.augment import flip_mask
from core.data.splits import stratified_subset
from core.messages import N_
from core.models.original import original as build_model
from core.templates.supervised import augment, forward, normalize, predict, predict_views
from core.training.batches import MAX_WARM_START_EXAMPLES, epoch_order
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
IS_FROZEN, IS_FINE_TUNED, HAS_WHITENING = [True] * 3
recipe = SimpleNamespace(**RECIPE)


def main() -> None:
    """The cells."""
    # %% [markdown]
    N_("# {title}: an image classifier in plain PyTorch")
    N_(
        "This notebook trains the same model as a run of Manabi Lab, on the same photos. The run reached a test accuracy of {accuracy} "
        "(95% CI: {low} to {high}). Another machine rounds differently, so expect similar numbers."
    )
    N_(
        "Put it beside the folder `photos` that came with it, and install the packages: `pip install torch safetensors pillow matplotlib`"
    )
    # %% [markdown]
    N_("## Settings")
    N_(
        "`RECIPE` holds the hyperparameters, `MODEL` the options of the architecture, `DATA` what is known about the photos."
    )
    # %% insert: settings
    # %% [markdown]
    N_("## Photos")
    N_(
        "Each split has one folder per class. Every photo is cropped to a centered square and resized, so that all have the same shape."
    )

    # %%
    def load_photos(split: str) -> tuple[Tensor, Tensor]:
        images, labels = [], []
        for label, name in enumerate(DATA["classes"]):
            for path in sorted(Path("photos", split, name).glob("*.jpg")):
                photo = Image.open(path).convert("RGB")
                N_("The largest centered square")
                side = min(photo.size)
                left, top = (photo.width - side) // 2, (photo.height - side) // 2
                photo = photo.crop((left, top, left + side, top + side))
                images.append(
                    np.asarray(photo.resize((DATA["size"], DATA["size"]), Image.Resampling.BICUBIC))
                )
                labels.append(label)
        if not images:
            return torch.empty(0, 3, DATA["size"], DATA["size"], dtype=torch.uint8), torch.empty(
                0, dtype=torch.int64
            )
        N_("(N, height, width, 3) becomes (N, 3, height, width), as PyTorch expects it.")
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)

    train_x, train_y = load_photos("train")
    val_x, val_y = load_photos("validation")
    test_x, test_y = load_photos("test")
    if recipe.limit_train:
        kept = torch.from_numpy(stratified_subset(train_y.numpy(), recipe.limit_train))
        train_x, train_y = train_x[kept], train_y[kept]
    train_x, train_y, val_x, val_y = (t.to(DEVICE) for t in (train_x, train_y, val_x, val_y))
    print(f"{len(train_y)} + {len(val_y)} + {len(test_y)}")

    _figure, axes = plt.subplots(1, 8, figsize=(12, 2))
    for axis, i in zip(axes, torch.randperm(len(train_x)).tolist(), strict=False):
        axis.imshow(train_x[i].permute(1, 2, 0).cpu())
        axis.set_title(DATA["labels"][int(train_y[i])])
    for axis in axes:
        axis.axis("off")
    # %% [markdown]
    N_("## Model")
    N_("The architecture, with the shapes of the tensors in the comments.")
    # %% insert: model
    # %% [markdown]
    N_("## Augmentation, optimizer and schedule")
    N_("Whole batches are augmented at once, as tensors. The model never sees exactly the same photo twice.")
    # %% insert: helpers
    # %% [markdown]
    N_("## Training")
    N_(
        "Each step predicts a batch, measures the loss, and moves the weights against its gradient. The epoch with the best validation "
        "accuracy is kept: the test photos decide nothing."
    )
    # %%
    torch.manual_seed(recipe.seed)
    model = build_model(in_shape=tuple(train_x.shape[1:]), num_outputs=len(DATA["classes"]), **MODEL).to(
        DEVICE
    )
    if HAS_WHITENING:
        N_("The first layer is computed from the photos and not trained.")
        model.init_whitening(normalize(train_x[:MAX_WARM_START_EXAMPLES]))
    if IS_FROZEN or IS_FINE_TUNED:
        N_("Start from the pretrained weights; only the head, which names the classes, is new.")
        model.load_state_dict(load_file("start.safetensors"), strict=False)
    model = model.to(memory_format=torch.channels_last)
    if recipe.ema_decay:
        N_("A moving average of the weights predicts better than the weights of any single step.")
        average = AveragedModel(model, multi_avg_fn=ema_update(recipe.ema_decay), use_buffers=True)

    if IS_FROZEN:
        N_(
            "Frozen: only the head is trained. The features of the other layers never change, so they are computed once, for the photos "
            "and for their mirror images, and standardized."
        )
        model.requires_grad_(False)
        model.head.requires_grad_(True)
        model.eval()
        with torch.no_grad():
            features, mirrored, val_features = (
                torch.cat([model.embed(normalize(batch)).float() for batch in x.split(250)])
                for x in (train_x, train_x.flip(-1), val_x if len(val_x) else train_x[:1])
            )
        feature_std, feature_mean = torch.std_mean(features, 0, correction=0)
        feature_std = feature_std.clamp(min=1e-6)
        if model.head.bias is None:
            feature_mean = torch.zeros_like(feature_mean)
        features, mirrored, val_features = (
            (x - feature_mean) / feature_std for x in (features, mirrored, val_features)
        )

    steps_per_epoch = math.ceil(len(train_x) / recipe.batch_size)
    total_steps = recipe.epochs * steps_per_epoch
    if recipe.max_steps:
        total_steps = min(total_steps, recipe.max_steps)
    optimizer = make_optimizer(model, recipe)
    schedule = make_schedule(optimizer, recipe, total_steps, steps_per_epoch)
    if recipe.class_weights:
        N_("Rare classes count more, so that all classes count the same.")
        loss_function = make_classification_loss(recipe, class_weights(train_y, len(DATA["classes"])))
    if not recipe.class_weights:
        loss_function = make_classification_loss(recipe)

    if IS_FROZEN:
        flip_rng = torch.Generator().manual_seed(recipe.seed)
    flipped_first = torch.rand(len(train_x), generator=torch.Generator().manual_seed(recipe.seed)) < 0.5
    history, best_rank, best_model, steps = [], (math.inf, math.inf), model, 0
    if recipe.patience:
        lowest_loss, waited = math.inf, 0
    for epoch in range(math.ceil(total_steps / steps_per_epoch)):
        if not IS_FROZEN:
            model.train()
        losses = []
        for index in epoch_order(len(train_x), recipe.seed, epoch).split(recipe.batch_size):
            if steps == total_steps:
                break
            if IS_FROZEN:
                flipped = flip_mask(recipe.flip, index, epoch, flipped_first, flip_rng).to(DEVICE)
                outputs = model.head(torch.where(flipped[:, None], mirrored[index], features[index]))
            if not IS_FROZEN:
                outputs = forward(model, augment(train_x[index], train_y[index], index, epoch, flipped_first))
            loss = loss_function(outputs, train_y[index])
            N_("Gradients of the loss, and one step of the optimizer")
            optimizer.zero_grad()
            loss.backward()
            if recipe.max_grad_norm:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
            optimizer.step()
            schedule.step()
            if recipe.ema_decay:
                average.update_parameters(model)
            losses.append(loss.item())
            steps += 1

        final = model
        if recipe.ema_decay:
            final = average.module
        if not recipe.num_validation:
            best_model = final
            history.append((float(np.mean(losses)), math.nan, math.nan))
        if recipe.num_validation:
            N_("The validation photos choose the epoch.")
            if IS_FROZEN:
                with torch.no_grad():
                    outputs = final.head(val_features)
            if not IS_FROZEN:
                outputs = predict(final, val_x)
            val_loss = loss_function(outputs, val_y).item()
            accuracy = (outputs.argmax(1) == val_y).float().mean().item()
            history.append((float(np.mean(losses)), val_loss, accuracy))
            if (-accuracy, val_loss) < best_rank:
                best_rank, best_model = (-accuracy, val_loss), copy.deepcopy(final)
        print(epoch + 1, "  ".join(f"{value:.4f}" for value in history[-1]))
        if recipe.num_validation and recipe.patience:
            N_("Early stopping: the validation loss no longer falls.")
            waited = 0 if val_loss < lowest_loss else waited + 1
            lowest_loss = min(val_loss, lowest_loss)
            if waited == recipe.patience:
                break
    if IS_FROZEN:
        N_("From now on the head takes features as they are.")
        with torch.no_grad():
            best_model.head.weight.div_(feature_std)
            if best_model.head.bias is not None:
                best_model.head.bias.sub_(best_model.head.weight @ feature_mean)
    # %% [markdown]
    N_("## Learning curves")
    N_("If the training loss falls while the validation loss rises, the model is overfitting.")
    # %%
    _figure, axis = plt.subplots()
    for values, name in zip(
        zip(*history, strict=True), ("train loss", "val loss", "val accuracy"), strict=True
    ):
        axis.plot(range(1, len(history) + 1), values, label=name)
    axis.legend()
    # %% [markdown]
    N_("## Test")
    N_(
        "The test photos are used once, after everything is decided. Rows of the table are true classes, columns predicted classes."
    )
    # %%
    if recipe.tta_flip or recipe.tta_shift:
        N_("Test-time augmentation: the mean over several views of each photo")
        outputs = predict(best_model, test_x.to(DEVICE), predict_views).cpu()
    if not (recipe.tta_flip or recipe.tta_shift):
        outputs = predict(best_model, test_x.to(DEVICE)).cpu()
    predicted = outputs.argmax(1)
    print(f"test accuracy {(predicted == test_y).float().mean():.4f}")
    for label, name in enumerate(DATA["classes"]):
        print(name, torch.bincount(predicted[test_y == label], minlength=len(DATA["classes"])).tolist())
    # %% [markdown]
    N_("## Save")
    N_("`torch.save` keeps the weights; `load_state_dict` of the same model reads them.")
    # %%
    torch.save(best_model.state_dict(), "model.pt")


if __name__ == "__main__":
    main()
