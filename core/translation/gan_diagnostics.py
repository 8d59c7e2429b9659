"""Diagnostics for CycleGAN training: signals measured on validation photos, and findings from the log.

GAN losses do not decrease steadily, so they do not show whether the training works. Shapes: N photos, (N, 3, H, W) in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.diagnostics import Finding
from core.messages import Message, N_
from core.translation import REVERSE_DIRECTION

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

SIGNALS = (
    "val/cycle_error",
    *(
        f"val/{kind}_{direction}"
        for kind in ("change", "likeness", "diversity", "fooled")
        for direction in REVERSE_DIRECTION
    ),
)

# Thresholds at which a signal becomes a finding.
MIN_CHANGE = 0.02  # mean absolute difference in [0, 1]: about 5 of 255 gray levels
INVERTED_CORRELATION = -0.2  # correlation of brightness before and after
MIN_DIVERSITY_RATIO = 0.35  # diversity of translations over diversity of photos
WIN_SCORE, LOSS_SCORE = 0.85, 0.15  # a discriminator's mean scores of real and translated photos
_MIN_CORRELATION = 0.4  # correlation of brightness; below, the content of the photo is lost
_WINDOW_STEPS = 40  # steps over which scores are averaged
_MIN_STEPS = 100  # logged steps before image signals are interpreted
_SCORE_COLUMN = "score/real_a"  # logged at every step


def measure_signals(
    a: dict[str, Tensor], b: dict[str, Tensor], classifier: Callable[[Tensor], np.ndarray] | None
) -> dict[str, float]:
    """Measure signals on validation photos of both domains.

    Args:
        a: Photos of domain A ("real"), their translations ("translated") and reconstructions ("cycled").
        b: The same for domain B.
        classifier: Returns the probability of domain B for photos, or None.

    Returns the log columns `SIGNALS`: `cycle_error`, the mean absolute reconstruction error; `change`, the mean absolute
    difference made by the translation; `likeness`, the correlation of brightness before and after; `diversity`, the mean
    difference between two translations over that between two photos (omitted for one photo); `fooled`, the share of translations
    that `classifier` assigns to the target domain (omitted without a classifier).
    """
    signals = {
        "val/cycle_error": float(np.mean([_mean_abs_difference(x["cycled"], x["real"]) for x in (a, b)]))
    }
    for direction, x in zip(REVERSE_DIRECTION, (a, b), strict=True):
        real, translated = x["real"], x["translated"]
        signals[f"val/change_{direction}"] = _mean_abs_difference(translated, real)
        signals[f"val/likeness_{direction}"] = _correlation(real, translated)
        if len(real) > 1:
            signals[f"val/diversity_{direction}"] = _diversity(translated) / max(_diversity(real), 1e-6)
        if classifier is not None:
            is_b = classifier(translated) > 0.5
            signals[f"val/fooled_{direction}"] = float(np.mean(is_b if direction == "a2b" else ~is_b))
    return signals


def _mean_abs_difference(x: Tensor, y: Tensor) -> float:
    return float((x - y).abs().mean())


def _correlation(x: Tensor, y: Tensor) -> float:
    """Mean over photos of the correlation of their brightness, in [-1, 1]."""
    x, y = (v.mean(1).flatten(1) for v in (x, y))  # (N, H*W)
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    return float(((x * y).sum(1) / (x.norm(dim=1) * y.norm(dim=1)).clamp_min(1e-6)).mean())


def _diversity(x: Tensor) -> float:
    """Mean absolute difference between each photo and the next."""
    return _mean_abs_difference(x, x.roll(1, 0))


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
