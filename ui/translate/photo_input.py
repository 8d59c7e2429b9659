"""Input photos of the Translate page: test photos, uploads, or the camera."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from core import images
from core.messages import N_, UserError
from ui.kit import cache, shared_image, url
from ui.kit.i18n import _, translate_message

_MAX_PHOTOS = 6


@dataclass(frozen=True)
class InputPhoto:
    """A photo (H, W, 3) uint8 with its name; `domain` is "a", "b", or "" if it is not known."""

    name: str
    pixels: np.ndarray
    domain: str = ""

    @cached_property
    def digest(self) -> str:
        """Hash of the pixels."""
        content = repr(self.pixels.shape).encode() + self.pixels.tobytes()
        return hashlib.sha256(content).hexdigest()[:12]


def choose_photos(sources: list[str]) -> list[InputPhoto]:
    """Let the visitor choose photos from one of `sources` ("test", "upload", "camera")."""
    source = url.choose_one(
        st.segmented_control,
        _(N_("Photo source")),
        sources,
        key="source",
        default=sources[0],
        required=True,
        label_visibility="collapsed",
        format_func=lambda s: {
            "upload": _(N_("Upload")),
            "camera": _(N_("Camera")),
            "test": _(N_("Test photos")),
        }[s],
    )
    if source == "test":
        return [_choose_test_photo()]
    if source == "camera":
        captured = st.camera_input(_(N_("Take a photo of an apple or an orange")), key="camera")
        uploads = [captured] if captured else []
    else:
        uploads = st.file_uploader(
            _(N_("Photos of apples or oranges")),
            type=list(images.SUFFIXES),
            accept_multiple_files=True,
            key="photos",
            help=_(
                N_("Up to 20 MB and 40 megapixels per image. Images stay on the machine that runs this app.")
            ),
        )
    if len(uploads) > _MAX_PHOTOS:
        st.info(_(N_("Too many photos. Only the first {most} are translated."), most=_MAX_PHOTOS))
    shared = shared_image.get() if source == "upload" else None
    photos = [InputPhoto(*shared)] if shared else []
    for upload in uploads[:_MAX_PHOTOS]:
        try:
            pixels = _decode_upload(upload.getvalue(), upload.name)
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/image_not_supported:")
        else:
            photos.append(InputPhoto(images.safe_name(upload.name), pixels))
    return photos


@st.cache_data(max_entries=_MAX_PHOTOS, show_spinner=False)
def _decode_upload(content: bytes, name: str) -> np.ndarray:
    """Decode an upload at full size: (H, W, 3) uint8. Raises UserError if that is impossible."""
    return np.asarray(images.flatten_alpha(images.decode_image(content, name, side=images.NO_RESIZE)))


def _choose_test_photo() -> InputPhoto:
    with st.spinner(_(N_("Loading photos…"))):
        dataset = cache.load_unpaired_test()
    if dataset.stand_in_for:
        st.info(
            _(
                N_(
                    "The test photos are not installed; using fallback data ({stand_in}). Run `{command}` "
                    "to download the photos."
                ),
                stand_in=_(dataset.title),
                command="python -m core data get fruit",
            )
        )
    index = st.slider(_(N_("Test photo")), 0, len(dataset.test_x) - 1, 0, key="test-photo")
    domain = int(dataset.test_y[index])
    pixels = np.asarray(dataset.test_x[index]).transpose(1, 2, 0)
    return InputPhoto(f"{_(dataset.classes[domain])} {index}", pixels, "ab"[domain])
