"""The line y = 2x + 1 of the learning notes: five training points, x = 0, 1, 3, 5, 6, and five others for the test. They are part of the
code, so they are always installed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data import ArrayDataset, DatasetInfo, ProgressCallback
from core.messages import N_

TITLE = N_("Line y = 2x + 1")
_TRAIN_X = (0, 1, 3, 5, 6)
_TEST_X = (-1, 2, 4, 7, 8)


def find(root: Path) -> Path:
    """This file, which holds the points, whatever `root` is."""
    return Path(__file__)


def load(source: Path, progress: ProgressCallback | None = None) -> ArrayDataset:
    """The points, with the statistics of the training points."""
    train, test = (np.array(x, np.float32)[:, None] for x in (_TRAIN_X, _TEST_X))
    return ArrayDataset(
        name="line",
        title=TITLE,
        kind="line",
        origin="core/data/line.py",
        train_x=train,
        train_y=2 * train[:, 0] + 1,
        test_x=test,
        test_y=2 * test[:, 0] + 1,
        mean=train.mean(axis=0),
        std=train.std(axis=0),
        features=("x",),
        target="y",
    )


INFO = DatasetInfo(
    name="line",
    title=TITLE,
    kind="line",
    shape=(1,),
    features=("x",),
    layout="",
    find=find,
    load=load,
)
