"""The glossary is complete in both languages, sorted, and its links lead to entries."""

import re
import tomllib

import pytest

from core import glossary, paths
from core.messages import UserError
from ui.kit import palette

ALL = glossary.list_terms()


def test_ids_are_unique_and_in_order():
    text = (paths.PROJECT / "locale" / "glossary.toml").read_text(encoding="utf-8")
    ids = re.findall(r"^\[(.+)\]$", text, flags=re.M)
    assert ids == sorted(set(ids)) and ids == list(tomllib.loads(text))
    assert len(ids) >= 45 and all(re.fullmatch(r"[a-z0-9-]+", i) for i in ids)
    assert len({t.en for t in ALL}) == len({t.ja for t in ALL}) == len(ALL)


@pytest.mark.parametrize("term", ALL, ids=lambda t: t.id)
def test_an_entry_speaks_both_languages(term):
    for language in ("en", "ja"):
        assert term.name(language).strip() == term.name(language) != ""
    assert re.fullmatch(r"[\u3041-\u309fー]+", term.reading), "the reading is in hiragana"
    assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", term.en + term.text_en)
    english = [s for s in re.split(r"(?<=[.?])\s+", term.text_en) if s]
    japanese = [s for s in term.text_ja.split("。") if s]
    assert 2 <= len(english) <= 5 and term.text_en.endswith(".")
    assert 2 <= len(japanese) <= 5 and term.text_ja.endswith("。")
    # Plain and polite, each sentence of it.
    polite = ("です", "ます", "ません", "ました", "ましょう")
    assert all(s.rstrip("」) ").endswith(polite) for s in japanese), japanese


def test_related_terms_exist():
    known = {t.id for t in ALL}
    for term in ALL:
        assert term.related and set(term.related) <= known - {term.id}
        assert len(set(term.related)) == len(term.related)


def test_every_term_stands_in_one_group():
    grouped = [term_id for group in glossary.list_groups() for term_id in group.terms]
    assert sorted(grouped) == sorted(t.id for t in ALL)


def test_illustrations_and_their_descriptions_belong_together():
    files = {p.stem for p in (paths.PROJECT / "ui" / "glossary" / "art").glob("*.svg")}
    assert files == {t.id for t in ALL if t.image_en} == {t.id for t in ALL if t.image_ja}
    for term in ALL:
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", term.image_en)
    for name in files:
        svg = (paths.PROJECT / "ui" / "glossary" / "art" / f"{name}.svg").read_text(encoding="utf-8")
        colors = set(re.findall(r"#[0-9A-F]{6}", svg))
        assert colors <= {palette.BLUE, palette.VERMILLION, palette.GREEN, "#7B818B"}
        for background in ("#FFFFFF", "#0E1117"):
            assert all(palette.contrast_ratio(color, background) >= 3 for color in colors)


def test_the_index_has_letters_and_rows_of_kana():
    initials = {t.id: (t.initial("en"), t.initial("ja")) for t in ALL}
    assert initials["dropout"] == ("D", "た") and initials["gan"] == ("G", "か")
    assert initials["pooling"] == ("P", "は") and initials["weight-decay"] == ("W", "あ")


def test_order_follows_the_language():
    assert [t.en.casefold() for t in ALL] == sorted(t.en.casefold() for t in ALL)
    japanese = glossary.list_terms("ja")
    assert set(japanese) == set(ALL) and [t.reading for t in japanese] == sorted(t.reading for t in japanese)


def test_a_term_is_found_by_id_and_by_either_language():
    assert glossary.get_term("learning-rate").ja == "学習率"
    assert glossary.search_terms("学習率")[0].id == "learning-rate"
    assert "momentum" in [t.id for t in glossary.search_terms("MOMENTUM")][:2]
    assert "dropout" in [t.id for t in glossary.search_terms("どろっぷあうと")]
    assert "dropout" in [t.id for t in glossary.search_terms("ﾄﾞﾛｯﾌﾟｱｳﾄ")]
    assert len(glossary.search_terms("")) == len(ALL) and glossary.search_terms("zzzz") == []
    with pytest.raises(UserError, match="learning-rate"):
        glossary.get_term("learning_rate")
