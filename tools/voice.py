"""Lint of the words: terms of the field, typography, plural forms and American spelling.

python -m tools.voice [--files] [PATH...]     exit status 1 if there are offences; --files counts them per file

Checked are the catalogue and the glossary (English and Japanese), source code (names, docstrings, comments, strings),
README, CONTRIBUTING and docs. Not checked: this list, `docs/log.md` (a record), and the modules that read what old
versions wrote.
"""

from __future__ import annotations

import ast
import collections
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages import pofile

PROJECT = Path(__file__).resolve().parents[1]
PO = Path("locale/ja/LC_MESSAGES/manabi.po")
GLOSSARY = Path("locale/glossary.toml")
FOLDERS = ("core", "ui", "pages", "tools", "benchmarks", "tests")
SUFFIXES = {".py", ".js", ".css", ".jinja"}
DOCS = ("README*.md", "CONTRIBUTING.md", "Makefile", "Dockerfile", "docs/*.md")
EXEMPT = {
    "tools/voice.py",
    "tests/unit/test_voice.py",
    "core/migration.py",
    "tests/unit/test_migration.py",
    "docs/log.md",
}

# Refused everywhere, names in code included: a pattern, and what to write instead.
WORDS = {
    r"(?i)\b(test|training|train|validation)[ _]parts?\b": "test set, training set, validation set",
    r"(?i)pictures?(?![a-z])": "image (photo for photographs)",
    r"(?i)graphics cards?": "GPU",
    r"(?i)(?<!fruit-)judge(?!ment)": "classifier, evaluate",
    r"(?i)(?<![a-z])fights?(?![a-z])": "equal-budget comparison",
    r"(?i)(?<![a-z])duels?(?![a-z])": "McNemar's test",
    r"(?i)contenders?(?![a-z])": "model result",
    r"(?i)\b(every )?so many\b": "say the number, or restructure",
    r"(?i)\bone's (own )?": "your, or leave it out",
    r"(?i)(?<![a-z])(nobody|somebody|whoever|whosoever)(?![a-z])": "name who, or use the passive",
    r"(?i)\b(told|tells?|telling)[ _]apart": "distinguish, significantly different",
    r"(?i)\bcannot be had\b": "is not available",
    r"(?i)\bwhere (there (is|are) )?(no|none)\b": "if there is no ..., without ...",
    r"(?i)(?<!=)\bmultiply-adds?\b(?!\")": "MACs",  # but the id of the glossary entry, in links
    r"(?i)\bheld back\b": "held out",
    r"(?i)\blearn(s|ed|t)? by heart\b": "memorizes, overfits",
    r"(?i)\b(models?|networks?|classifiers?) (looks?|sees?|saw|answers?|says?|said|thinks?)\b": "models predict",
    r"(?i)\blook(s|ing)? at (it|the (image|photo|digit)s?) by\b": "models predict",
    r"spread (of )?1\b": "standard deviation 1",
    r"[Hh]ow sure\b": "confidence",
    r"(Joints|Polygons|px) beside\b": "outside",
}
SPELLING = {
    r"(?i)colour": "color",
    r"(?i)(?<![a-z])grey": "gray",
    r"(?i)(?<![a-z])centre": "center",
    r"(?i)(normal|initial|optim|recogn|regular|standard|organ|real|util|penal|summar)is(e|ed|es|ing|ation)(?![a-z])": "-ize",
    r"(?i)label(led|ling)": "labeled, labeling",
    r"(?i)neighbour": "neighbor",
    r"(?i)behaviour": "behavior",
    r"(?i)(?<![a-z])licence": "license",
    r"(?i)model(led|ling)\b": "modeled, modeling",
    r"(?i)\bcancelled\b": "canceled",
}
# Refused in sentences only: the catalogue, docstrings, comments, strings and documents.
TYPOGRAPHY = {
    r"[\d}\])] %(?![\w({])": "85.9% (no space)",
    r"(?<![\w#×-])\d+x\d+(?![\w×])": "3×3 (a multiplication sign)",
}
JAPANESE = {
    r"学習データ|学習用データ": "訓練データ",
    r"判定役|判定者|審査": "分類器, 判定器",
    r"実行(\s*\{|の(?!しかた|方法)|が|を[^す]|に(?!は)|は|と|\s*\d)": "学習, 学習記録",
    r"[\d}] %": "95% (no space)",
    r"\d+x\d+": "3×3",
    r"どの数字にも|数字を比べ": "数値",
    r"(学習|検証)の(損失|正解率)": "訓練損失, 検証損失",
    r"様子を見る": "進み具合を見る",
    r"(変換先|別|自分|他|各|2 つ)の?領域|領域(ごと|の写真| \{domain\})": "ドメイン",
    r"深さ方向": "デプスワイズ畳み込み",
    r"モーメンタム": "モメンタム",
    r"フィルター": "フィルタ",
    r"フォルダー": "フォルダ",
    r"パラメーター": "パラメータ",
    r"画素(?!数)": "ピクセル",
    r"注釈": "アノテーション",
    r"クイック": "お試し",
    r"零点": "コンマ",
    r"ばらつきを? 1": "標準偏差 1",
    r"重さ": "コスト",
    r"勝負|全員": "比較, 全モデル",
}
# A counted noun needs a singular and a plural form. Bounds and sizes are constants that are never 1.
_NOUNS = (
    "annotations|checkpoints|classes|comparisons|digits|drawings|epochs|errors|examples|files|images|"
    "instances|keypoints|layers|minutes|models|people|persons|photos|pixels|polygons|predictions|"
    "records|runs|samples|scenes|seconds|seeds|steps|tasks|vertices|videos"
)
_BOUNDS = {
    "most",
    "fewest",
    "low",
    "high",
    "need",
    "size",
    "have",
    "total",
    "height",
    "width",
    "working",
    "part",
    "gap",
}
_COUNTED = re.compile(
    rf"\{{(\w+)\}}(?:\*\*)? (?:(?!(?:and|contains|has|is|of) )[a-z-]+ )?(?:{_NOUNS})(?![\w/])"
)


class Offence(NamedTuple):
    """A refused form: where it stands, what it is, and what to write instead."""

    path: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found!r}: write {self.instead}"


def find_words(text: str, tables: Iterable[dict[str, str]]) -> Iterator[tuple[int, str, str]]:
    """Yield line (from 0), refused form and replacement for each match of `tables` in `text`."""
    for table in tables:
        for pattern, instead in table.items():
            for match in re.finditer(pattern, text):
                yield text.count("\n", 0, match.start()), match[0].strip(), instead


def uncounted_noun(msgid: str) -> str | None:
    """Return the counted noun of a sentence that has a single form ("{count} runs"), or None."""
    nouns = (m for m in _COUNTED.finditer(msgid) if m[1] not in _BOUNDS)
    return next((m[0] for m in nouns), None)


def check_catalogue(path: Path) -> Iterator[Offence]:
    """Check sentences and their translations."""
    with (PROJECT / path).open("rb") as f:
        catalogue = pofile.read_po(f, locale="ja")
    for entry in catalogue:
        if not entry.id:
            continue
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        for text in ids:
            for _line, found, instead in find_words(text, (WORDS, SPELLING, TYPOGRAPHY)):
                yield Offence(str(path), entry.lineno or 0, found, instead)
        for text in strings:
            for _line, found, instead in find_words(text, (JAPANESE,)):
                yield Offence(str(path), entry.lineno or 0, found, instead)
        counted = None if isinstance(entry.id, tuple) else uncounted_noun(entry.id)
        if counted:
            yield Offence(
                str(path), entry.lineno or 0, counted, "a plural form: Message.counted(...) or _n(...)"
            )


def check_glossary(path: Path) -> Iterator[Offence]:
    """Check names and explanations in both languages."""
    text = (PROJECT / path).read_text(encoding="utf-8")
    for name, entry in tomllib.loads(text).items():
        line = text.count("\n", 0, text.index(f"[{name}]")) + 1
        english, japanese = (f"{entry[k]}\n{entry[f'text_{k}']}" for k in ("en", "ja"))
        for _line, found, instead in find_words(english, (WORDS, SPELLING, TYPOGRAPHY)):
            yield Offence(str(path), line, found, instead)
        for _line, found, instead in find_words(japanese, (JAPANESE,)):
            yield Offence(str(path), line, found, instead)


def check_document(path: Path) -> Iterator[Offence]:
    """Check a document; in a Japanese one the Japanese table applies too. Code in backticks is checked for words only."""
    text = (PROJECT / path).read_text(encoding="utf-8")
    prose = re.sub(r"`[^`\n]*`", lambda m: " " * len(m[0]), text)
    tables = [TYPOGRAPHY, JAPANESE] if ".ja." in path.name else [TYPOGRAPHY]
    for source, used in ((text, (WORDS, SPELLING)), (prose, tables)):
        for line, found, instead in find_words(source, used):
            yield Offence(str(path), line + 1, found, instead)


def check_source(path: Path) -> Iterator[Offence]:
    """Check source code: words and spelling everywhere, typography in docstrings, comments and strings."""
    text = (PROJECT / path).read_text(encoding="utf-8")
    for line, found, instead in find_words(text, (WORDS, SPELLING)):
        yield Offence(str(path), line + 1, found, instead)
    if path.suffix != ".py":
        return
    for line, sentence in _sentences(text):
        for below, found, instead in find_words(sentence, (TYPOGRAPHY,)):
            yield Offence(str(path), line + below, found, instead)


def _sentences(source: str) -> Iterator[tuple[int, str]]:
    """Docstrings, comments and strings with a blank in them, with their first line. Fields of f-strings become "{}"."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    inner: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inner.update(node.values)
            parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and node not in inner and " " in str(node.value):
            yield node.lineno, str(node.value)


def list_paths() -> list[Path]:
    """List what is checked, as paths from the project's root."""
    code = (p for folder in FOLDERS for p in (PROJECT / folder).rglob("*") if p.suffix in SUFFIXES)
    top = (p for name in (*DOCS, "streamlit_app.py", str(PO), str(GLOSSARY)) for p in PROJECT.glob(name))
    paths = (p.relative_to(PROJECT) for p in (*code, *top) if p.is_file())
    return sorted(p for p in paths if p.as_posix() not in EXEMPT)


def check(path: Path) -> list[Offence]:
    """Check one file, given as a path from the project's root."""
    if path == PO:
        return list(check_catalogue(path))
    if path == GLOSSARY:
        return list(check_glossary(path))
    return list(check_source(path) if path.suffix in SUFFIXES else check_document(path))


def main(arguments: list[str]) -> int:
    """Print the offences. Returns the exit status."""
    named = [Path(a) for a in arguments if not a.startswith("-")]
    offences = [o for path in named or list_paths() for o in check(path)]
    if "--files" in arguments:
        for path, count in sorted(collections.Counter(o.path for o in offences).items()):
            print(f"{count:5} {path}")
    else:
        print(*offences, sep="\n", end="\n" if offences else "")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
