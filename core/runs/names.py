"""Names of runs as a person would give them: "modern CNN · lr 0.01 · 14:05"."""

from __future__ import annotations

import functools
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.formatting import format_moment
from core.messages import Message, N_, Translate, untranslated
from core.task_spec import FULL, QUICK
from core.training.recipe import Recipe

if TYPE_CHECKING:
    from core.runs.store import Run

_ID_MINUTE = len("YYYYMMDD-HHMM")
_GROUP_ORDER = ("main", "model", "optimizer", "regularization", "augmentation", "data", "machine")
_AMOUNTS = ("epochs", "max_steps", "limit_train", "seed")  # they say little about the model
_IGNORED = ("threads", "num_validation")  # a run records what this machine and its data really allow


def run_name(
    run: Run,
    translate: Translate = untranslated,
    language: str = "en",
    timezone: tzinfo | None = None,
) -> str:
    """Return the name that a person gave the run, else its default name.

    The default name is the model, the setting in which the run differs most tellingly from its task's recipe, and the time at which
    it was created, in `timezone` (that of this machine if None). Runs of one task with the same name are numbered.
    """
    if given := run.note().get("name"):
        return str(given)
    title = translate(run.short_title)
    parts = [title.split(": ", 1)[-1], *(_setting_text(m, translate) for m in _describe(run))]
    parts.append(format_moment(run.created_at, language, timezone))
    number = _number(run)
    return " · ".join(parts) + (f" ({number})" if number > 1 else "")


def _describe(run: Run) -> tuple[Message, ...]:
    """What tells this run from others of its task, the most telling first."""
    try:
        changed = (run.path / "config.json").stat().st_mtime_ns
    except OSError:
        return ()
    return _describe_config(str(run.path), changed)


@functools.lru_cache(maxsize=4096)
def _describe_config(path: str, changed: int) -> tuple[Message, ...]:
    """See `_describe`; `changed`, the time of the config's last change, invalidates the cache entry."""
    from core.runs.store import Run

    run = Run(Path(path))
    task = run.task if run.kind else None
    config = run.config
    if task is None:
        return ()
    if config.get("comparison"):
        return (Message(N_("comparison")),)
    values, full = config.get("recipe", {}), task.recipe.model_dump()
    # The variant that the recipe is closest to: the full one if another is as close.
    differences = {v: _changes(values, task.variant_recipe(v).model_dump()) for v in (FULL, *task.variants())}
    variant = min(differences, key=lambda v: len(differences[v]))
    changes = differences[variant]
    varied = config.get("sweep_fields")
    swept = [n for n in map(str, varied) if n in values and n in full] if isinstance(varied, list) else []
    names = swept or sorted(changes, key=lambda name: _rank(type(task.recipe), name))[:1]
    settings = [_setting(type(task.recipe), name, values[name]) for name in names]
    titles = {QUICK: N_("quick"), **{p.name: p.title for p in task.presets}}
    return tuple(settings) or ((Message(titles[variant]),) if variant in titles else ())


def _changes(values: dict[str, Any], base: dict[str, Any]) -> list[str]:
    """Names of the settings in `base` that have other `values`."""
    return [n for n, v in base.items() if n in values and n not in _IGNORED and values[n] != v]


def _rank(recipe: type[Recipe], name: str) -> tuple[bool, bool, int]:
    """Sort key: the learning rate, then what changes the model and its training, then amounts."""
    group = recipe.field(name).json_schema_extra["group"]
    place = _GROUP_ORDER.index(group) if group in _GROUP_ORDER else len(_GROUP_ORDER)
    return name in _AMOUNTS, name != "learning_rate", place


def _setting(recipe: type[Recipe], name: str, value: object) -> Message:
    if name == "epochs":
        return Message(N_("{count} ep"), {"count": value})
    extra = recipe.field(name).json_schema_extra
    setting = Message(extra["short"] or extra["label"])
    if isinstance(value, bool):
        return Message(N_("{setting} on") if value else N_("{setting} off"), {"setting": setting})
    number = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else value
    return Message(N_("{setting} {value}"), {"setting": setting, "value": number})


def _setting_text(message: Message, translate: Translate) -> str:
    """Translate a setting; within a name, a label begins with a small letter unless it is an abbreviation."""
    text = message.text(translate)
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _number(run: Run) -> int:
    """Return the place, from 1, of the run among those of its task created in the same minute with the same description."""
    minute = run.id[:_ID_MINUTE]
    try:
        same_minute = [type(run)(p) for p in run.path.parent.iterdir() if p.name.startswith(minute)]
    except OSError:
        return 1
    if len(same_minute) < 2:
        return 1
    own = _describe(run)
    earlier = [(r.created_at, r.id) for r in same_minute if r.id != run.id and _describe(r) == own]
    return 1 + sum(key < (run.created_at, run.id) for key in earlier)
