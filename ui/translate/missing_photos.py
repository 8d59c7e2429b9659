"""The Translate page without the test photos: what the sixteen sample photos are, and the download of all."""

from __future__ import annotations

import streamlit as st

from core import data, paths
from core.messages import N_
from ui.kit.downloads import download_button
from ui.kit.i18n import _


def offer_download(dataset: str, count: int) -> None:
    """Say that `count` sample photos are shown instead of the test set of `dataset`, and offer the download."""
    info = data.dataset_info(dataset)
    source = data.dataset_info(info.files_of or dataset)
    with st.container(border=True):
        st.markdown(
            _(
                N_(
                    "These {count} real test photos come with the project. All photos, also for training, "
                    "are a download of {size} MB from {url} to `{folder}`. To install them manually, place "
                    "them there as {layout}."
                ),
                count=count,
                size=f"{source.download_bytes / 1e6:.0f}",
                url=source.url,
                folder=paths.download_root(),
                layout=f"`{source.layout}`",
            )
        )
        download_button(
            _(N_("Download photos ({size} MB)"), size=f"{source.download_bytes / 1e6:.0f}"),
            "photo-download",
            lambda report: data.download_dataset(source.name, report),
        )
