"""House prices page: a network for a table, from its columns to the price of one house, beside classical models."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.house_prices import source
from ui.kit import preload, url, url_numbers
from ui.kit.frame import page, show_messages
from ui.kit.i18n import _

VIEWS = {
    "house": N_("One house"),
    "data": N_("Data"),
    "train": N_("Train"),
    "models": N_("Compare models"),
    "errors": N_("Errors"),
    "why": N_("Importance"),
}


def show_house(table: HouseTable) -> None:
    """Show the sliders of one house and its price."""
    from ui.house_prices import what_if

    what_if.show_what_if(table)


def show_data(table: HouseTable) -> None:
    """Show the table, its columns and how they are related."""
    from ui.house_prices import data_view

    data_view.show_columns(table)
    data_view.show_relation(table)
    data_view.show_rows(table)


def show_training(table: HouseTable) -> None:
    """Show the training of a network by three optimizers, and its file."""
    from ui.house_prices import model_file, training

    training.show_training(table)
    model_file.show_model_file(table)


def show_models(table: HouseTable) -> None:
    """Show the cross-validation of all models."""
    from ui.house_prices import comparison

    comparison.show_comparison(table)


def show_errors(table: HouseTable) -> None:
    """Show predicted against actual values and residuals."""
    from ui.house_prices import errors

    errors.show_errors(table)


def show_importance(table: HouseTable) -> None:
    """Show permutation importance and partial dependence."""
    from ui.house_prices import importance

    importance.show_importance(table)


def show_missing_run(table: HouseTable) -> None:
    """Say so if the link names a run that cannot be used."""
    from ui.house_prices import fitted

    fitted.show_missing_run(table)


SHOW_VIEW: dict[str, Callable[[HouseTable], None]] = {
    "house": show_house,
    "data": show_data,
    "train": show_training,
    "models": show_models,
    "errors": show_errors,
    "why": show_importance,
}

with page("house_prices"):
    messages = st.container()
    url_numbers.check_choices(source.choices() | {"view": VIEWS}, source.MESSAGES)
    table = source.choose_table()
    if table is not None:
        url_numbers.check_choices(dict.fromkeys(("column", "feature"), table.features), source.MESSAGES)
        view, tab = url.choose_tab({v: _(name) for v, name in VIEWS.items()}, key="view", default="house")
        with tab:
            preload.wait_until_ready()
            show_missing_run(table)
            SHOW_VIEW[view](table)
        source.show_size(table)
    with messages:
        show_messages(source.MESSAGES)
