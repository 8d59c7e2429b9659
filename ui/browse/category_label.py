"""Names of categories in the visitor's language, as text and in filters."""

from __future__ import annotations

from collections.abc import Iterable

from core.coco import category_names, filter_query
from core.coco.filter_names import FilterNames
from ui.kit.i18n import language


def category_labels(names: Iterable[str]) -> dict[str, str]:
    """Return the names of several categories in the language of this session, which is looked up once."""
    chosen = language()
    return {name: category_names.display_name(name, chosen) for name in names}


def category_label(name: str) -> str:
    """Return the name of a category or supercategory in the language of this session."""
    return category_names.display_name(name, language())


def filter_condition(names: FilterNames, name: str, operator: str = ">=", count: int = 1) -> str:
    """Write a condition on the category `name` as this visitor would: `犬>=1` on Japanese pages."""
    label = category_label(name)
    written = label if names.find_categories(label) == [name] else name
    return filter_query.format_condition(written, operator, count)
