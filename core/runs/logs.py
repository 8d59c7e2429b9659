"""The append-only logs of a run: metrics.csv and probes.csv, written line by line and read from where the reader left off."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from core.files import write_bytes

INDEX_COLUMNS = ("step", "epoch", "images", "seconds")


class MetricsWriter:
    """Appends rows to metrics.csv, under one header. `resumed_at`, the step and the ended epochs of the checkpoint that a resume
    starts from, cuts what that resume will write again.
    """

    def __init__(self, path: Path, metrics: tuple[str, ...], resumed_at: tuple[int, int] | None) -> None:
        self.columns = (*INDEX_COLUMNS, *metrics)
        header = ",".join(self.columns)
        if resumed_at is not None:
            write_bytes(
                path, filter_lines(path, header, lambda cells: _is_before_checkpoint(cells, *resumed_at))
            )
        self.file = path.open("a", encoding="utf-8")
        if self.file.tell() == 0:
            self.file.write(header + "\n")

    def write(self, **row: float) -> None:
        """Append one row; a column without a value stays empty."""
        self.file.write(",".join(_format_cell(row.get(c)) for c in self.columns) + "\n")

    def flush(self) -> None:
        """Hand to the operating system what was written."""
        self.file.flush()

    def close(self) -> None:
        """Write what is left, and close the file."""
        self.file.close()


def _format_cell(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}" if isinstance(value, float) else str(value)


def _is_before_checkpoint(cells: list[str], step: int, epochs: int) -> bool:
    """Whether a checkpoint at `step`, with `epochs` ended, knows this row: the last step of an epoch and its end have one number,
    and a checkpoint may lie between them. The row of an epoch's end has no figure of a step, the first metric.
    """
    if not (cells[0].isdigit() and int(cells[0]) <= step) or len(cells) <= len(INDEX_COLUMNS):
        return False
    ends_epoch = not cells[len(INDEX_COLUMNS)]
    return not ends_epoch or float(cells[1]) <= epochs


def filter_lines(path: Path, header: str, keep: Callable[[list[str]], bool]) -> bytes:
    """The file's complete lines whose cells `keep` likes, under `header` (none where it is empty)."""
    lines = [header] if header else []
    if path.exists():
        text = path.read_bytes().decode("utf-8", errors="replace")
        # What follows the last newline is torn.
        lines += [line for line in text.split("\n")[:-1] if keep(line.split(","))]
    return "".join(f"{line}\n" for line in lines).encode()


class MetricsReader:
    """Reads metrics.csv bit by bit: each `read` parses only what has come since. Survives torn lines and resumes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frame = pd.DataFrame(columns=list(INDEX_COLUMNS))
        self._inode, self._offset, self._columns = 0, 0, []

    def read(self) -> pd.DataFrame:
        """Everything logged so far. A row is a step (train/...) or the end of an epoch (val/...)."""
        try:
            with self.path.open("rb") as f:
                stat = os.fstat(f.fileno())
                if stat.st_ino != self._inode or stat.st_size < self._offset:
                    # A resume has moved a cut file into place: begin again.
                    self._inode, self._offset, self._columns = stat.st_ino, 0, []
                    self.frame = pd.DataFrame(columns=list(INDEX_COLUMNS))
                f.seek(self._offset)
                fresh = f.read()
        except OSError:
            return self.frame
        complete = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(complete)
        if not self._columns and complete:
            header, _, complete = complete.partition(b"\n")
            self._columns = _parse_header(header)
        if complete and self._columns:
            rows = _parse_rows(complete, self._columns)
            self.frame = rows if self.frame.empty else pd.concat([self.frame, rows], ignore_index=True)
        return self.frame


def _parse_header(header: bytes) -> list[str]:
    """The names in the first line of a log; none where it is not one of ours."""
    names = header.decode("utf-8", errors="replace").strip().split(",")
    return (
        names if tuple(names[: len(INDEX_COLUMNS)]) == INDEX_COLUMNS and len(set(names)) == len(names) else []
    )


def _parse_rows(lines: bytes, columns: list[str]) -> pd.DataFrame:
    """The rows of complete lines. A damaged one is left out, or has gaps where it holds no numbers."""
    whole = b"\n".join(line for line in lines.split(b"\n") if line.count(b",") == len(columns) - 1)
    rows = pd.read_csv(
        io.BytesIO(whole), names=columns, quoting=csv.QUOTE_NONE, encoding_errors="replace", low_memory=False
    )
    if not all(map(pd.api.types.is_numeric_dtype, rows.dtypes)):
        rows = rows.apply(pd.to_numeric, errors="coerce")
    return rows.dropna(subset=["step"]).reset_index(drop=True)


def decimate(x: np.ndarray, y: np.ndarray, most: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """At most about `most` of the points, ends and the extremes of every stretch among them: a whole run, never truncated, and
    every point shown is one that was logged.
    """
    n = len(x)
    if n <= most:
        return x, y
    size = -(-n // (most // 2))
    places = np.arange(0, n, size)
    finite = np.isfinite(y)
    low, high = (np.full(len(places) * size, fill) for fill in (np.inf, -np.inf))
    low[:n][finite], high[:n][finite] = y[finite], y[finite]
    some = np.isfinite(low).reshape(-1, size).any(1)
    least, greatest = places + low.reshape(-1, size).argmin(1), places + high.reshape(-1, size).argmax(1)
    index = np.unique(np.concatenate([[0, n - 1], least[some], greatest[some]]))
    return x[index], y[index]


def smooth(y: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average with bias correction, `weight` in [0, 1) as in TensorBoard; gaps are passed over."""
    if weight <= 0 or len(y) == 0:
        return y
    return pd.Series(y).ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean().to_numpy()


PROBE_FILE = "probes.csv"


def append_probe(path: Path, epoch: int, predictions: np.ndarray) -> None:
    """One line: the epoch and the (P, K) predictions, row by row."""
    with path.open("a", encoding="utf-8") as f:
        f.write(",".join([str(epoch), *(f"{v:.5g}" for v in predictions.ravel())]) + "\n")


def read_probes(path: Path, count: int) -> dict[int, np.ndarray]:
    """Predictions (P, K) by epoch; torn or odd lines are left out. `count` is P."""
    found = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    except OSError:
        return found
    for line in lines:
        try:
            epoch, *values = line.split(",")
            found[int(epoch)] = np.array(values, dtype=np.float32).reshape(count, -1)
        except ValueError:
            continue
    return dict(sorted(found.items()))
