"""Train: a network with chosen layers by three optimizers from the same start, live in the server."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.lessons import house_settings
from core.lessons.house_data import HouseTable
from core.lessons.house_prices import OPTIMIZERS, OptimizerComparison
from core.lessons.house_settings import NetworkSettings
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.house_prices import fitted
from ui.house_prices.source import MESSAGES
from ui.kit import charts, url, url_numbers
from ui.kit import palette as p
from ui.kit.fair_share import fair_share
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, format_duration

_REFRESH_SECONDS = 0.5
_SLICES = 5  # of the computing time of a frame in the playground: here a frame is drawn twice a second
_LIVE_POINTS = 40  # of a curve while it grows
_RUNNING, _STATE, _ID = "_house-running", "_house-comparison", "_house-session"  # session keys
_COLORS = {"sgd": p.VERMILLION, "momentum": p.GREEN, "adam": p.ACCENT}


def show_training(table: HouseTable) -> None:
    """Show the settings, the button, and the curves."""
    settings = _choose_settings()
    state = st.session_state.get(_STATE)
    if state is None or state[0] != (table.key, settings):
        state = st.session_state[_STATE] = ((table.key, settings), _new_comparison(table, settings))
        st.session_state[_RUNNING] = False
    comparison: OptimizerComparison = state[1]
    running = st.session_state.get(_RUNNING, False) and not comparison.is_done
    _show_buttons(table, settings, comparison, running)
    st.fragment(_live_view, run_every=_REFRESH_SECONDS if running else None, key="house-training")(
        table, comparison, running
    )
    if comparison.is_done:
        _offer_networks(table, comparison)


def _new_comparison(table: HouseTable, settings: NetworkSettings) -> OptimizerComparison:
    return OptimizerComparison(table.dataset, settings, tuple(OPTIMIZERS))


def _choose_settings() -> NetworkSettings:
    """Draw the settings and return them."""
    base = NetworkSettings()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        depth = url.choose_one(
            st.segmented_control,
            _(N_("Hidden layers")),
            list(house_settings.DEPTHS),
            key="depth",
            default=base.depth,
            required=True,
        )
        width = url.choose_one(
            st.segmented_control,
            _(N_("Units per layer")),
            list(house_settings.WIDTHS),
            key="width",
            default=base.width,
            required=True,
        )
        with st.popover(_(N_("More settings")), icon=":material/tune:"):
            epochs = url_numbers.choose_number(
                st.slider,
                _(N_("Epochs")),
                10,
                house_settings.MAX_EPOCHS,
                base.epochs,
                key="epochs",
                place=MESSAGES,
                step=10,
            )
            rates = {}
            for name, title in OPTIMIZERS.items():
                rates[name] = url.choose_one(
                    st.select_slider,
                    _(N_("Learning rate, {optimizer}"), optimizer=_(title)),
                    list(house_settings.RATES),
                    key=f"rate-{name}",
                    default=base.rate(name),
                    format_func=lambda v: f"{v:g}",
                )
            seed = url.choose_one(
                st.selectbox,
                _(N_("Seed")),
                list(range(house_settings.NUM_SEEDS)),
                key="seed",
                default=base.seed,
            )
    return replace(base, depth=depth, width=width, epochs=epochs, seed=seed, **rates)


def _show_buttons(
    table: HouseTable, settings: NetworkSettings, comparison: OptimizerComparison, running: bool
) -> None:
    def start() -> None:
        if comparison.is_done:
            st.session_state[_STATE] = ((table.key, settings), _new_comparison(table, settings))
        st.session_state[_RUNNING] = True

    def stop() -> None:
        st.session_state[_RUNNING] = False

    with st.container(horizontal=True, vertical_alignment="center"):
        if running:
            st.button(
                _(N_("Pause")), icon=":material/pause:", type="primary", key="house-pause", on_click=stop
            )
        else:
            label = N_("Train again") if comparison.is_done else N_("Train three networks")
            st.button(
                _(label), icon=":material/play_arrow:", type="primary", key="house-start", on_click=start
            )
        st.caption(
            _(
                N_("Same initial weights, same batches; only the optimizer differs. Batch size {batch}."),
                batch=settings.batch_size,
            )
        )


def _train_slice(comparison: OptimizerComparison) -> bool:
    """Train for this session's share of time. Returns False if too many sessions train."""
    share = fair_share()
    if not share.enter(st.session_state.setdefault(_ID, secrets.token_hex(8))):
        return False
    comparison.run(_SLICES * share.slice_seconds())
    return True


@with_error_boundary
def _live_view(table: HouseTable, comparison: OptimizerComparison, running: bool) -> None:
    waits = running and not comparison.is_done and not _train_slice(comparison)
    if running and comparison.is_done:
        st.session_state[_RUNNING] = False
        st.rerun()
    left, right = st.columns([3, 2], gap="large")
    with left:
        live_chart(
            _curves(table, comparison, _LIVE_POINTS if running else comparison.settings.epochs + 1),
            "house-curves",
            alt=_(N_("RMSE on the training and validation sets, by epoch and optimizer")),
        )
    with right:
        done = comparison.step_count // comparison.steps_per_epoch
        st.progress(
            done / comparison.settings.epochs,
            _(
                N_("Epoch {epoch} of {epochs} · {time} of computation"),
                epoch=done,
                epochs=comparison.settings.epochs,
                time=format_duration(comparison.seconds),
            ),
        )
        if waits:
            st.caption(_(N_("Many visitors train at this moment. Your training goes on when there is room.")))
        _show_findings(table, comparison)
        st.caption(_(N_("Solid lines: validation; dotted lines: training.")))
    if (
        not running
    ):  # a table costs the browser more than the curves, which the training would have to wait for
        _show_scores(comparison)


def _curves(table: HouseTable, comparison: OptimizerComparison, max_points: int) -> go.Figure:
    """Draw up to about `max_points` epochs of every network, the last one among them."""
    series = []
    for name, learner in comparison.learners.items():
        every = -(-len(learner.history) // max_points)
        history = learner.history[::-1][::every][::-1]
        epochs = [s.epoch for s in history]
        style = p.FamilyStyle(_COLORS[name], "circle")
        title = _(OPTIMIZERS[name])
        for scores, label, dash in (
            ([s.validation.rmse for s in history], N_("{optimizer}, validation"), "solid"),
            ([s.train.rmse for s in history], N_("{optimizer}, training"), "dot"),
        ):
            series.append(charts.Series(_(label, optimizer=title), epochs, scores, dash=dash, style=style))
    fig = charts.line_chart(
        series,
        _(N_("Epoch")),
        _(N_("RMSE ({unit})"), unit=_(table.unit)),
        log_y=True,
        height=440,
    )
    for trace in fig.data:
        trace.update(mode="lines", showlegend=trace.line.dash == "solid")
    linear = fitted.score(table, "linear").rmse
    fig.add_scatter(
        x=[0, comparison.settings.epochs],
        y=[linear, linear],
        mode="lines",
        name=_(N_("linear regression, validation: {rmse}"), rmse=f"{linear:.2f}"),
        line={"color": p.NEUTRAL, "dash": "dash", "width": 1.5},
        hoverinfo="skip",
    )
    fig.update_xaxes(range=[0, comparison.settings.epochs])
    drawn = [s.y for s in series]
    first = max(y[0] for y in drawn)
    lowest = min([0.5 * linear, *(v for y in drawn for v in y if v > 0)])
    fig.update_yaxes(
        range=[math.log10(0.95 * lowest), math.log10(1.2 * first)]
    )  # still while the curves grow
    return fig


def _show_scores(comparison: OptimizerComparison) -> None:
    rows = []
    for name, learner in comparison.learners.items():
        row = {_(N_("Optimizer")): _(OPTIMIZERS[name])}
        last = learner.history[-1]
        for metric, pick in (
            ("MSE", lambda s: f"{s.mse:.2f}"),
            ("RMSE", lambda s: f"{s.rmse:.2f}"),
            ("R²", lambda s: f"{s.r2:.3f}"),
        ):
            row[_(N_("{metric}, training"), metric=metric)] = pick(last.train)
            row[_(N_("{metric}, validation"), metric=metric)] = pick(last.validation)
        rows.append(row)
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="house-scores")


def _show_findings(table: HouseTable, comparison: OptimizerComparison) -> None:
    """Say what the curves show: which network diverged, or which learned fastest and whether it overfits."""
    for name, learner in comparison.learners.items():
        if learner.diverged_at is not None:
            st.error(
                _(
                    N_("{optimizer}: the loss became infinite at step {step}. Lower its learning rate."),
                    optimizer=_(OPTIMIZERS[name]),
                    step=f"{learner.diverged_at:,}",
                ),
                icon=":material/error:",
            )
    alive = {n: le for n, le in comparison.learners.items() if le.diverged_at is None}
    if not comparison.is_done or not alive:
        return
    linear = fitted.score(table, "linear").rmse
    first = {
        n: next((s.epoch for s in le.history if s.validation.rmse < linear), None) for n, le in alive.items()
    }
    reached = {n: epoch for n, epoch in first.items() if epoch is not None}
    lines = []
    if reached:
        lines.append(
            _(
                N_("Epochs until better than linear regression: {list}."),
                list=", ".join(f"{_(OPTIMIZERS[n])} {epoch}" for n, epoch in reached.items()),
            )
        )
    best = min(alive, key=lambda n: alive[n].history[-1].validation.rmse)
    last = alive[best].history[-1]
    lines.append(
        _(
            N_(
                "{optimizer} ends lowest: {validation} in validation, {train} in training. The gap "
                "between the two is overfitting."
            ),
            optimizer=_(OPTIMIZERS[best]),
            validation=f"{last.validation.rmse:.2f}",
            train=f"{last.train.rmse:.2f}",
        )
        if last.validation.rmse > 1.2 * last.train.rmse
        else _(
            N_("{optimizer} ends lowest: {validation} in validation, {train} in training."),
            optimizer=_(OPTIMIZERS[best]),
            validation=f"{last.validation.rmse:.2f}",
            train=f"{last.train.rmse:.2f}",
        )
    )
    st.markdown(" ".join(lines))


def _offer_networks(table: HouseTable, comparison: OptimizerComparison) -> None:
    alive = [n for n, learner in comparison.learners.items() if learner.diverged_at is None]

    def use(name: str) -> None:
        origin = _(N_("trained by you, {optimizer}"), optimizer=_(OPTIMIZERS[name]))
        fitted.set_network(table, comparison.predictor(name), origin)

    if not alive:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_(N_("Use on all tabs:")))
        for name in alive:
            st.button(
                _(OPTIMIZERS[name]), key=f"use-{name}", icon=":material/check:", on_click=use, args=(name,)
            )
