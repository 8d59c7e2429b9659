"""Text of exported scripts and notebooks in the language of the reader: comments, text cells, docstrings.

Templates hold sentences as statements `N_("…")`, and mark cells with lines `# %%` (code), `# %% [markdown]` and `# %% insert: NAME`.
"""

from __future__ import annotations

import ast
import io
import json
import re
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.messages import N_, Translate

LINE_LENGTH = 100
_CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)
_INDENTED_CELL = re.compile(r"^ *# %%.*\n", re.MULTILINE)
_HELP = (  # of the script's command line
    N_("Train, keep the best epoch, test and save it."),
    N_("data folder"),
    N_("passes over the training set"),
    N_("file for the best weights"),
    N_("write the loss of every step to a CSV file"),
)
TRANSLATED_DOCSTRINGS = (
    N_("Logits (B, K) of images (B, C, H, W) with even H and W."),
    N_("Split into training and validation examples, stratified by class."),
    N_("Create the optimizer for all trainable parameters."),
    N_("Create the learning rate schedule, to be stepped after every batch."),
    N_("The entries of RECIPE as attributes."),
    N_("Scale uint8 images (B, C, H, W), or a table's columns (B, F), as the model takes them."),
    N_("Augmented and normalized images of the training examples `index`, whose labels are `y`."),
    N_("Logits (B, K), or standardized predictions (B,), computed in the precision of the recipe."),
    N_("Test-time augmentation: the weighted mean of the logits for several views of each image."),
    N_("Outputs (N, K) or (N,) for the examples `x`, 250 at a time."),
    N_(
        "Order (n,) of the examples in epoch `epoch`: a function of the seed and the epoch alone, so that a resumed epoch has the same "
        "order."
    ),
    N_(
        "Create the loss function: the mean over a batch of logits (B, K) and labels (B,), weighted by the `weights` (K,) of the classes."
    ),
    N_(
        "Scale and offset per channel (1, C, 1, 1) or per feature (1, F), with one multiplication and one addition per value: pixels from "
        "0 to 255 become (x / 255 - mean) / std, features (x - mean) / std."
    ),
)
"""First paragraphs of docstrings that stay, translated, in scripts of other languages; other docstrings are left out."""

_WIDE = re.compile("[\u2e80-\uffff]")


def split_cells(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each cell: "" for code, "[markdown]", or "insert: …"."""
    marks = list(_CELL.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        yield mark[1].strip(), text[mark.end() : following.start() if following else None].strip("\n")


def remove_cell_marks(text: str) -> str:
    """`text` without the lines that mark cells."""
    return _INDENTED_CELL.sub("", text)


def sentences(source: str) -> list[tuple[ast.Expr, str]]:
    """The statements `N_("…")` of a source, with their message ids."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Name) and call.func.id == "N_":
                found.append((node, ast.literal_eval(call.args[0])))
    return sorted(found, key=lambda item: item[0].lineno)


def markdown(source: str, translate: Translate, words: Mapping[str, str]) -> str:
    """A text cell: the sentences of `source` as paragraphs, with `words` in place of `{name}`."""
    text = "\n\n".join(translate(msgid) for _node, msgid in sentences(source))
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def comment(source: str, translate: Translate) -> str:
    """The code of a cell, with a translated comment in place of each statement `N_("…")`; a heading becomes one without its marks."""
    lines = source.splitlines()
    for node, msgid in reversed(sentences(source)):
        indent = " " * node.col_offset
        wrapped = wrap(translate(msgid).lstrip("# "), LINE_LENGTH - len(indent) - 2)
        lines[node.lineno - 1 : node.end_lineno] = [f"{indent}# {line}" for line in wrapped]
    return "\n".join(lines)


def translate_help(source: str, translate: Translate) -> str:
    """`source` with the texts of its command line translated."""
    return re.sub(
        r'\b(help|description)="([^"]*)"',
        lambda m: f"{m[1]}={json.dumps(translate(m[2]), ensure_ascii=False)}" if m[2] in _HELP else m[0],
        source,
    )


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, of which a Japanese character takes two."""
    return textwrap.wrap(text, width // 2 if _WIDE.search(text) else width)


def strip_prose(source: str, translate: Translate | None = None) -> str:
    """Source without docstrings and comments; comments about shapes, which contain an arrow, stay. With `translate`, a docstring whose
    first paragraph has a translation is replaced by it instead.
    """
    lines: list[str | None] = list(source.splitlines())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and "->" not in token.string:
            row, column = token.start
            lines[row - 1] = token.line[:column].rstrip() or None
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            first = node.body[0]
            for row in range(first.lineno - 1, first.end_lineno):
                lines[row] = None
            if kept := translate and _translated_docstring(ast.get_docstring(node), translate):
                lines[first.lineno - 1] = " " * first.col_offset + f'"""{kept}"""'
            elif len(node.body) == 1:
                lines[first.lineno - 1] = " " * first.col_offset + "pass"
    return "\n".join(line for line in lines if line is not None)


def _translated_docstring(text: str, translate: Translate) -> str:
    """The translation of the first paragraph of a docstring, or "" without one."""
    msgid = " ".join(text.split("\n\n")[0].split())
    return translate(msgid) if msgid in TRANSLATED_DOCSTRINGS else ""


def notebook(cells: Iterable[tuple[str, str]]) -> str:
    """A notebook (nbformat 4.5, JSON) of cells, each "markdown" or "code" and its text."""
    made = []
    for i, (kind, text) in enumerate(cells):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{i:02d}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append({**cell, "source": text.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
