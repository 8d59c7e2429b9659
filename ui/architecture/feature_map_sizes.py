"""Feature map sizes of several models: a tab of the Architecture page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import tasks
from core.inference import feature_map_sizes
from core.messages import N_
from ui.architecture import networks
from ui.components.live_chart import live_chart
from ui.kit import palette as p
from ui.kit import url
from ui.kit.charts import empty_figure
from ui.kit.i18n import _

_MAX_MODELS = 4
_IMAGENET_STEM = "imagenet-stem"  # ResNet-18 with the stem for ImageNet's larger images
_COARSE_STEM_MESSAGE = N_(
    "Its first layers are designed for larger images. Use stride 1 there and remove the "
    "pooling to keep the feature maps large."
)
_OVER_DOWNSAMPLED_MESSAGE = N_(
    "It downsamples too often for {size}-pixel images. Use a smaller stride or fewer "
    "downsampling blocks to keep the feature maps large."
)
_MAX_PADDING_ONLY = 0.1  # fraction of the parameters in kernels that cover only padding


def feature_map_sizes_tab(task: tasks.Task, options: dict[str, Any]) -> None:
    """Plot the stages of the task's model and of models to compare with, and warn about excessive
    downsampling.
    """
    side = networks.task_shape(task)[0][1]
    others = {t.name: _(t.title) for t in tasks.TASKS if t.dataset == task.dataset and t.name != task.name}
    stem = tasks.get_task("cifar10-resnet18-pretrained")
    if task.dataset == stem.dataset:
        others[_IMAGENET_STEM] = _(N_("ResNet-18 with ImageNet stem, {size}-pixel input"), size=side)
    chosen = url.choose_many(
        _(N_("Compare with")),
        list(others),
        key="beside",
        default=[_IMAGENET_STEM] if _IMAGENET_STEM in others else [],
        format_func=others.get,
        always=False,
        max_selections=_MAX_MODELS,
        placeholder=_(N_("Select models to compare")),
    )
    shown = [(_(task.title), networks.build_network(task, options))]
    for name in chosen:
        other = stem if name == _IMAGENET_STEM else tasks.get_task(name)
        shown.append(
            (
                others[name],
                networks.build_network(
                    other,
                    {
                        **other.recipe.part("model"),
                        **({"image_size": side} if name == _IMAGENET_STEM else {}),
                    },
                ),
            )
        )
    alt = _(N_("Feature map size by layer"))
    live_chart(
        map_size_chart(
            [(title, feature_map_sizes.find_stages(built.layers)) for title, built in shown], side
        ),
        "shrinking",
        alt=alt,
    )
    st.caption(
        _(
            N_(
                "Each step is a stage. Its height is the feature map size, its length the number of "
                "convolutional and fully connected layers. Late downsampling preserves spatial detail "
                "but costs more: doubling the side length quadruples the MACs."
            )
        )
    )
    for place, (title, built) in enumerate(shown):
        share = feature_map_sizes.padding_only_fraction(built.network, built.layers)
        if share > _MAX_PADDING_ONLY:
            what = N_(
                "**{network}**: {share}% of its parameters are in kernels on 1×1 feature maps. There, "
                "almost all of a 3×3 kernel covers only padding."
            )
            why = (
                _COARSE_STEM_MESSAGE
                if place and chosen[place - 1] == _IMAGENET_STEM
                else _OVER_DOWNSAMPLED_MESSAGE
            )
            st.warning(
                f"{_(what, network=title, share=f'{100 * share:.0f}')} {_(why, size=side)}",
                icon=":material/compress:",
            )


def map_size_chart(
    stages_by_model: Sequence[tuple[str, list[feature_map_sizes.Stage]]], side: int, height: int = 340
) -> go.Figure:
    """Side of the feature maps (pixels, logarithmic) by number of layers with weights; one step line per
    model.
    """
    fig = empty_figure(height + 14 * len(stages_by_model), legend=True)
    for place, (title, stages) in enumerate(stages_by_model):
        color, dash = p.series_style(place)
        begins = [0, *(s.num_layers for s in stages[:-1])]
        fig.add_scatter(
            x=[*begins, stages[-1].num_layers],
            y=[*(s.height for s in stages), stages[-1].height],
            name=html.escape(title),
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 2, "shape": "hv"},
            marker={"size": 7},
            cliponaxis=False,
            customdata=[
                [s.channels, s.num_layers - b, 100 * s.mac_fraction]
                for s, b in zip(stages, begins, strict=True)
            ]
            + [[0, 0, 0]],
            hovertemplate=f"<b>{html.escape(title)}</b><br>%{{y}}×%{{y}} px<br>"
            + _hover_template()
            + "<extra></extra>",
        )
    ticks = [2**k for k in range(12) if 2**k <= 2 * side]
    fig.update_yaxes(
        title_text=_(N_("feature map size (pixels)")),
        type="log",
        tickvals=ticks,
        ticktext=[str(t) for t in ticks],
    )
    fig.update_xaxes(title_text=_(N_("convolutional and fully connected layers")), rangemode="tozero")
    return fig


def _hover_template() -> str:
    return _(
        N_("channels: {channels} · layers: {layers} · MACs: {share}%"),
        channels="%{customdata[0]}",
        layers="%{customdata[1]}",
        share="%{customdata[2]:.0f}",
    )
