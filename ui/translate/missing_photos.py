"""The Translate page without the test photos: what the sixteen sample photos are, and the download of all."""

from __future__ import annotations

import streamlit as st

from core import data, paths
from core.messages import Message, N_, UserError
from ui.kit import cache
from ui.kit.frame import flash
from ui.kit.i18n import _, translate_message

_PLACE = "photo-download"


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
        if paths.offline():
            st.caption(_(N_("Downloads are disabled on this server (MANABI_OFFLINE).")))
        if st.button(
            _(N_("Download photos ({size} MB)"), size=f"{source.download_bytes / 1e6:.0f}"),
            icon=":material/download:",
            key=_PLACE,
            disabled=paths.offline(),
        ):
            _download(source.name)


def _download(name: str) -> None:
    bar = st.progress(0.0)
    try:
        data.download_dataset(
            name, lambda words, share: bar.progress(min(1.0, share), translate_message(words))
        )
    except UserError as error:
        st.error(translate_message(error.message), icon=":material/cloud_off:")
        return
    finally:
        bar.empty()
    cache.dataset_status.clear()
    flash(Message(N_("Photos installed.")), "success")
    st.rerun()
