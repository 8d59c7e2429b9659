"""Side dialog of one model: accuracy, cost, Grad-CAM on three images, and where to go from there."""

from __future__ import annotations

import math

import streamlit as st

from core.analysis import significance
from core.analysis.model_results import ModelResult
from core.messages import N_
from ui.compare import heatmap, sample_images
from ui.compare.model_picker import model_costs, model_name
from ui.kit import preload
from ui.kit.frame import PAGES, with_error_boundary
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_all

_REQUEST = "_compare-open"
_NUM_IMAGES = 3
_LONG_SECONDS = 600


def request(model_id: str) -> None:
    """Callback: open the dialog of the result called `model_id` when the page is drawn."""
    st.session_state[_REQUEST] = model_id


def show_requested(results: list[ModelResult]) -> None:
    """Open the requested dialog, once."""
    wanted = st.session_state.pop(_REQUEST, None)
    if result := next((r for r in results if r.id == wanted), None):
        st.dialog(escape_markdown(model_name(result)), width="small", position="right")(_content)(result)


@with_error_boundary
def _content(result: ModelResult) -> None:
    st.markdown(_(result.task.about))
    _show_metrics(result)
    _show_links(result)
    _show_heatmaps(result)


def _show_metrics(result: ModelResult) -> None:
    cost = model_costs(result)
    low, high = (
        significance.wilson_interval(result.right, result.count) if result.count else (math.nan, math.nan)
    )
    with st.grid(2, min_column_width=150):
        st.metric(
            _(N_("Test accuracy")),
            f"{100 * result.accuracy:.2f}%" if math.isfinite(result.accuracy) else "–",
            f"{100 * low:.1f}–{100 * high:.1f}%" if result.count else None,
            delta_color="off",
            delta_arrow="off",
            help=_(N_("95% CI")),
            border=True,
        )
        st.metric(
            _(N_("MACs (M)")),
            f"{cost['multiply_adds'] / 1e6:,.1f}",
            _(N_("TTA ×{views}"), views=result.views) if result.views > 1 else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        st.metric(_(N_("Parameters")), f"{cost['parameters'] / 1e6:,.2f} M", border=True)
        st.metric(
            _(N_("Training time")),
            format_duration(_rounded(result.seconds)) if result.seconds else "–",
            _n("{count} epoch", "{count} epochs", result.epochs) if result.epochs else None,
            delta_color="off",
            delta_arrow="off",
            border=True,
        )


def _rounded(seconds: float) -> float:
    """A long duration in whole minutes."""
    return 60 * round(seconds / 60) if seconds >= _LONG_SECONDS else seconds


def _show_links(result: ModelResult) -> None:
    with st.container(horizontal=True):
        st.page_link(
            PAGES["architecture"].path,
            label=_(N_("Architecture")),
            icon=":material/account_tree:",
            query_params={"net": result.task.name},
        )
        st.page_link(
            PAGES["train"].path,
            label=_(N_("Train")),
            icon=":material/model_training:",
            query_params={"run": result.run.id} if result.run else {"task": result.task.name},
        )


def _show_heatmaps(result: ModelResult) -> None:
    st.markdown(_(N_("**Grad-CAM: regions that contribute most**")))
    images = sample_images.list_samples(result, _NUM_IMAGES)
    with st.spinner(_(N_("Computing heatmaps…"))):
        preload.wait_until_ready()
        names = translate_all(result.classes)
        grid = st.grid(_NUM_IMAGES, min_column_width=90)
        for image in images:
            shown = heatmap.explain(result, image, opacity=heatmap.DEFAULT_OPACITY)
            if shown is None:
                st.caption(_(N_("Grad-CAM not available: no convolutional layers")))
                return
            grid.image(
                shown.overlay,
                width="stretch",
                caption=_(
                    N_("{label}: {share}"), label=names[shown.predicted], share=f"{shown.confidence:.0%}"
                ),
                alt=names[shown.predicted],
            )
    heatmap.color_bar()
