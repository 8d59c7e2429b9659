"""Move around the browse page: pages of tiles, an image and its neighbors, all in the URL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.coco.dataset import Coco
from core.messages import N_
from ui.kit import url
from ui.kit.i18n import _

_IMAGE_PARAMS = ("image", "split", "instance")
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


def page_input(pages: int, folder: str, scope: str) -> int:
    """Show an input for a page, 1 to `pages`; return the selected one.

    The page is shared as `?page=N`, so it lasts while an image is open. Another `scope`, or the same one of other annotations,
    starts at page 1.
    """
    scope = f"{folder}: {scope}"
    key, written = f"coco-page-{scope}", "_url.page"
    if st.session_state.get("_page.scope", scope) != scope:
        st.query_params.pop("page", None)
        st.session_state.pop(written, None)
    st.session_state["_page.scope"] = scope
    named = st.query_params.get("page")
    if key not in st.session_state or named != st.session_state.get(written):
        st.session_state[key] = url.read_number("page", pages + 1) or 1
    st.session_state[key] = min(st.session_state[key], pages)
    page = 1
    if pages > 1:
        page = st.number_input(
            _(N_("Page")), 1, pages, key=key, width=150, label_visibility="collapsed", step=1
        )
        st.caption(_(N_("page {page} of {pages}"), page=page, pages=f"{pages:,}"))
    if page > 1:
        st.query_params["page"] = st.session_state[written] = str(page)
    else:
        st.query_params.pop("page", None)
        st.session_state.pop(written, None)
    return page


def image_pager(coco: Coco, rows: pd.DataFrame, image_id: int, split: str) -> None:
    """Show buttons to the grid and to the previous and next image among `rows`, the images of the filter."""
    splits = [i for i, one in enumerate(coco.splits) if split in ("", one["split"])]
    positions = np.flatnonzero((rows["id"] == image_id) & rows["split"].isin(splits))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_(N_("Back to grid")), icon=":material/arrow_back:", on_click=close_image)
        if not len(positions):
            return
        for step, label, icon in (
            (-1, N_("Previous image"), "navigate_before"),
            (1, N_("Next image"), "navigate_next"),
        ):
            neighbor = int(positions[0]) + step
            exists = 0 <= neighbor < len(rows)
            st.button(
                _(label),
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not exists,
                on_click=open_image,
                args=(
                    (int(rows["id"].iloc[neighbor]), coco.splits[rows["split"].iloc[neighbor]]["split"])
                    if exists
                    else ()
                ),
            )
        st.caption(_(N_("image {place} of {count}"), place=f"{positions[0] + 1:,}", count=f"{len(rows):,}"))
