"""Glossary: the words of these pages, in both languages."""

from __future__ import annotations

import streamlit as st

from core import glossary
from core.messages import N_
from core.migration import GLOSSARY_TERMS
from ui.components.glossary_style import glossary_style
from ui.glossary import ablation, entries
from ui.kit import url
from ui.kit.frame import page
from ui.kit.i18n import _, _n, escape_markdown, language


@st.cache_data(max_entries=8, show_spinner=False)
def _groups(
    page_language: str, see_also: str, titles: tuple[str, ...], figures: dict[str, str], base: str
) -> tuple[list[str], str]:
    """Return the blocks of all groups, and of the index. `base` is the address of the page, part of every link."""
    blocks = [
        entries.group_html(
            title,
            group.id,
            map(glossary.get_term, group.terms),
            page_language,
            see_also,
            url.glossary_href,
            figures,
        )
        for title, group in zip(titles, glossary.list_groups(), strict=True)
    ]
    return blocks, entries.index_html(page_language, url.glossary_href)


with page("glossary"):
    query = st.text_input(
        _(N_("Search")),
        key="q",
        bind="query-params",
        placeholder=_(N_("term in English or Japanese")),
        label_visibility="collapsed",
        icon=":material/search:",
    )
    named = st.query_params.get("term", "")
    if named and GLOSSARY_TERMS.get(named, named) not in {
        term.id for term in glossary.list_terms(language())
    }:
        st.warning(
            _(
                N_("Entry “{name}” from the link was not found. Search for it, or look in the index."),
                name=escape_markdown(named[:60]),
            )
        )
    see_also, figures = _(N_("See also:")), ablation.figures()
    if query.strip():
        results = glossary.search_terms(query, language())
        if results:
            title = _n("{count} entry", "{count} entries", len(results))
            st.html(
                entries.group_html(
                    title, "results", results, language(), see_also, url.glossary_href, figures
                )
            )
        else:
            st.info(_(N_("No entries match {word}."), word=escape_markdown(query)))
    else:
        titles = tuple(_(group.title) for group in glossary.list_groups())
        blocks, index = _groups(language(), see_also, titles, figures, url.page_href("glossary"))
        st.html(entries.groups_html(titles, _(N_("Groups"))))
        with st.expander(_(N_("Index A–Z")), icon=":material/sort_by_alpha:", key="glossary-index"):
            st.html(index)
        for block in blocks:
            st.html(block)
    glossary_style(GLOSSARY_TERMS)
