"""Points of the visitor: a CSV file, or a table to type in."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from core.lessons.points_csv import MAX_MAGNITUDE, MAX_POINTS, Points, read_points
from core.messages import Message, N_
from ui.gradient_descent import state
from ui.gradient_descent.state import Work
from ui.kit.frame import flash, show_messages, try_action
from ui.kit.i18n import _, escape_markdown

_PLACE = "gd-points"


def show_own_points(work: Work) -> None:
    """Let the visitor upload a CSV, edit the points in a table, and standardize x."""
    show_messages(_PLACE)
    left, right = st.columns(2, gap="large")
    with left:
        st.file_uploader(
            _(N_("CSV of points")),
            type=["csv", "txt", "tsv"],
            key="gd-csv",
            on_change=_take_file,
            help=_(N_("A column x and a column y, with or without names. Commas, semicolons or tabs.")),
        )
        if work.table is not None and len(work.table.columns) > 1:
            st.selectbox(
                _(N_("Column for x")),
                list(work.table.columns),
                key="gd-column",
                format_func=escape_markdown,
                on_change=_take_column,
            )
        st.button(
            _(N_("Standardize x")),
            icon=":material/straighten:",
            on_click=_standardize,
            disabled=not work.has_line,
            help=_(
                N_("Subtracts the mean of x and divides by its standard deviation: the valley becomes round.")
            ),
        )
    with right:
        # A key per revision: edits of the chart must reach the table too.
        key = f"gd-table-{work.revision}-{len(work.points)}"
        st.data_editor(
            pd.DataFrame(work.points, columns=["x", "y"]),
            key=key,
            num_rows="dynamic",
            height=300,
            on_change=_take_table,
            args=(key, tuple(map(tuple, work.points))),
        )


def _take_file() -> None:
    upload = st.session_state["gd-csv"]
    if upload is None:
        return
    points = try_action(_read, upload.getvalue(), upload.name, place=_PLACE)
    if not isinstance(points, Points):
        return
    for notice in points.notices:
        flash(notice, "info", place=_PLACE)
    state.get_work().table = points
    _use_column(points, 0)


def _read(data: bytes, name: str) -> Points:
    return read_points(data, escape_markdown(name), targets="number")


def _take_column() -> None:
    table = state.get_work().table
    if table is not None:
        _use_column(table, table.columns.index(st.session_state["gd-column"]))


def _use_column(points: Points, column: int) -> None:
    x = points.x[:, column].astype(float)
    state.use_own_points([[float(a), float(b)] for a, b in zip(x, points.y, strict=True)])


def _standardize() -> None:
    work = state.get_work()
    x = (work.x - work.x.mean()) / work.x.std()
    state.use_own_points([[round(float(a), 6), float(b)] for a, b in zip(x, work.y, strict=True)])


def _take_table(key: str, before: tuple[tuple[float, float], ...]) -> None:
    """Apply what was typed. A row that is not complete waits until it is."""
    changes = st.session_state[key]
    rows: list[list[float | None]] = [list(p) for p in before]
    for index, cells in changes.get("edited_rows", {}).items():
        for name, value in cells.items():
            rows[int(index)][name == "y"] = value
    deleted = {int(i) for i in changes.get("deleted_rows", [])}
    rows = [row for i, row in enumerate(rows) if i not in deleted]
    added = [[row.get("x"), row.get("y")] for row in changes.get("added_rows", [])]
    if any(None in row for row in added):
        return
    points = [[_checked(v) for v in row] for row in [*rows, *added]]
    if len(points) > MAX_POINTS or any(np.isnan(p).any() for p in points):
        flash(
            Message(
                N_("Each point needs two numbers up to {most}. The last change was not used."),
                {"most": f"{MAX_MAGNITUDE:,.0f}"},
            ),
            "warning",
            place=_PLACE,
        )
        return
    state.use_own_points(points)


def _checked(value: float | None) -> float:
    return float(value) if value is not None and abs(value) <= MAX_MAGNITUDE else math.nan
