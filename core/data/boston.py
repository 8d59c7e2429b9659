"""Boston housing (Harrison and Rubinfeld, J. Environ. Econ. Manage. 5, 1978): 506 districts, 13 features,
median house price.

Column `b` was computed from the proportion of Black residents, assuming that segregation raises prices;
scikit-learn removed the data set in 1.2 for this reason. The column is excluded unless a recipe enables it.
The fallback is scikit-learn's diabetes data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data import ArrayDataset, DatasetInfo, ProgressCallback, train_val_split
from core.data.registry import TryLink
from core.messages import Message, N_, UserError

if TYPE_CHECKING:
    import pandas as pd

TITLE = N_("Boston housing")
LAYOUT = "boston/BostonHousing.csv"
FALLBACK_TITLE = N_("scikit-learn's diabetes data")

COLUMNS = ("crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "b", "lstat")
TARGET = "medv"
_TEST_FRACTION = 0.2


def find(root: Path) -> Path | None:
    """The CSV file below `root`, or None."""
    path = root / "boston" / "BostonHousing.csv"
    return path if path.is_file() else None


def load(path: Path, progress: ProgressCallback | None = None, use_b_column: bool = False) -> ArrayDataset:
    """Load Boston housing from the CSV file.

    Raises:
        UserError: if a column is missing or a value is not a number; the message names the file and the
            column or line.
    """
    numbers = _read_csv(path)
    features = [c for c in COLUMNS if use_b_column or c != "b"]
    return _make_dataset("boston", TITLE, str(path), numbers[features], numbers[TARGET], TARGET)


def _read_csv(path: Path):  # noqa: ANN202 - pandas is imported on first use
    """The table's columns as numbers. Raises UserError as `load` does."""
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UserError(
            N_("{file} cannot be read as a CSV table: {reason}."), file=str(path), reason=str(error)
        ) from error
    table.columns = [str(c).strip().lower() for c in table.columns]
    missing = [c for c in (*COLUMNS, TARGET) if c not in table.columns]
    if missing:
        raise UserError(
            N_("{file} is missing columns: {columns}."), file=str(path), columns=", ".join(missing)
        )
    numbers = table[[*COLUMNS, TARGET]].apply(pd.to_numeric, errors="coerce")
    bad = ~np.isfinite(numbers.astype(np.float32)).all(axis=1)
    if bad.any() or len(numbers) < 20:
        row = int(np.flatnonzero(bad)[0]) + 2 if bad.any() else len(numbers) + 1
        raise UserError(
            N_("{file} has a missing or non-numeric value in line {row}."), file=str(path), row=row
        )
    return numbers


def inventory(path: Path) -> tuple[int, int, int]:
    """Number of training rows, of test rows, and bytes on disk."""
    rows = len(_read_csv(path))
    held_out = round(_TEST_FRACTION * rows)
    return rows - held_out, held_out, path.stat().st_size


def fallback(notice: Message, use_b_column: bool = False) -> ArrayDataset:
    """scikit-learn's diabetes data (Efron et al., Annals of Statistics 32, 2004): 442 patients, 10 features."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(as_frame=True, scaled=False)
    return _make_dataset(
        "diabetes", FALLBACK_TITLE, "scikit-learn", bunch.data, bunch.target, "progression", TITLE, notice
    )


def _make_dataset(
    name: str,
    title: str,
    origin: str,
    features: pd.DataFrame,
    target: pd.Series,
    target_name: str,
    stand_in_for: str = "",
    notice: Message | None = None,
) -> ArrayDataset:
    x = features.to_numpy(dtype=np.float32)
    y = target.to_numpy(dtype=np.float32)
    train, test = train_val_split(y, round(_TEST_FRACTION * len(y)))
    std = x[train].std(axis=0)
    return ArrayDataset(
        name=name,
        title=title,
        kind="regression",
        origin=origin,
        train_x=x[train],
        train_y=y[train],
        test_x=x[test],
        test_y=y[test],
        mean=x[train].mean(axis=0),
        std=np.where(std > 0, std, 1.0).astype(np.float32),
        features=tuple(str(c) for c in features.columns),
        target=target_name,
        stand_in_for=stand_in_for,
        notice=notice,
    )


INFO = DatasetInfo(
    name="boston",
    title=TITLE,
    kind="regression",
    shape=(len(COLUMNS) - 1,),  # without column b
    shape_of=lambda use_b_column=False: (len(COLUMNS) - (not use_b_column),),
    features=COLUMNS,
    unit=N_("1,000 US dollars of 1970"),
    layout=LAYOUT,
    find=find,
    load=load,
    inventory=inventory,
    fallback=fallback,
    fallback_title=FALLBACK_TITLE,
    try_links=(TryLink("house_prices", "network", N_("Predict with your model"), ":material/home_work:"),),
    note=N_(
        "Column b was computed from the proportion of Black residents, assuming that segregation raises prices. "
        "scikit-learn removed the dataset for this reason. The column is excluded here unless you enable it under Data."
    ),
)
