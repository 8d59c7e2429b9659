"""What a whole set holds, as charts: categories, sizes, places, joints, and what occurs together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.coco import statistics, where
from core.coco.dataset import Coco
from core.messages import N_
from ui import charts, palette
from ui.coco_instance import joint
from ui.i18n import _, plain
from ui.live_chart import clicked, live_chart

_TOP = 30  # categories in the bar chart
_CELLS = 80  # categories in the matrix, the most frequent
_HEAT = [[0, palette.rgba(palette.ACCENT, 0.04)], [1, palette.ACCENT]]


@st.cache_data(max_entries=8, show_spinner=False)
def _whole(folder: str, _coco: Coco) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return statistics.categories(_coco), statistics.per_image(_coco), statistics.joints(_coco), statistics.together(_coco)


def show(coco: Coco) -> None:
    """All charts."""
    each, per_image, joints, together = _whole(str(coco.folder), coco)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(_(N_("**Categories**: top {most} of {all}"), most=min(_TOP, len(each)), all=len(each)))
        _categories(each)
    with right:
        st.markdown(_(N_("**Instances per image**")))
        _per_image(per_image)
    numbers = _category(coco, each)
    left, right = st.columns(2, gap="large")
    with left:
        _sizes(coco, numbers)
    with right:
        _places(coco, numbers)
    if len(joints):
        _joints(coco, joints)
    _together(coco, together)


def _categories(each: pd.DataFrame) -> None:
    top = each.head(_TOP)
    fig = charts.figure(520)
    fig.add_bar(
        x=top["n"], y=top["name"], orientation="h", marker_color=palette.ACCENT, customdata=top[["images", "crowds"]],
        hovertemplate=_(N_("%{y}: %{x:,} instances in %{customdata[0]:,} images (crowds: %{customdata[1]:,})")) + "<extra></extra>",
    )  # fmt: skip
    fig.update_yaxes(autorange="reversed", tickfont_size=10, dtick=1)
    fig.update_xaxes(title_text=_(N_("Instances")))
    live_chart(fig, "coco-each", alt=_(N_("Instances per category")))


def _per_image(found: pd.DataFrame) -> None:
    fig = charts.figure(520)
    fig.add_bar(x=found["n"], y=found["images"], marker_color=palette.ACCENT, hovertemplate="%{x}: %{y:,}<extra></extra>")
    fig.update_xaxes(title_text=_(N_("Instances per image")))
    fig.update_yaxes(title_text=_(N_("Images")))
    live_chart(fig, "coco-per-image", alt=_(N_("Distribution of instances per image")))


def _category(coco: Coco, each: pd.DataFrame) -> list[int] | None:
    name = st.selectbox(
        _(N_("Category for size and location")), ["", *each["name"]], key="coco-of", format_func=lambda n: n or _(N_("all categories")),
    )  # fmt: skip
    return coco.names.categories[name] if name else None


def _sizes(coco: Coco, numbers: list[int] | None) -> None:
    found, classes = statistics.sizes(coco, numbers), statistics.area_classes(coco, numbers)
    total = max(1, sum(classes.values()))
    st.markdown(
        _(N_("**Size**: {small}% small, {medium}% medium, {large}% large"),
          **{k: f"{100 * v / total:.0f}" for k, v in classes.items()})
    )  # fmt: skip
    fig = charts.figure(380)
    middle = found["side"] * 2**0.25
    fig.add_bar(
        x=np.log2(middle), y=found["n"], width=0.48, marker_color=palette.ACCENT, customdata=np.round(middle, 1),
        hovertemplate=_(N_("about %{customdata} px: %{y:,}")) + "<extra></extra>",
    )  # fmt: skip
    for side, words in ((32, "32²"), (96, "96²")):
        fig.add_vline(x=float(np.log2(side)), line={"color": palette.NEUTRAL, "dash": "dot"}, annotation_text=words)
    ticks = [2, 8, 32, 96, 256, 640]
    fig.update_xaxes(title_text=_(N_("Square root of area (px, log scale)")), tickvals=np.log2(ticks), ticktext=ticks)
    fig.update_yaxes(title_text=_(N_("Instances")))
    live_chart(fig, "coco-sizes", alt=_(N_("Instance sizes")))


def _places(coco: Coco, numbers: list[int] | None) -> None:
    st.markdown(_(N_("**Location**: bounding box centers within the image")))
    values = statistics.places(coco, numbers)
    fig = charts.figure(380)
    fig.add_heatmap(z=values, colorscale=_HEAT, showscale=False, hovertemplate="%{z:,}<extra></extra>")
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", scaleratio=0.75)
    live_chart(fig, "coco-places", alt=_(N_("Heatmap of bounding box centers")))


def _joints(coco: Coco, found: pd.DataFrame) -> None:
    bodies = [json.loads(text) for text in coco.categories["keypoints"]]
    names = max(bodies, key=len, default=[])
    labels = [joint(names[j]) if j < len(names) else str(j + 1) for j in found["joint"]]
    st.markdown(
        _(N_("**Keypoints** of {count} people. Eyes and ears of people facing away cannot be "
        "labeled. Hips and knees are often occluded."), count=f"{int(found['of'].max()):,}")
    )  # fmt: skip
    fig = charts.figure(420)
    absent = found["of"] - found["visible"] - found["hidden"]
    parts = (
        ("visible", N_("visible"), palette.GREEN), ("hidden", N_("labeled but not visible"), palette.ORANGE),
        ("", N_("not labeled"), palette.NEUTRAL),
    )  # fmt: skip
    for column, words, colour in parts:
        values = found[column] if column else absent
        fig.add_bar(
            x=100 * values / found["of"], y=labels, orientation="h", name=_(words), marker_color=colour, customdata=values,
            hovertemplate="%{y}: %{x:.1f} % (%{customdata:,})<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack", showlegend=True)
    fig.update_yaxes(autorange="reversed", dtick=1, tickfont_size=11)
    fig.update_xaxes(title_text=_(N_("Share of people (%)")), range=[0, 100])
    live_chart(fig, "coco-joints", alt=_(N_("Keypoint visibility")))


def _together(coco: Coco, together: pd.DataFrame) -> None:
    st.markdown(_(N_("**Co-occurrence**: images that contain both categories. Click a cell to select them.")))
    names = coco.categories.set_index("category")["name"]
    counts = pd.Series(np.diag(together), index=together.index).sort_values(ascending=False)
    most = set(counts[counts > 0].index[:_CELLS])
    kept = [c for c in together.index if c in most]
    values = together.loc[kept, kept].to_numpy()
    labels = [names[c] for c in kept]
    axis = [f"{name} ({c})" if labels.count(name) > 1 else name for c, name in zip(kept, labels, strict=True)]
    cells = [[[one, other, int(n)] for other, n in zip(labels, row, strict=True)] for one, row in zip(labels, values, strict=True)]
    fig = go.Figure(charts.figure(660))
    fig.add_heatmap(
        x=axis, y=axis, z=np.log1p(values), customdata=cells, showscale=False, colorscale=_HEAT,
        hovertemplate="%{x} + %{y}: %{customdata[2]:,}<extra></extra>",
    )  # fmt: skip
    fig.update_yaxes(autorange="reversed")
    found = clicked(fig, "coco-together", alt=_(N_("Category co-occurrence")))
    if isinstance(found, list) and len(found) == 3 and {found[0], found[1]} <= set(labels):
        one, other, count = found
        wanted = " and ".join(dict.fromkeys(where.condition(n, ">=", 1) for n in (one, other)))

        def see() -> None:
            st.session_state["where"], st.session_state["view"] = wanted, "images"

        with st.container(horizontal=True, vertical_alignment="center", key="coco-pair"):
            st.markdown(_(N_("**{one}** with **{other}**: {count} images"), one=plain(one), other=plain(other), count=f"{count:,}"))
            st.button(_(N_("Show these images")), icon=":material/filter_alt:", type="primary", on_click=see)
