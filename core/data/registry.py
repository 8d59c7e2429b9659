"""The registry of data sets. Each is declared by a `DatasetInfo`.

To add one, write a module in `core.data` that ends in `INFO = DatasetInfo(...)` and add its name to `_BUILT_IN`, or call
`register_dataset` at run time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.data.dataset import ArrayDataset
from core.messages import Message, N_, UserError, closest_names

ProgressCallback = Callable[[Message, float], None]
"""Called with a description of the current step and the completed fraction, in [0, 1]."""

MAX_AUTO_DOWNLOAD_BYTES = 50_000_000
"""Larger data sets are downloaded on request only."""


@dataclass(frozen=True)
class TryLink:
    """A page on which a trained model can be tried.

    Attributes:
        page: name of the page.
        parameter: query parameter of the page that takes the id of a run.
        label: message id.
        icon: Material icon.
    """

    page: str
    parameter: str
    label: str
    icon: str


@dataclass(frozen=True)
class DatasetInfo:
    """Declaration of a data set. Reading it loads no data.

    Attributes:
        name: key in the registry.
        title: message id.
        kind: name of the kind of task that the data set is made for.
        shape: model input for the default options: (C, H, W) or (F,).
        layout: accepted files below a data folder, for messages; empty if the data are part of the code.
        find: returns the folder or file below a data folder that holds the data, or None.
        load: reads what `find` returned: `load(source, progress, **options) -> ArrayDataset`. Options are recipe fields with
            `passes_to="data"`.
        classes: class names, as message ids; empty for regression and for unpaired domains.
        features: columns of a table from which the examples are made.
        unit: unit of the target of a regression, a message id; empty if it has none.
        photos: whether the images are photographs (enables color augmentation).
        digits: whether the images are handwritten digits, bright on black (enables their deformations).
        url: official source; empty if there is none.
        download_bytes: size of the download.
        download: downloads into a data folder and returns what `find` would; None if there is no official source.
        fallback: makes the fallback data: `fallback(notice, **options) -> ArrayDataset`; None if there is none.
        fallback_title: message id.
        draw_examples: draws a few examples of the fallback data, in milliseconds, where a page shows one; None if there is no such way.
        inventory: returns the number of training examples, of test examples, and bytes on disk; None to count by `load`.
        files_of: name of the data set whose files this one reads.
        variants: titles (message ids) of the variants that `load` can return, by `ArrayDataset.name`.
        identify: returns the name of the variant in what `find` returned; required if there are `variants`.
        note: what users should know about the data set, a message id.
        shape_of: returns the shape for the options that `load` takes; None if it never changes.
        try_links: pages on which a model trained on these data can be tried.
    """

    name: str
    title: str
    kind: str
    shape: tuple[int, ...]
    layout: str
    find: Callable[[Path], Path | None]
    load: Callable[..., ArrayDataset]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    unit: str = ""
    photos: bool = False
    digits: bool = False
    url: str = ""
    download_bytes: int = 0
    download: Callable[[Path, ProgressCallback | None], Path] | None = None
    fallback: Callable[..., ArrayDataset] | None = None
    fallback_title: str = ""
    draw_examples: Callable[[], ArrayDataset] | None = None
    inventory: Callable[[Path], tuple[int, int, int]] | None = None
    files_of: str = ""
    variants: Mapping[str, str] = field(default_factory=dict, hash=False)
    identify: Callable[[Path], str] | None = None
    note: str = ""
    shape_of: Callable[..., tuple[int, ...]] | None = None
    try_links: tuple[TryLink, ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether the examples are images, not rows of a table."""
        return len(self.shape) == 3

    @property
    def num_outputs(self) -> int:
        """Number of model outputs: one per class, or 1."""
        return len(self.classes) or 1

    @property
    def auto_download(self) -> bool:
        """Whether a run may download the data without being asked to."""
        return self.download is not None and self.download_bytes <= MAX_AUTO_DOWNLOAD_BYTES

    def example_shape(self, **options: object) -> tuple[int, ...]:
        """Shape of one example if the data are loaded with `options` (recipe fields with `passes_to="data"`)."""
        options.pop("input_scaling", None)  # the loader applies it to every data set
        return self.shape_of(**options) if self.shape_of else self.shape

    def title_of(self, name: str) -> str:
        """Title (message id) of the variant `name`, or of the data set."""
        return self.variants.get(name, self.title)


_BUILT_IN = ("mnist", "boston", "cifar10", "cifar7", "fruit", "backbone", "apple2orange", "line")
_registered: dict[str, DatasetInfo] = {}
_ON_DEMAND = {"photos-": "core.projects.dataset:project_info"}
"""What makes the declaration of a private data set from the rest of its name, by the prefix of the name, `module:function`."""


def register_dataset(info: DatasetInfo) -> None:
    """Add a data set to the registry; the same `info` may be registered again.

    Raises:
        ValueError: if another data set has the same name.
    """
    if _registered.get(info.name, info) != info or info.name in _BUILT_IN:
        raise ValueError(f"another data set is named {info.name}")
    _registered[info.name] = info


def unregister_dataset(name: str) -> None:
    """Remove a data set that was registered at run time; nothing if there is none of that name."""
    _registered.pop(name, None)


def dataset_info(name: str) -> DatasetInfo:
    """The declaration of data set `name`. Private ones are found by their name, but never listed.

    Raises:
        UserError: if there is no such data set; the message lists the closest names.
    """
    if name in _BUILT_IN:
        return importlib.import_module(f"core.data.{name}").INFO
    for prefix, maker in _ON_DEMAND.items():
        if name.startswith(prefix):
            module, function = maker.split(":")
            return getattr(importlib.import_module(module), function)(name.removeprefix(prefix))
    if name not in _registered:
        raise UserError(
            N_("Dataset {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, list_datasets()),
        )
    return _registered[name]


def list_datasets() -> list[str]:
    """Names of all data sets, built-in ones first."""
    return [*_BUILT_IN, *_registered]


def list_source_datasets() -> list[str]:
    """Names of the data sets with files of their own, without those that read another's (`DatasetInfo.files_of`) or none."""
    return [
        name
        for name, info in ((n, dataset_info(n)) for n in list_datasets())
        if info.layout and not info.files_of
    ]
