"""What a whole set holds, as charts: categories, sizes, places, joints, and what occurs together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.coco import filter_query, statistics
from core.coco.dataset import Coco
from core.messages import N_
from ui.browse.instance_view import keypoint_name
from ui.components.live_chart import clickable_chart, live_chart
from ui.kit import charts, palette
from ui.kit.i18n import _, _n, escape_markdown

_MAX_CATEGORIES = 30  # categories in the bar chart
_MAX_CELLS = 80  # categories in the matrix, the most frequent
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
    """All charts."""
    each, per_image, joints, together = _compute_statistics(str(coco.folder), coco)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            _(N_("**Categories**: top {most} of {all}"), most=min(_MAX_CATEGORIES, len(each)), all=len(each))
        )
        _category_chart(each)
    with right:
        st.markdown(_(N_("**Instances per image**")))
        _per_image_chart(per_image)
    numbers = _category_picker(coco, each)
    left, right = st.columns(2, gap="large")
    with left:
        _size_chart(coco, numbers)
    with right:
        _center_chart(coco, numbers)
    if len(joints):
        _keypoint_chart(coco, joints)
    _cooccurrence_chart(coco, together)


def _category_chart(each: pd.DataFrame) -> None:
    top = each.head(_MAX_CATEGORIES)
    fig = charts.empty_figure(520)
    fig.add_bar(
        x=top["n"],
        y=top["name"],
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


def _per_image_chart(found: pd.DataFrame) -> None:
    fig = charts.empty_figure(520)
    fig.add_bar(
        x=found["n"],
        y=found["images"],
        marker_color=palette.ACCENT,
        hovertemplate="%{x}: %{y:,}<extra></extra>",
    )
    fig.update_xaxes(title_text=_(N_("Instances per image")))
    fig.update_yaxes(title_text=_(N_("Images")))
    live_chart(fig, "coco-per-image", alt=_(N_("Distribution of instances per image")))


def _category_picker(coco: Coco, each: pd.DataFrame) -> list[int] | None:
    name = st.selectbox(
        _(N_("Category for size and location")),
        ["", *each["name"]],
        key="coco-of",
        format_func=lambda n: n or _(N_("all categories")),
    )
    return coco.names.categories[name] if name else None


def _size_chart(coco: Coco, numbers: list[int] | None) -> None:
    found, classes = statistics.size_histogram(coco, numbers), statistics.area_class_counts(coco, numbers)
    total = max(1, sum(classes.values()))
    st.markdown(
        _(
            N_("**Size**: {small}% small, {medium}% medium, {large}% large"),
            **{k: f"{100 * v / total:.0f}" for k, v in classes.items()},
        )
    )
    fig = charts.empty_figure(380)
    middle = found["side"] * 2**0.25
    fig.add_bar(
        x=np.log2(middle),
        y=found["n"],
        width=0.48,
        marker_color=palette.ACCENT,
        customdata=np.round(middle, 1),
        hovertemplate=_(N_("about %{customdata} px: %{y:,}")) + "<extra></extra>",
    )
    for side, words in ((32, "32²"), (96, "96²")):
        fig.add_vline(
            x=float(np.log2(side)), line={"color": palette.NEUTRAL, "dash": "dot"}, annotation_text=words
        )
    ticks = [2, 8, 32, 96, 256, 640]
    fig.update_xaxes(
        title_text=_(N_("Square root of area (px, log scale)")), tickvals=np.log2(ticks), ticktext=ticks
    )
    fig.update_yaxes(title_text=_(N_("Instances")))
    live_chart(fig, "coco-sizes", alt=_(N_("Instance sizes")))


def _center_chart(coco: Coco, numbers: list[int] | None) -> None:
    st.markdown(_(N_("**Location**: bounding box centers within the image")))
    values = statistics.center_heatmap(coco, numbers)
    fig = charts.empty_figure(380)
    fig.add_heatmap(z=values, colorscale=_HEAT_SCALE, showscale=False, hovertemplate="%{z:,}<extra></extra>")
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", scaleratio=0.75)
    live_chart(fig, "coco-places", alt=_(N_("Heatmap of bounding box centers")))


def _keypoint_chart(coco: Coco, found: pd.DataFrame) -> None:
    bodies = [json.loads(text) for text in coco.categories["keypoints"]]
    names = max(bodies, key=len, default=[])
    labels = [keypoint_name(names[j]) if j < len(names) else str(j + 1) for j in found["joint"]]
    st.markdown(
        _n(
            "**Keypoints** of {count} person. Eyes and ears of people facing away cannot be labeled. "
            "Hips and knees are often occluded.",
            "**Keypoints** of {count} people. Eyes and ears of people facing away cannot be labeled. "
            "Hips and knees are often occluded.",
            int(found["of"].max()),
        )
    )
    fig = charts.empty_figure(420)
    absent = found["of"] - found["visible"] - found["hidden"]
    parts = (
        ("visible", N_("visible"), palette.GREEN),
        ("hidden", N_("labeled but not visible"), palette.ORANGE),
        ("", N_("not labeled"), palette.NEUTRAL),
    )
    for column, words, colour in parts:
        values = found[column] if column else absent
        fig.add_bar(
            x=100 * values / found["of"],
            y=labels,
            orientation="h",
            name=_(words),
            marker_color=colour,
            customdata=values,
            hovertemplate="%{y}: %{x:.1f}% (%{customdata:,})<extra></extra>",
        )
    fig.update_layout(barmode="stack", showlegend=True)
    fig.update_yaxes(autorange="reversed", dtick=1, tickfont_size=11)
    fig.update_xaxes(title_text=_(N_("Share of people (%)")), range=[0, 100])
    live_chart(fig, "coco-joints", alt=_(N_("Keypoint visibility")))


def _cooccurrence_chart(coco: Coco, together: pd.DataFrame) -> None:
    st.markdown(_(N_("**Co-occurrence**: images that contain both categories. Click a cell to select them.")))
    names = coco.categories.set_index("category")["name"]
    counts = pd.Series(np.diag(together), index=together.index).sort_values(ascending=False)
    most = set(counts[counts > 0].index[:_MAX_CELLS])
    kept = [c for c in together.index if c in most]
    values = together.loc[kept, kept].to_numpy()
    labels = [names[c] for c in kept]
    axis = [f"{name} ({c})" if labels.count(name) > 1 else name for c, name in zip(kept, labels, strict=True)]
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
    found = clickable_chart(fig, "coco-together", alt=_(N_("Category co-occurrence")))
    if isinstance(found, list) and len(found) == 3 and {found[0], found[1]} <= set(labels):
        one, other, count = found
        wanted = " and ".join(dict.fromkeys(filter_query.format_condition(n, ">=", 1) for n in (one, other)))

        def see() -> None:
            st.session_state["where"], st.session_state["view"] = wanted, "images"

        with st.container(horizontal=True, vertical_alignment="center", key="coco-pair"):
            st.markdown(
                _n(
                    "**{one}** with **{other}**: {count} image",
                    "**{one}** with **{other}**: {count} images",
                    count,
                    one=escape_markdown(one),
                    other=escape_markdown(other),
                )
            )
            st.button(_(N_("Show these images")), icon=":material/filter_alt:", type="primary", on_click=see)
