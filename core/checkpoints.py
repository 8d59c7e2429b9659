"""Weights on disk: self-describing safetensors files, and the model cards of pretrained ones.

The safetensors metadata holds one JSON object, the `Spec`: enough to build the model and to prepare its inputs, so that
a weights file can be used without its run, recipe or data. Nothing is unpickled.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import allocator, paths
from core.files import read_json, write_bytes
from core.messages import N_, UserError
from core.migration import migrate_card, migrate_spec

if TYPE_CHECKING:
    from torch import nn

_METADATA_KEY = "manabi"


@dataclass(frozen=True)
class Spec:
    """Everything besides the tensors that is needed to use a weights file.

    Attributes:
        kind: name of a registered kind, see `core.kinds`.
        mean, std: normalize inputs (pixels scaled to [0, 1], or features).
        output_mean, output_std: convert outputs of a regression to the unit of its targets.
        stand_in_for: title of the data set that fallback data took the place of, or "".
        tta_flip, tta_shift: test-time augmentation, as `core.inference.predictor.predict_outputs` applies it.
        data_options: options that the data set was loaded with; empty in files of earlier versions.
    """

    task: str
    model: str
    options: dict[str, Any]
    in_shape: tuple[int, ...]
    kind: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    output_mean: float
    output_std: float
    data: str
    stand_in_for: str = ""
    features: tuple[str, ...] = ()
    target: str = ""
    epoch: int = 0
    tta_flip: bool = False
    tta_shift: bool = False
    data_options: dict[str, Any] = field(default_factory=dict)

    @property
    def num_outputs(self) -> int:
        """Width of the last layer: one output per class, or one without classes."""
        return len(self.classes) or 1

    @property
    def views(self) -> int:
        """Forward passes per prediction."""
        return (2 if self.tta_flip else 1) * (3 if self.tta_shift else 1)


def save_weights(path: Path, network: nn.Module, spec: Spec, half: bool = False) -> None:
    """Write parameters and buffers to `path`, floating-point ones in half precision if `half`. Raises OSError."""
    import torch
    from safetensors.torch import save

    tensors = {}
    for name, value in network.state_dict().items():
        value = value.detach().cpu().contiguous()
        tensors[name] = value.half() if half and value.dtype == torch.float32 else value
    metadata = {_METADATA_KEY: json.dumps(dataclasses.asdict(spec), ensure_ascii=False)}
    write_bytes(
        path, save(tensors, metadata=metadata)
    )  # save_file() reports a full disk with an error class of its own


def read_spec(path: Path) -> Spec:
    """The spec in a weights file. Raises UserError if the file is missing, not in safetensors format, or not of this project."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as f:
            values = json.loads((f.metadata() or {})[_METADATA_KEY])
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return Spec(**migrate_spec(values))
    except FileNotFoundError:
        raise UserError(N_("Weights file {file} not found."), file=str(path)) from None
    except (SafetensorError, OSError) as error:
        raise UserError(
            N_("{file} cannot be read as a safetensors file ({reason})."), file=str(path), reason=str(error)
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UserError(
            N_(
                "{file} is a safetensors file without Manabi Lab metadata, so its model is unknown. "
                "Use weights saved by Manabi Lab."
            ),
            file=str(path),
        ) from None


def load_weights(path: Path, expected_model: str | None = None) -> tuple[nn.Module, Spec]:
    """The model in `path`, in evaluation mode and fp32, with its spec.

    Raises UserError if the file cannot be read, holds another architecture than `expected_model`, or its tensors do not match the
    architecture that it names.
    """
    from safetensors.torch import load_file

    from core import models

    allocator.keep_freed_memory()
    spec = read_spec(path)
    if expected_model and spec.model != expected_model:
        raise UserError(
            N_("{file} contains weights for {found}, not {wanted}."),
            file=str(path),
            found=spec.model,
            wanted=expected_model,
        )
    try:
        network = models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options)
        state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
        network.load_state_dict(state)
    except (RuntimeError, TypeError, ValueError) as error:
        raise UserError(
            N_("The weights in {file} do not match the architecture of {model}."),
            file=str(path),
            model=spec.model,
        ) from error
    return network.eval(), spec


# ---- pretrained models -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelCard:
    """The model card of a pretrained checkpoint."""

    name: str
    weights: Path
    content: dict[str, Any]

    @property
    def metrics(self) -> dict[str, float]:
        """Test metrics by name; empty if the card has none."""
        return self.content.get("metrics", {})


def pretrained_names() -> list[str]:
    """Names of the pretrained checkpoints."""
    return sorted(p.stem for p in paths.checkpoints().glob("*.safetensors"))


def load_card(name: str) -> ModelCard:
    """The card of pretrained checkpoint `name`, its weights verified against the card's SHA-256.

    Raises UserError if weights or card are missing, or do not match.
    """
    folder = paths.checkpoints()
    weights, beside = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not weights.is_file():
        raise UserError(
            N_("Pretrained checkpoint {name} not found. Available: {known}."),
            name=name,
            known=", ".join(pretrained_names()) or "-",
        )
    content = read_json(beside)
    if not isinstance(content, dict):
        raise UserError(N_("The model card of {file} is missing or cannot be read."), file=str(weights))
    if content.get("sha256") != sha256(weights):
        raise UserError(
            N_("{file} does not match its model card (SHA-256 mismatch). Download both again."),
            file=str(weights),
        )
    return ModelCard(name, weights, migrate_card(content))


def read_card(name: str) -> dict[str, Any] | None:
    """The content of a model card, without verifying the weights; None if it is missing or damaged. Cached until the file changes."""
    path = paths.checkpoints() / f"{name}.json"
    try:
        return _read_card(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=64)
def _read_card(path: Path, modified: int) -> dict[str, Any] | None:
    content = read_json(path)
    return migrate_card(content) if isinstance(content, dict) else None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
