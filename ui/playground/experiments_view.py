"""Ten experiments: predict, set up, watch."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.lessons.playground import double_descent
from core.lessons.playground.experiments import EXPERIMENTS, Experiment
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.kit import charts, url
from ui.kit.i18n import _
from ui.playground import address, settings_form

_ANSWERS, _ERRORS = "_playground_answers", "_playground_double_descent"


def show_experiments() -> None:
    """Show the chosen experiment, with its result once its question is answered."""
    answers: dict[str, int] = st.session_state.setdefault(_ANSWERS, {})
    ids = [e.id for e in EXPERIMENTS]
    address.check_choice("experiment", ids, ids[0])
    with st.container(border=True):
        st.subheader(_(N_("Ten experiments")))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = url.choose_one(
                st.selectbox,
                _(N_("Experiment")),
                ids,
                key="experiment",
                default=ids[0],
                width=360,
                format_func=lambda i: f"{ids.index(i) + 1}. {_(EXPERIMENTS[ids.index(i)].title)}",
            )
            number = ids.index(chosen)
            st.button(
                _(N_("Next")),
                icon=":material/arrow_forward:",
                key="playground-next",
                on_click=lambda: st.session_state.update({"experiment": ids[number + 1]}),
                disabled=number + 1 == len(ids),
            )
        _show_experiment(EXPERIMENTS[number], answers)


def _show_experiment(experiment: Experiment, answers: dict[str, int]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        given = st.radio(
            f"**{_(experiment.question)}**",
            range(len(experiment.options)),
            index=answers.get(experiment.id),
            format_func=lambda i: _(experiment.options[i]),
            key=f"playground-answer-{experiment.id}",
        )
        if given is not None:
            answers[experiment.id] = given
    with right:
        if given is None:
            st.caption(_(N_("Predict first. The result shows after your choice.")))
            return
        if given == experiment.answer:
            st.success(_(N_("Your prediction is right.")), icon=":material/check:")
        else:
            st.info(
                _(
                    N_("Your prediction was different: {answer}"),
                    answer=_(experiment.options[experiment.answer]),
                ),
                icon=":material/close:",
            )
        st.markdown(_(experiment.result))
        if experiment.settings is None:
            _show_double_descent()
        else:
            st.button(
                _(N_("Set it up above")),
                icon=":material/science:",
                key=f"playground-set-{experiment.id}",
                on_click=_set_up,
                args=(experiment,),
            )


def _set_up(experiment: Experiment) -> None:
    settings_form.apply_settings(experiment.settings)
    name, value = experiment.compare or ("none", None)
    st.session_state["vs"] = name
    if value is not None:
        st.session_state["vs_value"] = value


def _show_double_descent() -> None:
    if st.button(_(N_("Measure now")), icon=":material/timeline:", key="playground-descent"):
        rows, bar = [], st.progress(0.0)
        for error in double_descent.measure_widths():
            rows.append((error.width, error.train, error.test))
            bar.progress(len(rows) / len(double_descent.WIDTHS))
        bar.empty()
        st.session_state[_ERRORS] = pd.DataFrame(rows, columns=["width", "train", "test"])
    if (errors := st.session_state.get(_ERRORS)) is not None:
        live_chart(
            _descent_chart(errors),
            "playground-descent-chart",
            alt=_(N_("Training and test error over width")),
        )


def _descent_chart(errors: pd.DataFrame) -> go.Figure:
    floor = 1e-6  # exact fits have no place on a log axis
    series = [
        charts.Series(_(N_("Training")), errors["width"], errors["train"].clip(lower=floor), role="train"),
        charts.Series(_(N_("Test")), errors["width"], errors["test"], role="test"),
    ]
    fig = charts.line_chart(
        series, _(N_("Hidden units")), _(N_("Mean squared error")), log_y=True, height=280
    )
    fig.update_xaxes(type="log", dtick="D2")
    return fig
