"""Registry of model architectures, one file per family.

Every registered function takes `in_shape` (without the batch dimension), `num_outputs` and the family's own options, and returns
an `nn.Module`. A model with the role "predictor" has a method `embed(x)`, which returns the last hidden vector, and a module
`head`, which maps it to logits or, for regression, to predictions. One with the role "translator" maps images to images by
its modules `a2b` and `b2a`.
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
Role = Literal["predictor", "translator"]
_REGISTRY: dict[str, ModelBuilder] = {}
_ROLES: dict[str, Role] = {}


def register_model(build: ModelBuilder | None = None, *, role: Role = "predictor") -> ModelBuilder:
    """Decorator that registers the function `build` under its own name.

    Raises:
        ValueError: if another model has that name.
    """
    if build is None:
        return functools.partial(register_model, role=role)
    if build.__name__ in _REGISTRY:
        raise ValueError(f"another model is named {build.__name__}")
    _REGISTRY[build.__name__], _ROLES[build.__name__] = build, role
    return build


def _import_families(name: str = "") -> None:
    """Import the family file called `name`, or if there is none, all of them, which takes seconds."""
    files = [module.name for module in pkgutil.iter_modules(__path__)]
    for file in [name] if name in files else files:
        importlib.import_module(f"{__name__}.{file}")


def list_models(role: Role = "predictor") -> list[str]:
    """Sorted names of the registered models with `role`."""
    _import_families()
    return sorted(name for name, model_role in _ROLES.items() if model_role == role)


def get_builder(name: str) -> ModelBuilder:
    """The function that builds model `name`.

    Raises:
        UserError: if there is no such model; the message lists the closest names.
    """
    if name not in _REGISTRY:
        _import_families(name)
    if name not in _REGISTRY:
        _import_families()
    if name not in _REGISTRY:
        raise UserError(
            N_("Model {name} not found. Closest matches: {nearest}."),
            name=name,
            nearest=closest_names(name, _REGISTRY),
        )
    return _REGISTRY[name]


def create_model(name: str, in_shape: tuple[int, ...], num_outputs: int, **options: object) -> nn.Module:
    """Build model `name`, randomly initialized.

    Args:
        name: a registered model.
        in_shape: shape of one input, (C, H, W) for images or (F,) for tables.
        num_outputs: number of classes, or 1 for regression.
        **options: the family's own options.
    """
    return get_builder(name)(in_shape=in_shape, num_outputs=num_outputs, **options)


def default_options(name: str) -> dict[str, object]:
    """The options of model `name` that have a default, with it.

    Raises:
        UserError: if there is no such model.
    """
    parameters = inspect.signature(get_builder(name)).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def model_source(name: str) -> str:
    """Source code of the file that defines model `name`."""
    return inspect.getsource(inspect.getmodule(get_builder(name)))
