"""Findings from the learning curves of a run: overfitting, slow learning, and what to try."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.kinds.base import Finding
from core.messages import Message, N_


def _validated_epochs(log: pd.DataFrame) -> pd.DataFrame:
    """The rows of epochs with a validation loss; none if there are fewer than two."""
    epochs = log.dropna(subset=["val/loss"]) if "val/loss" in log else log.iloc[:0]
    return epochs if len(epochs) > 1 else epochs.iloc[:0]


def diagnose_log(log: pd.DataFrame, best_epoch: float | None = None) -> list[Finding]:
    """The most important finding from a run's log (as `MetricsReader` returns it), or none: one, so that findings never contradict
    each other.

    `best_epoch` is the epoch with the best validation accuracy, if the kind selects by accuracy rather than by loss.
    """
    epochs = _validated_epochs(log)
    if epochs.empty:
        return []
    validation, training = epochs["val/loss"].to_numpy(), epochs["train/loss_epoch"].to_numpy()
    best = int(np.argmin(validation))
    waited = len(validation) - 1 - best
    if waited >= 3 and validation[-1] > validation[best] * 1.02:
        return [_overfitting(waited, round(float(epochs["epoch"].iloc[best])))]
    if training[-1] > 0.95 * training[0] and len(training) >= 3:
        text = N_(
            "Training loss is barely decreasing. Try a learning rate ten times larger, then ten times smaller."
        )
        return [Finding("warning", Message(text))]
    gap = _accuracy_gap(epochs)
    if (
        len(validation) >= 4
        and validation[-1] < 0.97 * validation[-4]
        and validation[-1] < 0.99 * validation[-2]
    ):
        return [_falling_loss(best_epoch, float(epochs["epoch"].iloc[-1]), gap)]
    if gap:
        text = N_(
            "Training accuracy is {gap} percentage points above validation accuracy: the model fits training "
            "examples better than new ones (overfitting)."
        )
        return [Finding("note", Message(text, {"gap": gap}))]
    return []


def _overfitting(waited: int, lowest_loss_epoch: int) -> Finding:
    message = Message.counted(
        "Overfitting: validation loss has not improved for {count} epoch and has risen since "
        "epoch {best}. The best weights are saved. Try early stopping, dropout or data "
        "augmentation.",
        "Overfitting: validation loss has not improved for {count} epochs and has risen since "
        "epoch {best}. The best weights are saved. Try early stopping, dropout or data "
        "augmentation.",
        waited,
        best=lowest_loss_epoch,
    )
    return Finding("warning", message)


def _accuracy_gap(epochs: pd.DataFrame) -> str:
    """Percentage points by which training accuracy is above validation accuracy in the latest epoch; "" if they are few or unknown."""
    if not {"train/accuracy_epoch", "val/accuracy"} <= set(epochs):
        return ""
    gap = epochs["train/accuracy_epoch"].iloc[-1] - epochs["val/accuracy"].iloc[-1]
    return f"{100 * gap:.0f}" if gap > 0.05 else ""


def _falling_loss(best_epoch: float | None, last_epoch: float, gap: str) -> Finding:
    values = {"gap": gap, "epoch": round(best_epoch or last_epoch)}
    if best_epoch is None or best_epoch >= last_epoch:
        if not gap:
            text = N_("Validation loss is still falling. More epochs may improve the result.")
            return Finding("good", Message(text))
        text = N_(
            "Validation loss is still falling, so more epochs may improve the result. Training accuracy is "
            "already {gap} percentage points above validation accuracy: data augmentation or more examples "
            "may help more."
        )
    elif gap:
        text = N_(
            "Validation loss is still falling, but validation accuracy was highest in epoch {epoch}, and "
            "training accuracy is now {gap} percentage points above validation accuracy: the model fits training "
            "examples better than new ones (overfitting)."
        )
    else:
        text = N_(
            "Validation loss is still falling, but validation accuracy was highest in epoch {epoch}. Loss also "
            "measures confidence: it can fall while the predicted classes stay the same."
        )
    return Finding("note", Message(text, values))
