"""One run, live: its status, Stop and Resume, and the panel of its kind.

The panel reads the run folder and nothing else, so it can be attached to any run from any browser at any time.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import streamlit as st

from core.analysis import best_run
from core.data import dataset_info
from core.formatting import format_metric
from core.kinds import get_kind
from core.messages import N_
from core.runs import queue, store
from core.runs.store import Run, Status
from ui.kit import cache
from ui.kit.data_source import fallback_label
from ui.kit.frame import PAGES, try_action, with_error_boundary
from ui.kit.i18n import _, escape_markdown, translate_message
from ui.kit.run_names import run_name
from ui.runs import key_figures, panels

STATE_BADGES: dict[str, tuple[str, str, str]] = {
    "queued": (N_("queued"), ":material/hourglass_top:", "gray"),
    "running": (N_("running"), ":material/play_arrow:", "blue"),
    "stopped": (N_("stopped"), ":material/pause:", "orange"),
    "finished": (N_("finished"), ":material/check:", "green"),
    "failed": (N_("failed"), ":material/error:", "red"),
    "interrupted": (N_("interrupted"), ":material/power_off:", "orange"),
}
# Key of the group's id in a run's config and in the URL, label, page.
_GROUPS = (("sweep", N_("View sweep"), "train"), ("comparison", N_("View comparison"), "compare"))
# Age of a training in seconds, and the seconds between two refreshes below it: a page on the same cores costs the training time.
_INTERVALS = ((20.0, 1.0), (120.0, 2.0), (math.inf, 4.0))
_WATCHED = "_watched_run"  # session key of the active run that this visitor has last seen


def state_badge(status: Status) -> None:
    """Show the state of a run as a colored badge."""
    text, icon, color = STATE_BADGES[status.state]
    st.badge(_(text), icon=icon, color=color)


def run_link(run: Run) -> None:
    """Draw a link to a run: its name, state and first test metric; its id is the tooltip."""
    word, icon, _color = STATE_BADGES[run.status().state]
    metrics, count = (run.summary or {}).get("metrics", {}), run.num_examples("test")
    result = next((format_metric(k, v, count) for k, v in metrics.items()), "")
    if result:
        result = " ".join(filter(None, (result, fallback_label(run.config.get("data", {})))))
    words = (escape_markdown(run_name(run)), _(word), result)
    st.page_link(
        PAGES["train"].path,
        label=" · ".join(filter(None, words)),
        icon=icon,
        query_params={"run": run.id},
        help=run.id,
    )


def stop_button(run: Run, *, is_main: bool = False) -> None:
    """Draw the button that stops an active run. `is_main` says whether it is the page's main action."""
    st.button(
        _(N_("Stop")),
        icon=":material/stop:",
        key=f"stop-{run.id}",
        type="primary" if is_main else "secondary",
        on_click=try_action,
        args=(queue.stop_run, run),
        help=_(N_("Stops after the current batch and saves a checkpoint. Press Resume to continue later.")),
    )


def stop_runs(members: list[Run]) -> None:
    """Stop every queued or running member (callback); each saves a checkpoint."""
    for run in members:
        if run.status().is_active:
            try_action(queue.stop_run, run)


def run_header(run: Run, next_button: Callable[[bool], None] | None = None) -> None:
    """Show name, state, Stop or Resume and the key figures of a run, refreshed while it is active; its end reruns the whole page.

    With `next_button` the header holds the main action of the page: of a run that ended, it draws one more button, as the main
    one if its argument is true.
    """
    status = run.status()
    if status.is_active:
        st.session_state[_WATCHED] = run.id
    elif st.session_state.get(_WATCHED) == run.id:
        del st.session_state[_WATCHED]
        _announce_best(run)
    _refresh(functools.partial(_live_header, next_button, _interval(status)), run, status, f"header-{run.id}")


def run_panel(run: Run, before_first_step: Callable[[], None]) -> None:
    """Show curves and samples with the panel of the run's kind, refreshed while it is active.

    `before_first_step` draws what stands in their place until something is logged.
    """
    _refresh(functools.partial(_live_panel, before_first_step), run, run.status(), f"panel-{run.id}")


def _refresh(draw: Callable[[str, bool], None], run: Run, status: Status, key: str) -> None:
    """Call `draw` as a fragment of its own: what is drawn in a fraction of a second never fades while it is drawn again."""
    st.fragment(draw, run_every=_interval(status), key=key)(run.id, status.is_active)


def _interval(status: Status) -> float | None:
    """Seconds between two refreshes of a run, longer as it gets older; None if it is not active."""
    if not status.is_active:
        return None
    return next(interval for age, interval in _INTERVALS if status.seconds < age)


@with_error_boundary
def _live_header(
    next_button: Callable[[bool], None] | None, interval: float | None, run_id: str, was_active: bool
) -> None:
    run = store.find_run(run_id, private=True)  # the page has checked that its visitor may see it
    status = run.status()
    if (
        was_active and _interval(status) != interval
    ):  # it has ended, or its fragments are to be refreshed less often
        st.rerun()
    _show_status(run, status, next_button)


@with_error_boundary
def _live_panel(before_first_step: Callable[[], None], run_id: str, was_active: bool) -> None:
    run = store.find_run(run_id, private=True)
    log = cache.run_metrics(run)
    if log.empty and was_active:
        before_first_step()
    panels.show_live(run, log)


def _announce_best(run: Run) -> None:
    """Show the test result of a run that ended before the visitor's eyes if it is the best of its task on these data."""
    if best_run.is_new_best(run):
        score = get_kind(run.task.kind).selection_metric
        text = _(
            N_("New best for this task: {metric} {value}"),
            metric=key_figures.metric_label(score.name, "test"),
            value=format_metric(score.name, best_run.test_result(run), run.num_examples("test")),
        )
        st.toast(text, icon=":material/trophy:")


def _group_link(run: Run) -> None:
    """Link to the sweep or equal-budget comparison that this run belongs to."""
    for key, label, name in _GROUPS:
        if group_id := run.config.get(key):
            st.page_link(
                PAGES[name].path,
                label=_(label),
                icon=":material/arrow_back:",
                query_params={key: str(group_id)},
            )


def _show_status(run: Run, status: Status, next_button: Callable[[bool], None] | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            state_badge(status)
            # Default names say the model already.
            about = run.task.title if run.note().get("name") else dataset_info(run.task.dataset).title
            title = f"**{escape_markdown(run_name(run))}** · {escape_markdown(_(about))}"
            st.markdown(title, help=run.id, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            has_button = _run_controls(run, status, is_main=next_button is not None)
            if next_button and not status.is_active:
                next_button(not has_button)
    data = run.config.get("data", {})
    if original := data.get("stand_in_for"):
        st.caption(
            _(
                N_("Trained on fallback data ({data}) instead of {wanted}."),
                data=escape_markdown(_(str(data["title"]))),
                wanted=escape_markdown(_(str(original))),
            )
        )
    _group_link(run)
    if status.state == "running" and status.phase is not None:
        st.progress(min(1.0, status.fraction), translate_message(status.phase))
    elif status.state == "running":
        st.progress(min(1.0, status.step / status.total_steps) if status.total_steps else 0.0)
    elif status.state == "queued":
        place = queue.queue_position(run)
        st.progress(0.0, _(N_("Queued ({count} ahead)"), count=place) if place else _(N_("Starting…")))
    elif status.reason:
        st.error(translate_message(status.reason), icon=":material/error:")
    elif status.state == "interrupted":
        st.warning(
            _(
                N_(
                    "The training process has exited. Progress up to the last checkpoint is saved; press "
                    "Resume to continue."
                )
            ),
            icon=":material/power_off:",
        )
    key_figures.show_key_figures(run, status, cache.run_metrics(run))


def _run_controls(run: Run, status: Status, *, is_main: bool) -> bool:
    """Draw Stop, Resume or the buttons to try the model; return whether there is any. `is_main` says whether the first one is the
    page's main action; Stop is.
    """
    kind = "primary" if is_main else "secondary"
    if status.is_active:
        stop_button(run, is_main=True)
        return True
    if status.state in ("stopped", "interrupted", "failed"):
        if st.button(_(N_("Resume")), icon=":material/resume:", key=f"resume-{run.id}", type=kind):
            try_action(queue.resume_run, run)
            st.rerun()
        return True
    if status.state != "finished" or not run.best_weights_path.exists():
        return False
    return _try_buttons(run, is_main=is_main)


def _try_buttons(run: Run, *, is_main: bool) -> bool:
    """Draw the buttons to the pages on which the trained model can be tried; return whether there is any."""
    for place, link in enumerate(run.task.try_links):
        kind = "primary" if is_main and place == 0 else "secondary"
        if st.button(_(link.label), icon=link.icon, key=f"try-{link.page}-{run.id}", type=kind):
            st.switch_page(PAGES[link.page].path, query_params={link.parameter: run.id})
    return bool(run.task.try_links)
