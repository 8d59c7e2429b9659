"""Registry of run panels: what the Train page shows of a run while it trains and when it is finished, by `Kind.panel`.

Functions are registered by dotted name, `module:function`, and imported when they are first shown, so that a plugin can register a
panel in processes without Streamlit.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.kinds import get_kind
from core.runs.store import Run


@dataclass(frozen=True)
class Panel:
    """Dotted names of the functions `live(run, log)` and `results(run)`."""

    live: str
    results: str


_LIVE, _RESULTS = "ui.runs.curves_panel:show_curves", "ui.runs.results:show_metrics"
_PANELS: dict[str, Panel] = {}


def register_panel(panel_id: str, live: str = _LIVE, results: str = _RESULTS) -> None:
    """Register a panel. The defaults show learning curves with findings, and test metrics.

    Args:
        panel_id: the `panel` of the kinds that use it.
        live: shows the log (as `MetricsReader` returns it) of a run in any state; called again while the run is active.
        results: shows the test results of a finished run.

    Raises ValueError if another panel has that id.
    """
    panel = Panel(live, results)
    if _PANELS.get(panel_id, panel) != panel:
        raise ValueError(f"two panels are called {panel_id}")
    _PANELS[panel_id] = panel


def show_live(run: Run, log: pd.DataFrame) -> None:
    """Show the log of a run with the panel of its kind."""
    _resolve(_panel_of(run).live)(run, log)


def show_results(run: Run) -> None:
    """Show the test results of a finished run with the panel of its kind."""
    _resolve(_panel_of(run).results)(run)


def _panel_of(run: Run) -> Panel:
    return _PANELS[get_kind(run.task.kind).panel]


def _resolve(dotted: str) -> Callable[..., None]:
    module, name = dotted.split(":")
    return getattr(importlib.import_module(module), name)


register_panel("curves")
register_panel("classification", results="ui.runs.results:show_classification")
register_panel("regression", results="ui.runs.results:show_regression")
register_panel(
    "translation",
    live="ui.runs.translation_panel:translation_panel",
    results="ui.runs.translation_panel:show_run_results",
)
