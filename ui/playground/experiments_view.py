"""Ten experiments: each sets up the network, asks for a prediction, and then shows the result."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.playground import double_descent
from core.lessons.playground.experiments import EXPERIMENTS, Experiment
from core.lessons.playground.settings import NAMES
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.kit import charts, url
from ui.kit.i18n import _
from ui.playground import address, settings_form

_NONE = "none"
_IDS = [e.id for e in EXPERIMENTS]
_KEY, _BEFORE = "experiment", "_playground_before"
_ANSWERS, _ERRORS = "_playground_answers", "_playground_double_descent"


def open_link(notes: DeltaGenerator) -> None:
    """Set up the experiment that the address names, unless it names settings too; call it before the settings are drawn.

    `notes` is the container of sentences about the address.
    """
    address.check_choice(_KEY, [_NONE, *_IDS], _NONE, place=notes)
    named = st.query_params.get(_KEY)
    is_new = named in _IDS and named != st.session_state.get(f"_url.{_KEY}")
    if is_new and not any(name in st.query_params for name in (*NAMES, "vs")):
        _set_up(named)


def has_network() -> bool:
    """Return whether the chosen experiment, if there is one, trains the network of the page."""
    experiment = _chosen()
    return experiment is None or experiment.settings is not None


def _chosen() -> Experiment | None:
    named = st.query_params.get(_KEY)
    if named not in _IDS or named == st.session_state.get(f"_url.{_KEY}"):
        named = st.session_state.get(_KEY, st.session_state.get(f"_kept.{_KEY}"))
    return EXPERIMENTS[_IDS.index(named)] if named in _IDS else None


def show_experiments() -> None:
    """Show the chosen experiment, with its result once its question is answered."""
    with st.container(border=True):
        st.header(_(N_("Ten experiments")))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = url.choose_one(
                st.selectbox,
                _(N_("Experiment")),
                [_NONE, *_IDS],
                key=_KEY,
                default=_NONE,
                width=300,
                format_func=_name,
                on_change=lambda: _set_up(st.session_state[_KEY]),
            )
            number = _IDS.index(chosen) + 1 if chosen in _IDS else 0
            st.button(
                _(N_("Next")) if number else _(N_("Start the first")),
                icon=":material/arrow_forward:",
                key="playground-next",
                on_click=lambda: _open(_IDS[number]),
                disabled=number == len(_IDS),
            )
        if number:
            _show_experiment(EXPERIMENTS[number - 1])
        else:
            st.caption(
                _(N_("Each sets up the network above and asks what will happen. Predict, then press Play."))
            )


def _name(experiment_id: str) -> str:
    if experiment_id == _NONE:
        return _(N_("none: your own settings"))
    number = _IDS.index(experiment_id)
    return f"{number + 1}. {_(EXPERIMENTS[number].title)}"


def _open(experiment_id: str) -> None:
    st.session_state[_KEY] = experiment_id
    _set_up(experiment_id)


def _set_up(experiment_id: str) -> None:
    """Give the network the settings of an experiment; of none, those that the visitor had before the first."""
    state = st.session_state
    if _BEFORE not in state:
        state[_BEFORE] = (settings_form.current_settings(), state.get("vs", _NONE), state.get("vs_value"))
    if experiment_id == _NONE:
        settings, *compared = state.pop(_BEFORE)
    else:
        experiment = EXPERIMENTS[_IDS.index(experiment_id)]
        settings, compared = experiment.settings, experiment.compare or (_NONE, None)
    if settings is not None:
        settings_form.apply_settings(settings)
        state["vs"], state["vs_value"] = compared


def _answers() -> dict[str, int]:
    return st.session_state.setdefault(_ANSWERS, {})


def _show_experiment(experiment: Experiment) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        given = st.radio(
            f"**{_(experiment.question)}**",
            range(len(experiment.options)),
            index=_answers().get(experiment.id),
            format_func=lambda i: _(experiment.options[i]),
            key=f"playground-answer-{experiment.id}",
        )
        if given is not None:
            _answers()[experiment.id] = given
    with right:
        if given is None:
            st.caption(_(N_("Predict first. The result shows after your choice.")))
        else:
            _show_result(experiment, given)
        if experiment.settings is not None and settings_form.current_settings() != experiment.settings:
            st.button(
                _(N_("Set up again")),
                icon=":material/science:",
                key=f"playground-set-{experiment.id}",
                on_click=_set_up,
                args=(experiment.id,),
            )


def _show_result(experiment: Experiment, given: int) -> None:
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


def show_double_descent() -> None:
    """Show the test error over the width, measured on request after the prediction."""
    answered = st.session_state.get(f"playground-answer-{EXPERIMENTS[-1].id}") is not None
    if st.button(
        _(N_("Measure now")),
        icon=":material/timeline:",
        type="primary",
        key="playground-descent",
        disabled=not answered,
        help=None if answered else _(N_("Predict first, below.")),
    ):
        rows, bar = [], st.progress(0.0)
        for error in double_descent.measure_widths():
            rows.append((error.width, error.train, error.test))
            bar.progress(len(rows) / len(double_descent.WIDTHS))
        bar.empty()
        st.session_state[_ERRORS] = pd.DataFrame(rows, columns=["width", "train", "test"])
    errors = st.session_state.get(_ERRORS) if answered else None
    if errors is None:
        with st.container(border=True):
            st.markdown(
                _(
                    N_("Here will stand the test error of {count} networks, from narrow to wide."),
                    count=len(double_descent.WIDTHS),
                )
            )
        return
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
