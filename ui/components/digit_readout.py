"""The predicted digit, its confidence and a bar for each digit: large beside a canvas, or in one line above it on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from core.messages import N_
from ui.kit import charts
from ui.kit.component import register
from ui.kit.i18n import _

_mount = register(__file__)
_NONE = "–"


def digit_readout(
    key: str,
    probabilities: Sequence[float] | None,
    classes: Sequence[str],
    *,
    line: bool = False,
    doubled: bool = False,
    note: str = "",
    doubtful: bool = False,
    truth: int | None = None,
) -> None:
    """Show the prediction from (K,) `probabilities`; without any, its empty frame.

    A `line` is shown on narrow screens alone, and has a question mark if the prediction is `doubtful`; in the large look the digit is
    faded. The `note` stands below. `doubled` hides the large look on narrow screens, because a line is there. The tick of class `truth`
    has a check mark.
    """
    shares = [float(p) for p in probabilities] if probabilities is not None else [0.0] * len(classes)
    top = max(range(len(shares)), key=shares.__getitem__) if probabilities is not None else None
    texts = [charts.format_probability(p) if probabilities is not None else "" for p in shares]
    spoken = ", ".join(f"{name}: {text}" for name, text in zip(classes, texts, strict=True) if text)
    digit = _NONE if top is None else classes[top]
    data = {
        "digit": f"{digit}?" if line and doubtful else digit,
        "confidence": "" if top is None else texts[top],
        "labels": {
            "digit": _(N_("Prediction")),
            "confidence": _(N_("Confidence")),
            "bars": ": ".join((_(N_("Predicted probabilities of the ten digits")), spoken)),
        },
        "bars": [
            {"name": f"✓ {name}" if i == truth else name, "share": p, "text": text}
            for i, (name, p, text) in enumerate(zip(classes, shares, texts, strict=True))
        ],
        "top": top,
        "note": note,
        "doubtful": doubtful,
        "look": "line" if line else "large doubled" if doubled else "large",
    }
    _mount(key=key, data=data)
