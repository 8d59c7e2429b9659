"""Compare page: CIFAR-10 models by accuracy and cost, predictions, learning curves, and with an equal training budget."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.analysis.model_results import ModelResult
from core.messages import N_
from core.migration import migrate_link
from ui.compare import curves, equal_budget, model_dialog, model_picker, predictions, single_image, table
from ui.compare.model_picker import Selection
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _

BUDGET_VIEW = "budget"
VIEWS = {
    "figures": N_("Accuracy and cost"),
    "photo": N_("Single image"),
    "curves": N_("Learning curves"),
    "classes": N_("Per-class metrics"),
    "closely": N_("Head-to-head"),
    BUDGET_VIEW: N_("Equal budget"),
}


def show_metrics(selection: Selection) -> None:
    """Show accuracy against cost, as a chart and a table."""
    table.cost_chart(selection)
    table.results_table(selection.results)
    model_dialog.show_requested(selection.results)


def show_single_image(results: list[ModelResult]) -> None:
    """Show the predictions of all models for one image."""
    image = single_image.choose_image(results)
    if image is not None:
        single_image.show_predictions(results, image)
        with st.expander(
            _(N_("Feature maps by layer")), icon=":material/layers:", on_change="rerun", key="feature-maps"
        ) as maps:
            if maps.open:
                single_image.show_feature_maps(results, image.pixels)


def show_equal_budget() -> None:
    """Show the form of the equal-budget comparison, and the comparison chosen."""
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


SHOW_VIEW: dict[str, Callable[[list[ModelResult]], None]] = {
    "photo": show_single_image,
    "curves": curves.learning_curves,
    "classes": predictions.class_accuracy,
    "closely": predictions.head_to_head,
}

with page("compare"):
    url.migrate_parameters("", migrate_link)
    default = "figures"
    if "comparison" in st.query_params:
        default = BUDGET_VIEW
        if "view" not in st.query_params:
            url.forget_choice("view")  # a link to a comparison opens it, whatever was seen before
    view, tab = url.choose_tab({v: _(name) for v, name in VIEWS.items()}, key="view", default=default)
    with tab:
        if view == BUDGET_VIEW:
            show_equal_budget()
        elif (selection := model_picker.pick_models(all_at_first=view == "figures")) and selection.results:
            if view == "figures":
                show_metrics(selection)
            else:
                SHOW_VIEW[view](selection.results)
