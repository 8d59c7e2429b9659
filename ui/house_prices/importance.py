"""Importance: what shuffling a column costs, and how the prediction depends on one column."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.analysis import table_explain
from core.analysis.table_explain import Importance, PartialDependence
from core.analysis.table_models import NETWORK
from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.house_prices import fitted, names
from ui.house_prices.charts import dependence_chart, labeled_bars
from ui.kit import palette, url
from ui.kit.i18n import _


def show_importance(table: HouseTable) -> None:
    """Show permutation importance on the left, partial dependence of one column on the right."""
    name = fitted.choose_model()
    weights = id(fitted.get_network(table)[0].network) if name == NETWORK else 0
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_(N_("Permutation importance")))
        with st.spinner(_(N_("Shuffling columns…"))):
            found = _importance(table.key, name, weights, table)
        order = np.argsort(-found.mean)
        live_chart(
            labeled_bars(
                [names.chart_name(table, table.features[i]) for i in order],
                found.mean[order],
                [f"{found.mean[i]:.2f}" for i in order],
                [palette.ACCENT] * len(order),
                std=found.std[order],
                x_label=_(N_("increase of the validation RMSE ({unit})"), unit=_(table.unit)),
            ),
            f"importance-{table.dataset.name}-{len(table.features)}",
            alt=_(N_("Permutation importance of every column")),
        )
        st.caption(
            _(
                N_(
                    "Each column of the validation rows is shuffled ten times; the bar is the mean, the line the "
                    "standard deviation. It shows what this model relies on, not what causes prices."
                )
            )
        )
    with right:
        st.header(_(N_("Partial dependence")))
        column = url.choose_one(
            st.selectbox,
            _(N_("Column")),
            list(table.features),
            key="feature",
            default=table.features[int(np.argmax(found.mean))],
            format_func=lambda c: names.option_name(table, c),
        )
        place = table.features.index(column)
        curve = _dependence(table.key, name, weights, place, table)
        live_chart(
            dependence_chart(
                curve.grid,
                curve.rows,
                curve.mean,
                table.dataset.train_x[:, place],
                x_label=names.axis_title(table, column),
                y_label=_(N_("predicted ({unit})"), unit=_(table.unit)),
                mean_label=_(N_("mean of all rows")),
                row_label=_(N_("single rows")),
            ),
            f"dependence-{table.dataset.name}",
            alt=_(N_("Prediction over one column, for single rows and their mean")),
        )
        st.caption(
            _(
                N_(
                    "The prediction if this column were set to each value and all others stayed. Lines that are "
                    "not parallel show interactions. Ticks below mark the data: few ticks, little evidence."
                )
            )
        )


@st.cache_data(max_entries=32, show_spinner=False)
def _importance(key: str, name: str, weights: int, _table: HouseTable) -> Importance:
    found = _table.dataset
    return table_explain.permutation_importance(fitted.predictor_of(_table, name), found.test_x, found.test_y)


@st.cache_data(max_entries=64, show_spinner=False)
def _dependence(key: str, name: str, weights: int, feature: int, _table: HouseTable) -> PartialDependence:
    return table_explain.partial_dependence(
        fitted.predictor_of(_table, name), _table.dataset.train_x, feature
    )
