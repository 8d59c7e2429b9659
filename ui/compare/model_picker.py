"""Selection of models on the Compare page, with their names and costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import checkpoints, data, tasks
from core.analysis import model_results
from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.inference import latency
from core.messages import N_, UserError
from core.runs import store
from ui.kit import cache, preload, url
from ui.kit.i18n import _, translate_message
from ui.kit.run_names import run_name, task_name

DATASET = "cifar10"
MAX_MODELS = 12
_DEFAULT = ("cifar10-mlp", "cifar10-cnn", "cifar10-resnet")
_CHOSEN = "_compare-chosen"  # whether the models are the visitor's choice; else each view has its own
_REFRESH_SECONDS = 1.0


def model_name(result: ModelResult) -> str:
    """Name of a model everywhere on the page, without the data set that all models share; fallback data are named."""
    name = task_name(result.task) if result.run is None else run_name(result.run)
    return f"{name} ({_(result.data)})" if result.stand_in_for else name


def load_test_dataset(results: list[ModelResult]) -> ArrayDataset | None:
    """The data set with its test images, or None while they are being decoded, with the progress, or if they are not installed.

    Fallback data only if one of the models was trained on it.
    """
    if not is_installed() and not any(result.stand_in_for for result in results):
        return None
    if preload.decoding_progress(DATASET) is not None:
        st.fragment(_decoding_status, run_every=_REFRESH_SECONDS)()
        return None
    with st.spinner(_(N_("Loading test images…"))):
        return cache.load_dataset(DATASET)


def _decoding_status() -> None:
    """Show how far the test images are decoded; the page runs again when they are."""
    share = preload.decoding_progress(DATASET)
    if share is None:
        st.rerun()
    st.progress(share, _(N_("Decoding test images, once on this machine: {share}"), share=f"{share:.0%}"))


def is_installed() -> bool:
    """Whether the test images are on this machine."""
    return data.find_dataset(DATASET) is not None


@dataclass(frozen=True)
class Selection:
    """The models selected, and the bar above the view: `heading` at its left, `bar` for further controls at its right."""

    results: list[ModelResult]
    heading: DeltaGenerator
    bar: DeltaGenerator


def pick_models(*, all_at_first: bool = False) -> Selection | None:
    """Let the visitor select models; None if there are none. Those that cannot be loaded are left out, with the reason.

    Until the visitor or a link selects some, they are three, or with `all_at_first` all pretrained ones.
    """
    known = model_results.classifier_ids(DATASET)
    if not known:
        st.info(
            _(
                N_(
                    "No CIFAR-10 models found: there are no pretrained models and no runs yet. Train some "
                    "in the tab “{tab}”."
                ),
                tab=_(N_("Equal budget")),
            )
        )
        return None
    titles = {}
    for name in known:
        task = next((t for t in tasks.TASKS if t.name == name), None)
        titles[name] = task_name(task) if task else run_name(store.find_run(name))
    few = [name for name in _DEFAULT if name in known] or known[: len(_DEFAULT)]
    pretrained = [name for name in known if name in {t.name for t in tasks.TASKS}]
    default = (pretrained or known)[:MAX_MODELS] if all_at_first else few
    named = st.query_params.get("nets")
    is_linked = named is not None and named != st.session_state.get("_url.nets")
    is_chosen = is_linked or st.session_state.get(_CHOSEN, False)
    st.session_state[_CHOSEN] = is_chosen
    if not is_chosen:
        url.forget_choice("nets")
    limit = min(len(known), MAX_MODELS)
    bar = st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small"
    )
    with bar:
        heading = st.container()
        # Counted before the widget in the popover is drawn.
        shown = named.split(",") if is_linked else st.session_state.get("nets", default)
        with st.popover(
            _(N_("Models: {shown} of {count}"), shown=sum(name in known for name in shown), count=len(known)),
            icon=":material/checklist:",
            width="content",
            key="compare-models",
        ):
            selected = url.choose_many(
                _(N_("Models")),
                known,
                key="nets",
                default=default,
                always=is_chosen,
                on_change=_mark_chosen,
                format_func=titles.get,
                max_selections=MAX_MODELS,
                placeholder=_(N_("Select models to compare")),
                help=_(N_("Pretrained models and runs on this machine.")),
            )
        is_reduced = len(selected) < limit
        st.button(
            _(N_("All models")) if is_reduced else _(N_("Fewer models")),
            key="compare-all",
            icon=":material/select_all:" if is_reduced else ":material/filter_list:",
            on_click=_select,
            args=(known[:MAX_MODELS] if is_reduced else few,),
        )
    results = []
    loaded, problems = model_results.load_results(selected)
    for result in loaded:
        try:
            model_costs(result)
        except UserError as error:
            problems.append(error)
        else:
            results.append(result)
    for problem in problems:
        st.error(translate_message(problem.message), icon=":material/error:")
    return Selection(results, heading, bar)


def _select(names: list[str]) -> None:
    st.session_state["nets"] = list(names)
    _mark_chosen()


def _mark_chosen() -> None:
    st.session_state[_CHOSEN] = True


# These load the weights themselves: counting runs a training step, and the shared models must not change.


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_costs(weights: str, mtime: float) -> tuple[int, int]:
    """MACs per image and number of parameters of a weights file."""
    from core.inference import model_summary

    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_macs(network, spec.in_shape), sum(p.numel() for p in network.parameters())


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_training_macs(weights: str, mtime: float) -> int:
    """MACs per image of a training step of the model in a weights file."""
    from core.inference import model_summary

    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_training_macs(network, spec.in_shape)


def training_macs(result: ModelResult) -> int:
    """MACs per image of a training step."""
    preload.wait_until_ready()
    return _cached_training_macs(str(result.weights), result.weights.stat().st_mtime)


def model_costs(result: ModelResult) -> dict[str, float]:
    """Costs of a model; NaN if not measured on this machine. Raises UserError if its weights cannot be used."""
    ms = latency.cached_latency(result.weights) or {}
    macs, parameters = result.multiply_adds, result.parameters
    if not macs or not parameters:
        preload.wait_until_ready()
        macs, parameters = _cached_costs(str(result.weights), result.weights.stat().st_mtime)
    return {
        "multiply_adds": macs * result.views,
        "one_view": macs,
        "parameters": parameters,
        "seconds": result.seconds or math.nan,
        "ms_1": ms.get(1, math.nan),
        "ms_64": ms.get(64, math.nan),
    }
