"""Decoded pictures, kept as uint8 arrays under the cache folder: made once, opened memory-mapped afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.files import atomic_write, read_json, write_json
from core.messages import N_, UserError

_FORMAT_VERSION = 3
SaveSplit = Callable[[str, np.ndarray, np.ndarray], None]


@dataclass(frozen=True)
class Split:
    """Decoded pictures of one split: `x` uint8 (N, C, H, W), `y` int64 (N,), both memory-mapped; mean and standard deviation per channel,
    scaled to [0, 1]."""

    x: np.ndarray
    y: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]


def load_or_build(
    name: str, key: str, make: Callable[[SaveSplit], dict[str, Any]]
) -> tuple[dict[str, Split], dict[str, Any]]:
    """The splits by their names, and what `make` told of them, from the cache or made now.

    Args:
        name: begins the name of the cache's folder.
        key: changes whenever the result would.
        make: calls `save(split, x, y)` once per split and returns what else is to be kept, as JSON.
    """
    folder = (
        paths.cache()
        / "images"
        / f"{name}-{hashlib.sha256(f'{_FORMAT_VERSION} {key}'.encode()).hexdigest()[:16]}"
    )
    found = _load_cached(folder)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        figures: dict[str, tuple] = {}

        def save(split: str, x: np.ndarray, y: np.ndarray) -> None:
            _save_array(folder / f"{split}-x.npy", x)
            _save_array(folder / f"{split}-y.npy", y)
            figures[split] = channel_statistics(x)

        about = make(save)
        # Written last: its presence means that the arrays are complete.
        write_json(folder / "done.json", {"about": about, "splits": figures})
        found = _load_cached(folder)
        if found is None:
            raise UserError(
                N_("{folder} could not be read back after writing. Check the free disk space."),
                folder=str(folder),
            )
    return found


def _load_cached(folder: Path) -> tuple[dict[str, Split], dict[str, Any]] | None:
    """What lies in `folder`, or None where it is not there, or not whole: half of it cleaned away, or cut by a power failure."""
    done = read_json(folder / "done.json")
    try:
        return {
            split: _open_split(folder, split, *figures) for split, figures in done["splits"].items()
        }, done["about"]
    except (OSError, ValueError, TypeError, KeyError, EOFError):
        return None


def _open_split(folder: Path, split: str, mean: list[float], std: list[float]) -> Split:
    x, y = (np.load(folder / f"{split}-{part}.npy", mmap_mode="c") for part in "xy")
    return Split(x, y, tuple(mean), tuple(std))


def _save_array(path: Path, array: np.ndarray) -> None:
    def write(part: Path) -> None:
        with part.open("wb") as f:
            np.save(f, array)

    atomic_write(path, write)


def channel_statistics(x: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel of uint8 pictures (N, C, H, W), scaled to [0, 1]."""
    # Sums of histograms: exact, and without a float copy of the whole part.
    means, stds = [], []
    for channel in range(x.shape[1]):
        counts = np.bincount(x[:, channel].ravel(), minlength=256)
        levels = np.arange(256) / 255
        mean = float((counts * levels).sum() / counts.sum())
        means.append(mean)
        stds.append(float(np.sqrt((counts * (levels - mean) ** 2).sum() / counts.sum())))
    return tuple(means), tuple(stds)
