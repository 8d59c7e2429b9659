"""Points from CSV files: what spreadsheets write is read, what cannot be used is one sentence, hostile headers become harmless."""

from __future__ import annotations

import numpy as np
import pytest

from core.lessons.points_csv import MAX_POINTS, read_points
from core.messages import UserError

CLEAN = {
    "comma": b"x,y\n0,1\n1,3\n2,5\n",
    "no-header": b"0,1\n1,3\n2,5\n",
    "semicolon-decimal-comma": b"x;y\n0,0;1,0\n1,0;3,0\n2,0;5,0\n",
    "tab": b"x\ty\n0\t1\n1\t3\n2\t5\n",
    "windows-bom": "﻿x,y\r\n0,1\r\n\r\n1,3\r\n2,5\r\n".encode(),
    "utf-16": "x,y\n0,1\n1,3\n2,5\n".encode("utf-16"),
    "shift-jis": "面積,価格\n0,1\n1,3\n2,5\n".encode("cp932"),
    "quoted": b'"x","y"\n"0","1"\n"1","3"\n"2","5"\n',
    "target-first": b"y,x\n1,0\n3,1\n5,2\n",
}


@pytest.mark.parametrize("data", CLEAN.values(), ids=CLEAN)
def test_files_as_programs_write_them_give_the_same_points(data: bytes) -> None:
    points = read_points(data, "points.csv", targets="number")
    assert points.x.dtype == points.y.dtype == np.float32
    assert points.x.tolist() == [[0], [1], [2]] and points.y.tolist() == [1, 3, 5]
    assert not points.notices


def test_japanese_column_names_are_kept() -> None:
    points = read_points(CLEAN["shift-jis"], "価格.csv", targets="number")
    assert (points.columns, points.target) == (("面積",), "価格")


BAD = {
    "empty": (b"", "is empty"),
    "blank-lines": (b"\n \n\n", "is empty"),
    "one-row": (b"x,y\n1,2\n", "At least two points"),
    "header-only": (b"x,y\n", "At least two points"),
    "one-column": (b"x\n1\n2\n", "one for the target"),
    "text": (b"x,y\n1,2\n3,four\n", "Line 3 of p.csv: “four” in column y"),
    "constant": (b"x,y\n1,2\n1,3\n", "Column x of p.csv has the same value"),
    "infinite": (b"x,y\n1,2\ninf,3\n", "too large"),
    "huge": (b"x,y\n1,2\n1e300,3\n", "too large"),
    "extra-cells": (b"x,y\n1,2\n1,3,4\n", "Line 3 of p.csv has 3 cells instead of 2"),
    "excel": (b"PK\x03\x04whatever", "Save it as CSV"),
    "binary": (bytes(range(256)) * 4, "is not a text file"),
    "only-gaps": (b"x,y\n1,\n,3\n", "At least two points"),
    "huge-cell": (b"x,y\n1," + b"9" * 200_000 + b"\n", "line"),
}


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(UserError) as error:
        read_points(data, "p.csv", targets="number")
    assert says in str(error.value)


def test_rows_with_gaps_are_left_out_and_counted() -> None:
    points = read_points(b"x,y\n0,1\n,3\n2,NaN\n4,9\n", "p.csv", targets="number")
    assert points.x.tolist() == [[0], [4]]
    assert [str(n) for n in points.notices] == ["2 rows with empty cells were left out."]


def test_a_million_rows_are_thinned_out_evenly_and_said() -> None:
    data = b"x,y\n" + b"".join(b"%d,%d\n" % (i, i % 7) for i in range(1_000_000))
    points = read_points(data, "p.csv", targets="number")
    assert len(points.x) == MAX_POINTS and points.x[0] == 0 and points.x[-1] == 999_999
    assert "1,000,000 rows" in str(points.notices[0])


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1+1", "<script>alert(1)</script>", "a&b"]
)
def test_formulas_and_html_in_a_header_are_replaced_and_said(cell: str) -> None:
    points = read_points(f'"{cell}",y\n0,1\n1,3\n'.encode(), "p.csv", targets="number")
    assert points.columns == ("x",) and "formulas or HTML" in str(points.notices[0])
    assert points.x.tolist() == [[0], [1]]


def test_classes_are_numbered_in_sorted_order() -> None:
    points = read_points(b"x1,x2,kind\n0,1,dog\n1,0,cat\n2,2,dog\n", "p.csv", targets="class")
    assert points.classes == ("cat", "dog") and points.y.tolist() == [1, 0, 1]
    assert points.y.dtype == np.int64 and points.x.shape == (3, 2)


@pytest.mark.parametrize(
    ("labels", "says"), [("a" * 9, "Every row"), ("abcdefghi", "too many classes")], ids=["one", "nine"]
)
def test_one_class_or_too_many_are_refused(labels: str, says: str) -> None:
    data = "x1,x2,label\n" + "".join(f"{i},{-i},{c}\n" for i, c in enumerate(labels))
    with pytest.raises(UserError, match=says):
        read_points(data.encode(), "p.csv", targets="class")
