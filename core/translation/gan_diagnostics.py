"""Diagnostics for CycleGAN training: findings from the log.

GAN losses do not decrease steadily, so they do not show whether the training works. Shapes: N photos, (N, 3, H, W) in [0, 1].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.kinds.base import Finding
from core.messages import Message, N_
from core.translation import REVERSE_DIRECTION

if TYPE_CHECKING:
    import pandas as pd

# Thresholds at which a signal becomes a finding.
MIN_CHANGE = 0.02  # mean absolute difference in [0, 1]: about 5 of 255 gray levels
INVERTED_CORRELATION = -0.2  # correlation of brightness before and after
MIN_DIVERSITY_RATIO = 0.35  # diversity of translations over diversity of photos
WIN_SCORE, LOSS_SCORE = 0.85, 0.15  # a discriminator's mean scores of real and translated photos
_MIN_CORRELATION = 0.4  # correlation of brightness; below, the content of the photo is lost
_WINDOW_STEPS = 40  # steps over which scores are averaged
_MIN_STEPS = 100  # logged steps before image signals are interpreted
_SCORE_COLUMN = "score/real_a"  # logged at every step


def diagnose_log(log: pd.DataFrame) -> list[Finding]:
    """Findings from the log of a run, most severe first; empty at the start of a run."""
    # Earlier signals describe the initialization.
    settled = _SCORE_COLUMN in log and log[_SCORE_COLUMN].notna().sum() >= _MIN_STEPS
    findings = [*_score_findings(log), *(_signal_findings(log) if settled else [])]
    if not findings and settled and _latest_value(log, "val/cycle_error") is not None:
        text = N_(
            "Training is balanced: neither generators nor discriminators dominate, and the "
            "translations vary with the photos."
        )
        findings.append(Finding("good", Message(text)))
    return findings


def _score_findings(log: pd.DataFrame) -> list[Finding]:
    findings = []
    for name, domain in (("a", "A"), ("b", "B")):
        columns = [f"score/real_{name}", f"score/translated_{name}"]
        if not set(columns) <= set(log):
            continue
        recent = log[columns].dropna().tail(_WINDOW_STEPS)
        if len(recent) < _WINDOW_STEPS:
            continue
        real, translated = recent.mean()
        values = {"domain": domain, "real": f"{real:.2f}", "translated": f"{translated:.2f}"}
        if real > WIN_SCORE and translated < LOSS_SCORE:
            text = N_(
                "The discriminator of domain {domain} dominates: it scores real photos {real} and "
                "translated photos {translated}. The generator learns little from it. Try "
                "differentiable augmentation or a larger image pool."
            )
            findings.append(Finding("warning", Message(text, values)))
        elif abs(real - translated) < 0.03:
            text = N_(
                "The discriminator of domain {domain} does not separate real photos ({real}) from "
                "translated photos ({translated}). Either the translations are perfect, or the "
                "discriminator has stopped learning. Check the sample images."
            )
            findings.append(Finding("note", Message(text, values)))
    return findings


def _signal_findings(log: pd.DataFrame) -> list[Finding]:
    findings = []
    for direction in REVERSE_DIRECTION:
        values = {"way": Message(N_("A to B") if direction == "a2b" else N_("B to A"))}
        change, likeness, diversity = (
            _latest_value(log, f"val/{kind}_{direction}") for kind in ("change", "likeness", "diversity")
        )
        if change is not None and change < MIN_CHANGE:
            text = N_(
                "Almost no change in the direction {way}: translated photos differ from the originals "
                "by only {value}% of the value range. Reduce the identity weight or train longer."
            )
            findings.append(Finding("warning", Message(text, {**values, "value": f"{100 * change:.1f}"})))
        if likeness is not None and likeness < INVERTED_CORRELATION:
            text = N_(
                "Inverted brightness in the direction {way}: bright areas turn dark (correlation "
                "{value}). This rarely recovers. Restart with another seed or a larger identity weight."
            )
            findings.append(Finding("warning", Message(text, {**values, "value": f"{likeness:.2f}"})))
        elif likeness is not None and likeness < _MIN_CORRELATION:
            text = N_(
                "Translations in the direction {way} preserve little of the original content "
                "(correlation {value}). Train longer or increase the cycle weight."
            )
            findings.append(Finding("note", Message(text, {**values, "value": f"{likeness:.2f}"})))
        if diversity is not None and diversity < MIN_DIVERSITY_RATIO:
            text = N_(
                "Mode collapse in the direction {way}: the diversity of the translations is only "
                "{value}× that of the photos. Restart with another seed or a lower learning rate."
            )
            findings.append(Finding("warning", Message(text, {**values, "value": f"{diversity:.2f}"})))
    return findings


def _latest_value(log: pd.DataFrame, column: str) -> float | None:
    """Latest value of a column, or None."""
    if column not in log:
        return None
    values = log[column].dropna()
    return float(values.iloc[-1]) if len(values) and math.isfinite(values.iloc[-1]) else None
