"""What an ablation measured, as HTML for the glossary entry of its concept: curves, figures, and links that open Train with a variant."""

from __future__ import annotations

import html

import numpy as np

from core.analysis import ablations
from core.analysis.ablations import AblationResult
from core.formatting import format_metric
from core.messages import N_
from ui.kit import image_display, palette, url
from ui.kit.i18n import _

_COLORS = tuple(palette.FAMILY_COLORS[i] for i in (0, 4, 2, 3))
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_WIDTH, _HEIGHT, _MARGIN = 300, 110, 6
_HEADINGS = {
    "val_accuracy": N_("Measured: validation accuracy, epoch by epoch"),
    "train_loss": N_("Measured: training loss, epoch by epoch"),
    "seconds": N_("Measured: training loss against processor time"),
}
_SENTENCES = {
    "val_accuracy": N_("Validation accuracy after the last epoch. {values}."),
    "train_loss": N_("Training loss of the last epoch. {values}."),
    "seconds": N_("Processor time per epoch. {values}."),
}


def figures() -> dict[str, str]:
    """Return the figure of every concept with a measurement, by the id of its glossary entry."""
    return {term: _figure(result) for term, result in ablations.results_by_term().items()}


def _figure(result: AblationResult) -> str:
    ablation = result.ablation
    names = {name: _(variant.label) for name, variant in ablation.variants.items()}
    values = "; ".join(f"{names[name]}: {_value(result, name)}" for name in names)
    sentence = _(_SENTENCES[ablation.metric], values=values)
    if ablation.metric == "seconds" and _same_losses(result):
        sentence += " " + _(N_("The losses are the same."))
    image = image_display.data_url(_curves_svg(result).encode(), "svg+xml")
    legend = "".join(
        f'<li><a href="{html.escape(_train_href(result, name))}">{_swatch(number)}{html.escape(label)}</a></li>'
        for number, (name, label) in enumerate(names.items())
    )
    origin = _(
        N_(
            "{data}, {date}. Training set: {train}, epochs: {epochs}, seeds: {seeds}. A name opens Train with that setting."
        ),
        data=_(result.data),
        date=result.date,
        train=f"{result.train:,}",
        epochs=result.epochs,
        seeds=len(result.seeds),
    )
    return (
        f'<figure class="manabi-ablation"><figcaption>{html.escape(_(_HEADINGS[ablation.metric]))}</figcaption>'
        f'<img src="{image}" alt="{html.escape(sentence)}"><ul>{legend}</ul>'
        f'<p>{html.escape(sentence)}</p><small title="{html.escape(result.command)}">{html.escape(origin)}</small>'
        "</figure>"
    )


def _value(result: AblationResult, variant: str) -> str:
    """The compared figure of a variant: the mean over the seeds, and from which to which value they reach."""
    metric, value, ends = result.ablation.metric, result.final(variant), result.spread(variant)
    if metric == "seconds":
        return f"{value:.1f} s"
    if metric == "val_accuracy":
        shown, low, high = (format_metric("accuracy", v, result.validation) for v in (value, *ends))
    else:
        shown, low, high = (f"{v:.2f}" for v in (value, *ends))
    return shown if len(result.seeds) == 1 else f"{shown} ({low}–{high})"


def _same_losses(result: AblationResult) -> bool:
    """Whether all variants have the same training losses, up to rounding."""
    first, *others = (result.mean_curve(name, "train_loss") for name in result.ablation.variants)
    return all(np.allclose(first, other, rtol=1e-3) for other in others)


def _swatch(number: int) -> str:
    """The line of the variant `number` in the legend."""
    line = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 8">{_path([(1, 4), (25, 4)], number, 2.5)}</svg>'
    return f'<img src="{image_display.data_url(line.encode(), "svg+xml")}" width="26" height="8" alt="">'


def _curves_svg(result: AblationResult) -> str:
    """The curves as an SVG image: mean over the seeds, with the smallest and largest value at the axis."""
    metric = result.ablation.curve
    ys = {name: result.mean_curve(name, metric) for name in result.ablation.variants}
    xs = {
        name: np.cumsum(result.mean_curve(name, "seconds"))
        if result.ablation.metric == "seconds"
        else np.arange(1, result.epochs + 1)
        for name in ys
    }
    low, high = (float(f([f(y) for y in ys.values()])) for f in (np.min, np.max))
    first = 0.0 if result.ablation.metric == "seconds" else 1.0
    last = float(max(x[-1] for x in xs.values()))
    left = 44

    def point(x: float, y: float) -> tuple[float, float]:
        across = (x - first) / max(last - first, 1e-9)
        up = (y - low) / max(high - low, 1e-9)
        return left + across * (_WIDTH - left - _MARGIN), _HEIGHT - 18 - up * (_HEIGHT - 18 - _MARGIN)

    paths = "".join(
        _path([point(x, y) for x, y in zip(xs[name], ys[name], strict=True)], number, 2)
        for number, name in enumerate(ys)
    )
    is_share = metric == "val_accuracy"
    ends = [f"{100 * v:.0f}%" if is_share else f"{v:.2g}" for v in (low, high)]
    floor, top = _HEIGHT - 18, _MARGIN
    unit = " s" if first == 0 else ""
    text = 'font-size="11" fill="#7B818B"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" fill="none" font-family="sans-serif">'
        f'<path d="M{left} {top}V{floor}H{_WIDTH - _MARGIN}" stroke="#7B818B" stroke-opacity="0.6"/>'
        f'<text x="{left - 4}" y="{floor}" text-anchor="end" {text}>{ends[0]}</text>'
        f'<text x="{left - 4}" y="{top + 9}" text-anchor="end" {text}>{ends[1]}</text>'
        f'<text x="{left}" y="{_HEIGHT - 5}" {text}>{first:.0f}{unit}</text>'
        f'<text x="{_WIDTH - _MARGIN}" y="{_HEIGHT - 5}" text-anchor="end" {text}>{last:.0f}{unit}</text>'
        f"{paths}</svg>"
    )


def _path(points: list[tuple[float, float]], number: int, width: float) -> str:
    """A line through `points` in the style of the variant `number`."""
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    color, dash = _COLORS[number % len(_COLORS)], _DASHES[number % len(_DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{way}" stroke="{color}" stroke-width="{width}"{dashes} fill="none"/>'


def _train_href(result: AblationResult, variant: str) -> str:
    """The address of Train with the settings of a variant, as they were measured."""
    ablation = result.ablation
    fields = {
        **ablation.recipe,
        "limit_train": result.train,
        "num_validation": result.validation,
        "epochs": result.epochs,
        **ablation.variants[variant].changes,
    }
    shown = {
        f"{ablation.task}.{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
    }
    return url.page_href("train", task=ablation.task, **shown)
