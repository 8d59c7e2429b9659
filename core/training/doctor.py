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


def not_a_number(metric: str, step: int) -> Message:
    """Why a run was halted: its `metric` was NaN or infinite at `step`."""
    return Message(
        N_(
            "Halted at step {step}: {metric} was no longer a finite number. The usual causes: a learning rate that is too large, "
            "inputs that are not scaled, or a division by zero in the loss. Try a learning rate ten times smaller."
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
                Message(
                    N_(
                        "The validation loss has not improved for {count} epochs and has risen since epoch {best}: overfitting. "
                        "The best weights are kept. Try early stopping, dropout or augmentation."
                    ),
                    {"count": waited, "best": best_epoch},
                ),
            )
        )
    elif waited <= 1 and len(validation) >= 4 and validation[-1] < validation[-4] * 0.97:
        found.append(Finding("good", Message(N_("The validation loss is still falling: more epochs would help."))))
    if training[-1] > 0.95 * training[0] and len(training) >= 3:
        found.append(
            Finding(
                "warning",
                Message(N_("The training loss hardly falls. Try another learning rate: ten times larger, then ten times smaller.")),
            )
        )
    if kind == "classification":
        seen, unseen = epochs["train/accuracy_epoch"].iloc[-1], epochs["val/accuracy"].iloc[-1]
        if seen - unseen > 0.05:
            found.append(
                Finding(
                    "note",
                    Message(
                        N_("Training accuracy is {gap} points above validation accuracy: the network learns examples by heart."),
                        {"gap": f"{100 * (seen - unseen):.0f}"},
                    ),
                )
            )
    return found
