"""Images for `learning_road`, in a component of their own, whose data do not change."""

from __future__ import annotations

from collections.abc import Mapping

from ui.kit.component import register

_mount = register(__file__)


def path_images(images: Mapping[str, str]) -> None:
    """Give the road its images: data URLs by the id of a stop."""
    _mount(key="path-images", data={"images": dict(images)}, height=1)
