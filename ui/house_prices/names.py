"""Names of columns in the visitor's language, with those of the file beside them, and rows shown under these names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.kit.i18n import _


def short_name(table: HouseTable, column: str) -> str:
    """What `column` means, without its unit."""
    return _(table.meaning(column)).partition(" (")[0]


def chart_name(table: HouseTable, column: str) -> str:
    """The label of `column` in charts: what it means, and its name in the file."""
    return f"{short_name(table, column)} · {column}"


def axis_title(table: HouseTable, column: str) -> str:
    """The title of an axis: meaning and unit, on two lines so that it fits a phone."""
    return _(table.meaning(column)).replace(" (", "<br>(", 1)


def option_name(table: HouseTable, column: str) -> str:
    """The label of `column` among options."""
    return f"{_(table.meaning(column))} · {column}"


def format_target(table: HouseTable, value: float) -> str:
    """Format a predicted or actual target with its unit."""
    if table.dataset.name == "diabetes":
        return f"{value:,.0f}"
    return f"${1000 * value:,.0f}"


def format_change(table: HouseTable, value: float) -> str:
    """Format a difference of two targets with its sign and unit."""
    return f"{'−' if value < 0 else '+'}{format_target(table, abs(value))}"


def show_rows(
    table: HouseTable,
    x: np.ndarray,
    titles: Sequence[str],
    figures: Mapping[str, Sequence[float | str | None]],
    key: str,
) -> None:
    """Show rows (N, F) as columns called `titles`: first their `figures` (N,) by label, then what each column of the file says."""
    frame = pd.DataFrame(
        [
            *([label, "", *map(_format, values)] for label, values in figures.items()),
            *([_(table.meaning(c)), c, *map(_format, x[:, i])] for i, c in enumerate(table.features)),
        ],
        columns=[_(N_("Meaning")), _(N_("Column")), *titles],
    )
    columns = {title: st.column_config.TextColumn(title, width=84) for title in titles}
    st.dataframe(frame, hide_index=True, height="content", key=key, column_config=columns)


def _format(value: float | str | None) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
