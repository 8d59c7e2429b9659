"""Look of the glossary's entries, and the way to the one that the address names: `?term=stride`, or `#stride`."""

from __future__ import annotations

from ui.kit.component import register

_mount = register(__file__)


def glossary_style(former: dict[str, str]) -> None:
    """Style the entries of the page, scroll to the one that the address names, and follow links between entries without a
    reload; call it once, below the entries. `former` maps earlier ids of entries to current ones.
    """
    _mount(key="glossary-style", data={"former": former}, height=1)
