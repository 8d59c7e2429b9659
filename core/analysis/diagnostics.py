"""What the curves of a run say, in plain words: signs that a person would see, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core.messages import Message, N_


@dataclass(frozen=True)
class Finding:
    """One sign. `level` is "good", "note" or "warning"."""

    level: Literal["good", "note", "warning"]
    message: Message


def divergence_message(metric: str, step: int) -> Message:
    """Why a run was halted: its `metric` was NaN or infinite at `step`."""
    return Message(
        N_(
            "Stopped at step {step}: {metric} became NaN or infinite. Common causes: a learning "
            "rate that is too high, unscaled inputs, or division by zero in the loss. Try a "
            "learning rate ten times smaller."
        ),
        {"step": step, "metric": metric},
    )


def diagnose(log: pd.DataFrame, kind: str = "classification") -> list[Finding]:
    """Findings for the log of a run (as `MetricsReader` gives it), most important first."""
    if "val/loss" not in log:
        return []
    epochs = log.dropna(subset=["val/loss"])
    if len(epochs) < 2:
        return []
    validation, training = epochs["val/loss"].to_numpy(), epochs["train/loss_epoch"].to_numpy()
    found = []
    best = int(np.argmin(validation))
    waited = len(validation) - 1 - best
    best_epoch = round(float(epochs["epoch"].iloc[best]))
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
                    best=best_epoch,
                ),
            )
        )
    elif waited <= 1 and len(validation) >= 4 and validation[-1] < validation[-4] * 0.97:
        found.append(
            Finding(
                "good", Message(N_("Validation loss is still falling. More epochs may improve the result."))
            )
        )
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
    if kind == "classification":
        seen, unseen = epochs["train/accuracy_epoch"].iloc[-1], epochs["val/accuracy"].iloc[-1]
        if seen - unseen > 0.05:
            found.append(
                Finding(
                    "note",
                    Message(
                        N_(
                            "Training accuracy is {gap} percentage points above validation accuracy: the model is "
                            "memorizing training examples."
                        ),
                        {"gap": f"{100 * (seen - unseen):.0f}"},
                    ),
                )
            )
    return found
