"""Terms of the glossary in the text of a page: a link to the entry, with the definition as its tooltip."""

from __future__ import annotations

import re

from core import glossary
from core.glossary import Term
from ui.kit import url
from ui.kit.i18n import language

# Terms in the first sentence of a page, by page.
PAGE_TERMS = {
    "gradient_descent": ("loss",),
    "train": ("loss", "accuracy"),
    "compare": ("accuracy", "grad-cam"),
    "architecture": ("parameters", "multiply-adds", "receptive-field"),
    "browse": ("instance-mask", "keypoint", "coco"),
    "translate": ("cycle-consistency",),
    "photos": ("transfer-learning",),
}

_NO_LETTER = {"before": "(?<![A-Za-z0-9])", "after": "(?![A-Za-z0-9])"}


def term(term_id: str, text: str = "") -> str:
    """Return Markdown that links `text`, by default the name of the term, to its entry; the definition is the tooltip."""
    entry = glossary.get_term(term_id)
    definition = entry.text(language()).replace("\\", "\\\\").replace('"', '\\"')
    return f'[{text or entry.name(language())}]({url.glossary_href(term_id)} "{definition}")'


def link_terms(sentence: str, *term_ids: str) -> str:
    """Return `sentence` with the first occurrence of each of the terms linked by `term`."""
    places = []
    for term_id in term_ids:
        if found := _find_form(sentence, glossary.get_term(term_id)):
            places.append((*found.span(), term_id))
    for start, end, term_id in sorted(places, reverse=True):
        sentence = sentence[:start] + term(term_id, sentence[start:end]) + sentence[end:]
    return sentence


def _find_form(sentence: str, entry: Term) -> re.Match | None:
    """Find the first of the written forms of a term as a whole word; Japanese words have no such bounds."""
    plural = "" if language() == "ja" else "s?"
    for form in entry.written_forms(language()):
        before, after = (
            _NO_LETTER[place] if form[at].isascii() else "" for place, at in (("before", 0), ("after", -1))
        )
        pattern = f"{before}{re.escape(form)}{plural}{after}"
        if found := re.search(pattern, sentence, re.IGNORECASE):
            return found
    return None
