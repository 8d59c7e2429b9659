"""Which sources a page is drawn from, and their digest: screenshots carry it, and are out of date when it changes.

Counted are the page, the modules of `ui` that it imports (directly or through others), JavaScript and CSS beside them, the theme,
and the Japanese of the sentences in these files. Comments, docstrings and blank lines are not.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import tokenize
from pathlib import Path

from babel.messages import pofile
from babel.messages.extract import extract

PROJECT = Path(__file__).resolve().parents[1]
PO = PROJECT / "locale" / "ja" / "LC_MESSAGES" / "manabi.po"
LOCALE_FILES = {  # beside the catalogue
    "glossary": ("glossary.toml", "glossary-groups.toml"),
    "browse": ("coco-categories.toml",),
}
THEME = PROJECT / ".streamlit" / "config.toml"
KEYWORDS = {"_": None, "N_": None, "_n": (1, 2), "counted": (1, 2)}


def page_digest(page: str) -> str:
    """Return the digest (hexadecimal) of the sources of `page`: "home", or the name of a file in `pages`."""
    digest = hashlib.sha256()
    modules = page_modules(page)
    assets = {p for m in modules for p in m.parent.iterdir() if p.suffix in {".js", ".css", ".html"}}
    for path in modules:
        digest.update(
            f"{path.relative_to(PROJECT)}\n{strip_remarks(path.read_text(encoding='utf-8'))}".encode()
        )
    for path in [*sorted(assets), THEME, *(PROJECT / "locale" / name for name in LOCALE_FILES.get(page, ()))]:
        digest.update(path.read_bytes())
    digest.update(repr(_translations(modules)).encode())
    return digest.hexdigest()


def page_modules(page: str) -> list[Path]:
    """List the page's file and the modules of `ui` that it imports, directly or through others, sorted."""
    start = PROJECT / ("streamlit_app.py" if page == "home" else f"pages/{page}.py")
    found, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported_modules(path.read_text(encoding="utf-8"))
    return sorted(found)


@functools.cache  # pages share most of their modules
def _imported_modules(source: str) -> list[Path]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = (PROJECT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("ui."))
    return [p for p in files if p.is_file()]


@functools.cache
def strip_remarks(source: str) -> str:
    """Return Python source without docstrings, comments and blank lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            lines[first.lineno - 1 : first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


@functools.cache
def _catalogue() -> dict[str, str]:
    with PO.open("rb") as f:
        return {str(m.id): str(m.string) for m in pofile.read_po(f, locale="ja") if m.id}


def _translations(modules: list[Path]) -> list[tuple[str, str]]:
    """The sentences of these files with their Japanese, sorted."""
    ids = set()
    for path in modules:
        ids |= _sentences(path.read_bytes())
    return sorted((i, _catalogue()[i]) for i in ids if i in _catalogue())


@functools.cache
def _sentences(source: bytes) -> set[str]:
    return {str(m) for _line, m, _comments, _context in extract("python", io.BytesIO(source), KEYWORDS)}
