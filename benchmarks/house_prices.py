"""House prices: ten-fold RMSE of the network and of scikit-learn's models, and the time of the live comparison.

The folds are others than those that the settings were chosen on.
"""

from __future__ import annotations

from benchmarks import table
from benchmarks.table import Measurement, UnavailableError
from core.analysis import table_models
from core.analysis.table_models import NAMES, NETWORK
from core.lessons import house_data
from core.lessons.house_prices import OPTIMIZERS, OptimizerComparison
from core.lessons.house_settings import NetworkSettings

SEED = 1
MAX_OVER_FOREST = 1.1


def measure_rows() -> list[Measurement]:
    if not house_data.boston_is_installed():
        raise UnavailableError("Boston housing is not installed")
    found, settings = house_data.load_table(), NetworkSettings()
    folds = table_models.make_folds(len(found.y), repeats=1, seed=SEED)
    *_, result = table_models.cross_validate(found.x, found.y, folds, settings)
    rows = []
    limit = min(result.mean("ridge"), MAX_OVER_FOREST * result.mean("forest"))
    for name in NAMES:
        low, high = result.interval(name)
        rows.append(
            Measurement(
                f"{NAMES[name]}, ten-fold RMSE",
                result.mean(name),
                "(1,000 USD)",
                at_most=limit if name == NETWORK else None,
                note=f"95% CI {low:.2f} to {high:.2f}, folds from {min(result.rmse[name]):.2f} to {max(result.rmse[name]):.2f}",
            )
        )
    comparison = OptimizerComparison(found.dataset, settings, tuple(OPTIMIZERS))
    comparison.run()
    ends = ", ".join(f"{n} {le.history[-1].validation.rmse:.2f}" for n, le in comparison.learners.items())
    rows.append(
        Measurement(
            f"{len(OPTIMIZERS)} optimizers, {settings.epochs} epochs each",
            comparison.seconds,
            "s",
            at_most=10,
            note=f"validation RMSE: {ends}",
        )
    )
    return rows


if __name__ == "__main__":
    table.run_standalone(measure_rows)
