"""Logs that are read while they are written, torn, cut and long; and what is drawn of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.runs.logs import (
    MetricsReader,
    MetricsWriter,
    append_probe,
    decimate,
    filter_lines,
    read_probes,
    smooth,
)

METRICS = (
    "train/loss",
    "train/accuracy",
    "lr",
    "train/loss_epoch",
    "train/accuracy_epoch",
    "val/loss",
    "val/accuracy",
)


def write(writer: MetricsWriter, steps: range, per_epoch: int = 5) -> None:
    """Rows of `steps`, and of every epoch that ends with one of them."""
    for step in steps:
        writer.write(
            step=step,
            epoch=step / per_epoch,
            images=step * 32,
            seconds=step * 0.1,
            **{"train/loss": 1 / step, "train/accuracy": 0.5, "lr": 0.01},
        )
        if step % per_epoch == 0:
            end_epoch(writer, step, step // per_epoch)


def end_epoch(writer: MetricsWriter, step: int, epoch: int) -> None:
    figures = {
        "train/loss_epoch": 0.5,
        "train/accuracy_epoch": 0.5,
        "val/loss": 1 / epoch,
        "val/accuracy": 0.9,
    }
    writer.write(step=step, epoch=float(epoch), images=step * 32, seconds=step * 0.1, **figures)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.csv"


def fresh(path: Path) -> pd.DataFrame:
    return MetricsReader(path).read()


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(path: Path) -> None:
    writer = MetricsWriter(path, METRICS, None)
    write(writer, range(1, 11))
    writer.close()
    frame = fresh(path)
    assert list(frame.columns) == ["step", "epoch", "images", "seconds", *METRICS]
    assert frame["step"].tolist() == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10]
    epochs = frame.dropna(subset=["val/loss"])
    assert epochs["epoch"].tolist() == [1, 2] and epochs["val/loss"].tolist() == [1, 0.5]
    np.testing.assert_allclose(frame["train/loss"].dropna(), 1 / np.arange(1, 11), rtol=1e-6)
    assert all(pd.api.types.is_numeric_dtype(t) for t in frame.dtypes)


def test_it_reads_only_what_has_come_since(path: Path) -> None:
    writer, reader = MetricsWriter(path, METRICS, None), MetricsReader(path)
    assert reader.read().empty
    for end in (3, 4, 12, 12, 40):
        write(writer, range(int(reader.frame["step"].max() if len(reader.frame) else 0) + 1, end + 1))
        writer.flush()
        pd.testing.assert_frame_equal(reader.read(), fresh(path))
    writer.close()
    before = path.stat().st_size
    reader.read()
    assert reader._offset == before


def test_a_missing_file_is_an_empty_log(path: Path) -> None:
    assert fresh(path).empty and "step" in fresh(path)


def test_a_torn_last_line_waits_until_it_is_whole(path: Path) -> None:
    writer = MetricsWriter(path, METRICS, None)
    write(writer, range(1, 4))
    writer.close()
    whole = path.read_bytes()
    reader = MetricsReader(path)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert len(fresh(path)) == max(0, whole[:cut].count(b"\n") - 1)
    path.write_bytes(whole[:-7])
    assert len(reader.read()) == 2
    with path.open("ab") as f:
        f.write(whole[-7:])
    assert reader.read()["step"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00\x00\x00\x00",
        b"\xff\xfe\xfd",
        b"word,word",
        b"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        b'"never closed',
        b",,,,",
        b"7",
        b"",
    ],
    ids=["zeros", "not-utf8", "words", "too-many", "open-quote", "commas", "one-number", "empty"],
)
@pytest.mark.parametrize("place", ["first", "middle", "last", "alone"])
def test_a_damaged_line_costs_at_most_itself(path: Path, rubbish: bytes, place: str) -> None:
    writer = MetricsWriter(path, METRICS, None)
    write(writer, range(1, 5))
    writer.close()
    header, *rows = path.read_bytes().splitlines()
    middle = {
        "first": [rubbish, *rows],
        "middle": [*rows[:2], rubbish, *rows[2:]],
        "last": [*rows, rubbish],
        "alone": [rubbish],
    }
    path.write_bytes(b"\n".join([header, *middle[place]]) + b"\n")
    frame = fresh(path)
    assert all(pd.api.types.is_numeric_dtype(t) for t in frame.dtypes) or frame.empty
    if place != "alone":
        good = frame[frame["train/loss"].notna()]
        assert good["step"].tolist() == [1, 2, 3, 4]
        np.testing.assert_allclose(good["lr"], 0.01)


def test_a_file_without_a_header_of_ours_breaks_nothing(path: Path) -> None:
    path.write_bytes(b"\x00\x01\n1,2,3\n")
    assert fresh(path).empty


def test_a_resume_moves_a_cut_file_into_place_and_the_reader_begins_again(path: Path) -> None:
    writer, reader = MetricsWriter(path, METRICS, None), MetricsReader(path)
    write(writer, range(1, 10))
    writer.close()
    assert reader.read()["step"].max() == 9
    again = MetricsWriter(path, METRICS, (7, 1))
    again.flush()
    assert reader.read()["step"].tolist() == [1, 2, 3, 4, 5, 5, 6, 7]
    write(again, range(8, 31))
    again.close()
    frame = reader.read()
    pd.testing.assert_frame_equal(frame, fresh(path))
    assert frame["step"].tolist() == sorted([*range(1, 31), *range(5, 31, 5)])


def test_a_reader_notices_a_file_that_has_become_shorter(path: Path) -> None:
    writer, reader = MetricsWriter(path, METRICS, None), MetricsReader(path)
    write(writer, range(1, 10))
    writer.close()
    reader.read()
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[:3]) + b"\n")
    assert reader.read()["step"].tolist() == [1, 2]


def test_100000_rows(path: Path) -> None:
    writer = MetricsWriter(path, METRICS, None)
    write(writer, range(1, 100_001), per_epoch=1000)
    writer.close()
    frame = fresh(path)
    assert len(frame) == 100_100 and int(frame["step"].iloc[-1]) == 100_000


# ---- resuming --------------------------------------------------------------------------------------------------------


def rows(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:]


def logged(path: Path, last: int) -> list[str]:
    writer = MetricsWriter(path, METRICS, None)
    write(writer, range(1, last + 1))
    writer.close()
    return rows(path)


@pytest.mark.parametrize(("step", "epochs"), [(0, 0), (3, 0), (5, 1), (7, 1), (10, 2)])
def test_a_resume_cuts_what_it_will_write_again(path: Path, tmp_path: Path, step: int, epochs: int) -> None:
    expected = logged(tmp_path / "whole.csv", 10)
    logged(path, 10)
    with path.open("a") as f:
        f.write("11,2.2,torn")
    again = MetricsWriter(path, METRICS, (step, epochs))
    write(again, range(step + 1, 11))
    again.close()
    assert rows(path) == expected


def test_a_checkpoint_between_the_last_step_of_an_epoch_and_its_end(path: Path, tmp_path: Path) -> None:
    """Both rows have the step's number; only the first of them is older than the checkpoint."""
    expected = logged(tmp_path / "whole.csv", 7)
    logged(path, 7)
    again = MetricsWriter(path, METRICS, (5, 0))
    end_epoch(again, 5, 1)
    write(again, range(6, 8))
    again.close()
    assert rows(path) == expected


def test_a_run_that_begins_again_writes_one_header(path: Path) -> None:
    for _ in range(3):
        MetricsWriter(path, METRICS, (0, 0)).close()
    assert path.read_text().count("step") == 1 and rows(path) == []


def test_probes_are_cut_by_epoch(tmp_path: Path) -> None:
    path = tmp_path / "probes.csv"
    for epoch in (1, 2, 3):
        append_probe(path, epoch, np.full((2, 3), epoch / 10))
    with path.open("a") as f:
        f.write("4,0.1,0.")
    assert list(read_probes(path, 2)) == [1, 2, 3]
    path.write_bytes(filter_lines(path, "", lambda cells: cells[0].isdigit() and int(cells[0]) <= 2))
    found = read_probes(path, 2)
    assert list(found) == [1, 2] and found[2].shape == (2, 3) and found[2][0, 0] == pytest.approx(0.2)


def test_odd_probe_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "probes.csv"
    path.write_bytes(b"1,0.1,0.9\nrubbish\n\n2,0.1\n3,x,y\n\xff\xfe\n4,0.2,0.8\n")
    assert list(read_probes(path, 2)) == [1, 4]
    assert read_probes(tmp_path / "none.csv", 2) == {}


# ---- drawing ---------------------------------------------------------------------------------------------------------


def test_decimation_keeps_ends_and_extremes_and_shows_only_what_was_logged() -> None:
    rng = np.random.default_rng(0)
    x = np.arange(100_000)
    y = rng.normal(size=len(x)).cumsum()
    y[51_234], y[77_777] = 1e4, -1e4
    a, b = decimate(x, y)
    assert len(a) <= 1502 and np.array_equal(y[a], b) and np.all(np.diff(a) > 0)
    assert a[0] == 0 and a[-1] == len(x) - 1 and {51_234, 77_777} <= set(a)


def test_decimation_leaves_a_short_run_alone() -> None:
    x, y = np.arange(10), np.arange(10.0)
    assert decimate(x, y) == (x, y)


def test_decimation_passes_over_gaps_and_infinities() -> None:
    x, y = np.arange(10_000), np.full(10_000, np.nan)
    y[::100] = np.arange(100)
    y[50] = np.inf
    a, b = decimate(x, y, most=300)
    assert set(range(100)) <= set(b[np.isfinite(b)].astype(int)) and len(a) < 310


def tensorboard(values: np.ndarray, weight: float) -> list[float]:
    """The smoothing of TensorBoard's front end (vz_line_chart2, resmoothDataset), gaps passed over."""
    last, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(math.nan)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        found.append(last / (1 - weight**count))
    return found


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_smoothing_is_tensorboards_and_pandas(weight: float) -> None:
    y = np.random.default_rng(1).normal(size=200)
    np.testing.assert_allclose(smooth(y, weight), tensorboard(y, weight) if weight else y, rtol=1e-9)
    np.testing.assert_allclose(smooth(y, weight), pd.Series(y).ewm(alpha=1 - weight).mean(), rtol=1e-9)


def test_smoothing_passes_over_gaps() -> None:
    y = np.array([1.0, np.nan, 3.0, np.nan, 5.0])
    found = smooth(y, 0.5)
    expected = np.array(tensorboard(y, 0.5))
    np.testing.assert_allclose(found[[0, 2, 4]], expected[[0, 2, 4]])


def test_smoothing_nothing() -> None:
    assert len(smooth(np.array([]), 0.6)) == 0
