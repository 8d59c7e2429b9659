"""Points of a lesson from a CSV file: a table whose last column is the target.

Uploads are hostile until read: size, encoding, separator, header, gaps and numbers are checked, and whatever cannot be used is
one sentence that names the line.

Shapes: n points, d features.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.messages import Message, N_, UserError

Targets = Literal["number", "class"]

MAX_POINTS = 2000
"""Points that a lesson takes. Of a longer table every k-th row is used."""
MAX_BYTES = 40_000_000
MAX_CLASSES = 8
MAX_FEATURES = 20
MAX_MAGNITUDE = 1e6
_MAX_NAME = 32
_TARGET_NAMES = ("y", "target", "label", "class")
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
_UNSAFE_FIRST = "=+-@\t\r"


@dataclass(frozen=True)
class Points:
    """Points read from a file.

    Attributes:
        x: features (n, d) float32.
        y: targets (n,): float32 numbers, or int64 numbers of `classes`.
        columns: names of the d features, safe in a spreadsheet and in HTML.
        target: name of the target column.
        classes: names of the classes, sorted; empty if the targets are numbers.
        notices: what was changed on the way: rows left out, names replaced.
    """

    x: np.ndarray
    y: np.ndarray
    columns: tuple[str, ...]
    target: str
    classes: tuple[str, ...] = ()
    notices: tuple[Message, ...] = ()


def read_points(data: bytes, name: str, *, targets: Targets) -> Points:
    """Read the points in the CSV file `name` with the contents `data`.

    Separators are comma, semicolon and tab; encodings UTF-8, UTF-16 and Shift-JIS. The first row may hold column names. The target is
    the column called y, target, label or class, otherwise the last one.

    Args:
        data: the file's bytes.
        name: the file's name, for messages.
        targets: "number" for regression, "class" for class names or numbers.

    Raises:
        UserError: if the file has too few rows or columns, a cell that is no number, a column with a single value, or, for
            classes, fewer than two or more than `MAX_CLASSES` of them.
    """
    name = name[:80]
    if len(data) > MAX_BYTES:
        raise UserError(
            N_("{file} has {size} MB. At most {most} MB can be read: keep fewer rows."),
            file=name,
            size=round(len(data) / 1e6),
            most=MAX_BYTES // 1_000_000,
        )
    notices: list[Message] = []
    separator, rows = _split_rows(_decode(data, name), name, notices)
    header, rows = _take_header(rows, separator, notices)
    width = len(header)
    if not 2 <= width <= MAX_FEATURES + 1:
        raise UserError(
            N_(
                "{file} needs one column per feature (up to {most}) and one for the target, separated by commas, "
                "semicolons or tabs."
            ),
            file=name,
            most=MAX_FEATURES,
        )
    rows = _drop_gaps(rows, width, name, notices)
    if len(rows) < 2:
        raise UserError(
            N_("{file} holds fewer than two complete rows of numbers. At least two points are needed."),
            file=name,
        )
    target = next((i for i, h in enumerate(header) if h.casefold() in _TARGET_NAMES), width - 1)
    features = [i for i in range(width) if i != target]
    x = np.array(
        [[_number(cells[i], separator, name, line, header[i]) for i in features] for line, cells in rows]
    )
    for column, values in zip(features, x.T, strict=True):
        if np.ptp(values) == 0:
            raise UserError(
                N_(
                    "Column {column} of {file} has the same value in every row, so nothing can be learned from it."
                ),
                column=header[column],
                file=name,
            )
    if targets == "class":
        y, classes = _class_numbers([cells[target] for _line, cells in rows], name)
    else:
        numbers = [_number(cells[target], separator, name, line, header[target]) for line, cells in rows]
        y, classes = np.array(numbers, np.float32), ()
    columns = tuple(header[i] for i in features)
    return Points(x.astype(np.float32), y, columns, header[target], classes, tuple(notices))


def _decode(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data.startswith(b"PK\x03\x04"):
        raise UserError(
            N_("{file} is a spreadsheet or a zip file. Save it as CSV and upload that."), file=name
        )
    else:
        encodings = ["utf-8-sig", "cp932"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UserError(
        N_("{file} is not a text file. Save the table as CSV (UTF-8) and upload that."), file=name
    )


def _split_rows(text: str, name: str, notices: list[Message]) -> tuple[str, list[tuple[int, list[str]]]]:
    """The separator, and the rows that are not blank with their line numbers, cells stripped. A longer table is thinned out first."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip(" ,;\t")]
    if not lines:
        raise UserError(N_("{file} is empty."), file=name)
    first = lines[0][1]
    separator = max(",;\t", key=lambda c: (first.count(c), c == ","))
    if ";" in first and first.count(";") >= first.count(",") / 2:  # decimal commas: "1,5;2,5"
        separator = ";"
    if len(lines) > MAX_POINTS + 1:
        notices.append(
            Message(
                N_("The table has {rows} rows: {most} of them, evenly spaced, are used."),
                {"rows": f"{len(lines) - 1:,}", "most": f"{MAX_POINTS:,}"},
            )
        )
        kept = np.linspace(1, len(lines) - 1, MAX_POINTS).round().astype(int)
        lines = [lines[0], *(lines[i] for i in kept)]
    rows = []
    for number, line in lines:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
        except csv.Error as error:
            raise UserError(
                N_("{file} cannot be read as a table: line {line} is damaged."), file=name, line=number
            ) from error
        rows.append((number, [c.strip() for c in cells]))
    return separator, rows


def _take_header(
    rows: list[tuple[int, list[str]]], separator: str, notices: list[Message]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Safe names of the columns, and the rows below them. A first row that begins with a number, or has one in every feature, holds no
    names.
    """
    first = rows[0][1]
    plain = [f"x{i + 1}" for i in range(len(first) - 1)] if len(first) != 2 else ["x"]
    plain.append("y")
    if first[0] == "" or _parse(first[0], separator) is not None:
        return plain[: len(first)], rows
    header = [_safe_name(cell) for cell in first]
    if any(not n for n in header):
        notices.append(Message(N_("Column names that were empty or held formulas or HTML were replaced.")))
    names = [n or p for n, p in zip(header, plain, strict=True)]
    unique = names if len(set(names)) == len(names) else plain
    return unique, rows[1:]


def _safe_name(cell: str) -> str:
    """`cell` as a column name; empty if a spreadsheet would compute it or a browser would render it."""
    text = "".join(c for c in cell if c.isprintable())
    return "" if text.startswith(tuple(_UNSAFE_FIRST)) or set("<>&") & set(text) else text[:_MAX_NAME].strip()


def _drop_gaps(
    rows: list[tuple[int, list[str]]], width: int, name: str, notices: list[Message]
) -> list[tuple[int, list[str]]]:
    for line, cells in rows:
        if len(cells) > width or (len(cells) < width and len(cells) == 1):
            raise UserError(
                N_("Line {line} of {file} has {found} cells instead of {expected}."),
                line=line,
                file=name,
                found=len(cells),
                expected=width,
            )
    complete = [r for r in rows if len(r[1]) == width and not any(c.casefold() in _MISSING for c in r[1])]
    if dropped := len(rows) - len(complete):
        notices.append(
            Message.counted(
                "{count} row with an empty cell was left out.",
                "{count} rows with empty cells were left out.",
                dropped,
            )
        )
    return complete


def _parse(cell: str, separator: str) -> float | None:
    text = cell.replace(",", ".") if separator != "," else cell
    try:
        return float(text)
    except ValueError:
        return None


def _number(cell: str, separator: str, name: str, line: int, column: str) -> float:
    value = _parse(cell, separator)
    if value is None:
        raise UserError(
            N_("Line {line} of {file}: “{value}” in column {column} is not a number."),
            line=line,
            file=name,
            value=cell[:_MAX_NAME],
            column=column,
        )
    if not math.isfinite(value) or abs(value) > MAX_MAGNITUDE:
        raise UserError(
            N_("Line {line} of {file}: {value} in column {column} is too large. Use numbers up to {most}."),
            line=line,
            file=name,
            value=cell[:_MAX_NAME],
            column=column,
            most=f"{MAX_MAGNITUDE:,.0f}",
        )
    return value


def _class_numbers(cells: list[str], name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class numbers (n,) and the sorted class names."""
    labels = [cell[:_MAX_NAME] for cell in cells]
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise UserError(
            N_("Every row of {file} has the class {value}. At least two classes are needed."),
            file=name,
            value=classes[0],
        )
    if len(classes) > MAX_CLASSES:
        raise UserError(
            N_("{file} has too many classes ({found}). At most {most} are supported."),
            file=name,
            found=len(classes),
            most=MAX_CLASSES,
        )
    return np.array([classes.index(c) for c in labels], np.int64), classes
