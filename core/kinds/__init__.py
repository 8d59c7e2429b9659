"""Kinds of tasks: one object per kind, registered by name.

A task, a data set, a run and a weights file name their kind by a string; `get_kind` returns the object that knows everything else
about it. No other module compares a kind's name. A new kind is a subclass of `Kind`, passed to `register_kind` from any module that
is imported in every process (see `core.plugins`). Importing this package does not import torch.
"""

from __future__ import annotations

from core import plugins
from core.kinds.base import BestEpoch, Curve, Kind, SelectionMetric
from core.kinds.classification import ClassificationKind
from core.kinds.line import LineKind
from core.kinds.regression import RegressionKind
from core.kinds.translation import TranslationKind
from core.messages import N_, UserError, closest_names

__all__ = [
    "BestEpoch",
    "Curve",
    "Kind",
    "SelectionMetric",
    "all_kinds",
    "get_kind",
    "kind_names",
    "register_kind",
]

_KINDS: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Register `kind` under its name. Raises ValueError if another kind has that name."""
    if kind.name in _KINDS:
        raise ValueError(f"two kinds are called {kind.name}")
    _KINDS[kind.name] = kind


def get_kind(name: str) -> Kind:
    """The kind called `name`. Raises UserError with the closest names if it is not registered."""
    plugins.load()
    if name not in _KINDS:
        raise UserError(
            N_("Task type {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, _KINDS),
        )
    return _KINDS[name]


def all_kinds() -> list[Kind]:
    """All kinds, in the order of registration."""
    plugins.load()
    return list(_KINDS.values())


def kind_names() -> list[str]:
    """The names of all kinds, in the order of registration."""
    return [kind.name for kind in all_kinds()]


for _kind in (ClassificationKind(), RegressionKind(), LineKind(), TranslationKind()):
    register_kind(_kind)
