"""Expressions of users: right gradients pass, wrong ones are explained, hostile ones are one sentence."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.lessons.expressions import Expression, check_gradient
from core.lessons.gradient_descent import make_points
from core.messages import UserError

X, Y = make_points("noisy")
CORRECT = {
    "mean": ("w", "2 * mean((w*x + b - y) * x)"),
    "sum": ("w", "2/n * sum(x * (w*x + b - y))"),
    "expanded": ("w", "2*(w*mean(x^2) + b*mean(x) - mean(x*y))"),
    "bias": ("b", "2 * mean(w*x + b - y)"),
}


@pytest.mark.parametrize(("parameter", "text"), CORRECT.values(), ids=CORRECT)
def test_correct_gradients_pass_at_every_place(parameter: str, text: str) -> None:
    check = check_gradient(text, parameter, X, Y)
    assert check.correct and "is correct" in str(check.message)
    assert all(p.difference == pytest.approx(p.autograd, rel=1e-5, abs=1e-5) for p in check.places)


WRONG = {
    "half": ("mean((w*x + b - y) * x)", "0.5 times the gradient"),
    "sign": ("2 * mean((y - w*x - b) * x)", "wrong sign"),
    "sum": ("2 * sum((w*x + b - y) * x)", "30 times the gradient"),
    "no-x": ("2 * mean(w*x + b - y)", "autograd gives"),
    "zero": ("0", "autograd gives"),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    check = check_gradient(text, "w", X, Y)
    assert not check.correct and says in str(check.message)


HOSTILE = {
    "import": "__import__('os').system('ls')",
    "attribute": "x.dtype",
    "method": "x.tofile('f')",
    "other-name": "open",
    "other-call": "exec(1)",
    "string": "'a' * 100",
    "lambda": "(lambda: 1)()",
    "comprehension": "[w for w in x]",
    "index": "x[0]",
    "walrus": "(w := 3)",
    "keyword": "mean(x, axis=0)",
    "two-arguments": "sum(x, y)",
    "star": "mean(*x)",
    "power-tower": "9**9**9",
    "negative-power": "w**-1",
    "huge-number": "9" * 30,
    "boolean": "True",
    "complex": "1j",
    "matrix-product": "x @ y",
    "shift": "1 << 30",
    "condition": "1 if w else 2",
    "comparison": "w < b",
    "statement": "w = 1",
    "two-lines": "w\nb",
    "brackets": "(" * 90 + "w" + ")" * 90,
    "deep": "-" * 199 + "w",
    "long": "w+" * 5000 + "w",
    "null": "w\0",
    "empty": "  ",
    "no-operator": "2w",
    "unicode": "𝓌",
    "vector": "2 * (w*x + b - y)",
    "division": "1 / (w - w)",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_everything_else_is_one_sentence_at_once(text: str) -> None:
    began = time.process_time()
    try:
        check = check_gradient(text, "w", X, Y)
    except UserError as error:
        assert len(str(error)) < 250
    else:
        assert not check.correct
    assert time.process_time() - began < 5


def test_names_are_vectors_and_numbers() -> None:
    values = {"w": 2.0, "b": 1.0, "x": np.array([1.0, 2.0]), "y": np.array([3.0, 5.0]), "n": 2.0}
    assert Expression("sum(x*y) / n - w^2 + -b").evaluate(values) == pytest.approx(13 / 2 - 4 - 1)
