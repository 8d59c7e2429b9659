"""The example that is sent through a network, the weights that it meets there, and what the blocks make of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from core import data, tasks
from core.data import array_cache
from core.digits import samples
from core.kinds import get_kind
from ui.architecture import networks
from ui.kit import cache, preload, weights

if TYPE_CHECKING:
    from core.inference.available_models import ModelChoice
    from core.inference.block_activations import BlockActivation

NUM_EXAMPLES = 8
MAX_CHANNELS = 12


@dataclass(frozen=True)
class Example:
    """A test example: uint8 (C, H, W) or float32 (F,), its number in the test set and its class, a message id.

    `label` and `classes` are empty for models that do not classify. `source` is the title of its data set (a message id),
    `drawn` whether that is fallback data, `decoding` whether the real
    data are still being decoded, `is_photo` whether the model returns photos. `mean` and `std` normalize it.
    """

    x: np.ndarray
    number: int
    label: str
    classes: tuple[str, ...]
    source: str
    drawn: bool
    decoding: bool
    is_photo: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


def load_example(task: tasks.Task, number: int) -> Example | None:
    """The example `number`, counted modulo `NUM_EXAMPLES`, from the test set of the task's data set or of its fallback data. Returns None
    if the data that are installed have another shape than the model's inputs.
    """
    dataset, decoding = _load_dataset(task.dataset)
    shape = networks.task_shape(task)[0]
    classes = tuple(dataset.classes) if get_kind(task.kind).predicts_classes else ()
    place = _pick(dataset.test_y, number, bool(dataset.classes))
    x = np.asarray(dataset.test_x[place])
    if len(shape) == 3 and x.shape[0] == shape[0]:
        x = _resize(x, shape[1:])
    if x.shape != shape:
        return None
    return Example(
        x=x,
        number=place + 1,
        label=classes[int(dataset.test_y[place])] if classes else "",
        classes=classes,
        source=dataset.title,
        drawn=bool(dataset.stand_in_for),
        decoding=decoding,
        is_photo=get_kind(task.kind).model_role == "translator",
        mean=tuple(map(float, dataset.mean)),
        std=tuple(map(float, dataset.std)),
    )


def _load_dataset(name: str) -> tuple[data.ArrayDataset, bool]:
    """The data set, or a few drawn examples where it is not installed or still being decoded, and whether it is being decoded."""
    info, folder = data.dataset_info(name), data.find_dataset(name)
    if folder is not None and get_kind(info.kind).model_role == "translator":
        # Without the training photos, which take much longer to decode.
        return cache.load_unpaired_test(name), False
    key = name, str(folder)
    decoding = key not in _decoded() and preload.decoding_progress(name) is not None
    if decoding or folder is None:
        drawn = _draw_digits() if info.digits else _draw_examples(name)
        if drawn is not None:
            return drawn, decoding
    _decoded().add(key)
    return cache.load_dataset(name), False


@st.cache_resource(show_spinner=False)
def _decoded() -> set[tuple[str, str]]:
    return set()


@st.cache_resource(show_spinner=False)
def _draw_digits() -> data.ArrayDataset:
    """The sample digits of the project in the format of MNIST."""
    x = np.stack([samples.sample_pixels(digit) for digit in range(samples.COUNT)])[:, None]
    y = np.arange(samples.COUNT)
    info = data.dataset_info("mnist")
    mean, std = array_cache.channel_statistics(x)
    return data.ArrayDataset(
        name="digits",
        title="",
        kind=info.kind,
        origin="Manabi Lab",
        train_x=x,
        train_y=y,
        test_x=x,
        test_y=y,
        mean=np.array(mean, np.float32),
        std=np.array(std, np.float32),
        classes=info.classes,
        stand_in_for=info.title,
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _draw_examples(name: str) -> data.ArrayDataset | None:
    draw = data.dataset_info(name).draw_examples
    return draw() if draw else None


def _pick(targets: np.ndarray, number: int, by_class: bool) -> int:
    """The place of an example: the first of each class in turn, else spread over all."""
    number %= NUM_EXAMPLES
    if not by_class:
        return number * (len(targets) - 1) // NUM_EXAMPLES
    classes = np.unique(targets)
    places = np.flatnonzero(targets == classes[number % len(classes)])
    return int(places[min(number // len(classes), len(places) - 1)])


def _resize(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    if x.shape[1:] == tuple(size):
        return x
    image = Image.fromarray(x.transpose(1, 2, 0)).resize((size[1], size[0]), Image.Resampling.BICUBIC)
    return np.asarray(image).transpose(2, 0, 1)


def find_weights(task: tasks.Task, options: dict[str, Any], part: str) -> ModelChoice | None:
    """Trained weights of exactly this network: the pretrained checkpoint, else those of the newest run; None if there are none."""
    from core.inference import available_models

    if part and part not in _trained_parts(task):
        return None
    return available_models.find_weights(task, options, networks.task_shape(task)[0])


def _trained_parts(task: tasks.Task) -> list[str]:
    """The first network of a task is the one whose weights are saved."""
    return networks.list_parts(task)[:1]


def compute_activations(
    task: tasks.Task, options: dict[str, Any], part: str, choice: ModelChoice | None, example: Example
) -> dict[str, BlockActivation]:
    """The strongest channels of every block for `example`, with the weights of `choice` or random ones."""
    changed = choice.weights.stat().st_mtime_ns if choice else 0
    return _compute_activations(
        task.name,
        json.dumps(options, sort_keys=True),
        part,
        str(choice.weights) if choice else "",
        changed,
        (example.source, example.number),
        example,
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _compute_activations(
    task_name: str,
    options: str,
    part: str,
    weights_path: str,
    changed: int,
    key: tuple[str, int],
    _example: Example,
) -> dict[str, BlockActivation]:
    import torch

    from core.inference import block_activations
    from core.training.batches import normalization

    task = tasks.get_task(task_name)
    built = networks.build_network(task, json.loads(options), part)
    network, mean, std = built.network, _example.mean, _example.std
    if weights_path:
        loaded = weights.load_predictor(Path(weights_path))  # whatever it predicts: only its network is used
        mean, std = loaded.spec.mean, loaded.spec.std
        trained = get_kind(task.kind).trained_networks(loaded.network)
        network = trained[part] if part in trained else next(iter(trained.values()))
    scale, offset = normalization(mean, std, _example.x.ndim == 3)
    x = torch.addcmul(offset, torch.from_numpy(np.array(_example.x))[None].float(), scale)
    return block_activations.compute_activations(network, built.blocks, x, MAX_CHANNELS)
