"""Toy GAN on two-dimensional points, trained live in the page."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.lessons.fair_share import SLICE_SECONDS
from core.lessons.toy_gan import SHAPES, ToyGAN
from core.messages import N_
from ui.components.live_chart import live_chart
from ui.kit import charts, palette
from ui.kit.fair_share import fair_share
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, _n
from ui.playground.session import get_session

_REFRESH_SECONDS = 0.6
_STEPS_PER_FRAME = 60
_MAX_STEPS = 20_000  # training pauses here
_RUNNING = "_toy-running"
_MAX_POINTS = 300  # in the chart of mean scores
SURFACE_OPACITY = 0.45
SURFACE_MIDDLE = {False: "#F4F4F6", True: "#1B1E25"}
"""Color of the score 0.5, by whether the theme is dark."""
POINT_COLORS = {False: ("#333A45", "#8A2D00"), True: ("#E8EAEE", "#FFB27A")}
"""Colors of real and generated points, by whether the theme is dark: at least 3:1 on every score."""
_NETWORK_CHOICES = {
    "both": N_("both"),
    "generator": N_("generator only"),
    "discriminator": N_("discriminator only"),
}


def toy_gan_section() -> None:
    """Show the toy GAN with its play button; the explanation follows the chart."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        running = st.session_state.get(_RUNNING, False)
        st.button(
            _(N_("Pause")) if running else _(N_("Play")),
            icon=":material/pause:" if running else ":material/play_arrow:",
            type="primary",
            key="toy-play",
            on_click=lambda: st.session_state.update({_RUNNING: not running}),
        )
        st.button(
            _n("Run {count} step", "Run {count} steps", _STEPS_PER_FRAME),
            icon=":material/skip_next:",
            key="toy-step",
            on_click=_run_steps,
            disabled=running,
        )
        st.button(_(N_("Reset")), icon=":material/restart_alt:", key="toy-reset", on_click=_reset)
        shape = st.selectbox(
            _(N_("Target distribution")),
            list(SHAPES),
            index=2,
            format_func=lambda s: _(SHAPES[s]),
            key="toy-shape",
            width=200,
        )
    chart = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            _(N_("Models to train")),
            list(_NETWORK_CHOICES),
            default="both",
            format_func=lambda s: _(_NETWORK_CHOICES[s]),
            required=True,
            key="toy-who",
        )
        seed = st.number_input(_(N_("Seed")), 0, 9999, 0, key="toy-seed", width=120)
    if st.session_state.get("_toy-of") != (shape, seed):
        st.session_state["_toy-of"], st.session_state["_toy"] = (shape, seed), ToyGAN(shape, int(seed))
    with chart:
        st.fragment(_live_view, run_every=_REFRESH_SECONDS if running else None)(running)
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


def _reset() -> None:
    st.session_state.pop("_toy-of", None)
    st.session_state[_RUNNING] = False


def _run_steps(count: int = _STEPS_PER_FRAME) -> None:
    gan, trained = st.session_state["_toy"], st.session_state.get("toy-who", "both")
    for _step in range(count):
        gan.step(train_generator=trained != "discriminator", train_discriminator=trained != "generator")


@with_error_boundary
def _live_view(running: bool) -> None:
    gan: ToyGAN = st.session_state["_toy"]
    if running and gan.step_count < _MAX_STEPS:
        share = fair_share()
        if share.enter(get_session().id):
            _run_steps(max(1, round(_STEPS_PER_FRAME * share.slice_seconds() / SLICE_SECONDS)))
    left, right = st.columns([3, 2], gap="large")
    with left:
        live_chart(
            plane_chart(gan, dark=st.context.theme.type == "dark"),
            "toy-plane",
            alt=_(N_("Real and generated points with discriminator scores")),
        )
    with right:
        st.metric(_(N_("Steps")), f"{gan.step_count:,}")
        st.metric(_(N_("Energy distance")), f"{max(0.0, gan.distance()):.3f}")
        if gan.history:
            last = gan.history[-1]
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
            live_chart(_score_chart(gan), "toy-scores", alt=_(N_("Mean discriminator scores")))


def plane_chart(gan: ToyGAN, *, dark: bool) -> go.Figure:
    """Real and generated points over the discriminator's scores, in the colors of a light or dark theme."""
    real, generated, scores = gan.snapshot()
    real_color, generated_color = POINT_COLORS[dark]
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
        opacity=SURFACE_OPACITY,
        zsmooth="best",
        colorscale=[[0, palette.NEGATIVE], [0.5, SURFACE_MIDDLE[dark]], [1, palette.POSITIVE]],
    )
    for points, name, color, symbol in (
        (real, N_("real"), real_color, "circle-open"),
        (generated, N_("generated"), generated_color, "x"),
    ):
        fig.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            name=_(name),
            hoverinfo="skip",
            marker={"size": 5, "color": color, "symbol": symbol},
        )
    fig.update_xaxes(range=[-1.2, 1.2], showgrid=False, zeroline=False)
    fig.update_yaxes(range=[-1.2, 1.2], showgrid=False, zeroline=False, scaleanchor="x")
    return fig


def _score_chart(gan: ToyGAN) -> go.Figure:
    rows = gan.history[:: max(1, len(gan.history) // _MAX_POINTS)]
    steps = [r.step for r in rows]
    series = [
        charts.Series(_(N_("real")), steps, [r.real for r in rows], role=0),
        charts.Series(_(N_("generated")), steps, [r.generated for r in rows], role=1),
    ]
    return charts.line_chart(series, _(N_("Steps")), "", height=220)
