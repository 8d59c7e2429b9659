"""Input photos of the Translate page: a film strip of test photos, uploads, or the camera."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from PIL import Image

from core import data, images, tasks
from core.messages import N_, UserError
from core.translation.sample_photos import load_sample_photos
from ui.components.film_strip import FilmPages, FilmTile, film_strip
from ui.kit import cache, shared_image, url
from ui.kit.i18n import _, escape_markdown, translate_message

_MAX_PHOTOS = 6
_TILES_A_PAGE = 8
_THUMBNAIL_SIDE = 132  # pixels: twice the size on screen
_UPLOADS = "_translate-uploads"  # name and content of uploaded files, by id; outlives the upload box
_SHOWN_UPLOAD = "_translate-upload"
_PAGE = "_translate-page"


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


@dataclass(frozen=True)
class PhotoShelf:
    """Photos to choose from: `x` (N, 3, H, W) uint8 and domains `y` (N,), with the names of the domains.

    `is_sample` tells that they are the few photos that come with the project.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    key: str
    is_sample: bool = False

    def order(self) -> list[int]:
        """Indices for display: both domains in turn."""
        parts = [np.flatnonzero(self.y == domain).tolist() for domain in (0, 1)]
        paired = [i for pair in zip(*parts, strict=False) for i in pair]
        return paired + sorted(set(range(len(self.y))) - set(paired))


def find_shelf(task: tasks.Task, classes: tuple[str, ...]) -> PhotoShelf | None:
    """The test photos of `task`, or the sample photos where apples and oranges are not installed.

    Returns None if there are no photos of the domains `classes`, those of the chosen model.
    """
    folder = data.find_dataset(task.dataset)
    if folder is not None:
        with st.spinner(_(N_("Loading photos…"))):
            dataset = cache.load_unpaired_test(task.dataset)
        if tuple(dataset.classes) == tuple(classes):
            return PhotoShelf(dataset.test_x, dataset.test_y, dataset.classes, str(folder))
    if tuple(classes) == ("apple", "orange"):
        x, y = load_sample_photos()
        return PhotoShelf(x, y, classes, "samples", is_sample=True)
    return None


def choose_photo(shelf: PhotoShelf | None) -> InputPhoto | None:
    """Draw the film strip, and the upload box or the camera if its tile is chosen; return the photo to translate."""
    sources = ["test", "upload", "camera"] if shelf is not None else ["upload", "camera"]
    source = url.choose_one(_no_widget, "", sources, key="source", default=sources[0])
    order = shelf.order() if shelf is not None else []
    if order and (unknown := url.unknown_value("photo", order)):
        st.warning(
            _(
                N_("Photo “{name}” from the link was not found. Select another one."),
                name=escape_markdown(unknown),
            )
        )
    index = url.choose_one(_no_widget, "", order, key="photo", default=order[0]) if order else 0
    _show_strip(shelf, order, source, index)
    if source == "test":
        pixels = np.asarray(shelf.x[index]).transpose(1, 2, 0)
        domain = int(shelf.y[index])
        return InputPhoto(f"{_(shelf.classes[domain])} {index}", pixels, "ab"[domain])
    return _take_photo() if source == "camera" else _choose_upload()


def _no_widget(_label: str, _options: list, *, key: str) -> object:
    """Stand in for a widget in `url.choose_one`: the film strip sets the value."""
    return st.session_state[key]


def _show_strip(shelf: PhotoShelf | None, order: list[int], source: str, index: int) -> None:
    last = max(0, (len(order) - 1) // _TILES_A_PAGE)
    shown_for = f"{shelf.key if shelf else ''} {index}"
    if st.session_state.get(f"{_PAGE}-for") != shown_for and index in order:
        # A link, or another set of photos: open the page on which the photo is.
        st.session_state[f"{_PAGE}-for"] = shown_for
        st.session_state[_PAGE] = order.index(index) // _TILES_A_PAGE
    page = min(st.session_state.get(_PAGE, 0), last)
    members = order[page * _TILES_A_PAGE : (page + 1) * _TILES_A_PAGE]
    tiles = [
        FilmTile("upload", _(N_("Upload")), icon="upload", selected=source == "upload"),
        FilmTile("camera", _(N_("Camera")), icon="camera", selected=source == "camera"),
        *(
            FilmTile(
                str(i),
                f"{_(shelf.classes[int(shelf.y[i])])} {i}",
                _test_thumbnail(shelf.key, i, shelf.x),
                selected=source == "test" and i == index,
            )
            for i in members
        ),
    ]

    def choose(name: str) -> None:
        st.session_state["source"] = "test" if name.isdigit() else name
        if name.isdigit():
            st.session_state["photo"] = int(name)
            st.session_state[f"{_PAGE}-for"] = f"{shelf.key} {name}"

    def turn(direction: int) -> None:
        st.session_state[_PAGE] = min(last, max(0, page + direction))

    pages = FilmPages(
        _(
            N_("{first}–{last} of {count}"),
            first=page * _TILES_A_PAGE + 1,
            last=page * _TILES_A_PAGE + len(members),
            count=len(order),
        ),
        _(N_("Previous photos")),
        _(N_("More photos")),
        page > 0,
        page < last,
    )
    film_strip(
        tiles,
        "film-strip",
        choose,
        alt=_(N_("Photos")),
        pages=pages if last else None,
        on_turn=turn,
    )


@st.cache_data(max_entries=400, show_spinner=False)
def _test_thumbnail(shelf: str, index: int, _x: np.ndarray) -> bytes:
    return _encode_thumbnail(np.asarray(_x[index]).transpose(1, 2, 0))


@st.cache_data(max_entries=4 * _MAX_PHOTOS, show_spinner=False)
def _upload_thumbnail(digest: str, _pixels: np.ndarray) -> bytes:
    return _encode_thumbnail(_pixels)


def _encode_thumbnail(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    images.center_crop(Image.fromarray(pixels), _THUMBNAIL_SIDE).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _take_photo() -> InputPhoto | None:
    captured = st.camera_input(_(N_("Take a photo")), key="camera")
    return _decode(captured.name, captured.getvalue()) if captured else None


def _choose_upload() -> InputPhoto | None:
    """Draw the upload box; with several photos, a second strip chooses among them."""
    st.file_uploader(
        _(N_("Photos to translate")),
        type=list(images.SUFFIXES),
        accept_multiple_files=True,
        key="photos",
        on_change=_keep_uploads,
        help=_(N_("Up to 20 MB and 40 megapixels per image. Images stay on the machine that runs this app.")),
    )
    uploads = list(st.session_state.get(_UPLOADS, {}).values())
    if len(uploads) > _MAX_PHOTOS:
        st.info(_(N_("Too many photos. Only the first {most} are translated."), most=_MAX_PHOTOS))
    shared = shared_image.get()
    photos = [InputPhoto(*shared)] if shared else []
    photos += filter(None, (_decode(name, content) for name, content in uploads[:_MAX_PHOTOS]))
    if not photos:
        return None
    shown = min(st.session_state.get(_SHOWN_UPLOAD, 0), len(photos) - 1)
    if len(photos) > 1:
        film_strip(
            [
                FilmTile(str(i), p.name, _upload_thumbnail(p.digest, p.pixels), selected=i == shown)
                for i, p in enumerate(photos)
            ],
            "upload-strip",
            lambda name: st.session_state.update({_SHOWN_UPLOAD: int(name)}),
            alt=_(N_("Uploaded photos")),
        )
    return photos[shown]


def _keep_uploads() -> None:
    """Keep the files of the upload box for the visits in which it is not drawn (callback)."""
    current = {f.file_id: (f.name, f.getvalue()) for f in st.session_state["photos"]}
    st.session_state[_UPLOADS] = current
    st.session_state[_SHOWN_UPLOAD] = 0


def _decode(name: str, content: bytes) -> InputPhoto | None:
    """The photo in a file; shows the reason and returns None if it cannot be decoded."""
    try:
        return InputPhoto(images.safe_name(name), _decode_upload(content, name))
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/image_not_supported:")
        return None


@st.cache_data(max_entries=_MAX_PHOTOS, show_spinner=False)
def _decode_upload(content: bytes, name: str) -> np.ndarray:
    """Decode an upload at full size: (H, W, 3) uint8. Raises UserError if that is impossible."""
    return np.asarray(images.flatten_alpha(images.decode_image(content, name, side=images.NO_RESIZE)))
