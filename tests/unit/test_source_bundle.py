"""Branches that a recipe decides are folded; only comparisons are evaluated."""

from __future__ import annotations

import ast
from types import SimpleNamespace

import pytest

from core.analysis import source_bundle


def test_known_branches_are_removed_and_the_others_stay():
    text = """
def f(x):
    if recipe.flip != "none" or recipe.crop:
        # how it moves
        x = move(x)

    if not recipe.crop and IS_IMAGE:
        x = still(x)
    if x:
        return 1
    if ready(recipe):
        return 2
"""
    folded = source_bundle.fold_branches(
        text, {"recipe": SimpleNamespace(flip="none", crop=2), "IS_IMAGE": True}
    )
    assert (
        folded.strip()
        == """
def f(x):
    # how it moves
    x = move(x)

    if x:
        return 1
    if ready(recipe):
        return 2
""".strip()
    )


def test_only_comparisons_are_evaluated():
    with pytest.raises(ValueError, match="not a condition"):
        source_bundle.evaluate_condition(ast.parse("recipe < 3", mode="eval").body, {"recipe": 2})
