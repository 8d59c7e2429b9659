"""The normal equation with the numbers of the points."""

from __future__ import annotations

import streamlit as st

from core.lessons import gradient_descent as gd
from core.messages import N_, UserError
from ui.gradient_descent.state import Work
from ui.kit.i18n import _, translate_message

_CODE = """import torch

x = torch.tensor([0.0, 1.0, 3.0, 5.0, 6.0])
y = 2 * x + 1
w = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(10.0, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.02)

for step in range(1000):
    prediction = w * x + b                      # forward
    loss = ((prediction - y) ** 2).mean()       # loss
    optimizer.zero_grad()
    loss.backward()                             # gradient
    optimizer.step()                            # update

print(w.item(), b.item())
"""


def show_solution(work: Work) -> None:
    """Show how least squares jumps to the line, and when it cannot replace gradient descent."""
    try:
        found = gd.least_squares(work.x, work.y)
    except UserError as error:
        st.info(translate_message(error.message))
        return
    curve = gd.curvature(work.x)
    st.markdown(
        _(
            N_(
                "At the minimum both derivatives are zero. For a line that is two linear equations in w and b, the normal "
                "equation, solved at once:"
            )
        )
    )
    st.latex(
        r"X^\top X \begin{pmatrix} w \\ b \end{pmatrix} = X^\top y, \qquad "
        r"X = \begin{pmatrix} x_1 & 1 \\ \vdots & \vdots \\ x_n & 1 \end{pmatrix}"
    )
    st.latex(
        r"\begin{pmatrix} \sum x^2 & \sum x \\ \sum x & n \end{pmatrix} = "
        rf"\begin{{pmatrix}} {found.xx:.5g} & {found.x:.5g} \\ {found.x:.5g} & {found.n} \end{{pmatrix}}, \quad "
        r"\begin{pmatrix} \sum x y \\ \sum y \end{pmatrix} = "
        rf"\begin{{pmatrix}} {found.xy:.5g} \\ {found.y:.5g} \end{{pmatrix}}"
    )
    st.latex(rf"w = {found.w:.4g}, \quad b = {found.b:.4g}, \quad L = {round(found.loss, 12):.4g}")
    st.markdown(
        _(
            N_(
                "The same matrix, times 2/n, is the Hessian: its eigenvalues {low} and {high} are the curvature along and across "
                "the valley. Their ratio {condition} says how narrow it is, and 2 / {high} = {limit} is the largest learning rate. "
                "A neural network has no such equation: its loss is no quadratic, so it descends step by step."
            ),
            low=f"{curve.low:.3g}",
            high=gd.format_curvature(curve.high),
            condition=gd.format_curvature(curve.condition),
            limit=f"{curve.limit:.3g}",
        )
    )


def show_task() -> None:
    """Show the command and the PyTorch code that learn the line of the notes."""
    st.markdown(
        _(
            N_(
                "The notes' `regression.py` as a task: trained like every other model, with a run folder, curves and a resume. It "
                "ends at w = 2, b = 1."
            )
        )
    )
    st.code("python -m core train line --json", language="bash")
    st.page_link(
        "pages/train.py",
        label=_(N_("Train a model")),
        icon=":material/model_training:",
        query_params={"task": "line"},
    )
    st.code(_CODE, language="python")
