"""Scroll the page to a container."""

from __future__ import annotations

from ui.kit.component import register

_mount = register(__file__)


def scroll_into_view(container_key: str, event: str) -> None:
    """Scroll the container with key `container_key` into view, once per `event`."""
    _mount(key=f"scroll-{container_key}", data={"target": container_key, "event": event}, height=1)
