"""The names that a filter of the COCO browser may use: categories and supercategories of a file, counts, attributes."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass

from core.coco import category_names
from core.text import fold_text

NUMBER_COLUMNS = {"id": "i.id", "width": "i.width", "height": "i.height"}
AREA_CONDITIONS = {
    "small": "a.area < 1024",
    "medium": "a.area >= 1024 AND a.area < 9216",
    "large": "a.area >= 9216",
}
KEYPOINT_COLUMNS = {"keypoints": "max(a.labeled)", "visible": "max(a.visible)"}
ATTRIBUTES = ("crowd", "split", "caption")
_NUM_EXAMPLES = 5  # names suggested for a name that resembles none


@dataclass(frozen=True)
class FilterNames:
    """The names that a filter may use: category ids by name, category ids by supercategory, split indices by name."""

    categories: dict[str, list[int]]
    supercategories: dict[str, list[int]]
    splits: dict[str, int]

    def all_names(self) -> list[str]:
        """Return every name that a condition may start with, each once."""
        names = [
            *self.categories,
            *self.supercategories,
            *AREA_CONDITIONS,
            *NUMBER_COLUMNS,
            "instances",
            *KEYPOINT_COLUMNS,
            *ATTRIBUTES,
        ]
        return list(dict.fromkeys(names))

    def find_categories(self, name: str) -> list[str]:
        """Return the categories that `name` stands for: that of this name, else those with this Japanese name."""
        return [name] if name in self.categories else self._category_aliases.get(fold_text(name), [])

    def find_supercategories(self, name: str) -> list[str]:
        """Return the supercategories that `name` stands for, as `find_categories` does."""
        return (
            [name] if name in self.supercategories else self._supercategory_aliases.get(fold_text(name), [])
        )

    def suggest(self, name: str) -> tuple[list[str], bool]:
        """Return known names in the script of `name`, and whether they resemble it; the first few if none does."""
        known = self.all_names()
        if not name.isascii():
            known = list(dict.fromkeys(category_names.display_name(n, "ja") for n in known))
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        close = close or [
            n for n in known if fold_text(name) in fold_text(n) or fold_text(n) in fold_text(name)
        ]
        return (close[:3], True) if close else (known[:_NUM_EXAMPLES], False)

    @functools.cached_property
    def _category_aliases(self) -> dict[str, list[str]]:
        return category_names.aliases(self.categories)

    @functools.cached_property
    def _supercategory_aliases(self) -> dict[str, list[str]]:
        return category_names.aliases(self.supercategories, supercategories=True)
