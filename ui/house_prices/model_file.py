"""Save the network that the page uses, and load one that was saved here."""

from __future__ import annotations

import streamlit as st

from core.lessons import house_model_file
from core.lessons.house_data import HouseTable
from core.messages import N_, UserError
from ui.house_prices import fitted
from ui.kit.i18n import _, escape_markdown, translate_message

_LOADED = "_house-loaded"  # session key: the id of the upload that was loaded last


def show_model_file(table: HouseTable) -> None:
    """Show which network the page uses, a download of it, and an upload box."""
    st.header(_(N_("Save and load")))
    message = st.container()
    left, right = st.columns(2, gap="large")
    with right:
        upload = st.file_uploader(
            _(N_("Load a network saved here (.safetensors)")), type=["safetensors"], key="house-upload"
        )
        seen = (upload.file_id, table.key) if upload else None
        if seen is None:
            st.session_state.pop(_LOADED, None)
        elif st.session_state.get(_LOADED, ("",))[0] != seen:
            st.session_state[_LOADED] = (seen, _load(upload.getvalue(), upload.name, table))
        if seen and (problem := st.session_state[_LOADED][1]) is not None:
            message.error(translate_message(problem.message), icon=":material/error:")
    with left:
        network, origin = fitted.get_network(table)
        parameters = sum(p.numel() for p in network.network.parameters())
        st.markdown(
            _(
                N_("In use: **{origin}**, {parameters} parameters."),
                origin=escape_markdown(origin),
                parameters=f"{parameters:,}",
            )
        )
        with st.container(horizontal=True):
            st.download_button(
                _(N_("Save network")),
                house_model_file.save_network(network),
                f"{table.dataset.name}-network.safetensors",
                mime="application/octet-stream",
                icon=":material/download:",
                key="house-save",
                on_click="ignore",
            )
            if fitted.has_own_network(table) or fitted.requested_run(table):
                st.button(
                    _(N_("Discard this network")),
                    icon=":material/undo:",
                    key="house-discard",
                    on_click=fitted.reset_network,
                )


def _load(content: bytes, name: str, table: HouseTable) -> UserError | None:
    """Use the network in an upload; return what is wrong with it, or None."""
    try:
        network = house_model_file.load_network(content, escape_markdown(name), table)
    except UserError as error:
        return error
    fitted.set_network(table, network, _(N_("loaded from {file}"), file=name))
    return None
