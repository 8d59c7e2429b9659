"""Models & data: the pretrained models, the installed data sets, and the disk space they take."""

from __future__ import annotations

import streamlit as st

from core.messages import N_
from ui.kit.frame import page
from ui.kit.i18n import _
from ui.models import installed, overview, pretrained

with page("models"):
    overview.show_overview()
    st.header(_(N_("Pretrained models")))
    pretrained.show_pretrained()
    st.header(_(N_("Data on this machine")))
    installed.show_datasets()
    st.header(_(N_("Disk use")))
    overview.show_disk_use()
