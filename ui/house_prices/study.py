"""The cross-validation of all models, computed in a process of its own, once per machine, and followed by every session."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from dataclasses import dataclass

import streamlit as st

from core import paths
from core.analysis import table_study
from core.analysis.table_models import StudyResult
from core.lessons.house_data import HouseTable

logger = logging.getLogger("manabi.house_prices")


@dataclass
class Study:
    """A cross-validation in progress, the fraction done, and the thread that follows its process."""

    share: float = 0.0
    failed: bool = False
    thread: threading.Thread | None = None


@st.cache_resource(show_spinner=False)
def _studies() -> dict[str, Study]:
    return {}


_LOCK = threading.Lock()


def read_result(table: HouseTable) -> StudyResult | None:
    """The complete result for `table`, or None."""
    return table_study.read_result(table)


def follow(table: HouseTable) -> Study:
    """Return the study of `table`; start it if none is in progress. One that failed stays failed until `forget`."""
    with _LOCK:
        found = _studies().get(table.key)
        if found is None or (not found.failed and not found.thread.is_alive()):
            found = _studies()[table.key] = Study()
            found.thread = threading.Thread(target=_run, args=(table, found), daemon=True)
            found.thread.start()
        return found


def forget(table: HouseTable) -> None:
    """Let `follow` start again what has failed."""
    _studies().pop(table.key, None)


def _run(table: HouseTable, study: Study) -> None:
    source = "california" if table.dataset.name == "california" else "boston"
    command = [sys.executable, "-m", table_study.__name__, source, "b" if table.use_b_column else ""]
    with subprocess.Popen(command, cwd=paths.PROJECT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            study.share = float(line)
    study.failed = process.returncode != 0
    if study.failed:
        logger.warning("the cross-validation ended with exit status %d", process.returncode)
