"""Every sentence has its Japanese translation with the same placeholders, and the catalogue holds no stale
entries.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract

from core import paths
from core.i18n import get_translator
from core.messages import Message as CountedMessage

FOLDERS = ("core", "ui", "pages")  # those of `make messages`
FILES = [
    *sorted(p for f in FOLDERS for p in (paths.PROJECT / f).rglob("*.py")),
    paths.PROJECT / "streamlit_app.py",
]
PO = paths.PROJECT / "locale" / "ja" / "LC_MESSAGES" / "manabi.po"
KEYWORDS = {"_": None, "N_": None, "_n": (1, 2), "counted": (1, 2)}


def extracted(path: Path) -> set[str | tuple[str, str]]:
    """What Babel finds in a file: sentences, and pairs of a singular and a plural form."""
    with path.open("rb") as f:
        entries = extract("python", f, KEYWORDS, options={"encoding": "utf-8"})
        return {m for _line, m, _comments, _context in entries if m}


def written(path: Path) -> set[str | tuple[str, str]]:
    """Return the literals in the calls that mark them, including those in f-strings, which Babel finds from
    Python 3.12 on only.
    """
    result: set[str | tuple[str, str]] = set()
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in KEYWORDS:
            forms = tuple(
                a.value
                for a in call.args[: len(KEYWORDS[name] or (1,))]
                if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value
            )
            if len(forms) == len(KEYWORDS[name] or (1,)):
                result.add(forms if KEYWORDS[name] else forms[0])
    return result


def places(text: str) -> set[str]:
    """Return the placeholder names."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def marks(text: str) -> list[str]:
    """Return what a translation must keep: icons, bold, code."""
    return sorted(re.findall(r":material/\w+:|\*\*|`[^`]*`", text))


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with PO.open("rb") as f:
        return pofile.read_po(f, locale="ja")


@pytest.fixture(scope="module")
def sentences() -> set[str | tuple[str, str]]:
    return {m for path in FILES for m in extracted(path) | written(path)}


def entries(catalogue: Catalog) -> list[Message]:
    return [m for m in catalogue if m.id]


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """The sentence, or its singular and its plural."""
    return text if isinstance(text, tuple) else (text,)


def flat(texts: Iterable[str | tuple[str, ...]]) -> list[str]:
    return [form for text in texts for form in forms(text)]


def test_every_sentence_has_its_japanese(catalogue: Catalog, sentences: set[str]) -> None:
    assert len(sentences) > 300
    ready = {m.id for m in entries(catalogue) if all(forms(m.string)) and not m.fuzzy}
    missing = sorted(sentences - ready, key=forms)
    assert missing == [], "run `make messages` and translate these"


def test_nothing_is_left_over(catalogue: Catalog, sentences: set[str]) -> None:
    left = sorted({m.id for m in entries(catalogue)} - sentences, key=forms)
    assert left == [], "run `make messages`"
    assert not catalogue.obsolete


def test_places_and_marks_are_kept(catalogue: Catalog) -> None:
    pairs = [(en, ja) for m in entries(catalogue) for en in forms(m.id) for ja in forms(m.string)]
    assert not {en: ja for en, ja in pairs if places(en) != places(ja)}
    assert not {en: ja for en, ja in pairs if marks(en) != marks(ja)}


def test_the_header_says_japanese_in_utf8(catalogue: Catalog) -> None:
    header = {k.lower(): v.lower() for k, v in catalogue.mime_headers}
    assert header["language"] == "ja" and "charset=utf-8" in header["content-type"]
    assert header["plural-forms"].startswith("nplurals=1; plural=0")
    assert not catalogue.fuzzy


def test_the_translator_returns_japanese(catalogue: Catalog) -> None:
    translate = get_translator("ja")
    assert not [m.id for m in entries(catalogue) if translate(forms(m.id)[0]) != forms(m.string)[0]]
    assert translate("Start training") == "学習を始める" and translate("") == ""
    assert get_translator("en")("Start training") == "Start training"


def test_a_count_has_its_form_in_each_language() -> None:
    for count, english in ((1, "1 image"), (2, "2 images"), (0, "0 images"), (10_000, "10,000 images")):
        message = CountedMessage.counted("{count} image", "{count} images", count)
        assert message.text(get_translator("en")) == english
        assert message.text(get_translator("ja")) == f"画像 {count:,} 枚"


def test_punctuation_is_japanese(catalogue: Catalog) -> None:
    """No English full stop or comma at an end, no space after a Japanese one, no doubled or outer spaces."""
    texts = flat(m.string for m in entries(catalogue))
    assert not [text for text in texts if re.search(r"  |^\s|\s$|[,.]$|[、。] ", text)]


def test_no_sentence_stands_twice() -> None:
    """Babel would silently take the first translation."""
    ids = PO.read_text(encoding="utf-8").count("\nmsgid ")
    with PO.open("rb") as f:
        assert ids == len(pofile.read_po(f, locale="ja")) + 1  # the header
