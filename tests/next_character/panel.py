"""Panel of the next-character plugin."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.runs.store import Run
from ui.runs import curves_panel, results


def show_live(run: Run, log: pd.DataFrame) -> None:
    """The default curves under a heading of the plugin's own."""
    st.markdown(f"Next-character panel: {len(log)} rows")
    curves_panel.show_curves(run, log)


def show_results(run: Run) -> None:
    """The default metrics and the perplexity in words."""
    results.show_metrics(run)
    st.markdown(f"Perplexity in the plugin's words: {run.summary['metrics']['perplexity']:.2f}")
