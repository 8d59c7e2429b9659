"""Bundle functions of this project, with everything they use, into one source text.

Works on the source (`inspect`, `ast`), so that comments survive and the code that is shown is the code that ran.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import operator
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from types import ModuleType

REPLACED_MODULES = {"core.messages": "core.templates.messages"}
"""Modules whose names a script takes from a template instead."""

_TORCHVISION_REPLACEMENT = "core.templates.torchvision_resnet"
_PROVIDED = {"register_model", "SupervisedRecipe"}
"""Names that a script does not need, or defines itself."""

_OPERATORS = {ast.Eq: operator.eq, ast.NotEq: operator.ne}


def extract_definitions(module: ModuleType, wanted: set[str], imports: list[ast.stmt]) -> list[str]:
    """Return the source of the definitions `wanted` in `module`, and of all that they use, in order.

    Names from other modules of this project come first. Imports of anything else are appended to `imports`.
    """
    text = inspect.getsource(module)
    lines, tree = text.splitlines(), ast.parse(text)
    defined = {name: node for node in tree.body for name in bound_names(node)}
    needed = _reachable_names(wanted, defined) - _PROVIDED
    parts, end = [], 0
    for node in tree.body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        while start > end and lines[start - 1].startswith("#"):
            start -= 1  # comments right above belong to the definition
        end = node.end_lineno
        if isinstance(node, ast.ImportFrom) and node.module.startswith("core"):
            if names := {a.asname or a.name for a in node.names} & needed:
                other = importlib.import_module(REPLACED_MODULES.get(node.module, node.module))
                parts += extract_definitions(other, names, imports)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif bound_names(node) & needed:
            block = "\n".join(line for line in lines[start:end] if not line.startswith("@register_model"))
            parts.append(_lift_imports(block, node, start, imports))
    return parts


def extract_model(module: ModuleType, name: str, imports: list[ast.stmt]) -> list[str]:
    """As `extract_definitions`, for the model `name` of `module`; torchvision's ResNet is replaced by a source of its own."""
    found: list[ast.stmt] = []
    parts = extract_definitions(module, {name}, found)
    if any("torchvision" in ast.unparse(node) for node in found):
        resnet = importlib.import_module(_TORCHVISION_REPLACEMENT)
        found = [node for node in found if "torchvision" not in ast.unparse(node)]
        parts = [
            *extract_definitions(resnet, {"resnet18"}, found),
            *(_without_method(part, "load_imagenet") for part in parts),
        ]
    imports += found
    return parts


def _without_method(source: str, name: str) -> str:
    """The source of a class without its method `name`; other sources as they are."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == name and node.col_offset:
            del lines[node.lineno - 1 : node.end_lineno + 1]  # with the blank line below
            break
    return "\n".join(lines)


def _lift_imports(block: str, node: ast.stmt, start: int, imports: list[ast.stmt]) -> str:
    """Remove the imports inside a function, which the head of a script has anyway; message ids become plain text."""
    lines = block.splitlines()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            imports.append(inner)
            first, last = inner.lineno - 1 - start, inner.end_lineno - start
            last += not lines[last].strip()  # with the blank line below
            lines[first:last] = [None] * (last - first)
    text = "\n".join(line for line in lines if line is not None)
    return re.sub(r'\bN_\(("[^"]*")\)', r"\1", text)


def bound_names(node: ast.stmt) -> set[str]:
    """Return the names that a top-level statement defines or imports."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return {n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)}


def known_names(*nodes: ast.AST) -> set[str]:
    """Return every name that occurs in `nodes`."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def _reachable_names(wanted: set[str], defined: Mapping[str, ast.stmt]) -> set[str]:
    found, todo = set(), list(wanted)
    while todo:
        name = todo.pop()
        if name in defined and name not in found:
            found.add(name)
            todo += known_names(defined[name])
    return found


# ---- branches that are known ----------------------------------------------------------------------------------------


def fold_branches(text: str, known: Mapping[str, object]) -> str:
    """Remove every `if` without `else` that depends on `known` names (or their attributes) alone; keep the body if it is true."""
    while True:
        tree, lines = ast.parse(text), text.splitlines()
        branches = [
            n for n in ast.walk(tree) if isinstance(n, ast.If) and known_names(n.test) <= known.keys()
        ]
        branches = [n for n in branches if not any(isinstance(c, ast.Call) for c in ast.walk(n.test))]
        if not branches:
            return re.sub(r"\n{4,}", "\n\n\n", text)
        node = branches[0]
        body = []
        if evaluate_condition(node.test, known):
            indent = " " * node.col_offset
            body = textwrap.dedent("\n".join(lines[node.test.end_lineno : node.end_lineno])).strip("\n")
            body = textwrap.indent(body, indent).splitlines()
        before, after = lines[: node.lineno - 1], lines[node.end_lineno :]
        if not body and before and after and not before[-1].strip() and not after[0].strip():
            after = after[1:]
        text = "\n".join([*before, *body, *after]) + "\n"


def evaluate_condition(test: ast.expr, known: Mapping[str, object]) -> object:
    """Evaluate `and`, `or`, `not`, `==`, `!=`, attributes, names and constants; nothing else."""
    match test:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return known[name]
        case ast.Attribute(value, attribute):
            return getattr(evaluate_condition(value, known), attribute)
        case ast.UnaryOp(ast.Not(), operand):
            return not evaluate_condition(operand, known)
        case ast.BoolOp(ast.And(), values):
            return all(evaluate_condition(v, known) for v in values)
        case ast.BoolOp(ast.Or(), values):
            return any(evaluate_condition(v, known) for v in values)
        case ast.Compare(left, [comparison], [right]) if type(comparison) in _OPERATORS:
            sides = evaluate_condition(left, known), evaluate_condition(right, known)
            return _OPERATORS[type(comparison)](*sides)
    raise ValueError(f"not a condition of a template: {ast.unparse(test)}")


# ---- imports --------------------------------------------------------------------------------------------------------


def split_template(text: str) -> tuple[list[ast.stmt], dict[str, set[str]]]:
    """Return a template's imports: those of libraries, and the names imported from each module of this project."""
    libraries, project = [], {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("core"):
            project.setdefault(node.module, set()).update(a.name for a in node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            libraries.append(node)
    return libraries, project


def merge_imports(statements: Iterable[ast.stmt], names: set[str], line_length: int) -> str:
    """Return the imports that bind one of `names`, merged and in isort's order."""
    plain: set[str] = set()
    members: dict[str, set[str]] = {}
    for node in statements:
        for alias in node.names:
            if (alias.asname or alias.name).split(".")[0] not in names:
                continue
            word = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            if isinstance(node, ast.Import):
                plain.add(word)
            elif node.module != "__future__" and not node.module.startswith("core"):
                members.setdefault(node.module, set()).add(word)
    sections: dict[bool, list[str]] = {True: [], False: []}
    for word in sorted(plain):
        sections[_is_stdlib(word)].append(f"import {word}")
    for module, words in sorted(members.items()):
        line = f"from {module} import {', '.join(sorted(words))}"
        if len(line) > line_length:
            line = f"from {module} import (\n" + "".join(f"    {word},\n" for word in sorted(words)) + ")"
        sections[_is_stdlib(module)].append(line)
    future = ["from __future__ import annotations"]
    return "\n\n".join("\n".join(section) for section in (future, sections[True], sections[False]) if section)


def _is_stdlib(module: str) -> bool:
    return re.split(r"[. ]", module)[0] in sys.stdlib_module_names
