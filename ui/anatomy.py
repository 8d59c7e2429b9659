"""What the architecture page shows of a network: its figures, its layers, how far it sees, its graph, its source."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import data, models, tasks
from core.inference import anatomy, graph
from core.messages import N_, UserError
from core.training import price
from ui import palette as p
from ui import warm
from ui.charts import figure
from ui.i18n import _, tell
from ui.live_chart import live_chart

MOST = 60_000_000  # parameters: what takes a network apart holds it several times, and a link may name any width
SHAPES: dict[str, tuple[int, ...]] = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32), "fruit": (3, 64, 64)}
OUTPUTS = {"mnist": 10, "cifar10": 10, "fruit": 2}
COLUMNS = {
    "parameters": N_("Parameters"), "macs": N_("MACs"), "activation": N_("Output memory (kB)"), "ms": N_("Time (ms)"),
}  # fmt: skip
KINDS = {
    "Conv2d": (N_("Convolution"), p.SERIES[0]), "Linear": (N_("Fully connected"), p.SERIES[1]),
    "": (N_("Normalization, activation, pooling"), p.NEUTRAL),
}  # fmt: skip


def shape_of(task: tasks.Task) -> tuple[tuple[int, ...], int]:
    """Input shape and number of outputs of a task, without reading its data."""
    return SHAPES[task.dataset], OUTPUTS[task.dataset]


@st.cache_resource(max_entries=8, show_spinner=False)
def _network(task_name: str, options: str) -> tuple[Any, list[anatomy.Layer]]:
    task = tasks.task(task_name)
    in_shape, outputs = shape_of(task)
    build = functools.partial(models.create, task.model, in_shape, outputs, **json.loads(options))
    count = anatomy.parameters(build)
    if count > MOST:
        raise UserError(
            N_("This model would have {count}M parameters; the limit is {most}M. Choose a smaller "
        "width or depth."), count=f"{count / 1e6:,.0f}", most=f"{MOST / 1e6:.0f}",
        )  # fmt: skip
    network = build().eval()
    return network, anatomy.layers(network, in_shape)


def network(task: tasks.Task, options: dict[str, Any]) -> tuple[Any, list[anatomy.Layer]]:
    """The network and its layers. Raises UserError where the options do not fit together."""
    warm.wait()
    try:
        return _network(task.name, json.dumps(options, sort_keys=True))
    except (RuntimeError, ValueError) as error:
        raise UserError(N_("This model cannot be built: {reason}."), reason=str(error).splitlines()[0][:200]) from error


def figures(layers: list[anatomy.Layer], in_shape: tuple[int, ...]) -> None:
    """Four numbers of the whole."""
    weights = sum(layer.parameters for layer in layers)
    columns = st.columns(4)
    columns[0].metric(_(N_("Parameters")), _short(weights), border=True, help=f"{weights:,}")
    columns[1].metric(
        _(N_("MACs")), _short(sum(layer.macs for layer in layers)), border=True,
        help=_(N_("For one image, counting convolutional and fully connected layers. One MAC is two "
        "floating-point operations.")),
    )  # fmt: skip
    columns[2].metric(
        _(N_("Activation memory")), f"{sum(layer.activation for layer in layers) / 1e6:.2f} MB", border=True,
        help=_(N_("Total size of all layer outputs for one image (32-bit). Training keeps most of them "
        "for the backward pass, multiplied by the batch size.")),
    )  # fmt: skip
    weighted = sum(layer.multiplies for layer in layers)
    columns[3].metric(_(N_("Convolutional and fully connected layers")), weighted, border=True)


def _short(number: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


@st.cache_data(max_entries=32, show_spinner=False)
def _milliseconds(task_name: str, options: str) -> dict[str, float]:
    built, _layers = _network(task_name, options)
    return anatomy.layer_milliseconds(built, shape_of(tasks.task(task_name))[0])


@st.cache_data(max_entries=32, show_spinner=False)
def _fields(task_name: str, options: str) -> list[anatomy.ReceptiveField]:
    built, _layers = _network(task_name, options)
    return anatomy.receptive_fields(built, shape_of(tasks.task(task_name))[0])


def table(task: tasks.Task, options: dict[str, Any], layers: list[anatomy.Layer]) -> None:
    """Every layer as a row, and one of its figures as bars in the order in which a picture goes through them."""
    key = json.dumps(options, sort_keys=True)
    measured = st.session_state.get("layer-times") == (task.name, key)
    what = st.segmented_control(
        _(N_("Display")), list(COLUMNS), default="macs", required=True, key="layer-column", format_func=lambda c: _(COLUMNS[c])
    )
    if what == "ms" and not measured:
        if price.blocked():
            st.caption(_(N_("Another run is in progress. Select “Time (ms)” again when it finishes.")))
            what = "macs"
        else:
            st.session_state["layer-times"] = (task.name, key)
            measured = True
    times = _milliseconds(task.name, key) if measured else {}
    frame = pd.DataFrame(
        {
            "name": [layer.name for layer in layers],
            "kind": [layer.kind for layer in layers],
            "shape": ["x".join(map(str, layer.out_shape)) for layer in layers],
            "parameters": [layer.parameters for layer in layers],
            "macs": [layer.macs for layer in layers],
            "activation": [round(layer.activation / 1e3, 1) for layer in layers],
            "ms": [round(times.get(layer.name, np.nan), 3) for layer in layers],
        }
    )
    live_chart(bars(frame, what, _(COLUMNS[what])), f"layers-{what}", alt=_(COLUMNS[what]))
    names = {"name": _(N_("layer")), "kind": _(N_("type")), "shape": _(N_("output shape")), **{c: _(t) for c, t in COLUMNS.items()}}
    shown = frame if measured else frame.drop(columns="ms")
    grouped = {names[c]: st.column_config.NumberColumn(format="localized") for c in ("parameters", "macs", "activation")}
    st.dataframe(shown.rename(columns=names), hide_index=True, height=min(420, 36 * (len(shown) + 1)), column_config=grouped)


def bars(frame: pd.DataFrame, column: str, label: str, height: int = 260) -> go.Figure:
    """One bar per layer, left to right as a picture goes through."""
    fig = figure(height, legend=True)
    place, kinds = np.arange(len(frame)), frame["kind"].where(frame["kind"].isin(KINDS), "")
    for kind, (title, colour) in KINDS.items():
        here = (kinds == kind).to_numpy()
        if not here.any():
            continue
        fig.add_bar(
            x=place[here], y=frame[column][here], marker={"color": colour}, name=_(title),
            customdata=frame[["name", "kind", "shape"]].to_numpy()[here],
            hovertemplate=f"<b>%{{customdata[0]}}</b> %{{customdata[1]}}<br>%{{customdata[2]}}<br>{label}: %{{y:,.4~g}}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(showticklabels=False, showgrid=False, title_text=_(N_("layers, from input to output")))
    fig.update_yaxes(title_text=label, tickformat="~g" if column == "ms" else "~s")
    return fig


def sight(task: tasks.Task, options: dict[str, Any]) -> None:
    """How far single units see, measured."""
    in_shape = shape_of(task)[0]
    with st.spinner(_(N_("Computing receptive fields…"))):
        found = _fields(task.name, json.dumps(options, sort_keys=True))
    if not found:
        st.info(_(N_("This model has no convolutional layers. The receptive field of every first-layer unit "
        "is the whole image.")))
        return
    fig = figure(240)
    fig.add_scatter(
        x=[f.layer for f in found], y=[max(f.height, f.width) for f in found], mode="lines+markers", line={"color": p.SERIES[0],
        "width": 2},
        marker={"size": 9}, hovertemplate="%{x}: %{y} px<extra></extra>",
    )  # fmt: skip
    fig.add_hline(y=in_shape[1], line={"color": p.NEUTRAL, "dash": "dot", "width": 1})
    fig.update_yaxes(title_text=_(N_("side length (pixels)")), range=[0, 1.12 * in_shape[1]])
    fig.update_xaxes(showticklabels=False, showgrid=False)
    live_chart(fig, "sight", alt=_(N_("Receptive field")))
    st.caption(
        _(N_("Receptive field of the center unit of each layer, measured from its gradient with "
        "respect to the input pixels. The dotted line marks the image size ({size} px), the "
        "upper limit."), size=in_shape[1])
    )  # fmt: skip


def drawing(task: tasks.Task, options: dict[str, Any]) -> None:
    """The graph of the network."""
    built, _layers = network(task, options)
    detailed = st.toggle(_(N_("All layers")), key="graph-detailed", help=_(N_("If off, each block of the model is drawn as one box.")))
    try:
        text = graph.dot(built, shape_of(task)[0], detailed, dark=st.context.theme.type == "dark")
    except UserError as error:
        st.info(tell(error.message))
        return
    with st.container(height=560, key=f"graph-{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]}"):
        st.graphviz_chart(text, width="content")


def known(name: str) -> bool:
    """Whether the data set's shape is known without reading it: pictures, not tables."""
    return name in SHAPES and name in data.names()
