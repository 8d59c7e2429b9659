"""One run, live: where it stands, its curves, what the doctor says, the probe images, Stop and Resume.

The panel reads the run folder and nothing else, so it can be attached to any run from any browser at any time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.messages import N_
from core.training import doctor, jobs, runs
from core.training.logs import decimate, smooth
from core.training.runs import Run, Status
from core.words import METRICS, figure
from ui import charts, probes, store, translation_run
from ui.frame import PAGES, attempt, guarded
from ui.i18n import _, duration, plain, tell
from ui.live_chart import live_chart

AXES: dict[str, str] = {
    "epoch": N_("Epochs"), "step": N_("Steps"), "images": N_("Samples processed"), "seconds": N_("Training time (s)"),
}  # fmt: skip
STATES: dict[str, tuple[str, str, str]] = {
    "queued": (N_("queued"), ":material/hourglass_top:", "gray"),
    "running": (N_("running"), ":material/play_arrow:", "blue"),
    "stopped": (N_("stopped"), ":material/pause:", "orange"),
    "finished": (N_("finished"), ":material/check:", "green"),
    "failed": (N_("failed"), ":material/error:", "red"),
    "interrupted": (N_("interrupted"), ":material/power_off:", "orange"),
}
_TICK, _SLOW_TICK = 1.0, 2.0  # seconds between two looks at the run folder; the second of a training that goes on for longer
_SHORT = 60.0  # than these seconds


def badge(status: Status) -> None:
    """The run's state as a coloured word."""
    text, icon, colour = STATES[status.state]
    st.badge(_(text), icon=icon, color=colour)


def way(run: Run, titled: bool = True) -> None:
    """The link to a run: its task where `titled`, its state, its first figure on the test part, its name."""
    word, icon, _colour = STATES[run.status().state]
    result = next((figure(k, v) for k, v in (run.summary or {}).get("metrics", {}).items()), "")
    words = (_(run.title) if titled else "", _(word), result, plain(run.label))
    st.page_link(PAGES["train"].path, label=" · ".join(filter(None, words)), icon=icon, query_params={"run": run.id})


def stop_all(members: list[Run]) -> None:
    """Callback: stop every run that trains or waits; what each has learned is saved."""
    for run in members:
        if run.status().active:
            attempt(jobs.stop, run)


def run_panel(run: Run) -> None:
    """The live part. While the run is active it looks again every second; when it ends the whole page is drawn anew."""
    status = run.status()
    every = _TICK if status.seconds < _SHORT else _SLOW_TICK
    st.fragment(_panel, run_every=every if status.active else None)(run.id, status.active)


@guarded
def _panel(run_id: str, was_active: bool) -> None:
    run = runs.find(run_id)
    status = run.status()
    if was_active and not status.active:
        st.rerun()
    _head(run, status)
    log = store.metrics(run)
    if run.task.kind == "translation":
        translation_run.panel(run, log)
    elif len(log):
        _curves(run, log)
        for finding in doctor.diagnose(log, run.task.kind):
            {"good": st.success, "note": st.info, "warning": st.warning}[finding.level](
                tell(finding.message), icon=":material/stethoscope:"
            )
        probes.strip(run)


def _belongs(run: Run) -> None:
    """The way back to the sweep or the fair fight that this run is part of."""
    for kind, label in (("sweep", N_("View sweep")), ("fight", N_("View comparison"))):
        if found := run.config.get(kind):
            entry = PAGES["train" if kind == "sweep" else "compare"]
            st.page_link(entry.path, label=_(label), icon=":material/arrow_back:", query_params={kind: str(found)})


def _head(run: Run, status: Status) -> None:
    words, buttons = st.columns([3, 1], vertical_alignment="center")
    with words:
        with st.container(horizontal=True, vertical_alignment="center"):
            badge(status)
            st.markdown(f"**{plain(run.label)}** · {_(run.task.title)}")
        data = run.config.get("data", {})
        if original := data.get("stand_in_for"):
            st.caption(_(N_("Trained on fallback data ({data}) instead of {wanted}."), data=_(data["title"]), wanted=_(original)))
        elif data:
            st.caption(_(N_("Data: {data}, {count} training examples"), data=_(data["title"]), count=f"{data['train']:,}"))
        _belongs(run)
    with buttons:
        _controls(run, status)
    if status.state == "running" and status.total_steps and status.phase is None:
        text = _(
            N_("Epoch {epoch} of {epochs} · {rate} samples/s · about {eta} left"),
            epoch=f"{status.epoch:.1f}", epochs=status.epochs, rate=f"{status.rate:,.0f}", eta=duration(status.eta),
        )  # fmt: skip
        st.progress(min(1.0, status.step / status.total_steps), text)
    elif status.state == "running":
        st.progress(min(1.0, status.fraction), tell(status.phase) or _(N_("Preparing…")))
    elif status.state == "queued":
        place = jobs.place(run)
        st.progress(0.0, _(N_("Queued ({count} ahead)"), count=place) if place else _(N_("Starting…")))
    elif status.reason:
        st.error(tell(status.reason), icon=":material/error:")
    elif status.state == "interrupted":
        st.warning(
            _(N_("The training process has exited. Progress up to the last checkpoint is saved; press "
        "Resume to continue.")),
            icon=":material/power_off:",
        )


def _controls(run: Run, status: Status) -> None:
    if status.active:
        st.button(
            _(N_("Stop")), icon=":material/stop:", key=f"stop-{run.id}", on_click=attempt, args=(jobs.stop, run), width="stretch",
            help=_(N_("Stops after the current batch and saves a checkpoint. Press Resume to continue later.")),
        )  # fmt: skip
    elif status.state in ("stopped", "interrupted", "failed") and st.button(
        _(N_("Resume")), icon=":material/resume:", key=f"resume-{run.id}", type="primary", width="stretch"
    ):
        attempt(jobs.resume, run)
        st.rerun()


def _curves(run: Run, log: pd.DataFrame) -> None:
    with st.popover(_(N_("Chart settings")), icon=":material/settings:"):
        axis = st.segmented_control(
            _(N_("X-axis")), list(AXES), default="epoch", format_func=lambda a: _(AXES[a]), required=True,
            key=f"axis-{run.id}", persist_state="session",
        )  # fmt: skip
        weight = st.slider(_(N_("Smoothing")), 0.0, 0.99, 0.9, key=f"smooth-{run.id}", persist_state="session")
        log_y = st.toggle(_(N_("Log-scale loss")), key=f"log-{run.id}", persist_state="session")
    score = "accuracy" if run.task.kind == "classification" else "rmse"
    _curve(run, log, "loss", axis, weight, log_y)  # one below the other: side by side the legends took more room than the curves
    _curve(run, log, score, axis, weight, log_y=False)


def curve(log: pd.DataFrame, column: str, axis: str, weight: float, name: str, role: str | int) -> list[charts.Series]:
    """One column of a log, raw and, where `weight` is more than 0, smoothed; nothing where the log has no figures of it."""
    rows = log.dropna(subset=[column]) if column in log else log.iloc[:0]
    if rows.empty:
        return []
    weight = min(weight, max(0.0, 1 - 15 / len(rows)))  # over a short run a long average would trail behind the curve
    x, y = rows[axis].to_numpy(float), rows[column].to_numpy(float)
    found = [charts.Series(name, *decimate(x, y), role=role, faint=weight > 0)]
    if weight > 0:
        found.append(charts.Series(name, *decimate(x, smooth(y, weight)), role=role))
    return found


def curve_series(log: pd.DataFrame, metric: str, axis: str, weight: float) -> list[charts.Series]:
    """Training (raw and smoothed, by step) and validation (by epoch) of one metric, ready for `charts.curves`."""
    training = curve(log, f"train/{metric}", axis, weight, _(N_("training")), "train")
    return training + curve(log, f"val/{metric}", axis, 0.0, _(N_("validation")), "validation")


def together(members: list[Run], titles: list[str], metric: str, axis: str) -> list[charts.Series]:
    """One metric of several runs for one chart: each run a colour, validation drawn through, training smoothed and dotted."""
    found = []
    for place, (run, title) in enumerate(zip(members, titles, strict=True)):
        for one in curve_series(store.metrics(run), metric, axis, 0.9):
            if not one.faint:
                validates = one.role == "validation"
                word = _(N_("validation")) if validates else _(N_("training"))
                found.append(charts.Series(f"{title} · {word}", one.x, one.y, role=place, dash="" if validates else "dot"))
    return found


def best_epoch(log: pd.DataFrame, score: str) -> pd.Series | None:
    """The row of the best epoch: highest validation accuracy, or lowest error."""
    if f"val/{score}" not in log:
        return None
    epochs = log.dropna(subset=[f"val/{score}"])
    if epochs.empty:
        return None
    values = epochs[f"val/{score}"].to_numpy()
    return epochs.iloc[int(np.argmax(values) if score == "accuracy" else np.argmin(values))]


def _curve(run: Run, log: pd.DataFrame, metric: str, axis: str, weight: float, log_y: bool) -> None:
    score = "accuracy" if run.task.kind == "classification" else "rmse"
    best, mark = best_epoch(log, score), None
    if best is not None:
        mark = (float(best[axis]), float(best[f"val/{metric}"]))
    figure = charts.curves(
        curve_series(log, metric, axis, weight), _(AXES[axis]), _(METRICS[metric]), log_y=log_y, best=mark,
        best_label=_(N_("best: epoch {epoch}"), epoch=round(float(best["epoch"]))) if best is not None else "",
        y_format=".2%" if metric == "accuracy" else "", height=240,
    )  # fmt: skip
    live_chart(figure, f"curve-{metric}-{run.id}", alt=_(METRICS[metric]))
