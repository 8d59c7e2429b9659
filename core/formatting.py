"""Format durations, sizes and metrics for display."""

from __future__ import annotations

from core.messages import Message, N_


def format_duration(seconds: float) -> Message:
    """Format a duration: 0.3 s, 40 s, 3 min 20 s, 1 h 5 min."""
    if seconds < 9.95:
        return Message(N_("{s} s"), {"s": f"{seconds:.1f}"})
    if seconds < 59.5:
        return Message(N_("{s} s"), {"s": f"{seconds:.0f}"})
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return (
            Message(N_("{m} min {s} s"), {"m": minutes, "s": rest})
            if rest
            else Message(N_("{m} min"), {"m": minutes})
        )
    return Message(N_("{h} h {m} min"), {"h": minutes // 60, "m": minutes % 60})


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
    "loss": N_("Loss"),
    "cycle_error": N_("Cycle error"),
    "fool_rate": N_("Fooling rate"),
    "fool_rate_a2b": N_("Fooling rate, A to B"),
    "fool_rate_b2a": N_("Fooling rate, B to A"),
    "second_fool_rate_a2b": N_("Fooling rate (second classifier), A to B"),
    "second_fool_rate_b2a": N_("Fooling rate (second classifier), B to A"),
}


def format_metric(metric: str, value: float) -> str:
    """Format a metric: accuracies and fooling rates in percent, other values with four significant decimals."""
    return (
        f"{100 * value:.2f}%"
        if metric == "accuracy" or "fool_rate" in metric
        else f"{value:.4f}"
        if abs(value) < 1
        else f"{value:.3f}"
    )
