"""Check of the visitor's own gradient against autograd and a finite difference."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.lessons import expressions
from core.messages import N_, UserError
from ui.gradient_descent.state import Work
from ui.kit import preload, url
from ui.kit.i18n import _, translate_message

_EXAMPLES = {"w": "mean((w*x + b - y) * x)", "b": "2 * mean(w*x + b - y)"}


def show_own_gradient(work: Work) -> None:
    """Let the visitor write both derivatives, and say whether they are right."""
    st.markdown(
        _(
            N_(
                "The loss is L = mean((w*x + b − y)²). Derive it by w and by b and write the result: x and y are all points "
                "at once, n is their number; mean, sum, + − * / and ** are there. One of the two examples is wrong."
            )
        )
    )
    columns = st.columns(2)
    for column, parameter in zip(columns, ("w", "b"), strict=True):
        with column:
            text = url.text_field(
                f"∂L/∂{parameter}",
                key=f"grad-{parameter}",
                default=_EXAMPLES[parameter],
                max_chars=expressions.MAX_LENGTH,
            )
            _show_check(text, parameter, work)


def _show_check(text: str, parameter: str, work: Work) -> None:
    preload.wait_until_ready()
    try:
        check = expressions.check_gradient(text, parameter, work.x, work.y)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/error:")
        return
    show = st.success if check.correct else st.warning
    show(
        translate_message(check.message),
        icon=":material/check_circle:" if check.correct else ":material/cancel:",
    )
    st.dataframe(
        pd.DataFrame(
            {
                "w": [p.w for p in check.places],
                "b": [p.b for p in check.places],
                _(N_("Yours")): [p.own for p in check.places],
                "autograd": [p.autograd for p in check.places],
                _(N_("Finite difference")): [p.difference for p in check.places],
                "": ["✓" if p.agrees else "✗" for p in check.places],
            }
        ).style.format(precision=4),
        hide_index=True,
    )
