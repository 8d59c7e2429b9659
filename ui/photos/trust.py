"""How far a result can be trusted: calibration, a classical baseline, photos of none of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.analysis.hog_baseline import HogResult
from core.messages import N_, UserError
from core.projects import learning_curve
from core.projects.calibration import Calibration, ReliabilityBin
from core.projects.learning_curve import CurvePoint
from core.projects.results import ProjectResult
from core.runs.store import Run
from ui.kit import charts, preload
from ui.kit.i18n import _, escape_markdown, translate_message

if TYPE_CHECKING:
    from core.projects.unknown import UnknownDetector

_MIN_BIN = 1  # photos of a bin that is drawn


@st.cache_resource(max_entries=8, show_spinner=False)
def unknown_detector(path: str, changed: float) -> UnknownDetector:
    """The detector of photos of none of the classes, for a run. Raises UserError if its photos are not known."""
    from core.projects import unknown

    return unknown.fit_unknown_detector(Run(Path(path)))


@st.cache_data(max_entries=16, show_spinner=False)
def _calibration(path: str, finished: float) -> Calibration:
    from core.projects import calibration

    return calibration.calibrate(Run(Path(path)))


@st.cache_data(max_entries=16, show_spinner=False)
def _baseline(path: str, finished: float) -> HogResult:
    from core.analysis import hog_baseline
    from core.projects.run_photos import load_run_photos

    run = Run(Path(path))
    train, test = load_run_photos(run, "train"), load_run_photos(run, "test")
    return hog_baseline.fit_hog_baseline(train.x, train.y, test.x, test.y)


@st.cache_data(max_entries=16, show_spinner=False)
def _learning_curve(path: str, finished: float) -> tuple[list[CurvePoint], tuple[str, ...]]:
    run = Run(Path(path))
    points = list(learning_curve.learning_curve(*learning_curve.run_features(run)))
    return points, learning_curve.feature_classes(run)


def _finished_at(run: Run) -> float:
    return (run.path / "summary.json").stat().st_mtime


def show_calibration(run: Run) -> None:
    """Draw accuracy over confidence, and the calibration error before and after temperature scaling."""
    preload.wait_until_ready()
    try:
        found = _calibration(str(run.path), _finished_at(run))
    except UserError as error:
        st.info(translate_message(error.message))
        return
    series = [
        charts.Series(_(N_("ideal")), [0, 1], [0, 1], 4, dash="dash"),
        _reliability_series(_(N_("this model")), found.bins, "test"),
    ]
    if found.temperature is not None and found.scaled_error < found.error:
        name = _(N_("at temperature {temperature}"), temperature=f"{found.temperature:.2f}")
        series.append(_reliability_series(name, found.scaled_bins, 2))
    figure = charts.line_chart(series, _(N_("Confidence")), _(N_("Accuracy")), y_format=".0%", height=280)
    figure.update_xaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(range=[-0.02, 1.05])
    st.plotly_chart(
        figure,
        key=f"photos-calibration-{run.id}",
        config=charts.CONFIG,
        alt=_(N_("Accuracy over confidence")),
    )
    st.caption(
        _(N_("Expected calibration error: {error}."), error=f"{found.error:.1%}")
        if found.temperature is None or found.scaled_error >= found.error
        else _(
            N_("Expected calibration error: {error}; at temperature {temperature}: {scaled}."),
            error=f"{found.error:.1%}",
            temperature=f"{found.temperature:.2f}",
            scaled=f"{found.scaled_error:.1%}",
        )
    )


def _reliability_series(name: str, bins: Sequence[ReliabilityBin], color: str | int) -> charts.Series:
    drawn = [b for b in bins if b.count >= _MIN_BIN]
    return charts.Series(name, [b.confidence for b in drawn], [b.accuracy.value for b in drawn], color)


def show_learning_curve(run: Run) -> None:
    """Draw the accuracy over the number of labeled photos, and say whether more would help."""
    preload.wait_until_ready()
    try:
        with st.spinner(_(N_("Training heads on more and more of the photos…"))):
            points, seen = _learning_curve(str(run.path), _finished_at(run))
    except UserError as error:
        st.info(translate_message(error.message))
        return
    series = charts.Series(
        _(N_("held-out photos")), [p.num_photos for p in points], [p.mean for p in points], "validation"
    )
    figure = charts.line_chart(
        [series], _(N_("Labeled photos")), _(N_("Accuracy")), y_format=".0%", height=280
    )
    st.plotly_chart(
        figure,
        key=f"photos-curve-{run.id}",
        config=charts.CONFIG,
        alt=_(N_("Accuracy over the number of labeled photos")),
    )
    if found := learning_curve.describe_curve(points):
        st.markdown(translate_message(found))
    notes = [_(N_("Mean of {count} repetitions without the test photos."), count=learning_curve.REPEATS)]
    interval = points[-1].interval()
    if interval:
        low, high = (f"{100 * v:.0f}" for v in interval)
        notes.append(_(N_("With all photos: 95% CI {low}–{high}%."), low=low, high=high))
    if seen:
        names = ", ".join(escape_markdown(_(c)) for c in seen)
        notes.append(_(N_("The pretrained network has seen labels of {classes}."), classes=names))
    st.caption(" ".join(notes))


def show_baseline(run: Run, result: ProjectResult) -> None:
    """Draw the accuracy of HOG features with a linear SVM on the same split beside that of the model."""
    preload.wait_until_ready()
    try:
        with st.spinner(_(N_("Training the baseline…"))):
            found = _baseline(str(run.path), _finished_at(run))
    except UserError as error:
        st.info(translate_message(error.message))
        return
    grid = st.grid(2, min_column_width=200)
    for label, value, low, high in (
        (_(N_("HOG + linear SVM")), found.accuracy, *found.interval),
        (_(N_("This model")), result.accuracy.value, result.accuracy.low, result.accuracy.high),
    ):
        grid.metric(
            label,
            f"{value:.1%}",
            _(N_("95% CI {low}–{high}%"), low=f"{100 * low:.0f}", high=f"{100 * high:.0f}"),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
    st.caption(_(N_("Edge histograms and a linear classifier, without a neural network, on the same split.")))


def forget() -> None:
    """Forget what was computed from photos."""
    unknown_detector.clear()
    _calibration.clear()
    _baseline.clear()
    _learning_curve.clear()
