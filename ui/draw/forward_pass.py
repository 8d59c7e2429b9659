"""The forward pass of the digit through a model: its layers side by side, and as an animation on demand."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from core.inference.available_models import ModelChoice
from core.messages import N_
from ui.components.forward_pass import StageView, forward_pass
from ui.components.layer_strip import LayerBar, LayerColumn, layer_strip
from ui.draw.input_picker import DigitInput
from ui.draw.prediction import model_title
from ui.kit import charts, image_display, weights
from ui.kit import palette as p
from ui.kit.i18n import _, escape_markdown

if TYPE_CHECKING:
    from core.inference.forward_pass import Stage

_PARAMETER = "forward"
_PLAYS = "_forward_plays"
_MAX_MAPS = 64
_MAX_COLUMNS = 8  # of feature maps
_STRIP_MAPS = 4  # feature maps of a layer in the strip
_TILE_GAP = 2  # pixels between feature maps
_BRIGHTEST = (
    98  # percentile of the values of a stage that is white, so that a few high ones do not darken the others
)
_RAMP = [p.mix_colors(p.BLACK, p.ACCENT, t / 150) for t in range(151)] + [
    p.mix_colors(p.ACCENT, p.WHITE, t / 105) for t in range(1, 106)
]
_PALETTE = [level for color in _RAMP for level in p.to_rgb(color)]


def show_forward_pass(digit: DigitInput, choice: ModelChoice) -> None:
    """Show what each layer makes of the digit, and the button that plays it; while that is open (`?forward=1`) the animation."""
    from core.inference.forward_pass import trace_forward

    st.header(_(N_("From pixels to prediction")))
    predictor = weights.load_predictor(choice.weights)
    stages = trace_forward(predictor, digit.pixels)
    if st.query_params.get(_PARAMETER) != "1":
        st.caption(
            _(
                N_("Your digit passes through {model}. Of each layer, the {count} most active feature maps."),
                model=escape_markdown(model_title(choice)),
                count=_STRIP_MAPS,
            )
            if any(_has_maps(stage) for stage in stages)
            else _(N_("Your digit passes through {model}."), model=escape_markdown(model_title(choice)))
        )
        layer_strip(
            [_column(stage, predictor.spec.classes) for stage in stages if stage.kind != "logits"],
            "layer-strip",
            alt=_(N_("Forward pass through {model}"), model=model_title(choice)),
        )
        st.button(_(N_("Play the forward pass")), icon=":material/play_circle:", on_click=_open)
        return
    labels = {
        "group": _(N_("Forward pass through {model}"), model=model_title(choice)),
        "play": _(N_("Play")),
        "pause": _(N_("Pause")),
        "back": _(N_("Previous stage")),
        "next": _(N_("Next stage")),
        "restart": _(N_("First stage")),
    }
    st.caption(labels["group"])
    views = [_view(stage, predictor.spec.classes) for stage in stages]
    forward_pass(views, "forward-pass", plays=st.session_state.get(_PLAYS, 0), labels=labels)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_(N_("Hide the forward pass")), type="tertiary", on_click=_close)
        st.caption(
            _(
                N_(
                    "Each stage has a scale of its own, from its lowest value (black) to its highest 2% (white). "
                    "Keys: arrows, space, Home, End."
                )
            )
        )


def _open() -> None:
    st.query_params[_PARAMETER] = "1"
    st.session_state[_PLAYS] = st.session_state.get(_PLAYS, 0) + 1


def _close() -> None:
    st.query_params.pop(_PARAMETER, None)


def _has_maps(stage: Stage) -> bool:
    return stage.kind != "input" and stage.values.ndim == 3


def _column(stage: Stage, classes: tuple[str, ...]) -> LayerColumn:
    """A stage in the strip: its most active maps, its units as a grid, or its probabilities as bars."""
    values, title = stage.values, _describe(stage, classes)[0]
    shape = "×".join(map(str, values.shape))
    if stage.kind == "probabilities":
        bars = [
            LayerBar(name, float(p), f"{name}: {charts.format_probability(float(p))}")
            for name, p in zip(classes, values, strict=True)
        ]
        return LayerColumn(title, shape, bars=bars)
    if values.ndim == 3:
        strongest = np.sort(np.argsort(-values.mean((1, 2)), kind="stable")[:_STRIP_MAPS])
        maps = values[strongest]
    else:
        maps = _as_grid(values).T[None]  # upright, as the columns beside it
    scale = _scale(maps)
    return LayerColumn(title, shape, maps=[_mosaic_url(m[None], 1, scale) for m in maps])


def _view(stage: Stage, classes: tuple[str, ...]) -> StageView:
    values = stage.values
    shape = " · ".join(
        ["×".join(map(str, values.shape)), *([" + ".join(stage.modules)] if stage.modules else [])]
    )
    title, text = _describe(stage, classes)
    if stage.kind in ("logits", "probabilities"):
        texts = [
            f"{v:.1f}" if stage.kind == "logits" else charts.format_probability(float(v)) for v in values
        ]
        winner = int(values.argmax())
        return StageView(title, shape, text, bars=values, names=classes, texts=texts, winner=winner)
    maps = values[:_MAX_MAPS] if values.ndim == 3 else _as_grid(values)[None]
    count, height, width = maps.shape
    columns = min(_MAX_COLUMNS, math.ceil(math.sqrt(count)) if count < 2 * _MAX_COLUMNS else _MAX_COLUMNS)
    return StageView(
        title,
        shape,
        text,
        image=_mosaic_url(maps, columns),
        tile=(width, height),
        columns=columns,
        count=count,
        gap=_TILE_GAP,
        window=stage.window,
    )


def _describe(stage: Stage, classes: tuple[str, ...]) -> tuple[str, str]:
    """Title and explanation of a stage, in the language of the visitor."""
    size = f"{stage.window}×{stage.window}"
    count = len(stage.values)
    match stage.kind:
        case "input":
            return _(N_("Input")), _(
                N_("What the model receives: {shape} gray levels from 0 (black) to 255 (white)."),
                shape="×".join(map(str, stage.values.shape[1:])),
            )
        case "convolution":
            return f"{_(N_('Convolution'))} {size}", _(
                N_(
                    "{count} filters slide over all maps before them. A map is bright at every place that "
                    "has the stroke or edge its filter responds to."
                ),
                count=count,
            )
        case "pooling":
            return f"{_(N_('Pooling'))} {size if stage.window else ''}", _(
                N_(
                    "Each window becomes a single pixel. The maps shrink, and a small shift of the digit matters less."
                )
            )
        case "dense":
            return _(N_("Fully connected layer")), _(
                N_("{count} units, each a weighted sum of all values before it. Bright units are active."),
                count=count,
            )
        case "logits":
            return _(N_("Logits")), _(
                N_(
                    "One score per digit, again a weighted sum of all values before it. The highest score "
                    "wins, and a score may be negative."
                )
            )
        case "probabilities":
            top = int(stage.values.argmax())
            return _(N_("Probabilities")), _(
                N_(
                    "Softmax turns the scores into probabilities that add up to 100%: the prediction is "
                    "{digit}, with {confidence}."
                ),
                digit=classes[top],
                confidence=charts.format_probability(float(stage.values[top])),
            )
        case _:
            return " + ".join(stage.modules), _(N_("The output of this layer."))


def _as_grid(values: np.ndarray) -> np.ndarray:
    """Arrange units (D,) in rows, (h, w), about twice as wide as high; cells left over are NaN."""
    ideal = math.sqrt(2 * len(values))
    divisors = [n for n in range(1, len(values) + 1) if len(values) % n == 0 and ideal / 2 <= n <= 2 * ideal]
    columns = min(divisors, key=lambda n: abs(n - ideal), default=math.ceil(ideal))
    padded = np.full(math.ceil(len(values) / columns) * columns, np.nan, np.float32)
    padded[: len(values)] = values
    return padded.reshape(-1, columns)


def _scale(maps: np.ndarray) -> tuple[float, float]:
    """The lowest value, black, and the range up to white; what is not finite does not count."""
    values = maps[np.isfinite(maps)]
    low, high = np.percentile(values, [0, _BRIGHTEST]) if values.size else (0.0, 0.0)
    # A map that is zero but for a few pixels has no percentile above its lowest value.
    return float(low), float(high - low) or float(np.ptp(values) if values.size else 0) or 1.0


def _mosaic_url(maps: np.ndarray, columns: int, scale: tuple[float, float] | None = None) -> str:
    """The maps (N, h, w) as a PNG on one `scale`, by default their own, in rows of `columns`; what is not finite is transparent, as
    the gaps are.
    """
    count, height, width = maps.shape
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + _TILE_GAP), columns * (width + _TILE_GAP)), np.nan, np.float32)
    for i, values in enumerate(maps):
        y, x = (i // columns) * (height + _TILE_GAP), (i % columns) * (width + _TILE_GAP)
        sheet[y : y + height, x : x + width] = values
    sheet = sheet[:-_TILE_GAP, :-_TILE_GAP]
    shown = np.isfinite(sheet)
    low, span = scale or _scale(sheet)
    levels = np.where(shown, ((np.nan_to_num(sheet) - low) / span).clip(0, 1) * 254 + 1, 0)
    image = Image.fromarray(levels.round().astype(np.uint8), mode="P")
    image.putpalette(_PALETTE)
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0, optimize=True)
    return image_display.data_url(out.getvalue(), "png")
