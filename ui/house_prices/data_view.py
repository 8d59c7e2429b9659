"""The table: what each column is, how its values are distributed, and how columns are correlated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.house_prices import names
from ui.house_prices.charts import correlation_chart, scatter_chart
from ui.kit import url
from ui.kit.charts import CONFIG
from ui.kit.i18n import _, _n

_BINS = 24


def _frame(table: HouseTable) -> pd.DataFrame:
    frame = pd.DataFrame(table.x, columns=list(table.features))
    frame[table.dataset.target] = table.y
    return frame


def show_columns(table: HouseTable) -> None:
    """Show one line per column: meaning, distribution, range, and correlation with the target."""
    st.header(_(N_("Columns")))
    frame, target = _frame(table), table.dataset.target
    columns = [target, *table.features]
    lines = pd.DataFrame(
        {
            "meaning": [_(table.meaning(c)) for c in columns],
            "column": columns,
            "distribution": [np.histogram(frame[c], bins=_BINS)[0].tolist() for c in columns],
            "low": [float(frame[c].min()) for c in columns],
            "median": [float(frame[c].median()) for c in columns],
            "high": [float(frame[c].max()) for c in columns],
            "correlation": [float(frame[c].corr(frame[target])) for c in columns],
        }
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        lines,
        hide_index=True,
        height="content",
        column_config={
            "column": st.column_config.TextColumn(_(N_("Column")), width="small"),
            "meaning": st.column_config.TextColumn(_(N_("Meaning")), width="medium"),
            "distribution": st.column_config.BarChartColumn(
                _(N_("Distribution")), width="small", color="primary"
            ),
            "low": number(_(N_("Lowest")), format="%.4g"),
            "median": number(_(N_("Median")), format="%.4g"),
            "high": number(_(N_("Highest")), format="%.4g"),
            "correlation": number(_(N_("Correlation with the target")), format="%.2f"),
        },
    )


def show_relation(table: HouseTable) -> None:
    """Show a chosen column against the target, and the correlations of all columns."""
    frame, target = _frame(table), table.dataset.target
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_(N_("One column against the target")))
        strongest = max(table.features, key=lambda c: abs(frame[c].corr(frame[target])))
        column = url.choose_one(
            st.selectbox,
            _(N_("Column")),
            list(table.features),
            key="column",
            default=strongest,
            format_func=lambda c: names.option_name(table, c),
        )
        st.plotly_chart(
            scatter_chart(
                frame[column].to_numpy(),
                frame[target].to_numpy(),
                names.axis_title(table, column),
                _(table.meaning(target)),
            ),
            config=CONFIG,
            key=f"scatter-{table.dataset.name}-{column}",
            alt=_(N_("One column against the target")),
        )
        top = int((frame[target] == frame[target].max()).sum())
        if top > 3:
            st.caption(
                _n(
                    "{count} row has exactly the highest target, {value}: the survey cut off what was above.",
                    "{count} rows have exactly the highest target, {value}: the survey cut off what was above.",
                    top,
                    value=f"{frame[target].max():g}",
                )
            )
    with right:
        st.header(_(N_("Correlation map")))
        st.plotly_chart(
            correlation_chart(
                frame.corr().to_numpy(),
                list(frame.columns),
                [names.chart_name(table, c) for c in frame.columns],
                _(N_("correlation")),
            ),
            config=CONFIG,
            key=f"correlation-{table.dataset.name}-{len(frame.columns)}",
            alt=_(N_("Correlation map")),
        )
        a, b, value = _strongest_pair(frame[list(table.features)])
        st.caption(
            _(
                N_(
                    "Most correlated features: {first} and {second} ({value}). A linear model cannot tell "
                    "which of the two matters; shuffling one of them alone understates its importance."
                ),
                first=f"{names.short_name(table, a)} (`{a}`)",
                second=f"{names.short_name(table, b)} (`{b}`)",
                value=f"{value:.2f}",
            )
        )


def _strongest_pair(frame: pd.DataFrame) -> tuple[str, str, float]:
    """The two columns with the largest absolute correlation, and the correlation."""
    values = frame.corr().to_numpy()
    upper = np.triu(np.abs(np.nan_to_num(values)), 1)
    i, j = np.unravel_index(int(upper.argmax()), upper.shape)
    return frame.columns[i], frame.columns[j], float(values[i, j])


def show_rows(table: HouseTable) -> None:
    """Show the rows."""
    with st.expander(_(N_("All rows")), icon=":material/table:", on_change="rerun", key="all-rows") as rows:
        if rows.open:
            columns = {
                c: st.column_config.NumberColumn(f"{names.short_name(table, c)} ({c})") for c in _frame(table)
            }
            st.dataframe(_frame(table), key="rows", column_config=columns)
