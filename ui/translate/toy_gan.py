"""The game of a GAN on points of the plane, live in the page."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.lessons.toy_gan import SHAPES, ToyGAN
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.kit import charts, palette
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, _n

_REFRESH_SECONDS = 0.6  # seconds between two looks while it runs
_STEPS_PER_FRAME = 60  # steps between two looks
_MAX_STEPS = 20_000  # steps, after which it pauses by itself
_NETWORK_CHOICES = {
    "both": N_("both"),
    "generator": N_("generator only"),
    "discriminator": N_("discriminator only"),
}


def toy_gan_section() -> None:
    """An expander with the game; it begins when it is opened."""
    place = st.expander(
        _(N_("Toy GAN in 2D")), icon=":material/sports_esports:", key="toy", on_change="rerun"
    )
    if not place.open:
        return
    with place:
        st.markdown(
            _(
                N_(
                    "The generator maps random noise to points. The discriminator scores every location "
                    "(blue: real, orange: generated). They are trained against each other. Select two "
                    "Gaussians: if all generated points end up in one of them, that is mode collapse. "
                    "Train only the discriminator, and it soon separates the two sets. Train only the "
                    "generator, and its points move to wherever the fixed discriminator gives high scores."
                )
            )
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            shape = st.selectbox(
                _(N_("Target distribution")),
                list(SHAPES),
                index=2,
                format_func=lambda s: _(SHAPES[s]),
                key="toy-shape",
                width=200,
            )
            seed = st.number_input(_(N_("Seed")), 0, 9999, 0, key="toy-seed", width=120)
            st.segmented_control(
                _(N_("Models to train")),
                list(_NETWORK_CHOICES),
                default="both",
                format_func=lambda s: _(_NETWORK_CHOICES[s]),
                required=True,
                key="toy-who",
            )
        if st.session_state.get("_toy-of") != (shape, seed):
            st.session_state["_toy-of"], st.session_state["_toy"] = (shape, seed), ToyGAN(shape, int(seed))
        with st.container(horizontal=True):
            running = st.toggle(_(N_("Run continuously")), key="toy-run")
            st.button(
                _n("Run {count} step", "Run {count} steps", _STEPS_PER_FRAME),
                icon=":material/skip_next:",
                key="toy-step",
                on_click=_advance_game,
                disabled=running,
            )
            st.button(_(N_("Reset")), icon=":material/restart_alt:", key="toy-reset", on_click=_reset_game)
        st.fragment(_live_view, run_every=_REFRESH_SECONDS if running else None)(running)


def _reset_game() -> None:
    st.session_state.pop("_toy-of", None)
    st.session_state["toy-run"] = False


def _advance_game() -> None:
    game, who = st.session_state["_toy"], st.session_state.get("toy-who", "both")
    for _step in range(_STEPS_PER_FRAME):
        game.step(train_generator=who != "discriminator", train_discriminator=who != "generator")


@with_error_boundary
def _live_view(running: bool) -> None:
    game: ToyGAN = st.session_state["_toy"]
    if running and game.step_count < _MAX_STEPS:
        _advance_game()
    left, right = st.columns([3, 2], gap="large")
    with left:
        live_chart(
            _plane_chart(game), "toy-plane", alt=_(N_("Real and generated points with discriminator scores"))
        )
    with right:
        st.metric(_(N_("Steps")), f"{game.step_count:,}")
        st.metric(_(N_("Energy distance")), f"{max(0.0, game.distance()):.3f}")
        if game.history:
            last = game.history[-1]
            st.caption(
                _(
                    N_(
                        "Mean scores: real points {real}, generated points {generated}. At 0.5 each, the "
                        "discriminator cannot distinguish them."
                    ),
                    real=f"{last.real:.2f}",
                    generated=f"{last.generated:.2f}",
                )
            )
            live_chart(_score_chart(game), "toy-scores", alt=_(N_("Mean discriminator scores")))


def _plane_chart(game: ToyGAN) -> go.Figure:
    real, fake, scores = game.snapshot()
    axis = np.linspace(-1.2, 1.2, scores.shape[0])
    fig = charts.empty_figure(420, legend=True)
    fig.add_heatmap(
        x=axis,
        y=axis,
        z=np.clip(scores, 0, 1),
        zmin=0,
        zmax=1,
        showscale=False,
        hoverinfo="skip",
        opacity=0.45,
        zsmooth="best",
        colorscale=[[0, palette.NEGATIVE], [0.5, "#F4F4F6"], [1, palette.POSITIVE]],
    )
    for points, name, colour, symbol in (
        (real, N_("real"), "#333A45", "circle-open"),
        (fake, N_("generated"), palette.WRONG, "x"),
    ):
        fig.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            name=_(name),
            hoverinfo="skip",
            marker={"size": 5, "color": colour, "symbol": symbol},
        )
    fig.update_xaxes(range=[-1.2, 1.2], showgrid=False, zeroline=False)
    fig.update_yaxes(range=[-1.2, 1.2], showgrid=False, zeroline=False, scaleanchor="x")
    return fig


def _score_chart(game: ToyGAN) -> go.Figure:
    every = max(1, len(game.history) // 300)
    rows = game.history[::every]
    steps = [r.step for r in rows]
    series = [
        charts.Series(_(N_("real")), steps, [r.real for r in rows], role=0),
        charts.Series(_(N_("generated")), steps, [r.generated for r in rows], role=1),
    ]
    return charts.line_chart(series, _(N_("Steps")), "", height=220)
