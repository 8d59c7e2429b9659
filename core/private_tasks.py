"""Tasks on users' own photos: found by their name, never in the table of tasks. Their runs are not listed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.task_spec import Task

_MAKERS = {"photos-": "core.projects.tasks:get_private_task"}
"""What makes the task of a name, by the prefix of the name, `module:function`."""


def is_private(name: str) -> bool:
    """Whether `name` is that of a private task."""
    return name.startswith(tuple(_MAKERS))


def make_private_task(name: str) -> Task:
    """The private task called `name`. Raises UserError if its project or model does not exist."""
    module, function = next(maker for prefix, maker in _MAKERS.items() if name.startswith(prefix)).split(":")
    return getattr(importlib.import_module(module), function)(name)
