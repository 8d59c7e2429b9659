"""Cache of decoded images: uint8 arrays below the cache folder, built once, then memory-mapped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.files import atomic_write, read_json, write_json
from core.messages import N_, UserError

_FORMAT_VERSION = 3
SaveSplit = Callable[[str, np.ndarray, np.ndarray], None]

_cached_only: ContextVar[bool] = ContextVar("cached_only", default=False)


class NotCachedError(Exception):
    """The arrays are not in the cache, and `cached_only` forbids to build them."""


@contextmanager
def cached_only() -> Iterator[None]:
    """Within this context `load_or_build` raises NotCachedError instead of building, in this thread."""
    token = _cached_only.set(True)
    try:
        yield
    finally:
        _cached_only.reset(token)


@dataclass(frozen=True)
class Split:
    """Decoded images of one split.

    Attributes:
        x: uint8 (N, C, H, W), memory-mapped.
        y: int64 (N,), memory-mapped.
        mean: per channel, of pixels scaled to [0, 1].
        std: likewise.
    """

    x: np.ndarray
    y: np.ndarray
    mean: tuple[float, ...]
    std: tuple[float, ...]


def load_or_build(
    name: str, key: str, make: Callable[[SaveSplit], dict[str, Any]]
) -> tuple[dict[str, Split], dict[str, Any]]:
    """Load splits from the cache, or build them.

    Args:
        name: begins the name of the cache folder.
        key: changes whenever the result would.
        make: calls `save(split, x, y)` once per split, and returns what else to keep, as JSON values.

    Returns:
        The splits by name, and what `make` returned.

    Raises:
        UserError: if the arrays cannot be read after writing.
        NotCachedError: within `cached_only`, if they would have to be built.
    """
    folder = (
        paths.cache()
        / "images"
        / f"{name}-{hashlib.sha256(f'{_FORMAT_VERSION} {key}'.encode()).hexdigest()[:16]}"
    )
    cached = _load_cached(folder)
    if cached is None:
        if _cached_only.get():
            raise NotCachedError(name)
        folder.mkdir(parents=True, exist_ok=True)
        statistics: dict[str, tuple] = {}

        def save(split: str, x: np.ndarray, y: np.ndarray) -> None:
            _save_array(folder / f"{split}-x.npy", x)
            _save_array(folder / f"{split}-y.npy", y)
            statistics[split] = channel_statistics(x)

        about = make(save)
        # Written last: its presence means that the arrays are complete.
        write_json(folder / "done.json", {"about": about, "splits": statistics})
        cached = _load_cached(folder)
        if cached is None:
            raise UserError(
                N_("{folder} could not be read back after writing. Check the free disk space."),
                folder=str(folder),
            )
    return cached


def _load_cached(folder: Path) -> tuple[dict[str, Split], dict[str, Any]] | None:
    """The content of a cache folder, or None if it is missing or incomplete (partly deleted, or cut by a
    power failure).
    """
    done = read_json(folder / "done.json")
    try:
        return {
            split: _open_split(folder, split, *statistics) for split, statistics in done["splits"].items()
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
    """Mean and standard deviation per channel of uint8 images (N, C, H, W), scaled to [0, 1]."""
    # Sums of histograms: exact, and without a float copy of the whole array.
    means, stds = [], []
    for channel in range(x.shape[1]):
        counts = np.bincount(x[:, channel].ravel(), minlength=256)
        levels = np.arange(256) / 255
        mean = float((counts * levels).sum() / counts.sum())
        means.append(mean)
        stds.append(float(np.sqrt((counts * (levels - mean) ** 2).sum() / counts.sum())))
    return tuple(means), tuple(stds)
