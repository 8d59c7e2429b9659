"""Format durations, sizes and metrics for display."""

from __future__ import annotations

import math
import time
from datetime import datetime, tzinfo

from core.messages import N_


def format_duration(seconds: float, language: str) -> str:
    """A duration in at most two units, in `language` ("en", "ja"): "0.3 sec", "40 sec", "3 min 20 sec", "1 hr 5 min"."""
    from babel.units import format_unit

    if seconds < 59.5:
        parts = [(round(seconds, 1) if seconds < 9.95 else round(seconds), "second")]
    elif seconds < 3599.5:
        minutes, rest = divmod(round(seconds), 60)
        parts = [(minutes, "minute"), *([(rest, "second")] if rest else [])]
    else:
        minutes = round(seconds) // 60
        parts = [(minutes // 60, "hour"), (minutes % 60, "minute")]
    return " ".join(format_unit(n, f"duration-{unit}", length="short", locale=language) for n, unit in parts)


def format_moment(timestamp: float, language: str, timezone: tzinfo | None = None) -> str:
    """Format seconds since 1970 in `timezone`, that of this machine if None: "14:05" today, "Nov 21 14:05" on another day."""
    from babel.dates import format_skeleton

    moment, now = (datetime.fromtimestamp(t, timezone) for t in (timestamp, time.time()))
    clock = f"{moment:%H:%M}"
    if moment.date() == now.date():
        return clock
    day = format_skeleton("MMMd" if moment.year == now.year else "yMMMd", moment, locale=language)
    return f"{day} {clock}"


def format_duration_short(seconds: float, language: str) -> str:
    """A duration in one unit, for small places: "3.3 sec", "59 sec", "1.4 min", "17 min", "2.5 hr"."""
    from babel.units import format_unit

    number, unit = (seconds, "second") if seconds < 59.5 else (seconds / 60, "minute")
    if seconds >= 3570:
        number, unit = seconds / 3600, "hour"
    return format_unit(
        round(number, 1) if number < 9.95 else round(number),
        f"duration-{unit}",
        length="short",
        locale=language,
    )


def format_size(number: float) -> str:
    """Format a number of bytes in the largest unit in which it is at least 1."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError("unreachable")


# Display names of metrics.
METRIC_NAMES: dict[str, str] = {
    "accuracy": N_("Accuracy"),
    "cross_entropy": N_("Cross-entropy"),
    "rmse": N_("RMSE"),
    "mae": N_("MAE"),
    "r2": N_("R²"),
    "w": N_("weight w"),
    "b": N_("bias b"),
    "loss": N_("Loss"),
    "cycle_error": N_("Cycle error"),
    "fool_rate": N_("Fooling rate"),
    "fool_rate_a2b": N_("Fooling rate, A to B"),
    "fool_rate_b2a": N_("Fooling rate, B to A"),
    "second_fool_rate_a2b": N_("Fooling rate (second classifier), A to B"),
    "second_fool_rate_b2a": N_("Fooling rate (second classifier), B to A"),
}


_MAX_PERCENT_DECIMALS = 2


def percent_decimals(num_examples: int | None) -> int:
    """Decimals of a percentage that was counted over `num_examples`: as many as tell one example more or less; two if it is unknown."""
    if not num_examples:
        return _MAX_PERCENT_DECIMALS
    return min(_MAX_PERCENT_DECIMALS, max(0, math.ceil(math.log10(num_examples / 100))))


def format_percent(value: float, num_examples: int | None = None) -> str:
    """Format a share in [0, 1] that was counted over `num_examples`: "92%" of 100, "92.2%" of 500, "92.16%" of 5,000."""
    return f"{100 * value:.{percent_decimals(num_examples)}f}%"


def format_metric(metric: str, value: float, num_examples: int | None = None) -> str:
    """Format a metric: accuracies and fooling rates in percent, with the decimals that `num_examples` examples carry; other values with
    three or four decimals.
    """
    if metric == "accuracy" or "fool_rate" in metric:
        return format_percent(value, num_examples)
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.3f}"
