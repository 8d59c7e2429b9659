"""Charts of a data set: categories, instances per image, sizes, locations, keypoints, co-occurrence."""

from __future__ import annotations

import html
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.coco import statistics
from core.coco.dataset import Coco
from core.messages import N_
from ui.browse.category_label import category_label, filter_condition
from ui.browse.instance_view import keypoint_name
from ui.components.live_chart import clickable_chart, live_chart
from ui.kit import charts, palette
from ui.kit.i18n import _, _n, escape_markdown

_MAX_CATEGORIES = 30  # in the bar chart
_MAX_CELLS = 80  # most frequent categories in the matrix
_HEAT_SCALE = [[0, palette.to_css_rgba(palette.ACCENT, 0.04)], [1, palette.ACCENT]]


@st.cache_data(max_entries=8, show_spinner=False)
def _compute_statistics(
    folder: str, _coco: Coco
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return (
        statistics.category_counts(_coco),
        statistics.instances_per_image(_coco),
        statistics.keypoint_visibility(_coco),
        statistics.cooccurrence(_coco),
    )


def show_statistics(coco: Coco) -> None:
    """Show all charts."""
    counts, per_image, visibility, pairs = _compute_statistics(str(coco.folder), coco)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            _(
                N_("**Categories**: top {most} of {all}"),
                most=min(_MAX_CATEGORIES, len(counts)),
                all=len(counts),
            )
        )
        _category_chart(counts)
    with right:
        st.markdown(_(N_("**Instances per image**")))
        _per_image_chart(per_image)
    categories = _category_picker(coco, counts)
    left, right = st.columns(2, gap="large")
    with left:
        _size_chart(coco, categories)
    with right:
        _center_chart(coco, categories)
    if len(visibility):
        _keypoint_chart(coco, visibility)
    _cooccurrence_chart(coco, pairs)


def _category_chart(counts: pd.DataFrame) -> None:
    top = counts.head(_MAX_CATEGORIES)
    fig = charts.empty_figure(520)
    fig.add_bar(
        x=top["n"],
        y=[html.escape(category_label(name)) for name in top["name"]],
        orientation="h",
        marker_color=palette.ACCENT,
        customdata=top[["images", "crowds"]],
        hovertemplate=_(
            N_("%{y} · instances: %{x:,} · images: %{customdata[0]:,} · crowds: %{customdata[1]:,}")
        )
        + "<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", tickfont_size=10, dtick=1)
    fig.update_xaxes(title_text=_(N_("Instances")))
    live_chart(fig, "coco-each", alt=_(N_("Instances per category")))


def _per_image_chart(counts: pd.DataFrame) -> None:
    fig = charts.empty_figure(520)
    fig.add_bar(
        x=counts["n"],
        y=counts["images"],
        marker_color=palette.ACCENT,
        hovertemplate="%{x}: %{y:,}<extra></extra>",
    )
    fig.update_xaxes(title_text=_(N_("Instances per image")))
    fig.update_yaxes(title_text=_(N_("Images")))
    live_chart(fig, "coco-per-image", alt=_(N_("Distribution of instances per image")))


def _category_picker(coco: Coco, counts: pd.DataFrame) -> list[int] | None:
    name = st.selectbox(
        _(N_("Category for size and location")),
        ["", *counts["name"]],
        key="coco-of",
        format_func=lambda n: category_label(n) if n else _(N_("all categories")),
    )
    return coco.names.categories[name] if name else None


def _size_chart(coco: Coco, categories: list[int] | None) -> None:
    histogram, area_classes = (
        statistics.size_histogram(coco, categories),
        statistics.area_class_counts(coco, categories),
    )
    total = max(1, sum(area_classes.values()))
    st.markdown(
        _(
            N_("**Size**: {small}% small, {medium}% medium, {large}% large"),
            **{k: f"{100 * v / total:.0f}" for k, v in area_classes.items()},
        )
    )
    fig = charts.empty_figure(380)
    center = histogram["side"] * 2**0.25
    fig.add_bar(
        x=np.log2(center),
        y=histogram["n"],
        width=0.48,
        marker_color=palette.ACCENT,
        customdata=np.round(center, 1),
        hovertemplate=_(N_("about %{customdata} px: %{y:,}")) + "<extra></extra>",
    )
    for side, label in ((32, "32²"), (96, "96²")):
        fig.add_vline(
            x=float(np.log2(side)), line={"color": palette.NEUTRAL, "dash": "dot"}, annotation_text=label
        )
    ticks = [2, 8, 32, 96, 256, 640]
    fig.update_xaxes(
        title_text=_(N_("Square root of area (px, log scale)")), tickvals=np.log2(ticks), ticktext=ticks
    )
    fig.update_yaxes(title_text=_(N_("Instances")))
    live_chart(fig, "coco-sizes", alt=_(N_("Instance sizes")))


def _center_chart(coco: Coco, categories: list[int] | None) -> None:
    st.markdown(_(N_("**Location**: bounding box centers within the image")))
    values = statistics.center_heatmap(coco, categories)
    fig = charts.empty_figure(380)
    fig.add_heatmap(z=values, colorscale=_HEAT_SCALE, showscale=False, hovertemplate="%{z:,}<extra></extra>")
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", scaleratio=0.75)
    live_chart(fig, "coco-places", alt=_(N_("Heatmap of bounding box centers")))


def _keypoint_chart(coco: Coco, counts: pd.DataFrame) -> None:
    categories = [json.loads(text) for text in coco.categories["keypoints"]]
    names = max(categories, key=len, default=[])
    labels = [html.escape(keypoint_name(names[j])) if j < len(names) else str(j + 1) for j in counts["joint"]]
    st.markdown(
        _n(
            "**Keypoints** of {count} person. Eyes and ears of people facing away cannot be labeled. "
            "Hips and knees are often occluded.",
            "**Keypoints** of {count} people. Eyes and ears of people facing away cannot be labeled. "
            "Hips and knees are often occluded.",
            int(counts["of"].max()),
        )
    )
    fig = charts.empty_figure(420)
    absent = counts["of"] - counts["visible"] - counts["hidden"]
    parts = (
        ("visible", N_("visible"), palette.GREEN),
        ("hidden", N_("labeled but not visible"), palette.ORANGE),
        ("", N_("not labeled"), palette.NEUTRAL),
    )
    for column, label, color in parts:
        values = counts[column] if column else absent
        fig.add_bar(
            x=100 * values / counts["of"],
            y=labels,
            orientation="h",
            name=_(label),
            marker_color=color,
            customdata=values,
            hovertemplate="%{y}: %{x:.1f}% (%{customdata:,})<extra></extra>",
        )
    fig.update_layout(barmode="stack", showlegend=True)
    fig.update_yaxes(autorange="reversed", dtick=1, tickfont_size=11)
    fig.update_xaxes(title_text=_(N_("Share of people (%)")), range=[0, 100])
    live_chart(fig, "coco-joints", alt=_(N_("Keypoint visibility")))


def _cooccurrence_chart(coco: Coco, pairs: pd.DataFrame) -> None:
    st.markdown(_(N_("**Co-occurrence**: images that contain both categories. Click a cell to select them.")))
    names = coco.categories.set_index("category")["name"]
    counts = pd.Series(np.diag(pairs), index=pairs.index).sort_values(ascending=False)
    most = set(counts[counts > 0].index[:_MAX_CELLS])
    shown = [c for c in pairs.index if c in most]
    values = pairs.loc[shown, shown].to_numpy()
    labels = [names[c] for c in shown]
    axis = [
        html.escape(f"{category_label(name)} ({c})" if labels.count(name) > 1 else category_label(name))
        for c, name in zip(shown, labels, strict=True)
    ]
    cells = [
        [[one, other, int(n)] for other, n in zip(labels, row, strict=True)]
        for one, row in zip(labels, values, strict=True)
    ]
    fig = go.Figure(charts.empty_figure(660))
    fig.add_heatmap(
        x=axis,
        y=axis,
        z=np.log1p(values),
        customdata=cells,
        showscale=False,
        colorscale=_HEAT_SCALE,
        hovertemplate="%{x} + %{y}: %{customdata[2]:,}<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed")
    clicked = clickable_chart(fig, "coco-together", alt=_(N_("Category co-occurrence")))
    if isinstance(clicked, list) and len(clicked) == 3 and {clicked[0], clicked[1]} <= set(labels):
        one, other, count = clicked
        text = " and ".join(dict.fromkeys(filter_condition(coco.names, n) for n in (one, other)))

        def show_images() -> None:
            st.session_state["where"], st.session_state["view"] = text, "images"

        with st.container(horizontal=True, vertical_alignment="center", key="coco-pair"):
            st.markdown(
                _n(
                    "**{one}** with **{other}**: {count} image",
                    "**{one}** with **{other}**: {count} images",
                    count,
                    one=escape_markdown(category_label(one)),
                    other=escape_markdown(category_label(other)),
                )
            )
            st.button(
                _(N_("Show these images")), icon=":material/filter_alt:", type="primary", on_click=show_images
            )
