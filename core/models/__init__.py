"""A registry of networks: one file per family, each readable in one sitting.

Every registered function takes `in_shape` (without the batch) and `num_outputs`, then the family's own options, and returns a
plain `nn.Module` with two parts that everything else relies on: `embed(x)` gives the last hidden vector, `head` turns it
into logits (or, for regression, predictions). Networks of the kind "translator" give pictures and have two other parts, `a2b` and `b2a`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from core.messages import N_, UserError, closest_names

if TYPE_CHECKING:
    from torch import nn

ModelBuilder = Callable[..., "nn.Module"]
_REGISTRY: dict[str, ModelBuilder] = {}
_KINDS: dict[str, str] = {}


def register_model(
    build: ModelBuilder | None = None, *, kind: Literal["predictor", "translator"] = "predictor"
) -> ModelBuilder:
    """Make `build` known under its own name."""
    if build is None:
        return functools.partial(register_model, kind=kind)
    if build.__name__ in _REGISTRY:
        raise ValueError(f"two models are called {build.__name__}")
    _REGISTRY[build.__name__], _KINDS[build.__name__] = build, kind
    return build


def _import_families() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def list_models(kind: Literal["predictor", "translator"] = "predictor") -> list[str]:
    """The registered names of networks of `kind`, sorted."""
    _import_families()
    return sorted(name for name, its in _KINDS.items() if its == kind)


def get_builder(name: str) -> ModelBuilder:
    """The function that builds model `name`. Raises UserError with the nearest names where there is none."""
    _import_families()
    if name not in _REGISTRY:
        raise UserError(
            N_("Model {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, _REGISTRY),
        )
    return _REGISTRY[name]


def create_model(name: str, in_shape: tuple[int, ...], num_outputs: int, **options: object) -> nn.Module:
    """Build model `name` for inputs of `in_shape` (C, H, W for images, F for tables) with `num_outputs` outputs."""
    return get_builder(name)(in_shape=in_shape, num_outputs=num_outputs, **options)


def model_source(name: str) -> str:
    """The source text of the file in which model `name` is defined."""
    return inspect.getsource(inspect.getmodule(get_builder(name)))
