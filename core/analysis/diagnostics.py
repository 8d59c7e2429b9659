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


def diagnose_loss(log: pd.DataFrame, best_epoch: float | None = None) -> list[Finding]:
    """Findings from training and validation losses in a run's log (as `MetricsReader` returns it), most important first.

    `best_epoch` is the epoch with the best validation accuracy, if the kind selects by accuracy rather than by loss.
    """
    epochs = _validated_epochs(log)
    if epochs.empty:
        return []
    validation, training = epochs["val/loss"].to_numpy(), epochs["train/loss_epoch"].to_numpy()
    found = []
    best = int(np.argmin(validation))
    waited = len(validation) - 1 - best
    lowest_loss_epoch = round(float(epochs["epoch"].iloc[best]))
    if waited >= 3 and validation[-1] > validation[best] * 1.02:
        found.append(
            Finding(
                "warning",
                Message.counted(
                    "Overfitting: validation loss has not improved for {count} epoch and has risen since "
                    "epoch {best}. The best weights are saved. Try early stopping, dropout or data "
                    "augmentation.",
                    "Overfitting: validation loss has not improved for {count} epochs and has risen since "
                    "epoch {best}. The best weights are saved. Try early stopping, dropout or data "
                    "augmentation.",
                    waited,
                    best=lowest_loss_epoch,
                ),
            )
        )
    elif waited <= 1 and len(validation) >= 4 and validation[-1] < validation[-4] * 0.97:
        found.append(_falling_loss(best_epoch, float(epochs["epoch"].iloc[-1])))
    if training[-1] > 0.95 * training[0] and len(training) >= 3:
        found.append(
            Finding(
                "warning",
                Message(
                    N_(
                        "Training loss is barely decreasing. Try a learning rate ten times larger, then ten "
                        "times smaller."
                    )
                ),
            )
        )
    return found


def _falling_loss(best_epoch: float | None, last_epoch: float) -> Finding:
    if best_epoch is None or best_epoch >= last_epoch:
        return Finding(
            "good", Message(N_("Validation loss is still falling. More epochs may improve the result."))
        )
    text = N_(
        "Validation loss is still falling, but validation accuracy was highest in epoch {epoch}. Loss also "
        "measures confidence: it can fall while the predicted classes stay the same."
    )
    return Finding("note", Message(text, {"epoch": round(best_epoch)}))


def diagnose_generalization_gap(log: pd.DataFrame) -> list[Finding]:
    """A finding if training accuracy is far above validation accuracy in the latest epoch of a run's log."""
    epochs = _validated_epochs(log)
    if epochs.empty:
        return []
    gap = epochs["train/accuracy_epoch"].iloc[-1] - epochs["val/accuracy"].iloc[-1]
    if gap <= 0.05:
        return []
    text = N_(
        "Training accuracy is {gap} percentage points above validation accuracy: the model is "
        "memorizing training examples."
    )
    return [Finding("note", Message(text, {"gap": f"{100 * gap:.0f}"}))]
