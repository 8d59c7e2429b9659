"""One house: sliders for its columns, the price that each model predicts, and the rows of the data most like it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import table_explain
from core.analysis.table_models import NAMES, NETWORK
from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.house_prices import fitted
from ui.house_prices.charts import PriceRow, price_chart
from ui.house_prices.source import MESSAGES
from ui.kit import palette, url, url_numbers
from ui.kit.i18n import _, _n

_MAIN = (
    "rm",
    "lstat",
    "ptratio",
    "dis",
    "nox",
    "crim",
    "MedInc",
    "AveOccup",
    "Latitude",
    "Longitude",
    "bmi",
    "s5",
    "bp",
)
"""Columns with a slider at first; the others follow in an expander."""
_PRESETS = {"cheap": N_("Lowest"), "typical": N_("Typical"), "dear": N_("Highest")}
_PRESET_SHARES = {"cheap": 0.02, "typical": 0.5, "dear": 0.98}
_NUM_NEIGHBORS = 5
_TICKS = 100  # of a slider
_SHOWN_CHANGE = 0.002  # of the range of the targets: a smaller one is the rounding of the sliders
_FAR = 0.99  # share of rows that have a nearer neighbor than this house: beyond, the prediction is an extrapolation


def show_what_if(table: HouseTable) -> None:
    """Show the prediction beside the sliders (on a phone above them), and the nearest rows."""
    start = preset_row(table, "typical")
    left, right = st.columns([3, 2], gap="large")
    with right:
        row = _choose_row(table, start)
    with left:
        name = fitted.choose_model()
        predicted = {n: float(fitted.predictor_of(table, n)(row[None])[0]) for n in NAMES}
        before = float(fitted.predictor_of(table, name)(start[None])[0])
        _show_prediction(table, name, predicted[name], before)
        nearest, distances = table_explain.nearest_rows(row, table.x, _NUM_NEIGHBORS)
        _show_models(table, predicted, table.y[nearest])
        if distances[0] > _usual_distance(table.key, table):
            _warn_extrapolation(float(distances[0]))
    _show_neighbors(table, name, nearest, distances)


def preset_row(table: HouseTable, preset: str) -> np.ndarray:
    """Return a row (F,) of the data: the one whose target is at the preset's share of all rows."""
    order = np.argsort(table.y, kind="stable")
    return table.x[order[round(_PRESET_SHARES[preset] * (len(order) - 1))]]


def _key(table: HouseTable, column: str) -> str:
    return f"{table.dataset.name}.{column}"


def _choose_row(table: HouseTable, start: np.ndarray) -> np.ndarray:
    """Draw a slider per column; return their values (F,)."""

    def use(preset: str) -> None:
        for column, value in zip(table.features, preset_row(table, preset), strict=True):
            st.session_state[_key(table, column)] = _widget_value(table, column, float(value))

    st.caption(_(N_("Start from a row of the data:")))
    with st.container(horizontal=True, gap="small"):
        for preset, label in _PRESETS.items():
            st.button(_(label), key=f"preset-{preset}", on_click=use, args=(preset,))
    values = {}
    main = [c for c in table.features if c in _MAIN]
    others = [c for c in table.features if c not in _MAIN]
    for column in main:
        values[column] = _slider(table, column, start)
    with st.expander(_n("{count} more column", "{count} more columns", len(others)), key="more-columns"):
        for column in others:
            values[column] = _slider(table, column, start)
    return np.array([values[c] for c in table.features], np.float32)


def _limits(table: HouseTable, column: str) -> tuple[float, float, float]:
    """Ends and step of a column's slider: those of the data, on round numbers."""
    values = table.x[:, table.features.index(column)].astype(float)
    low, high = float(values.min()), float(values.max())
    if np.all(values == values.round()) and high - low < 1000:
        return low, high, 1.0
    step = 10.0 ** np.floor(np.log10((high - low) / _TICKS))
    return round(np.floor(low / step) * step, 6), round(np.ceil(high / step) * step, 6), float(step)


def _is_flag(table: HouseTable, column: str) -> bool:
    return set(np.unique(table.x[:, table.features.index(column)])) == {0.0, 1.0}


def _widget_value(table: HouseTable, column: str, value: float) -> float | bool:
    if _is_flag(table, column):
        return value > 0.5
    low, high, step = _limits(table, column)
    return round(min(high, max(low, low + round((value - low) / step) * step)), 6)


def _slider(table: HouseTable, column: str, start: np.ndarray) -> float:
    value = _widget_value(table, column, float(start[table.features.index(column)]))
    label = f"{_(table.meaning(column))} · `{column}`"
    if _is_flag(table, column):
        return float(url.toggle(label, key=_key(table, column), default=value))
    low, high, step = _limits(table, column)
    return float(
        url_numbers.choose_number(
            st.slider,
            label,
            low,
            high,
            value,
            key=_key(table, column),
            place=MESSAGES,
            step=step,
            format="%g",
        )
    )


def format_target(table: HouseTable, value: float) -> str:
    """Format a predicted or actual target with its unit."""
    if table.dataset.name == "diabetes":
        return f"{value:,.0f}"
    return f"${1000 * value:,.0f}"


def _show_prediction(table: HouseTable, name: str, predicted: float, before: float) -> None:
    change = predicted - before
    sign = "+" if change > 0 else "-"  # which st.metric reads
    st.metric(
        _(N_("Predicted: {target}"), target=_(table.meaning(table.dataset.target)).partition(" (")[0]),
        format_target(table, predicted),
        f"{sign}{format_target(table, abs(change))} · {_(N_('against the typical row'))}"
        if abs(change) >= _SHOWN_CHANGE * float(np.ptp(table.y))
        else None,
        delta_color="off",
    )
    fitted.show_network_origin(table, name)


def _show_models(table: HouseTable, predicted: dict[str, float], actual: np.ndarray) -> None:
    rows = [
        PriceRow(
            _(NAMES[n]),
            [predicted[n]],
            palette.ACCENT if n == NETWORK else palette.BLUE,
            size=15 if n == NETWORK else 11,
        )
        for n in (NETWORK, *(n for n in NAMES if n != NETWORK))
    ]
    rows.append(
        PriceRow(_(N_("Similar rows, actual")), actual.tolist(), palette.ORANGE, symbol="diamond", size=10)
    )
    live_chart(
        price_chart(
            rows,
            table.y,
            _(table.meaning(table.dataset.target)),
            _(N_("All rows")),
        ),
        f"what-if-{table.dataset.name}",
        alt=_(N_("Predictions of all models for this row, over the distribution of all targets")),
    )


def _warn_extrapolation(distance: float) -> None:
    st.warning(
        _(
            N_(
                "No row in the data is like this one: the nearest is {distance} standard deviations away. "
                "The models extrapolate."
            ),
            distance=f"{distance:.1f}",
        ),
        icon=":material/explore_off:",
    )


def _show_neighbors(table: HouseTable, name: str, nearest: np.ndarray, distances: np.ndarray) -> None:
    st.header(_(N_("Most similar rows in the data")))
    x = table.x[nearest]
    frame = pd.DataFrame(x, columns=list(table.features))
    frame.insert(0, _(N_("distance")), distances)
    frame.insert(0, _(N_("predicted")), fitted.predictor_of(table, name)(x))
    frame.insert(0, _(N_("actual")), table.y[nearest])
    st.dataframe(frame.style.format(precision=2), hide_index=True, key="neighbors")
    st.caption(_(N_("Distance: Euclidean, every column in standard deviations.")))


@st.cache_data(max_entries=6, show_spinner=False)
def _usual_distance(key: str, _table: HouseTable) -> float:
    """The distance to the nearest other row that nearly all rows keep."""
    found = [table_explain.nearest_rows(row, _table.x, 2)[1][1] for row in _table.x[:500]]
    return float(np.quantile(found, _FAR))
