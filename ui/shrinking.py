"""How the maps of networks shrink, several beside each other: a part of the architecture page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import tasks
from core.inference import shapes
from core.inference.anatomy import Layer
from core.messages import N_
from ui import anatomy, url
from ui import palette as p
from ui.charts import figure
from ui.i18n import _
from ui.live_chart import live_chart

_MOST = 4
_STEM = "imagenet-stem"  # ResNet-18 with the first layers that ImageNet's pictures need, given a picture of this size
_STEM_TOO_COARSE = N_("Its first layers are designed for larger images. Use stride 1 there and remove the "
        "pooling to keep the feature maps large.")
_SHRINKS_TOO_OFTEN = N_("It downsamples too often for {size}-pixel images. Use a smaller stride or fewer "
        "downsampling blocks to keep the feature maps large.")
_TOO_MUCH = 0.1  # share of the parameters in kernels that see padding


def part(task: tasks.Task, options: dict[str, Any], layers: list[Layer]) -> None:
    """The network's stages in one chart with those of others, and what is wrong with a stem that is too coarse."""
    side = anatomy.shape_of(task)[0][1]
    others = {t.name: _(t.title) for t in tasks.TASKS if t.dataset == task.dataset and t.name != task.name}
    stem = tasks.task("cifar10-resnet18-pretrained")
    if task.dataset == stem.dataset:
        others[_STEM] = _(N_("ResNet-18 with ImageNet stem, {size}-pixel input"), size=side)
    chosen = url.several(
        _(N_("Compare with")), list(others), key="beside", default=[_STEM] if _STEM in others else [], format_func=others.get, always=False,
        max_selections=_MOST, placeholder=_(N_("Select models to compare")),
    )  # fmt: skip
    shown = [(_(task.title), anatomy.network(task, options))]
    for name in chosen:
        found = stem if name == _STEM else tasks.task(name)
        shown.append((others[name], anatomy.network(found, {**found.recipe.part("model"), **({"size": side} if name == _STEM else {})})))
    alt = _(N_("Feature map size by layer"))
    live_chart(chart([(title, shapes.stages(rows)) for title, (_network, rows) in shown], side), "shrinking", alt=alt)
    st.caption(
        _(N_("Each step is a stage. Its height is the feature map size, its length the number of "
        "convolutional and fully connected layers. Late downsampling preserves spatial detail "
        "but costs more: doubling the side length quadruples the MACs."))
    )  # fmt: skip
    for place, (title, (network, rows)) in enumerate(shown):
        share = shapes.wasted(network, rows)
        if share > _TOO_MUCH:
            what = N_("**{network}**: {share}% of its parameters are in kernels on 1×1 feature maps. There, "
        "almost all of a 3×3 kernel covers only padding.")  # fmt: skip
            why = _STEM_TOO_COARSE if place and chosen[place - 1] == _STEM else _SHRINKS_TOO_OFTEN
            st.warning(f"{_(what, network=title, share=f'{100 * share:.0f}')} {_(why, size=side)}", icon=":material/compress:")


def chart(shown: Sequence[tuple[str, list[shapes.Stage]]], side: int, height: int = 340) -> go.Figure:
    """The side of the maps (pixels, logarithmic) over the layers with weights; one line of steps per network, with its channels."""
    fig = figure(height + 14 * len(shown), legend=True)
    for place, (title, found) in enumerate(shown):
        colour, dash = p.series_style(place)
        begins = [0, *(s.layers for s in found[:-1])]
        fig.add_scatter(
            x=[*begins, found[-1].layers], y=[*(s.height for s in found), found[-1].height], name=html.escape(title), mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2, "shape": "hv"}, marker={"size": 7}, cliponaxis=False,
            customdata=[[s.channels, s.layers - b, 100 * s.share] for s, b in zip(found, begins, strict=True)] + [[0, 0, 0]],
            hovertemplate=f"<b>{html.escape(title)}</b><br>%{{y}}x%{{y}} px<br>" + _hover() + "<extra></extra>",
        )  # fmt: skip
    ticks = [2**k for k in range(12) if 2**k <= 2 * side]
    fig.update_yaxes(title_text=_(N_("feature map size (pixels)")), type="log", tickvals=ticks, ticktext=[str(t) for t in ticks])
    fig.update_xaxes(title_text=_(N_("convolutional and fully connected layers")), rangemode="tozero")
    return fig


def _hover() -> str:
    return _(N_("channels: {channels} · layers: {layers} · MACs: {share}%"),
             channels="%{customdata[0]}", layers="%{customdata[1]}", share="%{customdata[2]:.0f}")  # fmt: skip
