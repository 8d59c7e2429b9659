"""Preview of a recipe's data augmentation on the Train page."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.messages import N_
from core.training.recipe import Recipe
from ui.kit import cache, forms, image_display, preload
from ui.kit.i18n import _, translate_message

_NUM_IMAGES, _IMAGE_SIDE = 8, 96  # side in screen pixels


def augmentation_preview(task: tasks.Task, recipe: Recipe) -> None:
    """Draw an expander that computes its images only when open."""
    expander = st.expander(
        _(N_("Augmentation preview")),
        icon=":material/flip:",
        key=f"augmentation-{task.name}",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        preload.wait_until_ready()
        from core.training import augmentation_preview as preview

        draw = st.session_state.get("_augmentation_draw", 0)
        rows = preview.preview_rows(
            cache.load_dataset(task.dataset), recipe, task.fields(), _NUM_IMAGES, draw
        )
        st.caption(
            _(
                N_(
                    "Augmentation changes each training image slightly every time it is used. Each row "
                    "applies one augmentation to the same eight images. Faded rows are off in this recipe "
                    "and shown for reference."
                )
            )
        )
        factor = max(1, round(_IMAGE_SIDE / rows[0].images.shape[1]))
        for row in rows:
            off = "" if row.enabled else _(N_("off in this recipe"))
            st.caption(
                " · ".join(
                    part
                    for part in (
                        f"**{translate_message(row.title)}**",
                        _format_amounts(recipe, row.amounts),
                        off,
                    )
                    if part
                )
            )
            shown = [image[..., 0] if image.shape[-1] == 1 else image for image in row.images]
            strip = image_display.tile_images(shown, _NUM_IMAGES, factor, gap=4)
            if not row.enabled:
                strip[..., 3] = strip[..., 3] * 0.65
            st.image(strip, width="stretch", alt=translate_message(row.title))
        st.button(
            _(N_("Resample")),
            icon=":material/casino:",
            key="draw-again",
            on_click=lambda: st.session_state.update(_augmentation_draw=draw + 1),
        )


def _format_amounts(recipe: Recipe, amounts: dict[str, object]) -> str:
    """Format the fields of one row with their values; a single field without its name, which the row's title gives."""
    fields = {name: type(recipe).field(name) for name in amounts}
    if len(fields) == 1:
        name, field = next(iter(fields.items()))
        unit = field.json_schema_extra["unit"]
        return f"{amounts[name]} {_(unit)}" if unit else f"{amounts[name]}"
    return ", ".join(f"{forms.field_label(field)} {amounts[name]}" for name, field in fields.items())
