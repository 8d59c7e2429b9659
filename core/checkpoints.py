"""Weights on disk: safetensors files that say themselves what they are, and the cards of those that ship with the project.

The safetensors metadata holds one JSON object, the `Spec`: enough to build the network and to prepare its inputs, so that
a weights file can be used without the run, the recipe or the data that made it. Nothing here unpickles.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core import paths
from core.files import read_json, write_bytes
from core.messages import N_, UserError
from core.migration import migrate_card, migrate_spec

if TYPE_CHECKING:
    from torch import nn

_METADATA_KEY = "manabi"


@dataclass(frozen=True)
class Spec:
    """What a weights file needs to be used.

    `tta_flip` says that an answer is the mean of the logits for the picture and for its mirror image, `tta_shift` that it also counts the
    picture moved by one pixel. `mean` and `std` normalise inputs
    (pixels scaled to [0, 1], or features); `output_mean` and `output_std` turn the outputs of a
    regression into its targets' unit.
    """

    task: str
    model: str
    options: dict[str, Any]
    in_shape: tuple[int, ...]
    kind: Literal["classification", "regression", "translation"]
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

    @property
    def num_outputs(self) -> int:
        """Width of the last layer: one output per class, or one for a regression."""
        return len(self.classes) or 1

    @property
    def views(self) -> int:
        """How often the network runs for one answer."""
        return (2 if self.tta_flip else 1) * (3 if self.tta_shift else 1)


def save_weights(path: Path, network: nn.Module, spec: Spec, half: bool = False) -> None:
    """Write the network's weights (and buffers) to `path`, floating ones in half precision where `half`. Raises OSError."""
    import torch
    from safetensors.torch import save

    tensors = {}
    for name, value in network.state_dict().items():
        value = value.detach().cpu().contiguous()
        tensors[name] = value.half() if half and value.dtype == torch.float32 else value
    metadata = {_METADATA_KEY: json.dumps(dataclasses.asdict(spec), ensure_ascii=False)}
    write_bytes(path, save(tensors, metadata=metadata))  # save_file() says a full disk by an error of its own


def read_spec(path: Path) -> Spec:
    """The spec in a weights file. Raises UserError where the file is absent, no safetensors file, or not one of ours."""
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
    """The network in `path`, in evaluation mode, fp32, with its spec.

    Raises UserError where the file cannot be read, belongs to another architecture than `expected_model`, or its tensors do not
    fit the network that it names.
    """
    from safetensors.torch import load_file

    from core import models

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


# ---- what ships ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelCard:
    """The model card beside a shipped weights file."""

    name: str
    weights: Path
    content: dict[str, Any]

    @property
    def metrics(self) -> dict[str, float]:
        """Figures of the test part, by name; empty where the card has none."""
        return self.content.get("metrics", {})


def pretrained_names() -> list[str]:
    """Names of the checkpoints that ship with the project."""
    return sorted(p.stem for p in paths.checkpoints().glob("*.safetensors"))


def load_card(name: str) -> ModelCard:
    """The card of shipped checkpoint `name`, its weights' sha256 checked.

    Raises UserError where weights or card are missing, or do not belong together.
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


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
