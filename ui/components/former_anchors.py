"""Former anchors of a page: a link to one scrolls to the heading that replaced it."""

from __future__ import annotations

from ui.kit.component import register

_mount = register(__file__)


def former_anchors(anchors: dict[str, str]) -> None:
    """Let links to the former anchors, the keys of `anchors`, lead to the current ones; call it below the headings."""
    _mount(key="former-anchors", data={"anchors": anchors}, height=1)
