"""The rules of the house, held by tests: what may import what, how long a file may grow, what is never written."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "ui", "pages", "tests", "benchmarks", "tools")
FILES = sorted(p for f in FOLDERS for p in (PROJECT / f).rglob("*.py")) + sorted(PROJECT.glob("*.py"))
PRODUCT = [p for p in FILES if p.relative_to(PROJECT).parts[0] not in ("tests", "benchmarks", "tools")]
PAGES = [p for p in FILES if p.parent.name == "pages"] + [PROJECT / "streamlit_app.py"]


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def imported(tree: ast.AST) -> set[str]:
    """Dotted names of everything that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module or ''}.{alias.name}" for alias in node.names} | {node.module or ""}
    return names


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


@pytest.mark.parametrize("path", [p for p in PRODUCT if p.is_relative_to(PROJECT / "core")], ids=named)
def test_core_knows_no_screen(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(ast.parse(path.read_text(encoding="utf-8")))}
    assert not roots & {"streamlit", "ui", "pages"}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_pages_are_thin(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {name.split(".")[0] for name in imported(tree)}
    assert not roots & {
        "torch",
        "threading",
        "subprocess",
        "multiprocessing",
        "asyncio",
        "concurrent",
        "lightning",
    }
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & {"time.sleep", "sleep", "open"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_file_grows_past_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_module_says_what_it_is(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not source.strip() or ast.get_docstring(ast.parse(source))


SAID_ONCE = {
    "forward",
    "embed",
}  # of networks: what they are stands in core/models/__init__.py, their shapes at their lines


def public(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """The public functions and classes of a module, and the public methods of those classes, each with its name."""
    for node in body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            yield within + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


@pytest.mark.parametrize(
    "path",
    [p for p in PRODUCT if named(p).startswith(("core/", "ui/")) and p.parent.name != "cli"],
    ids=named,
)
def test_whatever_is_public_says_what_it_is(path: Path) -> None:
    """Commands say it in their help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [
        name
        for name, node in public(tree.body)
        if not ast.get_docstring(node) and name.split(".")[-1] not in SAID_ONCE
    ]
    assert not silent


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_nothing_is_swallowed(path: Path) -> None:
    """No bare `except:`, no `except ...: pass`; who catches everything logs it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ExceptHandler):
            continue
        where = f"{named(path)}:{node.lineno}"
        assert node.type is not None, f"{where}: bare except"
        body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        assert not all(isinstance(s, ast.Pass) for s in body), (
            f"{where}: except: pass (contextlib.suppress says what is meant)"
        )
        if ast.unparse(node.type) in ("Exception", "BaseException"):
            text = ast.unparse(node)
            handled = any(word in text for word in ("raise", "logger.exception", "_logged()"))
            assert handled, f"{where}: catches everything, and neither logs nor raises"


CALLED_BY_OTHERS = {"forward", "model_names"}  # by torch; by tests, which iterate over the registry


def uses(tree: ast.AST) -> set[str]:
    """Every name that a module reads, imports or writes into a text that is no docstring (a registry finds things by such texts)."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name.split(".")[-1])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"\w+", node.value)) if " " not in node.value else set()
    return found


def test_nothing_is_kept_that_nobody_calls() -> None:
    """Functions and classes that are defined for tests alone, or for nobody. What a decorator registers is called by it."""
    trees = {
        p: ast.parse(p.read_text(encoding="utf-8"))
        for p in FILES
        if p.relative_to(PROJECT).parts[0] != "tests"
    }
    used = set().union(*map(uses, trees.values())) | CALLED_BY_OTHERS
    idle = [
        f"{named(path)}: {node.name}"
        for path in PRODUCT
        for node in ast.walk(trees[path])
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name not in used
        and not node.name.startswith("__")
        if not any(isinstance(decorator, ast.Call) for decorator in node.decorator_list)
    ]
    assert not idle


FORBIDDEN = {
    "unsafe_allow_html": re.compile(r"unsafe_allow_html\s*=\s*True"),
    "unpickling": re.compile(
        r"\b(pickle|joblib|dill|cloudpickle)\.loads?\b|allow_pickle\s*=\s*True|weights_only\s*=\s*False"
    ),
    "shell": re.compile(r"shell\s*=\s*True|os\.system\("),
    "eval": re.compile(r"(?<![\w.])(eval|exec)\("),
    "unsafe yaml": re.compile(r"yaml\.load\("),
}


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_never_written(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    found = [name for name, pattern in FORBIDDEN.items() if pattern.search(source)]
    assert not found
    for call in (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)):
        if ast.unparse(call.func) == "torch.load":
            assert "weights_only=True" in ast.unparse(call)


@pytest.mark.parametrize("path", [p for p in PRODUCT if p.name != "__init__.py"], ids=named)
def test_no_work_at_import(path: Path) -> None:
    """Importing reads no arguments, opens no file, asks no device."""
    if path in PAGES:
        return  # a page is a script: Streamlit runs it from top to bottom
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [
        n
        for n in tree.body
        if not isinstance(n, ast.FunctionDef | ast.ClassDef | ast.If | ast.Import | ast.ImportFrom)
    ]
    calls = {ast.unparse(n.func) for s in top for n in ast.walk(s) if isinstance(n, ast.Call)}
    assert not {
        c
        for c in calls
        if c.startswith(("open", "torch.", "os.environ", "sys.argv", "urllib.", "subprocess.", "print"))
    }


def test_requirements_pin_what_is_imported() -> None:
    """Every third-party import of the product is a pinned line in requirements.txt, and the pins are what is installed here."""
    from importlib import metadata

    pins = dict(
        re.findall(r"^([A-Za-z0-9-]+)==(\S+)$", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    )
    pins = {name.lower(): version for name, version in pins.items()}
    providers = metadata.packages_distributions()
    own = {"core", "ui", "pages", "tools", "benchmarks", "tests", "streamlit_app"} | set(
        sys.stdlib_module_names
    )
    for path in PRODUCT:
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            root = name.split(".")[0]
            if root and root not in own:
                assert {p.lower() for p in providers.get(root, [])} & pins.keys(), (
                    f"{named(path)} imports {root}: not pinned"
                )
    installed = {name: metadata.version(name) for name in pins}
    assert {n: v.split("+")[0] for n, v in installed.items()} == pins
