"""Move around the browse page: pages of tiles, an image and its neighbors, all in the URL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.coco.dataset import Coco
from core.messages import N_
from ui.kit import url
from ui.kit.i18n import _, escape_markdown

_IMAGE_PARAMS = ("image", "split", "instance")
_PAGE, _WRITTEN_PAGE = "_page.number", "_url.page"
_PAGERS = {"top": "coco-page-top", "bottom": "coco-page-bottom"}
_MAX_ID_DIGITS = 18  # more do not fit a 64-bit integer


def image_id_from_url() -> int | None:
    """Return the COCO id of the image that the URL names; -1 if it is not a valid id, None if the URL names no image."""
    text = st.query_params.get("image", "")
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) <= _MAX_ID_DIGITS else -1


def open_image(image_id: int, split: str, instance: int | None = None) -> None:
    """Callback: open an image and select an instance of it."""
    selected = {} if instance is None else {"instance": str(instance)}
    _set_image_params({"image": str(image_id), "split": split, **selected})


def close_image() -> None:
    """Callback: return from an image to the grid."""
    _set_image_params({})


def _set_image_params(values: dict[str, str]) -> None:
    # One call: each change of the URL is an entry in the browser's history, so each would need a press of Back.
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in _IMAGE_PARAMS}
    st.query_params.from_dict({**others, **values})


def current_page(pages: int, folder: str, scope: str) -> int:
    """Return the selected page of `pages`, 1-based: that of the pagers or of the URL.

    The page is shared as `?page=N`, so it lasts while an image is open. Another `scope`, or the same one of other annotations,
    starts at page 1.
    """
    state, scope = st.session_state, f"{folder}: {scope}"
    if state.get("_page.scope", scope) != scope:
        st.query_params.pop("page", None)
        for name in (_WRITTEN_PAGE, _PAGE, *_PAGERS.values()):
            state.pop(name, None)
    state["_page.scope"] = scope
    before = state.get(_PAGE, 1)
    page = next((state[key] for key in _PAGERS.values() if state.get(key, before) != before), before)
    named = st.query_params.get("page")
    if _PAGE not in state or named != state.get(_WRITTEN_PAGE):
        page = url.read_number("page", pages + 1) or 1
    page = state[_PAGE] = min(page, pages)
    if page > 1:
        state[_WRITTEN_PAGE] = str(page)
        url.write_parameter("page", str(page))
    else:
        st.query_params.pop("page", None)
        state.pop(_WRITTEN_PAGE, None)
    return page


def pager(pages: int, page: int, place: str) -> None:
    """Show the pager at `place`, "top" or "bottom" of a grid; both show the `current_page`."""
    if pages > 1:
        st.session_state[_PAGERS[place]] = page
        # Beside other elements a pager as wide as its content leaves pages out.
        st.pagination(pages, key=_PAGERS[place], width="stretch")


Neighbors = dict[int, tuple[int, str]]
"""COCO id and split of the previous image (-1) and of the next (1), as far as there are any."""


def show_way_back(coco: Coco, rows: pd.DataFrame, image_id: int, split: str, where: str) -> Neighbors:
    """Show the button to the grid, and the place of an image among `rows`, the images of the filter `where`, beside buttons to its
    neighbors; return these.
    """
    positions = _positions(coco, rows, image_id, split)
    neighbors: Neighbors = {}
    if len(positions):
        at = int(positions[0])
        for step in (-1, 1):
            if 0 <= at + step < len(rows):
                row = rows.iloc[at + step]
                neighbors[step] = (int(row["id"]), coco.splits[row["split"]]["split"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_(N_("Back to grid")), icon=":material/arrow_back:", on_click=close_image)
        if len(positions):
            _step_button(-1, _(N_("Previous")), ":material/chevron_left:", neighbors)
            _step_button(1, _(N_("Next")), ":material/chevron_right:", neighbors)
            place = _(N_("{place} of {count}"), place=f"{at + 1:,}", count=f"{len(rows):,}")
            st.caption(f"{place} · {escape_markdown(where)}" if where else place, width="content")
    return neighbors


def _step_button(step: int, label: str, icon: str, neighbors: Neighbors) -> None:
    st.button(
        label,
        key=f"coco-step-{step}",
        icon=icon,
        icon_position="right" if step > 0 else "left",
        type="tertiary",
        disabled=step not in neighbors,
        on_click=open_image,
        args=neighbors.get(step, (0, "")),
    )


def _positions(coco: Coco, rows: pd.DataFrame, image_id: int, split: str) -> np.ndarray:
    splits = [i for i, one in enumerate(coco.splits) if split in ("", one["split"])]
    return np.flatnonzero((rows["id"] == image_id) & rows["split"].isin(splits))
