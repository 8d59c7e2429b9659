"""Glossary: the words of these pages, in both languages."""

from __future__ import annotations

import streamlit as st

from core import glossary
from core.messages import N_
from ui.frame import page
from ui.i18n import _, language

with page("glossary", wide=False):
    here, other = language(), "en" if language() == "ja" else "ja"
    wanted = st.text_input(_(N_("Search")), key="q", bind="query-params", placeholder=_(N_("term in English or Japanese")))
    found = glossary.search(wanted, here)
    if not found:
        st.info(_(N_("No entries match {word}."), word=wanted))
    shown = {t.id for t in found}
    for term in found:
        st.subheader(f"{term.name(here)} :gray[· {term.name(other)}]", anchor=term.id)
        st.markdown(term.text(here))
        if term.related:
            # Where the search leaves an entry out, the link opens the whole glossary at it.
            links = [f"[{glossary.term(r).name(here)}]({'' if r in shown else '/glossary'}#{r})" for r in term.related]
            also = _(N_("See also: {terms}"), terms=" · ".join(links))
            st.markdown(f":small[{also}]")  # a caption is too pale for links
