"""Upload boxes for images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core import images
from core.messages import UserError
from ui.kit.i18n import translate_message

if TYPE_CHECKING:
    from PIL import Image
    from streamlit.runtime.uploaded_file_manager import UploadedFile


def image_uploader(label: str, *, key: str, help: str) -> UploadedFile | None:  # noqa: A002 - Streamlit's own name
    """Show an upload box for one image of a supported format."""
    return st.file_uploader(label, type=list(images.SUFFIXES), key=key, help=help)


def decode_upload(upload: UploadedFile, side: int = images.MAX_SIDE) -> Image.Image | None:
    """Decode an uploaded image, reduced to at most `side` pixels a side.

    Shows the reason and returns None if it cannot be decoded.
    """
    try:
        return images.decode_image(upload.getvalue(), upload.name, side=side)
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/image_not_supported:")
        return None
