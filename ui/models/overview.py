"""Counts of models and data sets, and disk space."""

from __future__ import annotations

import shutil
from pathlib import Path

import streamlit as st

from core import data, paths
from core.files import folder_size
from core.formatting import format_size
from core.messages import N_
from ui.kit import cache
from ui.kit.frame import PAGES
from ui.kit.i18n import _, _n
from ui.models import pretrained

# Where a newcomer tries the models, and what to do there.
_FIRST = (
    ("draw", N_("Draw a digit for a model")),
    ("compare", N_("Compare the CIFAR-10 models")),
    ("train", N_("Train one yourself")),
)


@st.cache_data(ttl=60, show_spinner=False)
def _folder_size(path: str) -> int:
    return folder_size(Path(path))


@st.cache_data(ttl=60, show_spinner=False)
def _coco_size() -> int:
    from core.coco import sources

    places = sources.list_local().values()
    return sum(folder_size(p) if p.is_dir() else p.stat().st_size for p in places)


def _sizes() -> list[tuple[str, int, str, str]]:
    """Title, bytes, what it is (message ids), and folder of everything that takes disk space."""
    names = data.list_source_datasets()
    installed = sum(cache.dataset_status(name).bytes for name in names) + _coco_size()
    roots = ", ".join(f"`{root}`" for root in paths.data_roots())
    own = (
        (
            N_("Runs"),
            paths.runs(),
            N_("Weights, logs and samples of your runs. Delete runs on the Runs page."),
        ),
        (N_("Pretrained models"), paths.checkpoints(), N_("They come with the project.")),
        (
            N_("Cache"),
            paths.cache(),
            N_("Decoded data and indexes. Can be deleted; it is built again when needed."),
        ),
    )
    return [
        (N_("Datasets"), installed, N_("Original files, as they were downloaded or placed here."), roots),
        *((title, _folder_size(str(folder)), about, f"`{folder}`") for title, folder, about in own),
    ]


def show_overview() -> None:
    """Say how many models and data sets are here and what space they take, and where to begin."""
    names = data.list_source_datasets()
    present = sum(cache.dataset_status(name).folder is not None for name in names) + bool(
        cache.coco_sources()
    )
    models = sum(map(len, pretrained.list_pretrained().values()))
    used = format_size(sum(size for _title, size, *_rest in _sizes()))
    free = format_size(shutil.disk_usage(_existing(paths.runs())).free)
    st.markdown(
        " ".join(
            (
                _n("**{count} model** is ready to use.", "**{count} models** are ready to use.", models),
                _n(
                    "**{done} of {count} dataset** is installed.",
                    "**{done} of {count} datasets** are installed.",
                    len(names) + 1,
                    done=present,
                ),
                _(N_("All together take {used} on disk; {free} are free."), used=used, free=free),
            )
        )
    )
    if models:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_(N_("Start here:")), width="content")
            for name, label in _FIRST:
                st.page_link(PAGES[name].path, label=_(label), icon=PAGES[name].icon)


def show_disk_use() -> None:
    """Show the size of the data sets, and of the folders into which the project writes."""
    grid = st.grid(4, min_column_width=160)
    for title, size, about, folder in _sizes():
        with grid.container(border=True, height="stretch"):
            st.metric(_(title), format_size(size), help=_(N_("Folder: {folder}"), folder=folder))
            st.caption(_(about))


def _existing(folder: Path) -> Path:
    """The folder or its nearest parent that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
