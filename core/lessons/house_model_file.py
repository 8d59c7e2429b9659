"""Save a network of the house prices lesson, and load it again: a safetensors file of this project and nothing else.

An upload is hostile until it is decoded: its description is checked before anything is built from it.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

from core import checkpoints
from core.inference.predictor import Predictor
from core.lessons.house_data import COLUMNS, HouseTable
from core.lessons.house_settings import TASK
from core.messages import N_, UserError
from core.tasks import get_task

MAX_BYTES = 4_000_000
_MAX_WIDTH, _MAX_DEPTH = 512, 8
_NOT_OURS = N_("{file} is not a network for house prices saved by Manabi Lab. Nothing was loaded.")


def save_network(predictor: Predictor) -> bytes:
    """The weights file of a network, in safetensors format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        checkpoints.save_weights(path, predictor.network, predictor.spec)
        return path.read_bytes()


def load_network(content: bytes, name: str, table: HouseTable) -> Predictor:
    """The network in an uploaded file called `name`, for the columns of `table`.

    Raises:
        UserError: if the file is too large, no network of this lesson, damaged, or made for other columns.
    """
    if len(content) > MAX_BYTES:
        raise UserError(
            N_("{file} is larger than {limit} MB. Upload a network saved on this page."),
            file=name,
            limit=f"{MAX_BYTES / 1e6:.0f}",
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.safetensors"
        path.write_bytes(content)
        try:
            spec = checkpoints.read_spec(path)
            if not _is_plausible(spec):
                raise UserError(_NOT_OURS, file=name)
            if spec.features != table.features:
                raise UserError(
                    N_(
                        "{file} was trained on other columns: {columns}. Choose its dataset above, then load it again."
                    ),
                    file=name,
                    columns=", ".join(spec.features),
                )
            network, spec = checkpoints.load_weights(path, "mlp")
        except UserError as error:
            if str(path) in str(error):  # the name of the temporary file means nothing to a visitor
                raise UserError(_NOT_OURS, file=name) from error
            raise
    if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
        raise UserError(_NOT_OURS, file=name)
    return Predictor(network, spec)


def _is_plausible(spec: checkpoints.Spec) -> bool:
    """Whether a description read from a file has the types, lengths and bounds of one that this lesson writes."""
    try:
        json.dumps(spec.options)
        task = get_task(TASK)
        known = {column for columns in COLUMNS.values() for column in columns}
        width, depth = spec.options["width"], spec.options["depth"]
        numbers = [*spec.mean, *spec.std, spec.output_mean, spec.output_std]
        return (
            (spec.kind, spec.model) == (task.kind, task.model)
            and set(spec.options) == {"width", "depth", "dropout"}
            and type(width) is int
            and type(depth) is int
            and 1 <= width <= _MAX_WIDTH
            and 1 <= depth <= _MAX_DEPTH
            and 0 <= float(spec.options["dropout"]) < 1
            and set(spec.features) <= known
            and tuple(spec.in_shape) == (len(spec.features),)
            and len(spec.mean) == len(spec.std) == len(spec.features)
            and not spec.classes
            and not spec.tta_flip
            and not spec.tta_shift
            and all(type(v) in (int, float) and math.isfinite(v) for v in numbers)
            and all(v > 0 for v in (*spec.std, spec.output_std))
        )
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
        return False
