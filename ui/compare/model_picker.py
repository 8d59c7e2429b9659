"""Selection of models on the Compare page, with their names and costs."""

from __future__ import annotations

import math
from pathlib import Path

import streamlit as st

from core import checkpoints, data, tasks
from core.analysis import model_results
from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.inference import latency, model_summary
from core.messages import N_, UserError
from core.runs import store
from ui.kit import cache, preload, url
from ui.kit.i18n import _, translate_message
from ui.kit.run_names import run_name

DATASET = "cifar10"
MAX_MODELS = 12
_NUM_DEFAULT = 7


def short_title(title: str) -> str:
    """Title of a task without its data set."""
    return title.split(": ", 1)[-1]


def model_name(result: ModelResult) -> str:
    """Name of a model on the page, without the data set that all models share; fallback data are named."""
    title = short_title(_(result.task.title))
    name = title if result.run is None else run_name(result.run)
    return f"{name} ({_(result.data)})" if result.stand_in_for else name


def load_test_dataset(results: list[ModelResult]) -> ArrayDataset | None:
    """The data set with its test images, with a progress bar while it is decoded for the first time.

    Fallback data only if one of the models was trained on it; otherwise None if the data set is not installed.
    """
    if data.find_dataset(DATASET) is None and not any(result.stand_in_for for result in results):
        return None
    # Decoding takes a minute on a busy machine, and seconds pass before the progress bar starts.
    with st.spinner(_(N_("Loading test images…"))):
        return cache.load_dataset(DATASET)


def pick_models() -> list[ModelResult]:
    """Let the visitor select models. Models that cannot be loaded are left out, with the reason."""
    known = model_results.classifier_ids(DATASET)
    if not known:
        st.info(
            _(
                N_(
                    "No CIFAR-10 models found: there are no pretrained models and no runs yet. Train some "
                    "with the equal-budget comparison below."
                )
            )
        )
        return []
    titles = {}
    for name in known:
        task = next((t for t in tasks.TASKS if t.name == name), None)
        run = None if task else store.find_run(name)
        titles[name] = short_title(_(task.title)) if task else run_name(run)
    pretrained = [name for name in known if not name[:1].isdigit()]
    selected = url.choose_many(
        _(N_("Models")),
        known,
        key="nets",
        default=(pretrained or known)[:_NUM_DEFAULT],
        format_func=titles.get,
        max_selections=MAX_MODELS,
        placeholder=_(N_("Select models to compare")),
        help=_(N_("Pretrained models and runs on this machine.")),
    )
    results = []
    with st.spinner(_(N_("Loading models…")), show_time=False):
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
    return results


# These load the weights themselves: counting runs a training step, and the shared models must not change.


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_costs(weights: str, mtime: float) -> tuple[int, int]:
    """MACs per image and number of parameters of a weights file."""
    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_macs(network, spec.in_shape), sum(p.numel() for p in network.parameters())


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_training_macs(weights: str, mtime: float) -> int:
    """MACs per image of a training step of the model in a weights file."""
    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_training_macs(network, spec.in_shape)


def training_macs(result: ModelResult) -> int:
    """MACs per image of a training step."""
    return _cached_training_macs(str(result.weights), result.weights.stat().st_mtime)


def model_costs(result: ModelResult) -> dict[str, float]:
    """Costs of a model; NaN if not measured on this machine. Raises UserError if its weights cannot be used."""
    preload.wait_until_ready()
    ms = latency.cached_latency(result.weights) or {}
    macs, parameters = result.multiply_adds, result.parameters
    if not macs or not parameters:
        macs, parameters = _cached_costs(str(result.weights), result.weights.stat().st_mtime)
    return {
        "multiply_adds": macs * result.views,
        "one_view": macs,
        "parameters": parameters,
        "seconds": result.seconds or math.nan,
        "ms_1": ms.get(1, math.nan),
        "ms_64": ms.get(64, math.nan),
    }
