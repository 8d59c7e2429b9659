"""Weights that a training starts from: third-party ones, which are found and downloaded here, and checkpoints of this project.
Imports without torch.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import checkpoints
from core.data import ProgressCallback
from core.data.download import RemoteFile, fetch_files
from core.messages import Message, N_, UserError, closest_names
from core.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

    from core.task_spec import Task

logger = logging.getLogger("manabi.pretrained")


@dataclass(frozen=True)
class Weights:
    """A published weights file.

    Attributes:
        name: key.
        title: message id.
        url: where it is downloaded from.
        sha256: beginning of the SHA-256 checksum.
        bytes: size.
    """

    name: str
    title: str
    url: str
    sha256: str
    bytes: int

    @property
    def path(self) -> Path:
        """Where PyTorch looks for the file."""
        return hub_dir() / "checkpoints" / self.url.rsplit("/", 1)[1]

    @property
    def command(self) -> str:
        """The command that downloads the file."""
        return f"python -m core weights get {self.name}"


WEIGHTS = (
    Weights(
        "resnet18-imagenet",
        "ResNet-18 (ImageNet)",
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        "f37072fd",
        46_830_571,
    ),
)


def hub_dir() -> Path:
    """The folder of `torch.hub`: `TORCH_HOME`/hub, or below the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or os.path.join(cache, "torch")
    return Path(os.path.expanduser(home)) / "hub"


def get_weights(name: str) -> Weights:
    """The weights named `name`.

    Raises:
        UserError: if there are none; the message lists the closest names.
    """
    for entry in WEIGHTS:
        if entry.name == name:
            return entry
    raise UserError(
        N_("Pretrained weights {name} not found. Closest matches: {nearest}."),
        name=name,
        nearest=closest_names(name, (w.name for w in WEIGHTS)),
    )


def is_transfer(task: Task, recipe: Recipe) -> bool:
    """Whether a run of `task` with `recipe` starts from pretrained weights."""
    return bool(task.pretrained) and getattr(recipe, "init", "") != "scratch"


def is_checkpoint(name: str) -> bool:
    """Whether `name`, as `Task.pretrained` holds it, is a checkpoint of this project and not third-party weights."""
    return bool(name) and name not in {entry.name for entry in WEIGHTS}


def required_weights(task: Task, recipe: Recipe) -> Weights | None:
    """The third-party weights that a run of `task` with `recipe` starts from, or None."""
    return (
        get_weights(task.pretrained)
        if is_transfer(task, recipe) and not is_checkpoint(task.pretrained)
        else None
    )


def missing_weights(task: Task, recipe: Recipe) -> Weights | None:
    """The weights that a run of `task` with `recipe` needs and that are not installed, or None."""
    entry = required_weights(task, recipe)
    return entry if entry and not entry.path.exists() else None


def download_weights(entry: Weights, progress: ProgressCallback | None = None) -> Path:
    """Download the file to where PyTorch looks for it, unless it exists; returns its path.

    Raises:
        UserError: if the download fails; the message names URL, reason and folder.
    """
    fetch_files(entry.title, [RemoteFile(entry.url, entry.path, sha256=entry.sha256)], entry.bytes, progress)
    return entry.path


def load_pretrained(
    task: Task, recipe: Recipe, network: nn.Module, progress: ProgressCallback | None = None
) -> None:
    """Load the weights that `task` starts from into `network`, downloading third-party ones if necessary. The head stays as it is.

    Raises:
        UserError: if they cannot be downloaded or read, or do not fit.
    """
    if is_transfer(task, recipe):
        load_into(task.pretrained, network, progress)


def load_into(name: str, network: nn.Module, progress: ProgressCallback | None = None) -> None:
    """Load the weights `name`, as `Task.pretrained` holds it, into `network`. Raises UserError as `load_pretrained` does."""
    if is_checkpoint(name):
        load_checkpoint(name, network)
        return
    entry = get_weights(name)
    try:
        download_weights(entry, progress)
    except UserError as error:
        raise UserError(
            N_(
                "The pretrained weights for {title} could not be downloaded from {url}. On a computer "
                "with internet access, run `{command}` and copy the file to {folder}, or set Start to "
                "“scratch”."
            ),
            title=entry.title,
            url=entry.url,
            command=entry.command,
            folder=str(entry.path.parent),
        ) from error
    try:
        network.load_imagenet()
    except MemoryError:
        raise
    except Exception as error:  # torch raises many types for a corrupted file
        logger.exception("weights %s", entry.name)
        raise UserError(
            N_("{file} is corrupted or belongs to another model. Delete it and run `{command}`."),
            file=str(entry.path),
            command=entry.command,
        ) from error


def load_checkpoint(name: str, network: nn.Module) -> None:
    """Load all tensors of checkpoint `name` but those of the head into `network`. The size of the inputs may differ.

    Raises:
        UserError: if the checkpoint is missing or damaged, or of another architecture.
    """
    source, _ = checkpoints.load_weights(checkpoints.load_card(name).weights)
    tensors = {k: v for k, v in source.state_dict().items() if not k.startswith("head.")}
    wanted = {k: v.shape for k, v in network.state_dict().items() if not k.startswith("head.")}
    if {k: v.shape for k, v in tensors.items()} != wanted:
        raise UserError(
            N_(
                "The pretrained checkpoint {name} does not match the architecture. Use its model options, or set "
                "Start to “scratch”."
            ),
            name=name,
        )
    network.load_state_dict(tensors, strict=False)


def missing_message(entry: Weights) -> Message:
    """The sentence for a page if the weights `entry` are not installed."""
    return Message(
        N_(
            "The pretrained weights for {title} are not installed. Starting a run downloads them "
            "({size} MB) from {url}. Offline, run `{command}` on a connected computer and copy the "
            "file to {folder}, or set Start to “scratch”."
        ),
        {
            "title": entry.title,
            "size": round(entry.bytes / 1e6),
            "url": entry.url,
            "command": entry.command,
            "folder": str(entry.path.parent),
        },
    )
