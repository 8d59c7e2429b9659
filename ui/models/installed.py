"""What is installed on this machine: data sets with examples, third-party weights."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from core import data, paths, pretrained, tasks
from core.coco import val2017
from core.data import DatasetStatus
from core.formatting import format_size
from core.messages import N_
from ui.kit import cache
from ui.kit.downloads import dataset_download_button, download_button
from ui.kit.frame import PAGES
from ui.kit.i18n import _, _n, escape_markdown, translate_message
from ui.models import examples

_CARD_WIDTH = 340  # pixels, at least
_COCO_URL = "https://cocodataset.org/#download"


def show_datasets() -> None:
    """Show a card for each data set: what is installed, else how to get it."""
    grid = st.grid(2, min_column_width=_CARD_WIDTH)
    for name in sorted(data.list_source_datasets(), key=lambda n: not data.dataset_info(n).is_image):
        with grid.container(border=True, height="stretch"):
            _show_dataset(cache.dataset_status(name))
    with grid.container(border=True, height="stretch"):
        _show_coco()
    for entry in pretrained.WEIGHTS:
        with grid.container(border=True, height="stretch"):
            _show_weights(entry)


def _heading(title: str, installed: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape_markdown(title)}**", width="content")
        if installed:
            st.badge(_(N_("Installed")), icon=":material/check:", color="green")
        else:
            st.badge(_(N_("Not installed")), icon=":material/cloud_off:", color="gray")


def _show_dataset(status: DatasetStatus) -> None:
    info = data.dataset_info(status.name)
    _heading(_(status.title), status.folder is not None and not status.problem)
    if status.problem:
        st.error(translate_message(status.problem))
        return
    if status.folder:
        examples.show_examples(status.name)
        _show_counts(status)
        task = next((t.name for t in tasks.TASKS if t.dataset == status.name), None)
        if task is not None:
            entry = PAGES["train"]
            st.page_link(entry.path, label=_(entry.title), icon=entry.icon, query_params={"task": task})
        return
    if status.fallback_title:
        st.markdown(_(N_("Until then, pages use {stand_in}."), stand_in=_(status.fallback_title)))
    _show_source(status.url, info.download_bytes, status.layout)
    dataset_download_button(status.name)


def _show_counts(status: DatasetStatus) -> None:
    st.caption(
        " · ".join(
            (
                _n(
                    "{train} training and {count} test example",
                    "{train} training and {count} test examples",
                    status.test,
                    train=f"{status.train:,}",
                ),
                format_size(status.bytes),
            )
        ),
        help=_(N_("Folder: {folder}"), folder=f"`{status.folder}`"),
    )


def _show_coco() -> None:
    names = cache.coco_sources()
    _heading("COCO", bool(names))
    if names:
        st.caption(
            _(N_("Annotations: {names}"), names=", ".join(map(escape_markdown, names))),
            help=_(N_("Folder: {folder}"), folder=", ".join(f"`{p}`" for p in paths.data_roots())),
        )
        entry = PAGES["browse"]
        st.page_link(entry.path, label=_(entry.title), icon=entry.icon)
        return
    st.markdown(_(N_("Until then, pages use {stand_in}."), stand_in=_(N_("synthetic scenes"))))
    _show_source(_COCO_URL, val2017.DOWNLOAD_BYTES, "`coco/annotations/*.json`, `coco/val2017/*.jpg`")
    download_button(
        _(N_("Download {title}"), title="COCO val2017"),
        "download-coco",
        lambda report: val2017.download_val2017(paths.download_root() / "coco", report),
    )


def _show_weights(entry: pretrained.Weights) -> None:
    here = entry.path.exists()
    _heading(_(entry.title), here)
    st.caption(
        _(
            N_("Weights trained on ImageNet by torchvision, to start a run from. {size}"),
            size=format_size(entry.bytes),
        )
    )
    if not here:
        st.caption(_(N_("Source: {url}"), url=_short_link(entry.url)))
        download_button(
            _(N_("Download {title}"), title=entry.title),
            f"download-{entry.name}",
            lambda report: pretrained.download_weights(entry, report),
        )


def _show_source(address: str, num_bytes: int, layout: str) -> None:
    if address:
        size = f" ({format_size(num_bytes)})" if num_bytes else ""
        st.caption(_(N_("Source: {url}"), url=_short_link(address)) + size)
    values = {"folder": f"`{paths.download_root()}`", "layout": layout}
    if address:
        st.caption(_(N_("Or place the files in {folder} as {layout}."), **values))
    else:
        st.caption(_(N_("Place the files in {folder} as {layout}."), **values))


def _short_link(address: str) -> str:
    """Markdown link that shows the host only."""
    return f"[{urlsplit(address).hostname}]({address})"
