"""Tabs of the Architecture page: metrics, layers, receptive field and graph of a model."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import data, models, tasks
from core.analysis import runtime_estimate
from core.inference import graph, model_summary
from core.messages import N_, UserError
from ui.components.live_chart import live_chart
from ui.kit import palette as p
from ui.kit import preload
from ui.kit.charts import empty_figure
from ui.kit.i18n import _, translate_message

MAX_PARAMETERS = 60_000_000  # a link can ask for any width, and the summary holds several copies of the model
METRIC_COLUMNS = {
    "parameters": N_("Parameters"),
    "macs": N_("MACs"),
    "activation": N_("Output memory (kB)"),
    "ms": N_("Time (ms)"),
}
LAYER_KINDS = {
    "Conv2d": (N_("Convolution"), p.SERIES_COLORS[0]),
    "Linear": (N_("Fully connected"), p.SERIES_COLORS[1]),
    "": (N_("Normalization, activation, pooling"), p.NEUTRAL),
}


def task_shape(task: tasks.Task) -> tuple[tuple[int, ...], int]:
    """Input shape (C, H, W) and number of outputs of a task, without loading its data."""
    info = data.dataset_info(task.dataset)
    return info.shape, info.num_outputs


@st.cache_resource(max_entries=8, show_spinner=False)
def _build_network(task_name: str, options: str) -> tuple[Any, list[model_summary.LayerSummary]]:
    task = tasks.get_task(task_name)
    in_shape, outputs = task_shape(task)
    build = functools.partial(models.create_model, task.model, in_shape, outputs, **json.loads(options))
    count = model_summary.count_parameters(build)
    if count > MAX_PARAMETERS:
        raise UserError(
            N_(
                "This model would have {count}M parameters; the limit is {most}M. Choose a smaller "
                "width or depth."
            ),
            count=f"{count / 1e6:,.0f}",
            most=f"{MAX_PARAMETERS / 1e6:.0f}",
        )
    network = build().eval()
    return network, model_summary.summarize_layers(network, in_shape)


def build_network(task: tasks.Task, options: dict[str, Any]) -> tuple[Any, list[model_summary.LayerSummary]]:
    """Build the task's model with `options`, and summarize its layers.

    Raises:
        UserError: if the options are incompatible, or the model is too large.
    """
    preload.wait_until_ready()
    try:
        return _build_network(task.name, json.dumps(options, sort_keys=True))
    except (RuntimeError, ValueError) as error:
        raise UserError(
            N_("This model cannot be built: {reason}."), reason=str(error).splitlines()[0][:200]
        ) from error


def show_metrics(layers: list[model_summary.LayerSummary], in_shape: tuple[int, ...]) -> None:
    """Show the total parameters, MACs, activation memory and number of layers."""
    weights = sum(layer.parameters for layer in layers)
    columns = st.columns(4)
    columns[0].metric(_(N_("Parameters")), _format_count(weights), border=True, help=f"{weights:,}")
    columns[1].metric(
        _(N_("MACs")),
        _format_count(sum(layer.macs for layer in layers)),
        border=True,
        help=_(
            N_(
                "For one image, counting convolutional and fully connected layers. One MAC is two "
                "floating-point operations."
            )
        ),
    )
    columns[2].metric(
        _(N_("Activation memory")),
        f"{sum(layer.activation_bytes for layer in layers) / 1e6:.2f} MB",
        border=True,
        help=_(
            N_(
                "Total size of all layer outputs for one image (32-bit). Training keeps most of them "
                "for the backward pass, multiplied by the batch size."
            )
        ),
    )
    weighted = sum(layer.has_macs for layer in layers)
    columns[3].metric(_(N_("Convolutional and fully connected layers")), weighted, border=True)


def _format_count(number: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


@st.cache_data(max_entries=32, show_spinner=False)
def _layer_latency(task_name: str, options: str) -> dict[str, float]:
    built, _layers = _build_network(task_name, options)
    return model_summary.measure_layer_latency(built, task_shape(tasks.get_task(task_name))[0])


@st.cache_data(max_entries=32, show_spinner=False)
def _receptive_fields(task_name: str, options: str) -> list[model_summary.ReceptiveField]:
    built, _layers = _build_network(task_name, options)
    return model_summary.measure_receptive_fields(built, task_shape(tasks.get_task(task_name))[0])


def layer_table(task: tasks.Task, options: dict[str, Any], layers: list[model_summary.LayerSummary]) -> None:
    """Show a table of the layers, and one of its columns as bars in the order of the forward pass."""
    key = json.dumps(options, sort_keys=True)
    measured = st.session_state.get("layer-times") == (task.name, key)
    what = st.segmented_control(
        _(N_("Display")),
        list(METRIC_COLUMNS),
        default="macs",
        required=True,
        key="layer-column",
        format_func=lambda c: _(METRIC_COLUMNS[c]),
    )
    if what == "ms" and not measured:
        if runtime_estimate.is_busy():
            st.caption(_(N_("Another run is in progress. Select “Time (ms)” again when it finishes.")))
            what = "macs"
        else:
            st.session_state["layer-times"] = (task.name, key)
            measured = True
    times = _layer_latency(task.name, key) if measured else {}
    frame = pd.DataFrame(
        {
            "name": [layer.name for layer in layers],
            "kind": [layer.kind for layer in layers],
            "shape": ["×".join(map(str, layer.out_shape)) for layer in layers],
            "parameters": [layer.parameters for layer in layers],
            "macs": [layer.macs for layer in layers],
            "activation": [round(layer.activation_bytes / 1e3, 1) for layer in layers],
            "ms": [round(times.get(layer.name, np.nan), 3) for layer in layers],
        }
    )
    live_chart(
        layer_bars(frame, what, _(METRIC_COLUMNS[what])), f"layers-{what}", alt=_(METRIC_COLUMNS[what])
    )
    names = {
        "name": _(N_("layer")),
        "kind": _(N_("type")),
        "shape": _(N_("output shape")),
        **{c: _(t) for c, t in METRIC_COLUMNS.items()},
    }
    shown = frame if measured else frame.drop(columns="ms")
    grouped = {
        names[c]: st.column_config.NumberColumn(format="localized")
        for c in ("parameters", "macs", "activation")
    }
    st.dataframe(
        shown.rename(columns=names),
        hide_index=True,
        height=min(420, 36 * (len(shown) + 1)),
        column_config=grouped,
    )


def layer_bars(frame: pd.DataFrame, column: str, label: str, height: int = 260) -> go.Figure:
    """One bar per layer, in the order of the forward pass."""
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
            customdata=frame[["name", "kind", "shape"]].to_numpy()[here],
            hovertemplate=f"<b>%{{customdata[0]}}</b> %{{customdata[1]}}<br>%{{customdata[2]}}<br>{label}: %{{y:,.4~g}}<extra></extra>",
        )
    fig.update_xaxes(showticklabels=False, showgrid=False, title_text=_(N_("layers, from input to output")))
    fig.update_yaxes(title_text=label, tickformat="~g" if column == "ms" else "~s")
    return fig


def receptive_field_tab(task: tasks.Task, options: dict[str, Any]) -> None:
    """Plot the measured receptive fields."""
    in_shape = task_shape(task)[0]
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


def model_graph(task: tasks.Task, options: dict[str, Any]) -> None:
    """Show the computation graph."""
    built, _layers = build_network(task, options)
    detailed = st.toggle(
        _(N_("All layers")),
        key="graph-detailed",
        help=_(N_("If off, each block of the model is drawn as one box.")),
    )
    try:
        text = graph.to_dot(built, task_shape(task)[0], detailed, dark=st.context.theme.type == "dark")
    except UserError as error:
        st.info(translate_message(error.message))
        return
    with st.container(
        height=560, key=f"graph-{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]}"
    ):
        st.graphviz_chart(text, width="content")


def has_summary(task: tasks.Task) -> bool:
    """Whether the Architecture page can show the task's model: an image classifier."""
    info = data.dataset_info(task.dataset)
    return info.is_image and bool(info.classes)
