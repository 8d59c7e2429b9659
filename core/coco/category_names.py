"""Japanese names of COCO's categories and supercategories, read from `locale/coco-categories.toml`.

Annotation files name categories in English; pages show them in Japanese, and filters accept both.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable

from core import paths
from core.text import fold_text


@functools.cache
def _load_names() -> dict[str, dict[str, list[str]]]:
    with (paths.PROJECT / "locale" / "coco-categories.toml").open("rb") as f:
        return tomllib.load(f)


@functools.cache
def display_name(name: str, language: str) -> str:
    """Return the name of a category or supercategory in `language`; `name` itself if it has none in that language."""
    names = _load_names() if language == "ja" else {}
    found = next((table[name] for table in names.values() if name in table), None)
    return found[0] if found else name


def aliases(names: Iterable[str], *, supercategories: bool = False) -> dict[str, list[str]]:
    """Return what the filter accepts for `names`: the names themselves by their folded form, Japanese ones included.

    A form that several names share has all of them.
    """
    table = _load_names()["supercategories" if supercategories else "categories"]
    found: dict[str, list[str]] = {}
    for name in names:
        for form in dict.fromkeys(fold_text(n) for n in (name, *table.get(name, ()))):
            found.setdefault(form, []).append(name)
    return found
