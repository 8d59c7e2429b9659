"""The entries of the glossary as HTML, one block per group, so that a visit sends a few elements instead of hundreds."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from core import glossary
from core.glossary import Term
from ui.kit import image_display

Link = Callable[[str], str]
"""Address of an entry by its id."""

_ART = Path(__file__).with_name("art")


def group_html(
    title: str,
    group_id: str,
    terms: Iterable[Term],
    language: str,
    see_also: str,
    link: Link,
    figures: Mapping[str, str],
) -> str:
    """Return the heading `title` and the entries of `terms`; `see_also` stands before the related terms, `figures` (HTML, by id) below
    the explanations.
    """
    heading = f'<h2 id="group-{group_id}">{html.escape(title)}</h2>'
    entries = "".join(_entry_html(term, language, see_also, link, figures.get(term.id, "")) for term in terms)
    return f'{heading}<div class="manabi-glossary-group">{entries}</div>'


def groups_html(titles: Iterable[str], label: str) -> str:
    """Return links to the groups as a row of buttons, `label` naming it for screen readers."""
    links = "".join(
        f'<a href="#group-{group.id}">{html.escape(title)} <small>{len(group.terms)}</small></a>'
        for title, group in zip(titles, glossary.list_groups(), strict=True)
    )
    return f'<nav class="manabi-glossary-nav" aria-label="{html.escape(label)}">{links}</nav>'


def index_html(language: str, link: Link) -> str:
    """Return all names by their initial: letters, or rows of the kana table."""
    rows: dict[str, list[str]] = {}
    for term in glossary.list_terms(language):
        entry = f'<a href="{html.escape(link(term.id))}">{html.escape(term.name(language))}</a>'
        rows.setdefault(term.initial(language), []).append(entry)
    lines = (
        f"<dt>{html.escape(initial)}</dt><dd>{' '.join(entries)}</dd>" for initial, entries in rows.items()
    )
    return f'<dl class="manabi-glossary-index">{"".join(lines)}</dl>'


def _entry_html(term: Term, language: str, see_also: str, link: Link, figure: str) -> str:
    other = "en" if language == "ja" else "ja"
    related = " · ".join(
        f'<a href="{html.escape(link(other_id))}">{html.escape(glossary.get_term(other_id).name(language))}</a>'
        for other_id in term.related
    )
    art = _illustration(term.id, term.image(language)) if term.image_en else ""
    return (
        f'<section class="manabi-glossary-entry" id="{term.id}">{art}'
        f'<h3><a href="{html.escape(link(term.id))}">{html.escape(term.name(language))}</a>'
        f'<small lang="{other}">{html.escape(term.name(other))}</small></h3>'
        f"<p>{html.escape(term.text(language))}</p>{figure}"
        f'<p class="related">{html.escape(see_also)} {related}</p></section>'
    )


@functools.cache
def _illustration(term_id: str, description: str) -> str:
    """Return the illustration of a term as an image; `st.html` allows no SVG elements."""
    content = (_ART / f"{term_id}.svg").read_bytes()
    address = image_display.data_url(content, "svg+xml")
    return f'<img src="{address}" width="96" height="96" alt="{html.escape(description)}">'
