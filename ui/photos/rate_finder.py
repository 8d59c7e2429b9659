"""The learning-rate finder: a range test in the page, its curve, and the button that takes the suggestion over into the form."""

from __future__ import annotations

import streamlit as st

from core.messages import N_, UserError
from core.projects import rate_finder
from core.projects.rate_finder import RateTest
from core.projects.store import Project
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from ui.kit import charts, preload
from ui.kit.i18n import _, translate_message
from ui.kit.terms import term

_TESTS = "_photos_rate_test"  # session key: the last test, by what it was made with
_FIELD = "learning_rate"
_LEFT = 1  # points of the moving average that are left out at the start


def rate_finder_popover(project: Project, task: Task, recipe: PhotoFields, prefix: str) -> None:
    """Draw a popover with the range test of `recipe`; `prefix` is that of the form whose learning rate it may set."""
    with st.popover(_(N_("Learning-rate finder")), icon=":material/speed:", width="stretch"):
        st.caption(
            _(
                N_(
                    "Raises the {rate} step by step and plots the loss. A good value lies where it falls fastest."
                ),
                rate=term("learning-rate", _(N_("learning rate"))),
            )
        )
        # Of all settings only the rate itself has no influence: its own suggestion must not make the test outdated.
        key = f"{project.version} {task.name} {recipe.model_dump_json(exclude={_FIELD})}"
        test = st.session_state.get(_TESTS, {}).get(key)
        if st.button(
            _(N_("Run range test")) if test is None else _(N_("Run again")),
            icon=":material/play_arrow:",
            key="photos-rate-test",
        ):
            test = _run(task, recipe)
            st.session_state[_TESTS] = {key: test} if test else {}
        if test is not None:
            _show(test, recipe, prefix)


def _run(task: Task, recipe: PhotoFields) -> RateTest | None:
    """Run the test with a progress bar; if it cannot be run, say why and return None."""
    bar, test = st.progress(0.0, _(N_("Preparing photos…"))), None
    preload.wait_until_ready()
    try:
        for test in rate_finder.find_rate(task, recipe):
            bar.progress(
                test.share,
                _(N_("Learning rate {rate}"), rate=f"{test.points[-1].rate:.1e}" if test.points else "–"),
            )
    except UserError as error:
        st.warning(translate_message(error.message), icon=":material/error:")
    bar.empty()
    return test


def _show(test: RateTest, recipe: PhotoFields, prefix: str) -> None:
    points = test.points[_LEFT:]
    rates = [p.rate for p in points]
    name, best = _(N_("training loss")), None
    if test.suggestion is not None:
        nearest = min(points, key=lambda p: abs(p.rate - test.suggestion))
        best = (nearest.rate, nearest.smoothed)
    figure = charts.line_chart(
        [
            charts.Series(name, rates, [p.loss for p in points], "train", faint=True),
            charts.Series(name, rates, [p.smoothed for p in points], "train"),
        ],
        _(N_("Learning rate")),
        _(N_("Loss")),
        best=best,
        best_label=_(N_("suggestion")),
        height=260,
    )
    figure.update_xaxes(type="log", exponentformat="power", tickformat="", dtick=1)
    if points:
        figure.update_yaxes(range=_visible(points))
    st.plotly_chart(
        figure, key="photos-rate-curve", config=charts.CONFIG, alt=_(N_("Loss over the learning rate"))
    )
    if test.suggestion is None:
        st.caption(_(N_("The loss never falls, so no learning rate is suggested.")))
        return
    st.button(
        _(N_("Use {rate}"), rate=f"{test.suggestion:g}"),
        type="primary",
        icon=":material/check:",
        key="photos-rate-use",
        width="stretch",
        on_click=lambda: st.session_state.update({f"{prefix}.{_FIELD}": test.suggestion}),
        disabled=recipe.learning_rate == test.suggestion,
        help=_(N_("Sets the learning rate in More settings. Now: {rate}."), rate=f"{recipe.learning_rate:g}"),
    )


def _visible(points: tuple) -> tuple[float, float]:
    """The range of the smoothed losses up to the lowest, with some room: at the end they diverge by any factor."""
    smoothed = [p.smoothed for p in points]
    low = min(smoothed)
    high = max(smoothed[: smoothed.index(low) + 1])
    room = 0.25 * (high - low) + 0.05 * high
    return max(0.0, low - room), high + room


def forget() -> None:
    """Forget the last test of this visitor, which was made with photos."""
    st.session_state.pop(_TESTS, None)
