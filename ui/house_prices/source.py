"""The table that the House prices page is about: Boston, California, or the fallback."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core import data
from core.analysis.table_models import NAMES
from core.lessons import house_data, house_settings
from core.lessons.house_data import HouseTable
from core.messages import N_, UserError
from ui.kit import url
from ui.kit.downloads import download_button
from ui.kit.i18n import _, _n, translate_message

MESSAGES = "house-prices"
"""Where the page shows what a link got wrong."""
_B_KEY = "use_b"


def choose_table() -> HouseTable | None:
    """Let the visitor choose the table; None if it is not installed, which is said here."""
    with st.container(horizontal=True, vertical_alignment="center"):
        source = url.choose_one(
            st.segmented_control,
            _(N_("Dataset")),
            list(house_data.SOURCES),
            key="data",
            default="boston",
            required=True,
            label_visibility="collapsed",
            format_func=lambda name: _(house_data.SOURCES[name]),
        )
        use_b = (
            source == "boston"
            and house_data.boston_is_installed()
            and url.toggle(_(N_("Use column b")), key=_B_KEY, help=_(house_data.without_b_note()))
        )
    try:
        table = load(source, use_b)
    except UserError as error:
        if source != "california":
            raise
        _offer_california(error)
        return None
    _name_fallback(table)
    return table


def choices() -> dict[str, Iterable[object]]:
    """The possible values of every parameter of the page's address that names a choice, but for columns."""
    rates = {f"rate-{name}": house_settings.RATES for name in ("sgd", "momentum", "adam")}
    return {
        "data": house_data.SOURCES,
        _B_KEY: ("true", "false"),
        "model": NAMES,
        "depth": house_settings.DEPTHS,
        "width": house_settings.WIDTHS,
        "seed": range(house_settings.NUM_SEEDS),
        **rates,
    }


def load(source: str, use_b_column: bool) -> HouseTable:
    """Load a table, once per server."""
    return _load(source, use_b_column, str(data.find_dataset("boston")))


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(source: str, use_b_column: bool, folder: str) -> HouseTable:
    return house_data.load_table(source, use_b_column)


def _offer_california(error: UserError) -> None:
    st.info(translate_message(error.message), icon=":material/info:")
    download_button(
        _(N_("Download California housing (0.4 MB)")),
        "download-california",
        house_data.download_california,
        type="primary",
    )


def _name_fallback(table: HouseTable) -> None:
    found = table.dataset
    if found.stand_in_for:
        st.caption(
            ":material/info: "
            + _(
                N_(
                    "Boston housing is not installed, so this page uses {data}: patients, not houses. "
                    "Place the file in the data folder as {layout}."
                ),
                data=_(found.title),
                layout=data.dataset_info("boston").layout,
            )
        )


def show_size(table: HouseTable) -> None:
    """Say how many rows there are, what is predicted, and why Boston's column `b` is left out."""
    found = table.dataset
    held = len(found.test_y)
    st.caption(
        _n(
            "{title}: {train} rows for training and {count} held-out row for validation. Target: {target}.",
            "{title}: {train} rows for training and {count} held-out rows for validation. Target: {target}.",
            held,
            title=_(found.title),
            train=f"{len(found.train_y):,}",
            target=_(table.meaning(found.target)),
        )
    )

    if found.name == "boston":
        st.caption(f":material/info: {_(house_data.without_b_note())}")
