"""The attached run on top of the Train page: its state, what its two accuracies are, its curves, and the way to the next run."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.kinds import get_kind
from core.messages import N_
from core.runs.store import Run
from ui.kit.i18n import _
from ui.kit.terms import link_terms
from ui.runs.results import show_downloads, show_test_results
from ui.runs.run_panel import run_header, run_panel
from ui.train import launch, reference


def show_run(run: Run) -> None:
    """Show the run in any state: live while it trains, with its test results when it is finished."""
    run_header(run, partial(_next_button, run))
    _explain_splits(run)
    run_panel(run, lambda: reference.show_reference_curves(run.task))
    show_test_results(run)
    show_downloads(run)


def _next_button(run: Run, is_main: bool) -> None:
    """The button that lets go of the run and puts its settings into the form, above its curves in gray."""
    if st.button(
        _(N_("Change and train again")),
        icon=":material/replay:",
        key=f"again-{run.id}",
        type="primary" if is_main else "secondary",
        on_click=_start_over,
        args=(run,),
    ):
        st.rerun()  # of the page: the button belongs to a fragment


def _start_over(run: Run) -> None:
    if launch.take_over_recipe(run):
        st.query_params.pop("run", None)


def _explain_splits(run: Run) -> None:
    """Say what the validation and the test set are for, with their sizes; nothing if the run has no validation curve."""
    validation, test = run.num_examples("validation"), run.num_examples("test")
    compares = any(len(curve.columns) > 1 for curve in get_kind(run.task.kind).curves)
    if not (validation and test and compares):
        return
    sentence = _(
        N_(
            "The model never trains on the validation set (n = {validation}); it picks the best epoch. The test "
            "set (n = {test}) is used once, after training: the test result is the one to report."
        ),
        validation=f"{validation:,}",
        test=f"{test:,}",
    )
    st.markdown(link_terms(sentence, "validation-data", "test-data"))
