"""Compare page: CIFAR-10 models by accuracy and cost, predictions, learning curves, and with an equal training budget."""

from __future__ import annotations

import streamlit as st

from core.analysis.model_results import ModelResult
from core.messages import N_
from core.migration import migrate_link
from ui.compare import curves, equal_budget, model_picker, predictions, single_image, table
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _

VIEWS = {
    "figures": N_("Accuracy and cost"),
    "photo": N_("Single image"),
    "curves": N_("Learning curves"),
    "classes": N_("Per-class metrics"),
    "closely": N_("Head-to-head"),
}


def show_metrics(results: list[ModelResult]) -> None:
    """Show accuracy against cost, as a chart and a table."""
    table.cost_chart(results)
    table.results_table(results)


def show_single_image(results: list[ModelResult]) -> None:
    """Show the predictions of all models for one image."""
    image = single_image.choose_image(results)
    if image is not None:
        single_image.show_predictions(results, image)
        with st.expander(_(N_("Feature maps by layer")), icon=":material/layers:"):
            single_image.show_feature_maps(results, image.pixels)


SHOW_VIEW = {
    "figures": show_metrics,
    "photo": show_single_image,
    "curves": curves.learning_curves,
    "classes": predictions.class_accuracy,
    "closely": predictions.head_to_head,
}

with page("compare"):
    url.migrate_parameters("", migrate_link)
    results = model_picker.pick_models()
    if results:
        view = url.choose_one(
            st.segmented_control,
            _(N_("View")),
            list(VIEWS),
            key="view",
            default="figures",
            required=True,
            format_func=lambda v: _(VIEWS[v]),
            label_visibility="collapsed",
        )
        SHOW_VIEW[view](results)
    st.subheader(_(N_("Equal-budget comparison")))
    st.markdown(
        _(
            N_(
                "Train two to five models on the same data, with the same seed and budget, each with "
                "its own recipe. They run one after another, are evaluated without test-time "
                "augmentation, and share one chart."
            )
        )
    )
    with st.container(border=True):
        equal_budget.comparison_form(model_picker.DATASET)
    with st.container(key=equal_budget.PANEL_KEY):
        if comparison_id := equal_budget.choose_comparison():
            equal_budget.comparison_panel(comparison_id)
