"""The networks that the Architecture page inspects: built from a task's model with chosen options, and what they were before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import data, tasks
from core.kinds import get_kind
from core.messages import N_, UserError
from ui.kit import preload

if TYPE_CHECKING:
    from torch import nn

    from core.inference.block_graph import Block
    from core.inference.model_summary import LayerSummary

MAX_PARAMETERS = 60_000_000  # a link can ask for any width, and the summary holds several copies of the model
_FORMER = "architecture-former"


@dataclass(frozen=True)
class BuiltNetwork:
    """A randomly initialized network in evaluation mode, with its layers and blocks."""

    network: nn.Module
    layers: list[LayerSummary]
    blocks: list[Block]


def has_summary(task: tasks.Task) -> bool:
    """Whether the Architecture page can show the task's model: one for images or for rows of a table."""
    info = data.dataset_info(task.dataset)
    return info.is_image or bool(info.features)


def task_shape(task: tasks.Task) -> tuple[tuple[int, ...], int]:
    """Input shape, (C, H, W) or (F,), and number of outputs of a task, without loading its data."""
    info = data.dataset_info(task.dataset)
    return info.example_shape(**task.recipe.part("data")), info.num_outputs


def list_parts(task: tasks.Task) -> list[str]:
    """Titles (message ids) of the networks that the task trains; one empty title if it is a single one."""
    preload.wait_until_ready()
    shape, outputs = task_shape(task)
    return list(get_kind(task.kind).networks(task.model, shape, outputs, task.recipe.part("model")))


def build_network(task: tasks.Task, options: dict[str, Any], part: str = "") -> BuiltNetwork:
    """Build a network of the task with `options`, the first one if there is none called `part`.

    Raises:
        UserError: if the options are incompatible, or the model is too large.
    """
    preload.wait_until_ready()
    try:
        return _build_network(task.name, json.dumps(options, sort_keys=True), part)
    except (RuntimeError, ValueError) as error:
        raise UserError(
            N_("This model cannot be built: {reason}."), reason=str(error).splitlines()[0][:200]
        ) from error


@st.cache_resource(max_entries=8, show_spinner=False)
def _build_network(task_name: str, options: str, part: str) -> BuiltNetwork:
    import torch

    from core.inference import block_graph, model_summary

    task = tasks.get_task(task_name)
    in_shape, outputs = task_shape(task)
    builders = get_kind(task.kind).networks(task.model, in_shape, outputs, json.loads(options))
    build = builders.get(part) or next(iter(builders.values()))
    count = model_summary.count_parameters(build)
    if count > MAX_PARAMETERS:
        raise UserError(
            N_(
                "This model would have {count}M parameters; the limit is {most}M. Choose a smaller "
                "width or depth."
            ),
            count=f"{count / 1e6:,.0f}",
            most=f"{MAX_PARAMETERS / 1e6:.0f}",
        )
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the same random feature maps on every visit
        network = build().eval()
    return BuiltNetwork(
        network,
        model_summary.summarize_layers(network, in_shape),
        block_graph.find_blocks(network, in_shape),
    )


def former_options(task: tasks.Task, options: dict[str, Any]) -> dict[str, Any] | None:
    """The options before the last change in this session, or the task's own for a link with other ones; None if nothing changed.

    Call it with options that can be built, once per rerun.
    """
    state = st.session_state.get(_FORMER)
    if state is None or state["task"] != task.name:
        original = {n: v for n, v in task.recipe.part("model").items() if n in options}
        state = {"task": task.name, "former": original, "current": options}
    elif state["current"] != options:
        state = {**state, "former": state["current"], "current": options}
    st.session_state[_FORMER] = state
    return state["former"] if state["former"] != options else None


def shrinks_images(task: tasks.Task) -> bool:
    """Whether the model turns images into a vector, so that its maps shrink and its receptive fields grow."""
    return data.dataset_info(task.dataset).is_image and get_kind(task.kind).model_role == "predictor"
