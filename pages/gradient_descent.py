"""Gradient descent page: a line through points, dragged by hand, solved at once, or learned step by step."""

from __future__ import annotations

import streamlit as st

from core.lessons import gradient_descent as gd
from core.messages import N_
from ui.gradient_descent import lab, own_gradient, own_points, solution, state, step_table
from ui.kit import url, url_numbers
from ui.kit.frame import page, show_messages
from ui.kit.i18n import _

SECTIONS = {
    "race": N_("Optimizer race"),
    "own": N_("Your own gradient"),
    "solution": N_("Least squares"),
    "steps": N_("Table of steps"),
    "data": N_("Your points"),
    "task": N_("As a task"),
}

with page("gradient_descent"):
    messages = st.container()
    url_numbers.check_choices(
        {"points": gd.POINT_SETS, "optimizer": gd.OPTIMIZERS, "section": SECTIONS}, state.MESSAGES
    )
    work = state.get_work()
    momentum = lab.choose_settings(work)
    state.read_url(work)
    lab.show_lab(work, momentum)
    state.write_url(work)
    section, tab = url.choose_tab(
        {name: _(title) for name, title in SECTIONS.items()}, key="section", default="race"
    )
    with tab:
        match section:
            case "race":
                lab.show_race(work)
            case "own":
                own_gradient.show_own_gradient(work)
            case "solution":
                solution.show_solution(work)
            case "steps":
                step_table.show_step_table(work, momentum)
            case "data":
                own_points.show_own_points(work)
            case "task":
                solution.show_task()
    with messages:
        show_messages(state.MESSAGES)
