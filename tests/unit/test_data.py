"""Where data are looked for, how they are split, and Boston housing."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import data, paths
from core.data import boston, train_val_split
from core.messages import Message, UserError

# ---- the order -------------------------------------------------------------------------------------------------------


@pytest.fixture
def table() -> pd.DataFrame:
    """A table in Boston's form, 60 rows."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.uniform(1, 50, (60, 14)).round(3), columns=[*boston.COLUMNS, boston.TARGET])


def put(folder: Path, table: pd.DataFrame) -> Path:
    path = folder / "boston" / "BostonHousing.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    return path


def test_the_named_folder_wins_then_manabi_data_then_the_downloads(
    table: pd.DataFrame, tmp_path: Path, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = put(own_world / "downloads", table)
    assert data.find_dataset("boston") == downloads
    set_by_name = put(tmp_path / "env", table)
    monkeypatch.setenv("MANABI_DATA", str(tmp_path / "env"))
    assert data.find_dataset("boston") == set_by_name
    named = put(tmp_path / "named", table)
    assert data.find_dataset("boston", tmp_path / "named") == named
    assert paths.data_roots("x") == [Path("x"), tmp_path / "env", own_world / "downloads"]


def test_a_folder_that_was_named_is_never_replaced(
    table: pd.DataFrame, tmp_path: Path, own_world: Path
) -> None:
    put(own_world / "downloads", table)
    with pytest.raises(UserError, match="Boston housing not found in"):
        data.load_dataset("boston", tmp_path)


def test_without_data_the_stand_in_and_a_notice() -> None:
    found = data.load_dataset("boston")
    assert found.name == "diabetes" and found.stand_in_for == "Boston housing" and len(found.features) == 10
    assert isinstance(found.notice, Message) and "diabetes" in str(found.notice)


def test_a_failed_download_is_told_in_the_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.data import mnist

    monkeypatch.setenv("MANABI_OFFLINE", "0")
    monkeypatch.setattr(mnist, "URL", "http://127.0.0.1:1/mnist/")
    said = str(data.load_dataset("mnist").notice)
    assert (
        "http://127.0.0.1:1/mnist/" in said and str(paths.download_root()) in said and "scikit-learn" in said
    )


def test_an_unknown_data_set_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="Dataset mnits not found.*mnist"):
        data.load_dataset("mnits")


def test_status_without_data() -> None:
    for name in data.list_datasets():
        status = data.dataset_status(name)
        if status.layout:
            assert status.folder is None and status.problem is None and status.fallback_title
        else:  # part of the code
            assert status.train and status.test


# ---- splits ----------------------------------------------------------------------------------------------------------


def test_splits_are_disjoint_complete_and_fixed() -> None:
    labels = np.repeat(np.arange(10), 50)
    train, held = train_val_split(labels, 100)
    assert sorted([*train, *held]) == list(range(500)) and len(held) == 100
    again = train_val_split(labels, 100)
    assert np.array_equal(train, again[0]) and np.array_equal(held, again[1])
    assert np.array_equal(train, np.sort(train)) and np.array_equal(held, np.sort(held))


def test_every_class_keeps_its_share() -> None:
    labels = np.random.default_rng(0).choice(4, 1000, p=[0.1, 0.2, 0.3, 0.4])
    _, held = train_val_split(labels, 200)
    np.testing.assert_allclose(np.bincount(labels[held]) / 200, np.bincount(labels) / 1000, atol=0.01)


def test_every_fifth_of_the_targets_keeps_its_share() -> None:
    targets = np.random.default_rng(0).lognormal(size=1000).astype(np.float32)
    _, held = train_val_split(targets, 200)
    counts = np.histogram(targets[held], np.quantile(targets, [0, 0.2, 0.4, 0.6, 0.8, 1]))[0]
    assert counts.min() >= 38 and counts.max() <= 42


def test_no_validation() -> None:
    train, held = train_val_split(np.arange(10) % 2, 0)
    assert np.array_equal(train, np.arange(10)) and len(held) == 0


# ---- Boston ----------------------------------------------------------------------------------------------------------


def test_the_real_table(real_data: Path) -> None:
    found = data.load_dataset("boston")
    csv = pd.read_csv(real_data / "boston" / "BostonHousing.csv")
    assert (len(found.train_x), len(found.test_x)) == (405, 101) and found.stand_in_for == ""
    both = np.concatenate([found.train_y, found.test_y])
    np.testing.assert_allclose(np.sort(both), np.sort(csv["medv"]), rtol=1e-6)
    assert found.target == "medv" and data.dataset_status("boston").train == 405


def test_column_b_is_left_out_unless_asked_for(real_data: Path) -> None:
    without, with_b = data.load_dataset("boston"), data.load_dataset("boston", use_b_column=True)
    assert "b" not in without.features and without.in_shape == (12,)
    assert with_b.features == boston.COLUMNS and with_b.in_shape == (13,)
    assert np.array_equal(without.train_y, with_b.train_y), "the same districts are held out"


def test_mean_and_std_are_those_of_the_training_part(real_data: Path) -> None:
    found = data.load_dataset("boston")
    np.testing.assert_allclose(found.mean, found.train_x.astype(np.float64).mean(0), rtol=1e-4)
    np.testing.assert_allclose(found.std, found.train_x.astype(np.float64).std(0), rtol=1e-4)


def test_columns_may_be_written_large_and_stand_in_any_order(table: pd.DataFrame, tmp_path: Path) -> None:
    plain = boston.load(put(tmp_path / "a", table))
    shuffled = table[list(reversed(table.columns))].rename(columns=lambda c: f" {c.upper()} ")
    other = boston.load(put(tmp_path / "b", shuffled))
    assert np.array_equal(plain.train_x, other.train_x) and plain.features == other.features


def test_a_constant_column_does_not_divide_by_zero(table: pd.DataFrame, tmp_path: Path) -> None:
    table["chas"] = 0.0
    found = boston.load(put(tmp_path, table))
    assert found.std[found.features.index("chas")] == 1.0 and np.isfinite(found.std).all()


def test_a_missing_column(table: pd.DataFrame, tmp_path: Path) -> None:
    path = put(tmp_path, table.drop(columns=["nox", "rm"]))
    with pytest.raises(UserError, match=r"BostonHousing\.csv is missing columns: nox, rm\."):
        boston.load(path)


@pytest.mark.parametrize("cell", ["many", "", "inf", "-inf", "nan", "1,5"])
def test_a_cell_that_is_no_number(table: pd.DataFrame, tmp_path: Path, cell: str) -> None:
    odd = table.astype(object)
    odd.loc[7, "rm"] = cell
    path = put(tmp_path, odd)
    with pytest.raises(UserError, match=r"BostonHousing\.csv has a missing or non-numeric value in line 9\."):
        boston.load(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02\xff\xfe", b"a,b\n1,2,3\n4\n", b'"never closed', b"crim\n"],
    ids=["empty", "binary", "ragged", "open-quote", "header-only"],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "boston" / "BostonHousing.csv"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UserError, match="BostonHousing"):
        data.load_dataset("boston", tmp_path)
    assert "BostonHousing" in str(data.dataset_status("boston", tmp_path).problem)


def test_a_table_with_too_few_rows(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="BostonHousing"):
        boston.load(put(tmp_path, table[:10]))


def test_a_copy_under_another_root_is_the_same(real_data: Path, tmp_path: Path) -> None:
    shutil.copytree(real_data / "boston", tmp_path / "boston")
    here, there = data.load_dataset("boston"), data.load_dataset("boston", tmp_path)
    assert np.array_equal(here.train_x, there.train_x) and there.origin.startswith(str(tmp_path))


@pytest.mark.parametrize(
    "labels",
    [np.arange(200) % 2, np.array([0] * 999 + [1]), np.linspace(0.0, 1.0, 300)],
    ids=["turns", "one", "floats"],
)
def test_few_of_many_hold_every_class_by_its_share(labels: np.ndarray) -> None:
    index = data.stratified_subset(labels, 20)
    assert len(set(index)) == 20 and (np.diff(index) > 0).all()
    if labels.dtype == float:
        assert np.histogram(labels[index], 5, (0, 1))[0].tolist() == [4] * 5
    else:
        assert np.bincount(labels[index]).tolist() == ([10, 10] if labels.sum() == 100 else [19, 1])
    assert data.stratified_subset(labels, 10_000).tolist() == list(range(len(labels)))


@pytest.mark.parametrize("rare", [1, 4])
def test_a_class_too_small_for_both_parts_is_named(rare: int) -> None:
    digits = data.load_dataset("mnist", download=False)
    keep = np.flatnonzero(digits.train_y != 3).tolist() + np.flatnonzero(digits.train_y == 3)[:rare].tolist()
    few = dataclasses.replace(
        digits, train_x=digits.train_x[keep], train_y=digits.train_y[keep], stand_in_for=""
    )
    with pytest.raises(
        UserError,
        match=rf"Class 3 has too few training examples \({rare} of .*stratified validation set of 20",
    ):
        few.train_val_split(20)
    train, held = digits.train_val_split(100)
    assert (
        set(digits.train_y[train]) == set(digits.train_y[held]) == set(range(10))
        and few.train_val_split(0)[1].size == 0
    )


def test_two_test_parts_of_one_shape_are_told_apart() -> None:
    digits = data.load_dataset("mnist", download=False)
    other = dataclasses.replace(digits, test_x=digits.test_x[::-1])
    assert data.same_test_set(
        digits.test_fingerprint(), (np.array(digits.test_fingerprint()) + 0.9).tolist()
    )  # another decoder
    assert not data.same_test_set(digits.test_fingerprint(), other.test_fingerprint())
    before = digits.describe()
    data.check_same_dataset(before, digits.describe())
    with pytest.raises(UserError, match="This run started with"):
        data.check_same_dataset(before, other.describe())
    data.check_same_dataset(
        {k: v for k, v in before.items() if k != "test_levels"}, other.describe()
    )  # of a time that kept none
