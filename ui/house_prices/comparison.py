"""Compare models: cross-validation of the network and scikit-learn's models, and how much a single split says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.table_models import FOLDS, NAMES, NETWORK, REPEATS, StudyResult
from core.lessons.house_data import HouseTable
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.house_prices import fitted, study
from ui.house_prices.charts import strip_chart
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, _n, escape_markdown

_REFRESH_SECONDS = 1.0


def show_comparison(table: HouseTable) -> None:
    """Show the scores of all models, computed first if they are not there yet."""
    result = study.read_result(table)
    if result is None:
        st.fragment(_progress, run_every=_REFRESH_SECONDS, key="house-study")(table)
        return
    _show_findings(result)
    by_title = {_(NAMES[n]): n for n in sorted(result.rmse, key=result.mean)}
    live_chart(
        strip_chart(
            {title: result.rmse[n] for title, n in by_title.items()},
            {title: result.interval(n) for title, n in by_title.items()},
            _(N_("RMSE ({unit})"), unit=_(table.unit)),
            _(N_("one split")),
            _(N_("mean of all splits, 95% CI")),
            _(NAMES[NETWORK]),
        ),
        f"study-{table.dataset.name}",
        alt=_(N_("RMSE of every model on every split")),
    )
    _show_table(table, result, list(by_title.values()))
    st.caption(
        _n(
            "{folds}-fold cross-validation, repeated {count} time: every model is trained on the same rows "
            "each time. The intervals account for overlapping training sets (Nadeau and Bengio, 2003).",
            "{folds}-fold cross-validation, repeated {count} times: every model is trained on the same rows "
            "each time. The intervals account for overlapping training sets (Nadeau and Bengio, 2003).",
            REPEATS,
            folds=FOLDS,
        )
    )


@with_error_boundary
def _progress(table: HouseTable) -> None:
    if study.read_result(table) is not None:
        st.rerun()
    found = study.follow(table)
    if found.failed:
        st.error(_(N_("The cross-validation failed. The server log says why.")), icon=":material/error:")
        st.button(_(N_("Try again")), key="study-again", on_click=study.forget, args=(table,))
        return
    total = FOLDS * REPEATS * len(NAMES)
    st.progress(
        found.share,
        _n(
            "Training {count} model, once on this machine: {percent}",
            "Training {count} models, once on this machine: {percent}",
            total,
            percent=f"{found.share:.0%}",
        ),
    )
    st.caption(
        _(N_("It takes about half a minute on two idle CPU cores. You can use the other tabs meanwhile."))
    )


def _show_findings(result: StudyResult) -> None:
    """Say who is best, which differences are significant, and how far single splits differ."""
    own = result.rmse[NETWORK]
    lines = []
    for other in ("ridge", "forest"):
        low, high = result.difference(NETWORK, other)
        values = {
            "other": _(NAMES[other]),
            "own": f"{result.mean(NETWORK):.2f}",
            "mean": f"{result.mean(other):.2f}",
        }
        if high < 0:
            text = N_("Our network is significantly better than {other}: RMSE {own} against {mean}.")
        elif low > 0:
            text = N_("Our network is significantly worse than {other}: RMSE {own} against {mean}.")
        else:
            text = N_("No significant difference between our network and {other}: RMSE {own} and {mean}.")
        lines.append(_(text, **values))
    st.markdown(" ".join(lines))
    best = np.array([[result.rmse[n][i] for n in result.rmse] for i in range(len(own))]).argmin(1)
    names = list(result.rmse)
    winners = {_(NAMES[names[i]]): int((best == i).sum()) for i in np.unique(best)}
    st.markdown(
        _(
            N_(
                "**A single split says little:** the same network reaches {low} on its luckiest split and "
                "{high} on its unluckiest. Best model by split: {winners}."
            ),
            low=f"{min(own):.2f}",
            high=f"{max(own):.2f}",
            winners=", ".join(
                f"{name} {count}" for name, count in sorted(winners.items(), key=lambda e: -e[1])
            ),
        )
    )


def _show_table(table: HouseTable, result: StudyResult, names: list[str]) -> None:
    rows = []
    for name in names:
        low, high = result.interval(name)
        single = fitted.score(table, name)
        rows.append(
            {
                _(N_("Model")): _(NAMES[name]),
                _(N_("RMSE, mean")): f"{result.mean(name):.2f}",
                _(N_("95% CI")): f"{low:.2f}–{high:.2f}",
                _(N_("R², mean")): f"{np.mean(result.r2[name]):.3f}",
                _(N_("RMSE, this page's split")): f"{single.rmse:.2f}",
                _(N_("R², this page's split")): f"{single.r2:.3f}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="study-table")
    origin = escape_markdown(fitted.get_network(table)[1])
    st.caption(_(N_("On this page's split, our network is the one in use: {origin}."), origin=origin))
