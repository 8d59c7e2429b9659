"""Every number of the first steps as a table that can be downloaded."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.lessons import gradient_descent as gd
from core.messages import N_
from ui.gradient_descent.state import Work
from ui.kit.i18n import _

_STEPS = 200


def show_step_table(work: Work, momentum: float) -> None:
    """Show the first steps from the start, as the server computes them."""
    if not work.has_line:
        st.info(_(N_("A line needs at least two points with different x. Add a point.")))
        return
    descent = gd.Descent(work.x, work.y, *work.start, work.optimizer, work.rate, momentum)
    records = list(descent.run(_STEPS))
    st.markdown(
        _(
            N_(
                "Each row is one step with the settings above: the line before it, its loss and gradient, and the line "
                "after it. The table can be downloaded as CSV."
            )
        )
    )
    st.dataframe(
        pd.DataFrame(
            {
                _(N_("Step")): [r.step for r in records],
                "w": [r.w for r in records],
                "b": [r.b for r in records],
                _(N_("Loss")): [r.loss for r in records],
                "∂L/∂w": [r.grad_w for r in records],
                "∂L/∂b": [r.grad_b for r in records],
                _(N_("next w")): [r.next_w for r in records],
                _(N_("next b")): [r.next_b for r in records],
                _(N_("next loss")): [r.next_loss for r in records],
            }
        ),
        hide_index=True,
    )
