"""Data sets: found, downloaded or stood in for, and handed on as plain arrays.

The order is fixed: the folder that was named, `MANABI_DATA`, `data/` here, a download from the official source, the embedded
stand-in. Whoever gets a stand-in is told so by `DataSet.notice`, and the run records it.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np

from core import paths
from core.messages import Message, N_, UserError, closest_names

ProgressCallback = Callable[[Message, float], None]
"""Called with what is being done and the share that is done, in [0, 1]."""

SPLIT_SEED = 0
"""Validation and held-out parts are cut with this seed, whatever a recipe's own seed is, so that runs stay comparable."""

_MODULES = {name: f"core.data.{name}" for name in ("mnist", "boston", "cifar10", "fruit", "apple2orange")}

MAX_AUTO_DOWNLOAD_BYTES = 50_000_000
"""Bytes. Nothing larger is fetched unless somebody asks for it."""


@dataclass(frozen=True)
class ArrayDataset:
    """A data set as arrays.

    Images are uint8, (N, C, H, W), values 0 to 255; tables are float32, (N, F). `y` is int64 class numbers (N,) or float32
    targets (N,). `mean` and `std` (per channel of pixels scaled to [0, 1], or per feature) come from the training part; of `scaled` data
    they are what the scaling takes, and `standard` holds those of the training part.
    """

    name: str
    title: str
    kind: Literal["classification", "regression", "translation"]
    origin: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    target: str = ""
    stand_in_for: str = ""
    notice: Message | None = field(default=None, compare=False)
    standardization: tuple[np.ndarray, np.ndarray] | None = field(default=None, compare=False)

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of one example: (C, H, W) or (F,)."""
        return self.train_x.shape[1:]

    @property
    def num_outputs(self) -> int:
        """One output per class, or one for a regression."""
        return len(self.classes) or 1

    @property
    def is_image(self) -> bool:
        """Whether the examples are images, not rows of a table."""
        return self.train_x.ndim == 4

    def with_scaling(self, scaling: str) -> ArrayDataset:
        """The same data, whose pixels a network sees as "bytes" (0 to 255), "unit" (0 to 1) or "standardised" (mean 0 and standard
        deviation 1 over the training part). Tables stay as they are."""
        if scaling == "standardised" or not self.is_image:
            return self
        zeros, ones = (
            np.zeros_like(np.asarray(self.mean, dtype=float)),
            np.ones_like(np.asarray(self.std, dtype=float)),
        )
        return dataclasses.replace(
            self,
            mean=zeros,
            std=ones / (255 if scaling == "bytes" else 1),
            standardization=(self.mean, self.std),
        )

    def resolve_validation_size(self, asked: int) -> int:
        """How many validation examples are cut from the training part: those asked for; of a stand-in, which is smaller than what
        it stands for, at most a fifth of it. Raises UserError where a part would not hold every class (or fifth of the targets)."""
        count, low = len(self.train_x), len(self.classes) or 5
        size = min(asked, count // 5) if self.stand_in_for else asked
        if size and not low <= size <= count - low:
            raise UserError(
                N_(
                    "validation is {value}, but must be 0 or from {low} to {high} for {title} (training "
                    "set size: {count})."
                ),
                value=asked,
                count=count,
                title=Message(self.title),
                low=low,
                high=count - low,
            )
        return size

    def cut(self, asked: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices (training, validation) of the training part, as `cut_validation` cuts `validation_size(asked)` examples off. Raises
        UserError where a class has too few examples to be in both parts."""
        size = self.resolve_validation_size(asked)
        if not size or self.kind != "classification":
            return train_val_split(self.train_y, size)
        counts = np.bincount(self.train_y, minlength=len(self.classes))
        parts = train_val_split(self.train_y, size) if counts.min() > 1 else ()
        if not parts or any(np.bincount(self.train_y[p], minlength=len(counts)).min() == 0 for p in parts):
            raise UserError(
                N_(
                    "Class {label} has too few training examples ({few} of {count}) for a stratified "
                    "validation set of {value}. Add examples, or set validation to 0."
                ),
                few=int(counts.min()),
                count=len(self.train_y),
                label=Message(self.classes[int(counts.argmin())]),
                value=size,
            )
        return parts

    def test_fingerprint(self) -> list[float]:
        """Tells one test part from another of the same shape: the mean level (0 to 255) of some twenty pictures. Empty for tables."""
        if not self.is_image:
            return []
        return [round(float(np.mean(x)), 1) for x in self.test_x[:: max(1, len(self.test_x) // 20)]]

    def describe(self) -> dict:
        """What a run records about the data that it really used."""
        return {
            "name": self.name,
            "title": self.title,
            "origin": self.origin,
            "stand_in_for": self.stand_in_for,
            "train": len(self.train_x),
            "test": len(self.test_x),
            "test_levels": self.test_fingerprint(),
            "in_shape": list(self.in_shape),
            "classes": list(self.classes),
            "features": list(self.features),
            "target": self.target,
            "mean": np.asarray(self.mean, dtype=float).tolist(),
            "std": np.asarray(self.std, dtype=float).tolist(),
            **(
                {"standard": [np.asarray(v, dtype=float).tolist() for v in self.standardization]}
                if self.standardization
                else {}
            ),
        }


def same_test_set(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two of `DataSet.test_levels` are of one test part, as far as both are known; decoders of JPEGs may differ by a little."""
    if not one or not other:
        return True
    return len(one) == len(other) and bool(np.abs(np.subtract(one, other)).max() <= 1)


def check_same_dataset(before: dict | None, now: dict) -> None:
    """A run goes on with the data that it began with, and is measured on them. Both as `DataSet.describe` writes them; `before` is None
    where nothing has begun. Raises UserError where others are found now."""
    if before is None:
        return
    other = not same_test_set(before.get("test_levels", ()), now["test_levels"])
    if other or any(before.get(k) != now[k] for k in ("name", "train", "test", "in_shape", "features")):
        raise UserError(
            N_(
                "This run started with {before} (training set size: {before_count}), but {now} "
                "({now_count}) was found. Restore the original data (set MANABI_DATA to its folder), "
                "or start a new run."
            ),
            before=str(before.get("title")),
            before_count=before.get("train"),
            now=now["title"],
            now_count=now["train"],
        )


def list_datasets() -> list[str]:
    """All data sets."""
    return list(_MODULES)


def list_source_datasets() -> list[str]:
    """Data sets with files of their own; others read the files of one of them in another way."""
    return [name for name in _MODULES if not hasattr(dataset_module(name), "SOURCE_DATASET")]


def dataset_module(name: str) -> ModuleType:
    """The module of data set `name`. Raises UserError with the nearest names where there is none."""
    if name not in _MODULES:
        raise UserError(
            N_("Dataset {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, _MODULES),
        )
    return importlib.import_module(_MODULES[name])


def find_dataset(name: str, root: str | Path | None = None) -> Path | None:
    """The folder that holds data set `name`, or None.

    Raises UserError where `root` is named and holds no such data: what a person asked for is never replaced in silence.
    """
    source = dataset_module(name)
    if root is not None and source.find(Path(root)) is None:
        raise UserError(
            N_("{title} not found in {folder}. Expected files: {layout}."),
            title=Message(source.TITLE),
            folder=str(root),
            layout=source.LAYOUT,
        )
    for folder in paths.data_roots(root):
        found = source.find(folder)
        if found is not None:
            return found
    return None


def load_dataset(
    name: str,
    root: str | Path | None = None,
    *,
    download: bool = True,
    progress: ProgressCallback | None = None,
    scaling: str = "standardised",
    **options: object,
) -> ArrayDataset:
    """Data set `name`: found, else downloaded (where `download` and the data set allow), else its stand-in with a notice.

    `scaling` is how a network gets to see its pixels, as `DataSet.scaled` says; tables are always standardised. Raises
    UserError where files are there but cannot be read, naming the file.
    """
    return _load_dataset(name, root, download, progress, **options).with_scaling(scaling)


def _load_dataset(
    name: str, root: str | Path | None, download: bool, progress: ProgressCallback | None, **options: object
) -> ArrayDataset:
    source = dataset_module(name)
    folder = find_dataset(name, root)
    if folder is not None:
        return source.load(folder, progress, **options)
    where = {"layout": source.LAYOUT, "folder": str(paths.download_root())}
    reason = Message(N_("Place its files ({layout}) in {folder}."), where)
    if source.DOWNLOAD_BYTES > MAX_AUTO_DOWNLOAD_BYTES:
        asked = {
            **where,
            "command": f"python -m core data get {name}",
            "size": f"{source.DOWNLOAD_BYTES / 1e6:.0f}",
        }
        reason = Message(
            N_("Download it ({size} MB) with `{command}`, or place its files ({layout}) in {folder}."), asked
        )
    elif download and not paths.offline():
        try:
            return source.load(source.download(paths.download_root(), progress), progress, **options)
        except UserError as error:
            reason = error.message
    notice = Message(
        N_("{title} is not installed. {reason} Until then, {stand_in} will be used as fallback data."),
        {"title": Message(source.TITLE), "reason": reason, "stand_in": Message(source.FALLBACK_TITLE)},
    )
    return source.fallback(notice, **options)


@dataclass(frozen=True)
class DatasetStatus:
    """What is on this machine of one data set."""

    name: str
    title: str
    folder: Path | None
    train: int
    test: int
    bytes: int
    url: str
    layout: str
    stand_in: str
    problem: Message | None = None
    auto_download: bool = False


def dataset_status(name: str, root: str | Path | None = None) -> DatasetStatus:
    """Where data set `name` lies, how many examples and how many bytes; never downloads."""
    source = dataset_module(name)
    folder, train, test, size, problem = None, 0, 0, 0, None
    try:
        folder = find_dataset(name, root)
        if folder is not None:
            train, test, size = source.inventory(folder)
    except UserError as error:
        problem = error.message
    title = (
        source.TITLES[source.name_of(folder)]
        if folder is not None and hasattr(source, "TITLES")
        else source.TITLE
    )
    unasked = bool(source.URL) and source.DOWNLOAD_BYTES <= MAX_AUTO_DOWNLOAD_BYTES
    return DatasetStatus(
        name,
        title,
        folder,
        train,
        test,
        size,
        source.URL,
        source.LAYOUT,
        source.FALLBACK_TITLE,
        problem,
        unasked,
    )


def train_val_split(labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (training, validation) into `labels`, both sorted, cut with SPLIT_SEED; `size` 0 leaves validation empty.

    Every class keeps its share; of regression targets (floats), every fifth of their range of ranks does.
    """
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(labels))
    if size <= 0:
        return everything, everything[:0]
    strata = labels
    if np.issubdtype(labels.dtype, np.floating):
        strata = np.searchsorted(np.quantile(labels, [0.2, 0.4, 0.6, 0.8]), labels)
    train, held = train_test_split(everything, test_size=size, random_state=SPLIT_SEED, stratify=strata)
    return np.sort(train), np.sort(held)


def stratified_subset(labels: np.ndarray, count: int) -> np.ndarray:
    """Sorted indices of `count` of the `labels` (of all where there are no more): one of every class first, then each class's share."""
    groups = labels
    if np.issubdtype(labels.dtype, np.floating):
        groups = np.searchsorted(np.quantile(labels, [0.2, 0.4, 0.6, 0.8]), labels)
    shuffled = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    turn = np.empty(len(labels))  # in [0, 1): when an example's turn comes among those of its class
    for group in np.unique(groups):
        members = shuffled[groups[shuffled] == group]
        turn[members] = np.arange(len(members)) / len(members)
    return np.sort(shuffled[np.argsort(turn[shuffled], kind="stable")][:count])
