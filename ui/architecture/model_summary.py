"""Tabs of the Architecture page: metrics, layers, receptive field and graph of a model."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import tasks
from core.analysis import runtime_estimate
from core.inference import graph, model_summary
from core.inference.model_summary import LayerSummary
from core.messages import N_, UserError
from ui.architecture import layer_names, networks
from ui.components.live_chart import live_chart
from ui.kit import palette as p
from ui.kit.charts import empty_figure
from ui.kit.i18n import _, translate_message

_MAX_NAMED_BARS = 16
METRIC_COLUMNS = {
    "parameters": N_("Parameters"),
    "macs": N_("MACs"),
    "activation": N_("Output memory (kB)"),
    "ms": N_("Time (ms)"),
}
LAYER_KINDS = {
    "Conv2d": (N_("Convolution"), p.SERIES_COLORS[0]),
    "ConvTranspose2d": (N_("Transposed convolution"), p.PURPLE),
    "Linear": (N_("Fully connected"), p.SERIES_COLORS[1]),
    "": (N_("Normalization, activation, pooling"), p.NEUTRAL),
}


def show_metrics(layers: Sequence[LayerSummary], former: Sequence[LayerSummary] | None = None) -> None:
    """Show the total parameters, MACs, activation memory and number of layers, with their change from `former`, if given."""
    metrics: list[tuple[str, Callable[[Sequence[LayerSummary]], float], Callable[[float], str], str]] = [
        (
            _(N_("Parameters")),
            lambda rows: sum(layer.parameters for layer in rows),
            _format_count,
            f"{sum(layer.parameters for layer in layers):,}",
        ),
        (
            _(N_("MACs")),
            lambda rows: sum(layer.macs for layer in rows),
            _format_count,
            _(
                N_(
                    "Multiply-accumulate operations for one image, in convolutional and fully connected layers. "
                    "One MAC is two floating-point operations."
                )
            ),
        ),
        (
            _(N_("Activations")),
            lambda rows: sum(layer.activation_bytes for layer in rows),
            _format_bytes,
            _(
                N_(
                    "Total size of all layer outputs for one image (32-bit), normalization and activation "
                    "layers included. Training keeps most of them for the backward pass, multiplied by the "
                    "batch size."
                )
            ),
        ),
        (
            _(N_("Weighted layers")),
            lambda rows: sum(layer.has_macs for layer in rows),
            str,
            _(N_("Convolutional and fully connected layers")),
        ),
    ]
    with st.grid(4, min_column_width=130, key="architecture-metrics"):
        for label, total, text, help_text in metrics:
            value, delta, was = total(layers), None, None
            if former and (before := total(former)) != value:
                delta = f"{100 * (value / before - 1):+,.0f}%" if before else None
                was = _(N_("vs. {value}"), value=text(before))
            st.metric(label, text(value), delta, delta_color="inverse", delta_description=was, help=help_text)


def _format_count(number: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def _format_bytes(size: float) -> str:
    return f"{size / 1e6:.3g} MB"


@st.cache_data(max_entries=32, show_spinner=False)
def _layer_latency(task_name: str, options: str, part: str) -> dict[str, float]:
    task = tasks.get_task(task_name)
    built = networks.build_network(task, json.loads(options), part)
    return model_summary.measure_layer_latency(built.network, networks.task_shape(task)[0])


@st.cache_data(max_entries=32, show_spinner=False)
def _receptive_fields(task_name: str, options: str) -> list[model_summary.ReceptiveField]:
    task = tasks.get_task(task_name)
    built = networks.build_network(task, json.loads(options))
    return model_summary.measure_receptive_fields(built.network, networks.task_shape(task)[0])


def layer_table(task: tasks.Task, options: dict[str, Any], part: str = "") -> None:
    """Show one column of the layers as bars in the order of the forward pass, and all as a table, grouped by the blocks of the model.

    Normalization, activation and other layers without MACs count towards the layer before them, unless they are asked for.
    """
    key = json.dumps(options, sort_keys=True)
    measured = st.session_state.get("layer-times") == (task.name, part, key)
    what = st.segmented_control(
        _(N_("Display")),
        list(METRIC_COLUMNS),
        default="macs",
        required=True,
        key="layer-column",
        format_func=lambda c: _(METRIC_COLUMNS[c]),
        wrap=True,
    )
    if what == "ms" and not measured:
        if runtime_estimate.is_busy():
            st.caption(_(N_("Another run is in progress. Select “Time (ms)” again when it finishes.")))
            what = "macs"
        else:
            st.session_state["layer-times"] = (task.name, part, key)
            measured = True
    detailed = st.toggle(
        _(N_("Show layers without MACs")),
        key="layer-detailed",
        help=_(
            N_(
                "If off, the parameters and time of normalization and activation layers count towards the layer "
                "before them."
            )
        ),
    )
    times = _layer_latency(task.name, key, part) if measured else {}
    built = networks.build_network(task, options, part)
    frame = layer_frame(built, times, detailed)
    live_chart(
        layer_bars(frame, what, _(METRIC_COLUMNS[what])),
        f"layers-{what}-{detailed}",
        alt=_(METRIC_COLUMNS[what]),
    )
    if what == "activation" and not detailed:
        _explain_output_memory(frame, built)
    names = {
        "title": _(N_("layer")),
        "name": _(N_("in the code")),
        "shape": _(N_("output shape")),
        **{c: _(t) for c, t in METRIC_COLUMNS.items()},
    }
    shown = frame[[c for c in names if c != "ms" or measured]]
    config: dict[str, Any] = {
        names[c]: st.column_config.NumberColumn(format="localized") for c in ("parameters", "activation")
    }
    config[names["title"]] = st.column_config.TextColumn(width=230)
    config[names["macs"]] = st.column_config.ProgressColumn(
        format="localized", min_value=0, max_value=max(1, int(frame["macs"].max()))
    )
    st.dataframe(
        shown.rename(columns=names),
        hide_index=True,
        height=min(420, 36 * (len(shown) + 1)),
        column_config=config,
    )


def _explain_output_memory(frame: pd.DataFrame, built: networks.BuiltNetwork) -> None:
    """Say which outputs the shown ones leave out."""
    shown, total = 1e3 * frame["activation"].sum(), sum(layer.activation_bytes for layer in built.layers)
    st.caption(
        _(
            N_(
                "Only the outputs of the layers shown: {shown} of {total}. Normalization, activation and other "
                "layers write the rest; “Show layers without MACs” lists them."
            ),
            shown=_format_bytes(shown),
            total=_format_bytes(total),
        )
    )


def layer_frame(built: networks.BuiltNetwork, times: Mapping[str, float], detailed: bool) -> pd.DataFrame:
    """The layers in forward order with their names, the block of the model that they belong to, their costs and `times` in milliseconds.

    Unless `detailed`, one row for each layer with weights or MACs, with parameters, MACs and time of the layers that follow it up to the
    next one; its output memory is that of the layer alone.
    """
    block_of = {name: block for block in built.blocks for name, _kind in block.layers}
    modules = [built.network.get_submodule(layer.name) for layer in built.layers]
    rows = pd.DataFrame(
        {
            "block": [block_of[layer.name].name for layer in built.layers],
            "group": [block_of[layer.name].group for layer in built.layers],
            "title": [layer_names.layer_title(m) for m in modules],
            "short": [layer_names.short_layer_title(m) for m in modules],
            "name": [layer.name for layer in built.layers],
            "kind": [layer.kind for layer in built.layers],
            "shape": ["×".join(map(str, layer.out_shape)) for layer in built.layers],
            "parameters": [layer.parameters for layer in built.layers],
            "macs": [layer.macs for layer in built.layers],
            "activation": [float(f"{layer.activation_bytes / 1e3:.4g}") for layer in built.layers],
            "ms": [round(times.get(layer.name, np.nan), 3) for layer in built.layers],
        }
    )
    if not detailed:
        sums = dict.fromkeys(("parameters", "macs"), "sum") | {"ms": lambda v: v.sum(min_count=1)}
        firsts = dict.fromkeys(("group", "title", "short", "name", "kind", "shape", "activation"), "first")
        rows = rows.groupby("block", sort=False, as_index=False).agg({**firsts, **sums})
        rows = rows[(rows["parameters"] > 0) | (rows["macs"] > 0)]
    return rows.drop(columns="block").reset_index(drop=True)


def layer_bars(frame: pd.DataFrame, column: str, label: str, height: int = 340) -> go.Figure:
    """One bar per layer, in the order of the forward pass, named on the axis; of many layers only the first of each block is."""
    fig = empty_figure(height, legend=True)
    place, kinds = np.arange(len(frame)), frame["kind"].where(frame["kind"].isin(LAYER_KINDS), "")
    for kind, (title, color) in LAYER_KINDS.items():
        here = (kinds == kind).to_numpy()
        if not here.any():
            continue
        fig.add_bar(
            x=place[here],
            y=frame[column][here],
            width=0.8,  # plotly's own width is that of the gaps within one trace, so bars of sparse kinds would overlap
            marker={"color": color},
            name=_(title),
            customdata=frame[["title", "name", "shape"]].to_numpy()[here],
            hovertemplate=f"<b>%{{customdata[0]}}</b><br>%{{customdata[1]}}<br>%{{customdata[2]}}<br>{label}: %{{y:,.4~g}}<extra></extra>",
        )
    first = ~frame["group"].duplicated().to_numpy()
    named = first if len(frame) > _MAX_NAMED_BARS else np.ones(len(frame), bool)
    names = frame["group"] if len(frame) > _MAX_NAMED_BARS else frame["short"]
    fig.update_xaxes(
        tickvals=place[named],
        ticktext=[html.escape(n) for n in names[named]],
        tickangle=-60,
        tickfont={"size": 11},
        showgrid=False,
        title_text=_(N_("layers, from input to output")),
    )
    fig.update_yaxes(title_text=label, tickformat="~g" if column == "ms" else "~s")
    return fig


def receptive_field_tab(task: tasks.Task, options: dict[str, Any]) -> None:
    """Plot the measured receptive fields."""
    in_shape = networks.task_shape(task)[0]
    with st.spinner(_(N_("Computing receptive fields…"))):
        fields = _receptive_fields(task.name, json.dumps(options, sort_keys=True))
    if not fields:
        st.info(
            _(
                N_(
                    "This model has no convolutional layers. The receptive field of every first-layer unit "
                    "is the whole image."
                )
            )
        )
        return
    live_chart(receptive_field_chart(fields, in_shape[1]), "sight", alt=_(N_("Receptive field")))
    st.caption(
        _(
            N_(
                "Receptive field of the center unit of each layer, measured from its gradient with "
                "respect to the input pixels. The dotted line marks the image size ({size} px), the "
                "upper limit."
            ),
            size=in_shape[1],
        )
    )


def receptive_field_chart(
    fields: Sequence[model_summary.ReceptiveField], side: int, height: int = 240
) -> go.Figure:
    """Receptive field (pixels) of each convolutional layer; a dotted line marks the `side` of the image."""
    fig = empty_figure(height)
    fig.add_scatter(
        x=[f.layer for f in fields],
        y=[max(f.height, f.width) for f in fields],
        mode="lines+markers",
        line={"color": p.SERIES_COLORS[0], "width": 2},
        marker={"size": 9},
        hovertemplate="%{x}: %{y} px<extra></extra>",
    )
    fig.add_hline(y=side, line={"color": p.NEUTRAL, "dash": "dot", "width": 1})
    fig.update_yaxes(title_text=_(N_("side length (pixels)")), range=[0, 1.12 * side])
    fig.update_xaxes(showticklabels=False, showgrid=False, title_text=_(N_("layers, from input to output")))
    return fig


def model_graph(task: tasks.Task, options: dict[str, Any], part: str = "") -> None:
    """Show the computation graph."""
    network = networks.build_network(task, options, part).network
    detailed = st.toggle(
        _(N_("All layers")),
        key="graph-detailed",
        help=_(N_("If off, each block of the model is drawn as one box.")),
    )
    try:
        text = graph.to_dot(
            network, networks.task_shape(task)[0], detailed, dark=st.context.theme.type == "dark"
        )
    except UserError as error:
        st.info(translate_message(error.message))
        return
    with st.container(
        height=560, key=f"graph-{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]}"
    ):
        st.graphviz_chart(text, width="content")
