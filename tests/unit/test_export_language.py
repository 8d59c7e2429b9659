"""Exported scripts and notebooks say the same in the language of the reader; their code does not depend on it."""

from __future__ import annotations

import ast
import json
import re

import pytest

from core.analysis import export, prose
from core.i18n import get_translator
from tests.unit.test_export import make_run

pytestmark = pytest.mark.slow


def code_alone(source: str) -> str:
    """The syntax tree of a script without its docstrings and the texts of its command line."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            is_text = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
            node.body = [n for n in node.body[is_text:] if not isinstance(n, ast.Pass)]
        elif isinstance(node, ast.Call):
            node.keywords = [k for k in node.keywords if k.arg not in ("help", "description")]
    return ast.dump(tree)


JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def test_the_comments_are_in_the_language_of_the_reader() -> None:
    run, _ = make_run("mnist-cnn")
    english, japanese = (export.render_script(run, language) for language in ("en", "ja"))
    assert code_alone(english) == code_alone(japanese)
    assert not JAPANESE.search(english)
    comments = re.findall(r"^\s*# (?!---)(.+)", japanese, re.MULTILINE)
    texts = [c for c in comments if "->" not in c]
    assert len(texts) > 20 and all(JAPANESE.search(text) for text in texts)
    cells = [
        c for c in json.loads(export.render_notebook(run, "ja"))["cells"] if c["cell_type"] == "markdown"
    ]
    assert len(cells) > 6 and all(JAPANESE.search("".join(cell["source"])) for cell in cells)
    for text in prose.TRANSLATED_DOCSTRINGS:
        assert JAPANESE.search(get_translator("ja")(text))
