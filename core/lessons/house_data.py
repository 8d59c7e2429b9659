"""Tables of the house prices lesson: Boston housing, California housing, and the fallback, scikit-learn's diabetes data.

Shapes: N rows, F features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import data, paths
from core.data import ArrayDataset, ProgressCallback, train_val_split
from core.data.download import RemoteFile, fetch_files
from core.messages import N_, UserError

SOURCES = {"boston": N_("Boston, 1970"), "california": N_("California, 1990")}
_CALIFORNIA_TITLE = "California housing"
_CALIFORNIA_ROWS = 2000  # of 20,640: models are compared in seconds
CALIFORNIA_FOLDER = "scikit-learn"  # below the cache
_CALIFORNIA_BYTES = 441_963
_NO_CALIFORNIA = N_(
    "California housing is not installed. It is downloaded once (0.4 MB), with internet access."
)
_HELD_OUT = 0.2

COLUMNS = {
    "boston": {
        "crim": N_("Crimes per resident, per year (%)"),
        "zn": N_("Land zoned for large lots (%)"),
        "indus": N_("Land used by industry (%)"),
        "chas": N_("Borders the Charles River (1 = yes)"),
        "nox": N_("Nitrogen oxides (parts per 10 million)"),
        "rm": N_("Rooms per home, average"),
        "age": N_("Homes built before 1940 (%)"),
        "dis": N_("Distance to job centers (weighted)"),
        "rad": N_("Access to radial highways (index)"),
        "tax": N_("Property tax (USD per 10,000 USD)"),
        "ptratio": N_("Pupils per teacher"),
        "b": N_("Computed from the share of Black residents"),
        "lstat": N_("“Lower status” residents (%)"),
        "medv": N_("Median home value (1,000 USD)"),
    },
    "california": {
        "MedInc": N_("Median income (10,000 USD)"),
        "HouseAge": N_("Median age of homes (years)"),
        "AveRooms": N_("Rooms per household, average"),
        "AveBedrms": N_("Bedrooms per household, average"),
        "Population": N_("Residents"),
        "AveOccup": N_("Residents per household, average"),
        "Latitude": N_("Latitude (°)"),
        "Longitude": N_("Longitude (°)"),
        "MedHouseVal": N_("Median home value (1,000 USD)"),
    },
    "diabetes": {
        "age": N_("Age (years)"),
        "sex": N_("Sex (1 or 2)"),
        "bmi": N_("Body mass index (kg/m²)"),
        "bp": N_("Blood pressure, average (mmHg)"),
        "s1": N_("Total cholesterol (mg/dl)"),
        "s2": N_("LDL cholesterol (mg/dl)"),
        "s3": N_("HDL cholesterol (mg/dl)"),
        "s4": N_("Total / HDL cholesterol"),
        "s5": N_("Triglycerides (natural logarithm)"),
        "s6": N_("Blood sugar (mg/dl)"),
        "progression": N_("Disease progression after a year (score)"),
    },
}
"""What the columns of each table mean, as message ids; the target last."""
UNITS = {"boston": N_("1,000 USD"), "california": N_("1,000 USD"), "diabetes": N_("points")}
"""Unit of the target of each table, as message ids."""


@dataclass(frozen=True)
class HouseTable:
    """A table and its split.

    Attributes:
        dataset: training set, and the rows held out for validation as its test set.
        use_b_column: whether Boston's column `b` is among the features.
    """

    dataset: ArrayDataset
    use_b_column: bool = False

    @property
    def x(self) -> np.ndarray:
        """All rows (N, F), the training set first."""
        return np.concatenate([self.dataset.train_x, self.dataset.test_x])

    @property
    def y(self) -> np.ndarray:
        """All targets (N,), the training set first."""
        return np.concatenate([self.dataset.train_y, self.dataset.test_y])

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features (F,)."""
        return self.dataset.features

    @property
    def key(self) -> str:
        """What distinguishes this table from others, for caches."""
        numbers = f"{float(self.dataset.train_x.sum()):.9g} {float(self.dataset.train_y.sum()):.9g}"
        return f"{self.dataset.name} {len(self.dataset.train_y)} {','.join(self.features)} {numbers}"

    @property
    def unit(self) -> str:
        """Unit of the target, as a message id."""
        return UNITS[self.dataset.name]

    def meaning(self, column: str) -> str:
        """What `column` means, as a message id."""
        return COLUMNS[self.dataset.name][column]


def load_table(source: str = "boston", use_b_column: bool = False) -> HouseTable:
    """Load the table `source`; Boston's fallback if its CSV file is not installed. Downloads nothing.

    Raises:
        UserError: if the CSV file is damaged, or California housing has not been downloaded.
    """
    if source == "california":
        return HouseTable(_load_california())
    if boston_is_installed():
        return HouseTable(
            data.load_dataset("boston", download=False, use_b_column=use_b_column), use_b_column
        )
    return HouseTable(data.load_dataset("boston", download=False))


def boston_is_installed() -> bool:
    """Whether the CSV file of Boston housing is in a data folder."""
    return data.find_dataset("boston") is not None


def download_california(progress: ProgressCallback | None = None) -> None:
    """Download California housing, from the address that scikit-learn names, in the form in which it reads it.

    Raises:
        UserError: if downloads are disabled or fail.
    """
    if paths.offline():
        raise UserError(_NO_CALIFORNIA)
    fetch_files(_CALIFORNIA_TITLE, [_california_archive()], _CALIFORNIA_BYTES, progress)
    _load_california()


def _california_archive() -> RemoteFile:
    from sklearn.datasets._california_housing import ARCHIVE

    path = paths.cache() / CALIFORNIA_FOLDER / ARCHIVE.filename
    return RemoteFile(ARCHIVE.url, path, sha256=ARCHIVE.checksum)


def _load_california() -> ArrayDataset:
    from sklearn.datasets import fetch_california_housing

    archive = _california_archive()
    folder = archive.path.parent
    try:
        # scikit-learn reads what is there. Its own download, which has no time limit, is never reached.
        bunch = fetch_california_housing(
            data_home=str(folder), download_if_missing=archive.is_complete(archive.path)
        )
    except (OSError, ValueError, EOFError) as error:
        raise UserError(_NO_CALIFORNIA) from error
    rows = np.sort(np.random.default_rng(0).permutation(len(bunch.target))[:_CALIFORNIA_ROWS])
    x, y = bunch.data[rows].astype(np.float32), (100 * bunch.target[rows]).astype(np.float32)
    train, held = train_val_split(y, round(_HELD_OUT * len(y)))
    return ArrayDataset(
        name="california",
        title=_CALIFORNIA_TITLE,
        kind="regression",
        origin=str(folder),
        train_x=x[train],
        train_y=y[train],
        test_x=x[held],
        test_y=y[held],
        mean=x[train].mean(0),
        std=x[train].std(0),
        features=tuple(bunch.feature_names),
        target="MedHouseVal",
    )


def without_b_note() -> str:
    """Why column `b` is left out, as a message id."""
    return N_(
        "Column b was computed from the proportion of Black residents, assuming that segregation raises prices. "
        "scikit-learn removed the dataset for this reason. The column is left out here; the switch above includes it."
    )
