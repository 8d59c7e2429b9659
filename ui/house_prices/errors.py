"""Errors: predicted against actual values, residuals, and the row behind a point."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.components.live_chart import clickable_chart, live_chart
from ui.house_prices import fitted, names
from ui.house_prices.charts import residual_chart
from ui.kit import charts
from ui.kit.i18n import _, _n

_NUM_WORST = 6


def show_errors(table: HouseTable) -> None:
    """Show metrics on both sets, both charts, and the largest errors."""
    name = fitted.choose_model()
    _show_metrics(table, name)
    predict, found = fitted.predictor_of(table, name), table.dataset
    train, held = predict(found.train_x), predict(found.test_x)
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_(N_("Predicted vs. actual values")))
        chosen = clickable_chart(
            charts.prediction_scatter(
                found.test_y,
                held,
                actual_label=_(N_("actual")),
                predicted_label=_(N_("predicted")),
                identity_label=_(N_("ideal (y = x)")),
                unit=_(table.unit),
                role="validation",
            ),
            f"errors-{name}-{found.name}-{len(table.features)}",
            alt=_(N_("Predicted vs. actual values")),
        )
    with right:
        st.header(_(N_("Residuals")))
        live_chart(
            residual_chart(
                (
                    ("train", _(N_("training")), train, found.train_y - train),
                    ("validation", _(N_("validation")), held, found.test_y - held),
                ),
                _(N_("predicted")),
                _(N_("actual − predicted")),
            ),
            f"residuals-{name}-{found.name}",
            alt=_(N_("Residuals over predictions")),
        )
    residuals = found.test_y - held
    index = (
        np.array([int(chosen[0])]) if chosen else np.argsort(-np.abs(residuals), kind="stable")[:_NUM_WORST]
    )
    st.markdown(
        _(N_("**Selected point**")) if chosen else _(N_("**Largest errors** (click a point for details)"))
    )
    names.show_rows(
        table,
        found.test_x[index],
        [f"#{place + 1}" for place in range(len(index))],
        {
            _(N_("actual")): [names.format_target(table, v) for v in found.test_y[index]],
            _(N_("predicted")): [names.format_target(table, v) for v in held[index]],
            _(N_("actual − predicted")): [names.format_change(table, v) for v in residuals[index]],
        },
        "worst-rows",
    )
    highest = float(max(found.train_y.max(), found.test_y.max()))
    at_top = int((found.test_y == highest).sum())
    if at_top > 1:
        share = float(np.square(residuals[found.test_y == highest]).sum() / np.square(residuals).sum())
        st.caption(
            _n(
                "{count} validation row is at the cut-off of {value}; it makes up {share} of the squared error.",
                "{count} validation rows are at the cut-off of {value}; they make up {share} of the squared error.",
                at_top,
                value=f"{highest:g}",
                share=f"{share:.0%}",
            )
        )


def _show_metrics(table: HouseTable, name: str) -> None:
    train, validation = fitted.score(table, name, train=True), fitted.score(table, name)
    grid = st.grid(3, min_column_width=150)
    for label, a, b, digits in (
        ("MSE", validation.mse, train.mse, 2),
        ("RMSE", validation.rmse, train.rmse, 2),
        ("R²", validation.r2, train.r2, 3),
    ):
        grid.metric(
            _(N_("{metric}, validation"), metric=label),
            f"{a:,.{digits}f}",
            _(N_("training: {value}"), value=f"{b:,.{digits}f}"),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    if name == "forest":
        st.caption(
            _(N_("A random forest almost memorizes its training rows, so its training score says nothing."))
        )
