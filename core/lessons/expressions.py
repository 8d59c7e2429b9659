"""Small arithmetic expressions that users type, such as `2 * mean((w*x + b - y) * x)`, evaluated without Python's `eval`.

An expression is parsed to a syntax tree, of which only numbers, the listed names and functions, and + - * / ** are accepted. Size,
depth and exponents are bounded, so that no input takes noticeable time.

Shapes: n points.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.messages import Message, N_, UserError

NAMES = ("w", "b", "x", "y", "n")
MAX_LENGTH = 200
_MAX_NODES = 100
_MAX_POWER = 4
_MAX_NUMBER = 1e9
_OPERATORS: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable] = {"mean": np.mean, "sum": np.sum}
_TOLERANCE = 1e-4
_DIFFERENCE = 1e-5  # distance of the two points of a finite difference, half of it


class Expression:
    """A checked expression.

    Args:
        text: what the user typed. ^ means **.

    Raises:
        UserError: if it is empty, too long, no arithmetic, or uses anything but the listed names and functions.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if not self.text:
            raise UserError(N_("Type an expression, for example 2 * mean((w*x + b - y) * x)."))
        if len(self.text) > MAX_LENGTH:
            raise UserError(N_("The expression is too long. Use at most {most} characters."), most=MAX_LENGTH)
        source = self.text.replace("^", "**").replace("×", "*").replace("−", "-").replace("·", "*")
        try:
            tree = ast.parse(source, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UserError(
                N_(
                    "“{text}” is not an arithmetic expression. Check brackets and operators; write products as w*x."
                ),
                text=self.text[:60],
            ) from error
        nodes = list(ast.walk(tree))
        if len(nodes) > _MAX_NODES * 2:
            raise UserError(N_("The expression has too many parts. The gradient needs only a few."))
        self._check(tree.body)
        self._root = tree.body

    def _check(self, node: ast.AST) -> None:
        match node:
            case ast.Constant(value=value) if type(value) in (int, float) and abs(value) <= _MAX_NUMBER:
                return
            case ast.Name(id=name) if name in NAMES:
                return
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                if isinstance(op, ast.Pow) and not (
                    isinstance(right, ast.Constant)
                    and type(right.value) is int
                    and 0 <= right.value <= _MAX_POWER
                ):
                    raise UserError(N_("Powers may be whole numbers from 0 to {most}."), most=_MAX_POWER)
                self._check(left)
                self._check(right)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                self._check(operand)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                self._check(argument)
            case _:
                raise UserError(
                    N_(
                        "“{part}” cannot be used here. Allowed are numbers, w, b, x, y, n, mean(…), sum(…), "
                        "+ - * / ** and brackets."
                    ),
                    part=ast.unparse(node)[:40],
                )

    def evaluate(self, values: Mapping[str, float | np.ndarray]) -> float | np.ndarray:
        """The value for `values` of the `NAMES`; not finite where it divides by zero."""
        with np.errstate(all="ignore"):
            return self._value(self._root, values)

    def _value(self, node: ast.AST, values: Mapping[str, float | np.ndarray]) -> float | np.ndarray:
        match node:
            case ast.Constant(value=value):
                return np.float64(value)
            case ast.Name(id=name):
                return np.asarray(values[name], float)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](self._value(left, values), self._value(right, values))
            case ast.UnaryOp(op=op, operand=operand):
                return _OPERATORS[type(op)](self._value(operand, values))
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return _FUNCTIONS[name](self._value(argument, values))
        raise AssertionError("checked in the constructor")


@dataclass(frozen=True)
class CheckedPlace:
    """One place at which a derivative was compared.

    Attributes:
        w, b: the place.
        own: value of the user's expression.
        autograd: PyTorch's.
        difference: (L(p + h) - L(p - h)) / 2h.
    """

    w: float
    b: float
    own: float
    autograd: float
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether the user's value is that of autograd, up to rounding."""
        return math.isclose(self.own, self.autograd, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


@dataclass(frozen=True)
class GradientCheck:
    """The comparison of one derivative at several places.

    Attributes:
        parameter: "w" or "b".
        places: the comparisons.
        message: what they say.
        correct: whether all agree.
    """

    parameter: str
    places: tuple[CheckedPlace, ...]
    message: Message
    correct: bool


def check_gradient(text: str, parameter: str, x: np.ndarray, y: np.ndarray) -> GradientCheck:
    """Compare the expression `text` with the derivative of the mean squared error by `parameter` ("w" or "b").

    Args:
        text: the user's expression.
        parameter: which derivative it is meant to be.
        x: of the points (n,).
        y: of the points (n,).

    Raises:
        UserError: if the expression is not allowed, or gives no single number.
    """
    expression = Expression(text)
    places = []
    for w, b in ((1.0, 10.0), (0.0, 0.0), (2.0, 1.0), (-1.5, 3.0), (0.5, -4.0)):
        value = np.asarray(expression.evaluate({"w": w, "b": b, "x": x, "y": y, "n": float(len(x))}))
        if value.ndim:
            raise UserError(
                N_(
                    "The expression for ∂L/∂{parameter} gives one number per point. The loss is a mean over the points: "
                    "put mean(…) around it."
                ),
                parameter=parameter,
            )
        if not np.isfinite(value):
            raise UserError(
                N_("The expression for ∂L/∂{parameter} divides by zero at w = {w}, b = {b}."),
                parameter=parameter,
                w=w,
                b=b,
            )
        places.append(CheckedPlace(w, b, float(value), *_references(parameter, x, y, w, b)))
    correct = all(p.agrees for p in places)
    return GradientCheck(parameter, tuple(places), _explain(parameter, places), correct)


def _references(parameter: str, x: np.ndarray, y: np.ndarray, w: float, b: float) -> tuple[float, float]:
    """The derivative by autograd, and by a central finite difference."""
    import torch

    from core.lessons.gradient_descent import mean_squared_error

    weights = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in (("w", w), ("b", b))}
    tx, ty = torch.from_numpy(np.array(x, float)), torch.from_numpy(np.array(y, float))
    ((weights["w"] * tx + weights["b"] - ty) ** 2).mean().backward()
    dw, db = (_DIFFERENCE, 0.0) if parameter == "w" else (0.0, _DIFFERENCE)
    rise = mean_squared_error(x, y, w + dw, b + db) - mean_squared_error(x, y, w - dw, b - db)
    return float(weights[parameter].grad), rise / (2 * _DIFFERENCE)


def _explain(parameter: str, places: list[CheckedPlace]) -> Message:
    values = {"parameter": parameter}
    if all(p.agrees for p in places):
        return Message.counted(
            "∂L/∂{parameter} is correct: it equals autograd at {count} place.",
            "∂L/∂{parameter} is correct: it equals autograd at all {count} places.",
            len(places),
            **values,
        )
    ratios = [p.own / p.autograd for p in places if abs(p.autograd) > _TOLERANCE]
    same = ratios and all(math.isclose(r, ratios[0], rel_tol=1e-3, abs_tol=1e-6) for r in ratios)
    zeros = all(abs(p.own) <= _TOLERANCE for p in places if abs(p.autograd) <= _TOLERANCE)
    if same and zeros and math.isclose(ratios[0], -1, rel_tol=1e-3):
        return Message(N_("∂L/∂{parameter} has the wrong sign: is the error prediction − target?"), values)
    if same and zeros and abs(ratios[0]) > 1e-6:
        return Message(
            N_(
                "∂L/∂{parameter} is {factor} times the gradient everywhere: a constant factor is wrong. Check the 2 of the "
                "square and the 1/n of the mean."
            ),
            {**values, "factor": f"{ratios[0]:.4g}"},
        )
    wrong = next(p for p in places if not p.agrees)
    return Message(
        N_(
            "∂L/∂{parameter} is {own} at w = {w:g}, b = {b:g}, but autograd gives {autograd} and a finite difference "
            "{difference}."
        ),
        {
            **values,
            "own": f"{wrong.own:.4g}",
            "w": wrong.w,
            "b": wrong.b,
            "autograd": f"{wrong.autograd:.4g}",
            "difference": f"{wrong.difference:.4g}",
        },
    )
