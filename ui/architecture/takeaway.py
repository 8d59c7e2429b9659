"""What the figures of the Architecture page say in a sentence: where a model's cost is, and what the last change did to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import streamlit as st

from core import tasks
from core.inference.model_summary import LayerSummary
from core.messages import N_
from ui.architecture.networks import BuiltNetwork
from ui.kit.forms import field_label
from ui.kit.i18n import _, escape_markdown
from ui.kit.terms import term

_COSTS: dict[str, Callable[[LayerSummary], float]] = {
    "parameters": lambda layer: layer.parameters,
    "macs": lambda layer: layer.macs,
    "memory": lambda layer: layer.activation_bytes,
}
_MILLION = 1e6


def show_takeaway(
    task: tasks.Task, built: BuiltNetwork, options: dict[str, Any], before: BuiltNetwork | None, former: dict
) -> None:
    """Say what the change from the `former` options, which built `before`, did; without one, which blocks cost most."""
    text = _describe_change(task, built, options, before, former) if before else _describe_shares(built)
    if text:
        st.info(text, icon=":material/lightbulb:")
    st.markdown(  # no caption, in which a link would be too faint to read
        _(
            N_(
                "{macs}: how often a model multiplies and adds for one image. They measure how much it computes; "
                "parameters measure how much it stores."
            ),
            macs=term("multiply-adds", "MACs"),
        )
    )


def _describe_shares(built: BuiltNetwork) -> str:
    """The part of the model with the largest share of each cost; empty if the model has one part."""
    shares = {}
    for name in _COSTS:
        by_group = cost_by_group(built, name)
        total = sum(by_group.values())
        if len(by_group) < 2 or not total:
            return ""
        largest = max(by_group, key=by_group.__getitem__)
        shares[name] = f"**{escape_markdown(largest)}** ({by_group[largest] / total:.0%})"
    return _(
        N_(
            "Where the cost is: {parameters} has the most parameters, {macs} the most MACs, {memory} the most "
            "activation memory. Change a setting to see what it does to them."
        ),
        **shares,
    )


def _describe_change(
    task: tasks.Task, built: BuiltNetwork, options: dict[str, Any], before: BuiltNetwork, former: dict
) -> str:
    """What changed, the factor of each cost, and the part of the model whose MACs changed most."""
    changes = ", ".join(
        _describe_option(task, n, former[n], options[n]) for n in options if former[n] != options[n]
    )
    factors = {}
    for name in _COSTS:
        now, then = (sum(cost_by_group(network, name).values()) for network in (built, before))
        factors[name] = f"×{now / then:.3g}" if then else "–"
    if set(factors.values()) == {"×1"}:
        return _(N_("**{changes}**: parameters, MACs and activation memory stay the same."), changes=changes)
    text = _(
        N_("**{changes}**: parameters {parameters}, MACs {macs}, activation memory {memory}."),
        changes=changes,
        **factors,
    )
    now, then = (cost_by_group(network, "macs") for network in (built, before))
    differences = {group: now.get(group, 0) - then.get(group, 0) for group in (*now, *then)}
    largest = max(differences, key=lambda group: abs(differences[group]))
    if not differences[largest]:
        return text
    return f"{text} " + _(
        N_("The MACs change most in **{group}**: {difference} M."),
        group=escape_markdown(largest),
        difference=f"{differences[largest] / _MILLION:+,.3g}",
    )


def _describe_option(task: tasks.Task, name: str, before: object, now: object) -> str:
    label = field_label(task.recipe.field(name))
    return f"{label} {_format_option(before)} → {_format_option(now)}"


def _format_option(value: object) -> str:
    return (
        (_(N_("on")) if value else _(N_("off"))) if isinstance(value, bool) else escape_markdown(str(value))
    )


def cost_by_group(built: BuiltNetwork, cost: str) -> dict[str, float]:
    """The `cost` ("parameters", "macs" or "memory") of each part of the model, in forward order."""
    group_of = {name: block.group for block in built.blocks for name, _kind in block.layers}
    sums: dict[str, float] = defaultdict(float)
    for layer in built.layers:
        sums[group_of[layer.name]] += _COSTS[cost](layer)
    return dict(sums)
