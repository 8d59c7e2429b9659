"""Rules about the source that no linter checks; the others are settings of ruff, import-linter, deptry and vulture."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "ui", "pages", "tests", "benchmarks", "tools")
FILES = sorted(p for f in FOLDERS for p in (PROJECT / f).rglob("*.py")) + sorted(PROJECT.glob("*.py"))
PRODUCT = [p for p in FILES if p.relative_to(PROJECT).parts[0] not in ("tests", "benchmarks", "tools")]
PAGES = [p for p in PRODUCT if p.parent.name == "pages"] + [PROJECT / "streamlit_app.py"]

MAX_LINES = 400
MAX_PAGE_LINES = 250
LONG_FILES = {  # tests to be split, and not to grow
    "tests/app/test_train.py": 510,
}
PAGE_IMPORTS = {
    "torch",
    "lightning_fabric",
    "threading",
    "subprocess",
    "multiprocessing",
    "asyncio",
    "concurrent",
}
IMPORT_TIME_CALLS = ("open", "torch.", "os.environ", "sys.argv", "urllib.", "subprocess.", "print")
FORBIDDEN = {
    "unescaped HTML": re.compile(r"unsafe_allow_html\s*=\s*True"),
    "unpickling": re.compile(r"allow_pickle\s*=\s*True"),
    "formatting switched off": re.compile(r"#\s*fmt:\s*(off|skip)"),
}


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def imported_roots(tree: ast.AST) -> set[str]:
    """Top-level names of everything that a module imports, at any depth."""
    names = {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    return {name.split(".")[0] for name in names}


def called(nodes: list[ast.stmt]) -> set[str]:
    return {ast.unparse(n.func) for s in nodes for n in ast.walk(s) if isinstance(n, ast.Call)}


@pytest.mark.slow
def test_core_imports_with_streamlit_blocked() -> None:
    program = """
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("streamlit", "ui", "pages"):
            raise ImportError(f"core may not import {name}")
sys.meta_path.insert(0, Refuse())
import core
for module in pkgutil.walk_packages(core.__path__, "core."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_pages_hold_no_loop_model_or_file_format() -> None:
    for path in PAGES:
        tree = ast.parse(read(path))
        assert not imported_roots(tree) & PAGE_IMPORTS, relative(path)
        assert not called(tree.body) & {"time.sleep", "sleep", "open"}, relative(path)


def test_files_stay_short() -> None:
    lines = {relative(p): len(read(p).splitlines()) for p in FILES}
    limits = {relative(p): MAX_PAGE_LINES for p in PAGES} | LONG_FILES
    assert {n: count for n, count in lines.items() if count > limits.get(n, MAX_LINES)} == {}


def test_forbidden_calls_do_not_appear() -> None:
    hits = [
        (relative(p), rule) for p in PRODUCT for rule, pattern in FORBIDDEN.items() if pattern.search(read(p))
    ]
    assert hits == []


def test_modules_do_no_work_at_import() -> None:
    """Importing parses no arguments, opens no file and queries no device. Pages and exported scripts are excluded."""
    definitions = ast.FunctionDef | ast.ClassDef | ast.If | ast.Import | ast.ImportFrom
    scripts = [*PAGES, *(PROJECT / "core" / "templates").glob("*.py")]
    for path in (p for p in PRODUCT if p not in scripts and p.name != "__init__.py"):
        top_level = [n for n in ast.parse(read(path)).body if not isinstance(n, definitions)]
        work = {call for call in called(top_level) if call.startswith(IMPORT_TIME_CALLS)}
        assert not work, relative(path)


def test_pinned_versions_are_the_installed_ones() -> None:
    pins = re.findall(r"^([\w-]+)==(\S+)$", read(PROJECT / "requirements.txt"), re.MULTILINE)
    assert {name: metadata.version(name).split("+")[0] for name, _ in pins} == dict(pins)
