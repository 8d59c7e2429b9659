"""One house: sliders for its columns, the price that each model predicts, and the rows of the data most like it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.analysis import table_explain
from core.analysis.table_models import NAMES, NETWORK
from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.house_prices import fitted, names
from ui.house_prices.charts import labeled_bars, place_chart
from ui.house_prices.source import MESSAGES
from ui.kit import palette, url, url_numbers
from ui.kit.i18n import _, _n, escape_markdown

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
    """Show the prediction above the sliders, what each of them contributes, and the nearest rows."""
    result = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        row = _choose_row(table, preset_row(table, "typical"))
    with result:
        name = _show_prediction(table, row)
    with right:
        _show_contributions(table, name, row)
    nearest, distances = table_explain.nearest_rows(row, table.x, _NUM_NEIGHBORS)
    if distances[0] > _usual_distance(table.key, table):
        result.warning(
            _(
                N_(
                    "No row in the data is like this one: the nearest is {distance} standard deviations away. "
                    "The models extrapolate."
                ),
                distance=f"{distances[0]:.1f}",
            ),
            icon=":material/explore_off:",
        )
    _show_models(table, row, table.y[nearest])
    _show_neighbors(table, name, row, nearest, distances)


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


def _show_prediction(table: HouseTable, row: np.ndarray) -> str:
    """Show the model chooser and what the model predicts, among all rows; return the model's name."""
    left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
    with left:
        figure = st.container()
        name = fitted.choose_model()
        value = _predict(table, name, row)
        change = value - _predict(table, name, preset_row(table, "typical"))
        sign = "+" if change > 0 else "-"  # which st.metric reads
        figure.metric(
            _(N_("Predicted: {target}"), target=names.short_name(table, table.dataset.target)),
            names.format_target(table, value),
            " · ".join((f"{sign}{names.format_target(table, abs(change))}", _(N_("against the typical row"))))
            if abs(change) >= _SHOWN_CHANGE * float(np.ptp(table.y))
            else None,
            delta_color="off",
        )
    with right:
        live_chart(
            place_chart(table.y, value, names.axis_title(table, table.dataset.target), _(N_("All rows"))),
            f"what-if-place-{table.dataset.name}",
            alt=_(N_("The prediction for this row in the distribution of all targets")),
        )
        fitted.show_network_origin(table, name)
    return name


def _predict(table: HouseTable, name: str, row: np.ndarray) -> float:
    return float(fitted.predictor_of(table, name)(row[None])[0])


def _show_contributions(table: HouseTable, name: str, row: np.ndarray) -> None:
    """Show what each column adds to the prediction for a row of means."""
    base = table.dataset.mean.astype(np.float32)
    weights = id(fitted.get_network(table)[0].network) if name == NETWORK else 0
    values = _contributions(table.key, name, weights, tuple(map(float, row)), table)
    order = np.argsort(-np.abs(values), kind="stable")
    st.markdown(f"**{_(N_('What each column contributes'))}**")
    live_chart(
        labeled_bars(
            [f"{names.short_name(table, table.features[i])} · {row[i]:.4g}" for i in order],
            values[order],
            [names.format_change(table, values[i]) for i in order],
            [palette.POSITIVE if values[i] >= 0 else palette.NEGATIVE for i in order],
        ),
        f"contributions-{table.dataset.name}-{len(table.features)}",
        alt=_(N_("What each column contributes")),
    )
    st.caption(
        _(
            N_(
                "A row of means gives {base}. Each bar is what this row's value adds to it or takes from it (Shapley "
                "values). Together: {value}."
            ),
            base=escape_markdown(names.format_target(table, _predict(table, name, base))),
            value=escape_markdown(names.format_target(table, _predict(table, name, row))),
        )
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _contributions(
    key: str, name: str, weights: int, row: tuple[float, ...], _table: HouseTable
) -> np.ndarray:
    base = _table.dataset.mean.astype(np.float32)
    return table_explain.contributions(fitted.predictor_of(_table, name), np.array(row, np.float32), base)


def _show_models(table: HouseTable, row: np.ndarray, actual: np.ndarray) -> None:
    """Show the predictions of all models, and what similar rows really reached."""
    models = [NETWORK, *(n for n in NAMES if n != NETWORK)]
    values = [_predict(table, n, row) for n in models]
    st.header(_(N_("Other models")))
    live_chart(
        labeled_bars(
            [*(_(NAMES[n]) for n in models), _(N_("Similar rows, actual"))],
            [*values, float(actual.mean())],
            [
                *(names.format_target(table, v) for v in values),
                f"{names.format_target(table, actual.min())} – {names.format_target(table, actual.max())}",
            ],
            [palette.ACCENT if n == NETWORK else palette.BLUE for n in models] + [palette.ORANGE],
            x_range=(min(0.0, *values), max(float(table.y.max()), *values)),
        ),
        f"what-if-models-{table.dataset.name}",
        alt=_(N_("Predictions of all models for this row, and the targets of similar rows")),
    )


def _show_neighbors(
    table: HouseTable, name: str, row: np.ndarray, nearest: np.ndarray, distances: np.ndarray
) -> None:
    st.header(_(N_("Most similar rows in the data")))
    x = np.concatenate([row[None], table.x[nearest]])
    names.show_rows(
        table,
        x,
        [_(N_("this row")), *(f"#{place + 1}" for place in range(len(nearest)))],
        {
            _(N_("actual")): [None, *(names.format_target(table, v) for v in table.y[nearest])],
            _(N_("predicted")): [names.format_target(table, v) for v in fitted.predictor_of(table, name)(x)],
            _(N_("distance")): [None, *distances],
        },
        "neighbors",
    )
    st.caption(_(N_("Distance: Euclidean, every column in standard deviations.")))


@st.cache_data(max_entries=6, show_spinner=False)
def _usual_distance(key: str, _table: HouseTable) -> float:
    """The distance to the nearest other row that nearly all rows keep."""
    found = [table_explain.nearest_rows(row, _table.x, 2)[1][1] for row in _table.x[:500]]
    return float(np.quantile(found, _FAR))
