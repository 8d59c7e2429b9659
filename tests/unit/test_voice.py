"""The lint of the words: what it refuses, what it leaves alone, and that nothing in the project is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import voice

REFUSED = {
    "test part": "measured on the test part",
    "picture": "a picture of a digit",
    "picture in a name": "def load_pictures(): ...",
    "graphics card": "on a graphics card",
    "judge": "a second judge",
    "fight": "a fair fight",
    "so many": "every so many epochs",
    "one's own": "one's own photos",
    "nobody": "nobody calls it",
    "told apart": "cannot be told apart",
    "where there is none": "None where there is none",
    "models predict": "the network sees a digit",
    "colour": "a colour histogram",
    "labelled": "labelled images",
    "-ise": "normalised inputs",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_word_is_refused_in_every_kind_of_file(tmp_path: Path, text: str) -> None:
    assert list(voice.find_words(text, (voice.WORDS, voice.SPELLING)))
    for name, content in (
        ("a.py", f'"""{text}."""\n'),
        ("b.py", f"x = 1  # {text}\n"),
        ("c.md", text),
        ("d.js", f"// {text}"),
    ):
        (tmp_path / name).write_text(content)
        assert [o.line for o in voice.check(tmp_path / name)][:1] == [1], name


@pytest.mark.parametrize(
    "text", ["85.9 %", "a 3x3 kernel", "28x28 pixels"], ids=["percent", "kernel", "size"]
)
def test_typography_is_refused_in_sentences_only(tmp_path: Path, text: str) -> None:
    for name, content in (("a.py", f"# {text}\n"), ("b.py", f"x = '{text} of it'\n"), ("c.md", text)):
        (tmp_path / name).write_text(content)
        assert voice.check(tmp_path / name), name
    (tmp_path / "e.py").write_text("share = 100 % count\nname = f'{a} %'\n")
    assert [o.line for o in voice.check(tmp_path / "e.py")] == [2]
    (tmp_path / "e.md").write_text("`100 % n` and `python -m core x 28x28`")
    assert not voice.check(tmp_path / "e.md")


@pytest.mark.parametrize(
    "text",
    ["学習データで学習します。", "第 2 の判定役", "95 % 信頼区間", "この実行を削除", "学習の損失"],
    ids=["training-data", "classifier", "percent", "run", "loss"],
)
def test_japanese_is_checked_too(text: str) -> None:
    assert list(voice.find_words(text, (voice.JAPANESE,)))


def test_what_the_field_says_is_left_alone() -> None:
    for text in (
        "The model predicts the class of each test image.",
        "Accuracy 85.9% with a 3×3 kernel, in gray and in color, on the GPU.",
        "A trained model has no opinion; a photo shows an apple.",
    ):
        assert not list(voice.find_words(text, (voice.WORDS, voice.SPELLING, voice.TYPOGRAPHY)))
    text = "ほかの学習が実行中です。`make test` を実行してください。訓練データ、95% 信頼区間。"
    assert not list(voice.find_words(text, (voice.JAPANESE,)))


def test_a_counted_noun_needs_its_singular() -> None:
    for msgid in ("{count} runs", "{done} of {all} test images", "**{count} instances.** Select a row."):
        assert voice.uncounted_noun(msgid)
    for msgid in (
        "{file} contains no images",
        "The limit is {most} images.",
        "{rate} samples/s",
        "n = {count}",
    ):
        assert not voice.uncounted_noun(msgid)


@pytest.mark.slow
def test_nothing_in_the_project_is_refused() -> None:
    offences = [str(o) for path in voice.list_paths() for o in voice.check(path)]
    assert not offences, "\n".join(offences)
