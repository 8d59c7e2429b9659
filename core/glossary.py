"""Glossary terms in Japanese and English, read from `locale/glossary.toml`."""

from __future__ import annotations

import bisect
import functools
import tomllib
import unicodedata
from dataclasses import dataclass

from core import paths
from core.messages import N_, UserError, closest_names
from core.text import fold_text


@dataclass(frozen=True)
class Term:
    """One entry: names and explanations in both languages, the reading of the Japanese name, the ids of
    related terms, what its illustration shows ("" if it has none), and other forms in which sentences use it.
    """

    id: str
    en: str
    ja: str
    reading: str
    text_en: str
    text_ja: str
    related: tuple[str, ...] = ()
    image_en: str = ""
    image_ja: str = ""
    forms: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """Return the name in `language`: Japanese for "ja", else English."""
        return self.ja if language == "ja" else self.en

    def text(self, language: str) -> str:
        """Return the explanation in `language`: Japanese for "ja", else English."""
        return self.text_ja if language == "ja" else self.text_en

    def image(self, language: str) -> str:
        """Return what the illustration shows, in `language`; "" without an illustration."""
        return self.image_ja if language == "ja" else self.image_en

    def written_forms(self, language: str) -> tuple[str, ...]:
        """Return the forms in which a sentence may use the term: "MACs" and "multiply-accumulate operations", for example."""
        return (*self.name(language).rstrip(")").split(" ("), *self.forms)

    def initial(self, language: str) -> str:
        """Return the heading of the index in `language`: a letter, or a row of the kana table (あ, か, さ, ...)."""
        if language == "ja":
            return _KANA_ROWS[
                bisect.bisect_right(_KANA_ROWS, unicodedata.normalize("NFD", self.reading)[0]) - 1
            ]
        return self.en[0].upper()


@dataclass(frozen=True)
class TermGroup:
    """Terms of one subject, in the order in which one may read them."""

    id: str
    title: str
    terms: tuple[str, ...]


_KANA_ROWS = "あかさたなはまやらわ"

_GROUP_TITLES = {
    "basics": N_("Basics"),
    "training": N_("Training"),
    "cnns": N_("CNNs"),
    "evaluation": N_("Evaluation"),
    "gans": N_("GANs"),
    "coco": N_("COCO"),
}


@functools.cache
def list_groups() -> tuple[TermGroup, ...]:
    """List the groups of terms, read from `locale/glossary-groups.toml`."""
    with (paths.PROJECT / "locale" / "glossary-groups.toml").open("rb") as f:
        return tuple(TermGroup(key, _GROUP_TITLES[key], tuple(ids)) for key, ids in tomllib.load(f).items())


@functools.cache
def _load_terms() -> dict[str, Term]:
    with (paths.PROJECT / "locale" / "glossary.toml").open("rb") as f:
        entries = tomllib.load(f)
    return {
        key: Term(
            key, **{**entry, "related": tuple(entry["related"]), "forms": tuple(entry.get("forms", ()))}
        )
        for key, entry in entries.items()
    }


@functools.cache
def list_terms(language: str = "en") -> tuple[Term, ...]:
    """List all terms, sorted by English name, or by reading (gojuon) for "ja"."""
    return tuple(
        sorted(_load_terms().values(), key=lambda t: t.reading if language == "ja" else t.en.casefold())
    )


def get_term(term_id: str) -> Term:
    """Return the term with this id. Raises UserError with the closest ids if there is none."""
    try:
        return _load_terms()[term_id]
    except KeyError:
        raise UserError(
            N_("Glossary entry {word} not found. Closest matches: {nearest}."),
            word=term_id,
            nearest=closest_names(term_id, _load_terms()),
        ) from None


def search_terms(word: str, language: str = "en") -> list[Term]:
    """Search names, readings and explanations for `word`; matches in names come first, and an empty word
    matches all. Full-width and half-width letters, katakana and hiragana are equivalent.
    """
    wanted = fold_text(word or "")
    named = [t for t in list_terms(language) if wanted in fold_text(f"{t.id} {t.en} {t.ja} {t.reading}")]
    told = [
        t for t in list_terms(language) if t not in named and wanted in fold_text(f"{t.text_en} {t.text_ja}")
    ]
    return named + told
