"""The lab: a line through points, learned step by step, and the race of four optimizers on the same surface."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons import gradient_descent as gd
from core.messages import N_
from ui.components.descent import DescentState, Racer, descent
from ui.gradient_descent import state
from ui.gradient_descent.state import LAB, Work
from ui.kit import palette, url, url_numbers
from ui.kit.i18n import _, translate_message

COLORS = {
    "sgd": palette.VERMILLION,
    "momentum": palette.BLUE,
    "rmsprop": palette.GREEN,
    "adam": palette.PURPLE,
}


def choose_settings(work: Work) -> float:
    """Let the visitor choose points and optimizer; return the momentum."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        points = url.choose_one(
            st.selectbox,
            _(N_("Point set")),
            list(gd.POINT_SETS),
            key="points",
            default="notes",
            format_func=lambda name: _(gd.POINT_SETS[name]),
            width=300,
        )
        optimizer = url.choose_one(
            st.segmented_control,
            _(N_("Optimizer")),
            list(gd.OPTIMIZERS),
            key="optimizer",
            default="sgd",
            format_func=lambda name: _(gd.OPTIMIZERS[name]),
            required=True,
        )
        momentum = gd.MOMENTUM
        if optimizer == "momentum":
            momentum = url_numbers.choose_number(
                st.slider,
                _(N_("Momentum β")),
                0.0,
                0.99,
                gd.MOMENTUM,
                key="beta",
                place=state.MESSAGES,
                step=0.01,
                width=180,
            )
    state.choose_set(work, points)
    state.choose_optimizer(work, optimizer)
    return momentum


def show_lab(work: Work, momentum: float) -> None:
    """Show the points with the line, the loss surface, and the numbers of the next step."""
    assessment = None
    if work.has_line:
        found = gd.assess_rate(work.x, work.rate, work.optimizer, momentum)
        assessment = (found.verdict, translate_message(found.message))
    racer = Racer(
        work.optimizer, _(gd.OPTIMIZERS[work.optimizer]), COLORS[work.optimizer], work.rate, momentum
    )
    descent(
        LAB,
        work.for_component(),
        [racer],
        mode="lab",
        labels={**_common_labels(), **_lab_labels()},
        assessment=assessment,
        on_edit=state.take_edit,
    )


def show_race(work: Work) -> None:
    """Race four optimizers from the same start, each with its own learning rate."""
    st.markdown(
        _(
            N_(
                "Four optimizers start at the same place on the same surface. SGD zigzags or crawls in a narrow valley, "
                "momentum gathers speed along it, RMSprop and Adam scale each direction by its recent gradients. Change a "
                "learning rate and race again; try the points far from zero, then the same points centered."
            )
        )
    )
    if not work.has_line:
        st.info(_(N_("A line needs at least two points with different x. Add a point.")))
        return
    racers = []
    with st.container(horizontal=True):
        for name, title in gd.OPTIMIZERS.items():
            rate = url_numbers.choose_number(
                st.number_input,
                _(N_("Learning rate: {optimizer}"), optimizer=_(title)),
                gd.MIN_RATE,
                gd.MAX_RATE,
                gd.DEFAULT_RATES[name],
                key=f"lr-{name}",
                place=state.MESSAGES,
                format="%.4f",
                step=0.01,
                width=180,
            )
            racers.append(Racer(name, _(title), COLORS[name], rate))
    place = hash((tuple(map(tuple, work.points)), work.start))
    descent(
        "gd-race",
        DescentState(place % 2**31, work.points, work.start, work.rate),
        racers,
        mode="race",
        labels={**_common_labels(), **_race_labels()},
    )


def _common_labels() -> dict[str, Any]:
    return {
        "play": _(N_("Play")),
        "pause": _(N_("Pause")),
        "do_step": _(N_("Step")),
        "do_reset": _(N_("Reset")),
        "do_solve": _(N_("Least squares")),
        "speed": _(N_("Speed")),
        "per_second": _(N_("{count}/s")),
        "step": _(N_("Step")),
        "loss": _(N_("Loss")),
        "rate": _(N_("Learning rate η")),
        "w": _(N_("weight w")),
        "b": _(N_("bias b")),
        "right_title": _(N_("Loss surface")),
        "two_points": _(N_("A line needs at least two points with different x. Add a point.")),
    }


def _lab_labels() -> dict[str, Any]:
    return {
        "left_title": _(N_("Line and points")),
        "left_hint": _(
            N_(
                "Drag the two handles to fit the line yourself. Click to add a point, drag it to move it, double-click "
                "to remove it."
            )
        ),
        "left_alt": _(
            N_(
                "Points and the line through them. Arrow keys: left and right change w, up and down change b. Delete "
                "removes the selected point."
            )
        ),
        "right_hint": _(
            N_("More purple means a higher loss. Drag the ball to choose the start; ★ is the minimum.")
        ),
        "right_alt": _(
            N_("Loss for every w and b, with the path of the training. Arrow keys move the start.")
        ),
        "cards": [_(N_("Forward")), _(N_("Loss")), _(N_("Gradient")), _(N_("Update"))],
        "more_points": _(N_("Further points: {count}")),
        "zones": {
            "small": _(N_("too small")),
            "right": _(N_("good")),
            "oscillates": _(N_("oscillates")),
            "large": _(N_("diverges")),
        },
        "converged": _(N_("Converged at step {step}: w = {w}, b = {b}, loss {loss}.")),
        "diverged": _(
            N_(
                "Stopped at step {step}: the loss is more than a million times what it was at the start. It first rose at "
                "step {first}. The learning rate {rate} is too large; the limit of SGD here is 2 / {high} = {limit}."
            )
        ),
        "steps": _(N_("Stopped at step {step}, before the minimum: change the learning rate.")),
        "solved": _(
            N_("Least squares: w = {w}, b = {b}, loss {loss}, in one computation instead of many steps.")
        ),
    }


def _race_labels() -> dict[str, Any]:
    return {
        "left_title": _(N_("Loss above the minimum")),
        "left_hint": _(N_("Logarithmic: a straight line down means that each step removes the same share.")),
        "left_alt": _(N_("Loss above the minimum by step, one curve per optimizer.")),
        "right_hint": _(N_("Four paths from one start to the minimum ★.")),
        "right_alt": _(N_("Loss for every w and b, with the paths of four optimizers.")),
        "excess": _(N_("loss − minimum")),
        "race_loss": _(N_("Loss {loss}")),
        "race_at": _(N_("step {step}")),
        "race_converged": _(N_("converged at step {step}")),
        "race_diverged": _(N_("diverged at step {step}")),
        "race_steps": _(N_("stopped at step {step}")),
    }
