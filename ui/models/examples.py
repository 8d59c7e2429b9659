"""Example images of the installed data sets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from core import data
from core.data import decode
from core.messages import N_, UserError
from ui.kit import cache, image_display
from ui.kit.i18n import _, translate_message

_NUM_EXAMPLES = 10
_EXAMPLE_SIDE = 64  # pixels


@st.cache_data(max_entries=16, show_spinner=False)
def _example_row(name: str, folder: str) -> np.ndarray | None:
    """Test images of data set `name`, of all classes in turn, side by side; None if they are not decoded yet."""
    if not data.dataset_info(name).is_image or not decode.is_decoded(name):
        return None
    dataset = data.load_dataset(name, download=False)
    indices = data.stratified_subset(dataset.test_y, _NUM_EXAMPLES)
    indices = indices[np.argsort(dataset.test_y[indices], kind="stable")]
    images = [np.asarray(dataset.test_x[i]).transpose(1, 2, 0) for i in indices]
    return image_display.tile_images(
        [image.squeeze(-1) if image.shape[2] == 1 else image for image in images],
        _NUM_EXAMPLES,
        max(1, round(_EXAMPLE_SIDE / images[0].shape[0])),
        gap=4,
    )


def show_examples(dataset: str, width: int | Literal["stretch"] = "stretch") -> None:
    """Show a row of test images of a data set if it is installed, decoded, and holds images."""
    info = data.dataset_info(dataset)
    status = cache.dataset_status(info.files_of or dataset)
    if status.folder is None or status.problem:
        return
    try:
        row = _example_row(dataset, str(status.folder))
    except UserError as error:
        st.error(translate_message(error.message))
        return
    if row is None:
        _example_row.clear(dataset, str(status.folder))  # it may be decoded soon
        return
    st.image(
        row,
        width=width,
        alt=_(N_("Examples of {title}"), title=_(status.title if status.name == dataset else info.title)),
    )
