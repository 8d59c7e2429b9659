"""Choose the annotations of the browse page: folders on this machine, uploads, or a download of val2017."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import paths
from core.coco import index, scenes, sources, val2017
from core.coco.dataset import Coco
from core.data import ProgressCallback
from core.messages import N_, UserError
from ui.browse.progress import progress_bar
from ui.kit import url
from ui.kit.downloads import download_button
from ui.kit.i18n import _, _n, escape_markdown, translate_message

UPLOAD_PREFIX = "own-"
_MAX_IMAGES = 200  # images per upload
_DOWNLOAD_SIZE = f"{val2017.DOWNLOAD_BYTES / 1e9:.1f} GB"


@st.cache_data(ttl=20, show_spinner=False)
def _list_sources() -> dict[str, str]:
    return {name: str(path) for name, path in sources.list_sources().items()}


@st.cache_resource(max_entries=4, show_spinner=False)
def _open_index(folder: str) -> Coco:
    return Coco(Path(folder))


def warn_unknown_source() -> None:
    """Say so if the annotations that the link names are not on this machine; call it before `choose_source`."""
    if unknown := url.unknown_value("folder", list(_named_sources()[0])):
        st.warning(
            _(
                N_("Annotations “{name}” from the link were not found. These are others."),
                name=escape_markdown(unknown),
            )
        )


def choose_source() -> Path:
    """Show a choice of annotations if there are several, shared by name in the URL; return the folder or file."""
    named, name = _named_sources()
    if len(named) > 1:
        name = url.choose_one(
            st.selectbox,
            _(N_("Annotations")),
            list(named),
            key="folder",
            default=name,
            label_visibility="collapsed",
            width=200,
            format_func=lambda n: (
                _(N_("uploaded: {name}"), name=named[n].name)
                if n.startswith(UPLOAD_PREFIX)
                else _(n)
                if n == sources.SYNTHETIC_TITLE
                else n
            ),
        )
    return named[name]


def current_source() -> Path:
    """Return the folder or file that the URL or an earlier choice names, without showing the choice."""
    named, name = _named_sources()
    wanted = (st.query_params.get("folder"), st.session_state.get("_kept.folder"))
    return named[next((n for n in wanted if n in named), name)]


def _named_sources() -> tuple[dict[str, Path], str]:
    """Return the annotations to choose from by name, and the name of the default."""
    named = {name: Path(path) for name, path in _list_sources().items()}
    wanted = st.session_state.get("coco-own") or st.query_params.get("folder", "")
    if wanted.startswith(UPLOAD_PREFIX) and (path := sources.find_upload(wanted.removeprefix(UPLOAD_PREFIX))):
        named[wanted] = path
    chosen = (wanted, st.query_params.get("folder"), st.session_state.get("_kept.folder"))
    if len(named) > 1 and sources.SYNTHETIC_TITLE not in chosen:
        named.pop(sources.SYNTHETIC_TITLE, None)  # offered below the page
    return named, next(iter(named))


def is_synthetic(source: Path) -> bool:
    """Whether `source` holds the synthetic scenes."""
    return source == Path(_list_sources()[sources.SYNTHETIC_TITLE])


def describe_synthetic() -> str:
    """Return what the synthetic scenes are, and that COCO is missing if it is."""
    text = _n(
        "{count} synthetic scene in COCO format, drawn by Manabi Lab.",
        "{count} synthetic scenes in COCO format, drawn by Manabi Lab.",
        scenes.NUM_IMAGES,
    )
    return text if len(_list_sources()) > 1 else " ".join((text, _(N_("COCO is not installed."))))


def open_source(source: Path) -> Coco:
    """Open the index of a source; build it with a progress bar if it is missing or outdated. Raises UserError."""
    folder = index.index_folder(source)
    if not (folder / "done.json").exists():
        with progress_bar(_(N_("Building the index"))) as progress:
            folder = index.build_index(source, progress)
    coco = _open_index(str(folder))
    if not (folder / "segments.bin").exists():  # the cache folder was emptied while the server was running
        _open_index.clear()
        (folder / "done.json").unlink(missing_ok=True)  # rebuilt on the next run
        raise UserError(N_("Index of {folder} not found. Open the folder again."), folder=str(source))
    return coco


def show_problems(coco: Coco) -> None:
    """Show the invalid records."""
    if coco.problems:
        with st.expander(
            _n(
                "{count} type of invalid record found; valid records are shown",
                "{count} types of invalid records found; valid records are shown",
                len(coco.problems),
            ),
            icon=":material/rule:",
            key="coco-problems",
        ):
            for problem in coco.problems:
                st.text(translate_message(problem))


def offer_coco() -> None:
    """Offer the download of COCO if it is not installed."""
    if len(_list_sources()) > 1:
        return
    with st.popover(_(N_("Install COCO")), icon=":material/download:", key="coco-install", type="tertiary"):
        _install_coco()


def _install_coco() -> None:
    """Show what a download of val2017 brings, its button, and how to install COCO by hand."""
    folder = paths.download_root() / "coco"

    def download(report: ProgressCallback) -> None:
        val2017.download_val2017(folder, report)
        _list_sources.clear()

    st.markdown(
        _(
            N_(
                "**val2017**: 5,000 photos with masks, keypoints and captions, {size} from {url}. "
                "Checksums are verified, and an interrupted download can be resumed."
            ),
            size=_DOWNLOAD_SIZE,
            url=val2017.URL,
        )
    )
    download_button(_(N_("Download {size}"), size=_DOWNLOAD_SIZE), "download-coco", download, type="primary")
    st.caption(
        _(
            N_(
                "To install COCO manually, place its files in {folder} as {layout}. Command line: `{command}`"
            ),
            folder=f"`{folder}`",
            layout="`annotations/*.json`, `val2017/*.jpg`",
            command="python -m core coco get",
        )
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _count_splits(folder: str, _coco: Coco) -> dict[str, int]:
    return _coco.count_images()


def describe_source(coco: Coco, source: Path) -> None:
    """Say where the images come from and how many of COCO's they are, with more about them, and how to get all, in a popover."""
    if is_synthetic(source):
        return  # the task above the grid says what they are
    splits = _count_splits(str(coco.folder), coco)
    official = {name: val2017.NUM_IMAGES[name] for name in splits if name in val2017.NUM_IMAGES}
    partial = any(splits[name] < count for name, count in official.items())
    parts = " · ".join(
        _(N_("{split}: {count} of {total}"), split=name, count=f"{count:,}", total=f"{official[name]:,}")
        if name in official
        else f"{escape_markdown(name)}: {count:,}"
        for name, count in splits.items()
    )
    if partial:
        text = _(N_("A sample of COCO 2017 ({parts})"), parts=parts)
    elif official:
        text = _(N_("COCO 2017 ({parts})"), parts=parts)
    else:
        text = _(N_("Annotations of your own ({parts})"), parts=parts)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="coco-about"):
        st.caption(text, width="content")
        with st.popover(
            _(N_("Get more images")) if partial else _(N_("About these images")),
            icon=":material/download:" if partial else ":material/info:",
            type="tertiary",
        ):
            if official:
                st.markdown(
                    _(
                        N_(
                            "[COCO](https://cocodataset.org) (Common Objects in Context): photos from Flickr in which people "
                            "outlined 80 categories of objects. The annotations are licensed under CC BY 4.0; each photo "
                            "has a license of its own."
                        )
                    )
                )
            st.markdown(_(N_("Shown here: {folder}"), folder=f"`{source}`"))
            if partial:
                _install_coco()


def _show_synthetic() -> None:
    """Callback: browse the synthetic scenes."""
    st.session_state.pop("coco-own", None)
    url.forget_choice("folder")
    st.query_params["folder"] = sources.SYNTHETIC_TITLE


def upload_annotations() -> None:
    """Show the upload of annotations and their images, and a button that shows the synthetic scenes."""
    with st.expander(_(N_("Upload annotations")), icon=":material/upload_file:", key="upload-annotations"):
        if len(_list_sources()) > 1:
            st.button(
                _(N_("Show synthetic scenes")),
                icon=":material/draw:",
                help=_(N_("Small annotated drawings with three deliberate annotation errors.")),
                on_click=_show_synthetic,
            )
        st.caption(
            _(
                N_(
                    "A JSON file in COCO format, as exported by annotation tools. Missing keys are "
                    "ignored. Add the images to see them under the masks. Place files too large to upload "
                    "in the data folder. All files stay on the machine running this app."
                )
            )
        )
        file = st.file_uploader(_(N_("Annotations (JSON)")), type=["json"], key="coco-json-file")
        image_files = st.file_uploader(
            _(N_("Image files")),
            type=["jpg", "jpeg", "png", "webp", "bmp"],
            accept_multiple_files=True,
            key="coco-image-files",
        )
        if file is None or not st.button(_(N_("Show annotations")), icon=":material/visibility:"):
            return
        try:
            path, errors = sources.save_upload(
                file.getvalue(), file.name, [(p.name, p.getvalue()) for p in image_files[:_MAX_IMAGES]]
            )
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
            return
        for error in errors[:5]:
            st.warning(translate_message(error.message), icon=":material/image_not_supported:")
        st.session_state["coco-own"] = f"{UPLOAD_PREFIX}{path.parent.name}"
        st.query_params["folder"] = st.session_state["coco-own"]
        st.session_state.pop("folder", None)
        if not errors:
            st.rerun()
