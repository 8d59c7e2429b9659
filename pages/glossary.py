"""Glossary: the words of these pages, in both languages."""

from __future__ import annotations

import streamlit as st

from core import glossary
from core.messages import N_
from core.migration import GLOSSARY_TERMS
from ui.components.former_anchors import former_anchors
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _, escape_markdown, language

with page("glossary", wide=False):
    page_language, other_language = language(), "en" if language() == "ja" else "ja"
    query = st.text_input(
        _(N_("Search")), key="q", bind="query-params", placeholder=_(N_("term in English or Japanese"))
    )
    results = glossary.search_terms(query, page_language)
    if not results:
        st.info(_(N_("No entries match {word}."), word=escape_markdown(query)))
    result_ids = {t.id for t in results}
    for term in results:
        st.subheader(f"{term.name(page_language)} :gray[· {term.name(other_language)}]", anchor=term.id)
        st.markdown(term.text(page_language))
        if term.related:
            # Where the search leaves an entry out, the link opens the whole glossary at it.
            links = [
                f"[{glossary.get_term(r).name(page_language)}]({f'#{r}' if r in result_ids else url.page_href('glossary', r)})"
                for r in term.related
            ]
            see_also = _(N_("See also: {terms}"), terms=" · ".join(links))
            st.markdown(f":small[{see_also}]")  # a caption is too pale for links
    former_anchors(GLOSSARY_TERMS)
