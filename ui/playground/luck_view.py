"""Luck meter: the share of fifty seeds that solve XOR, by activation and width."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.lessons.playground import luck
from core.lessons.playground.luck import LuckResult
from core.lessons.playground.settings import ACTIVATIONS
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.kit import charts, palette, url
from ui.kit.fair_share import fair_share
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, language
from ui.playground import address, settings_form
from ui.playground.session import get_session

_KEY = "_playground_luck"
_REFRESH_SECONDS = 0.4
WIDTHS = (2, 3, 4, 6, 8)
_DEFAULT_ACTIVATIONS = ["relu", "tanh", "sigmoid"]

Cell = tuple[str, int]


@dataclass
class _Meter:
    """The cells to train, those trained, and the one in progress."""

    waiting: list[Cell] = field(default_factory=list)
    results: dict[Cell, LuckResult] = field(default_factory=dict)
    current: Iterator[LuckResult] | None = None
    cell: Cell | None = None

    @property
    def is_running(self) -> bool:
        return bool(self.waiting) or self.current is not None

    def advance(self, seconds: float) -> None:
        """Train for about `seconds`."""
        until = time.perf_counter() + seconds
        while self.is_running and time.perf_counter() < until:
            if self.current is None:
                self.cell = self.waiting.pop(0)
                self.current = luck.train_seeds(luck.luck_settings(*self.cell))
            result = next(self.current, None)
            if result is None:
                self.current = None
            else:
                self.results[self.cell] = result


def show_luck() -> None:
    """Show the meter with its button and its table."""
    meter: _Meter = st.session_state.setdefault(_KEY, _Meter())
    st.markdown(
        _(
            N_(
                "Some initial weights lead to a solution, others do not. Each cell trains {seeds} networks with one hidden "
                "layer on XOR, all at once, each from a seed of its own. Epochs: {epochs}."
            ),
            seeds=luck.NUM_SEEDS,
            epochs=luck.EPOCHS,
        )
    )
    address.check_choices("luck", list(ACTIVATIONS), _DEFAULT_ACTIVATIONS)
    activations = url.choose_many(
        _(N_("Activation")),
        list(ACTIVATIONS),
        key="luck",
        default=_DEFAULT_ACTIVATIONS,
        widget=st.pills,
        always=False,
        selection_mode="multi",
        format_func=lambda a: _(ACTIVATIONS[a]),
    )

    def start() -> None:
        meter.results.clear()
        meter.current = None
        meter.waiting = [(a, w) for a in activations for w in WIDTHS]

    st.button(
        _(N_("Train all seeds")),
        icon=":material/casino:",
        type="primary",
        key="playground-luck",
        on_click=start,
        disabled=not activations or meter.is_running,
    )
    st.fragment(_live, run_every=_REFRESH_SECONDS if meter.is_running else None)(meter, activations)


@with_error_boundary
def _live(meter: _Meter, activations: list[str]) -> None:
    if meter.is_running:
        if fair_share().enter(get_session().id):
            meter.advance(3 * fair_share().slice_seconds())
        if not meter.is_running:
            st.rerun()
    shown = activations or _DEFAULT_ACTIVATIONS
    live_chart(
        _chart(meter, shown),
        "playground-luck-chart",
        alt=_(N_("Share of seeds that solve XOR, by activation and width")),
    )
    failed = {
        cell: r.failed_seed for cell, r in meter.results.items() if r.is_done and r.failed_seed is not None
    }
    if failed and not meter.is_running:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            cell = st.selectbox(
                _(N_("A network that failed")),
                list(failed),
                key="playground-failed",
                width=340,
                format_func=lambda c: _(
                    N_("{activation}, width {width}: seed {seed}"),
                    activation=_(ACTIVATIONS[c[0]]),
                    width=c[1],
                    seed=failed[c],
                ),
            )
            if st.button(
                _(N_("Open it")),
                icon=":material/open_in_new:",
                key="playground-open",
            ):
                open_network(luck.opened_settings(luck.luck_settings(*cell), failed[cell]))
                st.rerun()


def open_network(settings: settings_form.Settings) -> None:
    """Show `settings` in the network view of the next rerun."""
    settings_form.apply_settings(settings)
    url.forget_choice("view")
    st.session_state.pop(f"view.{language()}", None)
    st.query_params.pop("view", None)


def _chart(meter: _Meter, activations: list[str]) -> go.Figure:
    shares = np.array(
        [
            [meter.results[a, w].solved if (a, w) in meter.results else np.nan for w in WIDTHS]
            for a in activations
        ]
    )
    texts = [["" if np.isnan(s) else f"{s:.0%}" for s in row] for row in shares]
    fig = charts.empty_figure(70 + 56 * len(activations))
    fig.add_heatmap(
        x=[str(w) for w in WIDTHS],
        y=[_(ACTIVATIONS[a]) for a in activations],
        z=100 * shares,
        zmin=0,
        zmax=100,
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 16, "color": palette.BLACK},
        colorscale=[[0, palette.ORANGE], [0.5, "#F4F4F6"], [1, palette.SKY]],
        showscale=False,
        xgap=4,
        ygap=4,
        hoverongaps=False,
        hovertemplate="%{y}, %{x}: %{z:.0f}%<extra></extra>",
    )
    fig.update_xaxes(title_text=_(N_("Units of the hidden layer")), type="category", showgrid=False)
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig
