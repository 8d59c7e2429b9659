"""The augmentation of a recipe on the project's own photos."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import data
from core.messages import N_
from core.projects.store import Project
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from ui.kit import image_display, preload
from ui.kit.i18n import _, translate_message

_NUM_PHOTOS, _SIDE = 5, 96  # side in screen pixels


def augmentation_popover(project: Project, task: Task, recipe: PhotoFields) -> None:
    """Draw a popover that computes its images only when it is open."""
    box = st.popover(
        _(N_("Augmentation preview")),
        icon=":material/flip:",
        key="photos-augmentation",
        on_change="rerun",
        width="stretch",
    )
    if not box.open:
        return
    with box:
        preload.wait_until_ready()
        draw = st.session_state.get("_photos_draw", 0)
        rows = _rows(project.version, recipe.model_dump_json(), draw, task, recipe)
        for title, strip in rows:
            st.caption(f"**{title}**")
            st.image(strip, width="stretch", alt=title)
        if len(rows) == 1:
            st.caption(_(N_("No augmentation is on. See More settings.")))
        st.button(
            _(N_("Resample")),
            icon=":material/casino:",
            key="photos-draw-again",
            on_click=lambda: st.session_state.update(_photos_draw=draw + 1),
        )


def _rows(
    version: str, settings: str, draw: int, task: Task, recipe: PhotoFields
) -> list[tuple[str, np.ndarray]]:
    """The original photos, and each augmentation that the recipe uses, with their titles."""
    images = _images(version, settings, draw, task, recipe)
    return [
        (translate_message(title), image_display.tile_images(list(photos), _NUM_PHOTOS, factor, gap=4))
        for title, photos in images
        for factor in [max(1, round(_SIDE / photos.shape[1]))]
    ]


@st.cache_data(max_entries=32, show_spinner=False)
def _images(version: str, settings: str, draw: int, _task: Task, _recipe: PhotoFields) -> list[tuple]:
    from core.training import augmentation_preview

    photos = data.load_dataset(_task.dataset, download=False, **_recipe.part("data"))
    rows = augmentation_preview.preview_rows(photos, _recipe, _task.fields(_recipe), _NUM_PHOTOS, draw)
    return [(row.title, row.images) for row in rows if row.enabled]


def forget() -> None:
    """Forget what was computed from photos."""
    _images.clear()
