"""The result of a run: accuracy with its interval, what changed since the run before, the confusion matrix and the errors with their
photos, scores per class.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.messages import N_
from core.projects import tasks
from core.projects.results import ProjectResult, Score, compare_results, load_result
from core.projects.store import Photo, Project
from core.runs.store import Run
from core.training.photo_recipes import PhotoFields
from ui.components.live_chart import clickable_chart
from ui.kit import matrix_charts, palette, preload, url
from ui.kit.i18n import _, _n, escape_markdown
from ui.kit.terms import term
from ui.photos import train, trust
from ui.photos.gallery import gallery

_VIEWS = {
    "matrix": N_("Confusion matrix"),
    "wrong": N_("Misclassified photos"),
    "classes": N_("Per-class metrics"),
    "calibration": N_("Calibration"),
    "curve": N_("More photos?"),
    "baseline": N_("Classical baseline"),
}
_FIRST_PHOTOS = 8  # of many; the rest on demand
_FEW_TEST_PHOTOS = 100  # below which the page says how much one photo weighs


def show_result(project: Project, run: Run) -> None:
    """Draw the result of a finished run."""
    result = load(run)
    heading = _(N_("Result"))
    st.header(heading)
    if result is None:
        st.info(_(N_("Test predictions not found in the run folder.")))
        return
    earlier = _earlier_result(project, run)
    _show_score(result, earlier)
    _show_outdated(project, run)
    if earlier is not None:
        _show_change(project, earlier, result)
    _show_seen_classes(result)
    view, place = url.choose_tab({k: _(v) for k, v in _VIEWS.items()}, key="result", default="matrix")
    with place:
        if view == "matrix":
            _show_matrix(project, run, result)
        elif view == "wrong":
            _show_wrong(project, run, result)
        elif view == "classes":
            _show_classes(result)
        elif view == "calibration":
            trust.show_calibration(run)
        elif view == "curve":
            trust.show_learning_curve(run)
        else:
            trust.show_baseline(run, result)


def load(run: Run) -> ProjectResult | None:
    """The result of a finished run, or None if its predictions cannot be read."""
    preload.wait_until_ready()
    return _load(str(run.path), (run.path / "summary.json").stat().st_mtime)


@st.cache_resource(max_entries=16, show_spinner=False)
def _load(path: str, finished: float) -> ProjectResult | None:
    """See `load`; `finished` invalidates the cache entry."""
    result = load_result(Run(Path(path)))
    return result if result is not None and result.photo_ids else None


def _earlier_result(project: Project, run: Run) -> ProjectResult | None:
    """The result of the finished run before `run`."""
    runs = project.runs()
    ids = [r.id for r in runs]
    before = runs[ids.index(run.id) + 1 :] if run.id in ids else []
    return next((found for r in before if r.summary and (found := load(r)) is not None), None)


def _show_score(result: ProjectResult, earlier: ProjectResult | None) -> None:
    score, count = result.accuracy, len(result.photo_ids)
    change = score.value - earlier.accuracy.value if earlier is not None else None
    f1 = result.macro_scores()["f1"]
    grid = st.grid(4, min_column_width=150)
    grid.metric(
        _(N_("Test accuracy")),
        f"{score.value:.1%}",
        None if change is None else _(N_("{change} points"), change=f"{100 * change:+.1f}"),
        delta_color="normal" if change else "off",
        delta_arrow="auto" if change else "off",
        border=True,
        height="stretch",
    )
    grid.metric(_(N_("95% CI")), _interval(score), border=True, height="stretch")
    grid.metric(
        _(N_("Correct")), f"{round(score.value * count):,} / {count:,}", border=True, height="stretch"
    )
    grid.metric(
        _(N_("Mean F1")),
        f"{f1.value:.1%}",
        _interval(f1),
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )
    if count < _FEW_TEST_PHOTOS:
        st.caption(
            _n(
                "With {count} test photo, each one weighs {points} points: read the interval, not the figure.",
                "With {count} test photos, each one weighs {points} points: read the interval, not the figure.",
                count,
                points=f"{100 / count:.1f}",
            )
        )


def _interval(score: Score) -> str:
    return f"{100 * score.low:.0f}–{100 * score.high:.0f}%"


def _show_outdated(project: Project, run: Run) -> None:
    """Say that photos were changed since the run, with the button that trains again."""
    origin = str(run.config.get("data", {}).get("origin", ""))
    if Path(origin).stem == project.version:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            ":material/sync: " + _(N_("Photos or labels have changed since this run.")), width="content"
        )
        model = tasks.parse_task_name(run.task_name)[1]
        busy = any(r.status().is_active for r in project.runs())
        st.button(
            _(N_("Train again with the changes")),
            icon=":material/replay:",
            key="photos-again",
            on_click=_train_again,
            args=(project, run, model),
            disabled=busy,
        )


def _train_again(project: Project, run: Run, model: str) -> None:
    """Start a run with the settings of `run` on the photos as they are now (callback)."""
    recipe = run.recipe
    if isinstance(recipe, PhotoFields):
        fitted = tasks.fitted_recipe(project, model, recipe.init)
        recipe = recipe.changed(num_validation=fitted.num_validation)
    train.start_run(tasks.make_task(project, model), recipe)


def _show_change(project: Project, earlier: ProjectResult, result: ProjectResult) -> None:
    change = compare_results(earlier, result)
    if change is None:
        return
    before, after = (f"{v.value:.1%}" for v in (change.before, change.after))
    box = st.expander(
        _(
            N_("Since the run before: {before} → {after}, {fixed} fixed, {broken} newly wrong"),
            before=before,
            after=after,
            fixed=len(change.fixed),
            broken=len(change.broken),
        ),
        icon=":material/compare_arrows:",
        key="photos-change",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        if not change.test.is_significant:
            st.caption(
                _(
                    N_("So few photos may change by chance (McNemar's test, p = {p})."),
                    p=f"{change.test.p_value:.2f}",
                )
            )
        kinds = dict.fromkeys(change.fixed, (palette.CORRECT, _(N_("fixed"))))
        kinds |= dict.fromkeys(change.broken, (palette.WRONG, _(N_("newly wrong"))))
        st.caption(
            _n(
                "Counted over the {count} photo that both runs were tested on.",
                "Counted over the {count} photos that both runs were tested on.",
                change.num_common,
            )
        )
        if kinds:
            _gallery(project, result, list(kinds), "change", marks=kinds)


def _show_seen_classes(result: ProjectResult) -> None:
    """Say which classes the backbone was trained on with labels: the result says nothing about transfer then."""
    labeled = tasks.labeled_classes(result.run.task, result.run.recipe)
    if seen := result.seen_classes(labeled):
        st.caption(
            ":material/school: "
            + _(
                N_(
                    "The backbone was trained on labeled photos of {classes}: this is no measure of transfer."
                ),
                classes=escape_markdown(", ".join(seen)),
            )
        )


def _show_matrix(project: Project, run: Run, result: ProjectResult) -> None:
    left, right = st.columns([2, 3], gap="medium")
    report = result.report
    with left:
        st.caption(_(N_("Click a cell to view its photos.")))
        chosen = clickable_chart(
            matrix_charts.confusion_chart(
                report.confusion(),
                list(report.classes),
                true_label=_(N_("true")),
                predicted_label=_(N_("predicted")),
                count_label=_(N_("count")),
                share_label=_(N_("Row-normalized")),
                dark=st.context.theme.type == "dark",
            ),
            key=f"photos-confusion-{run.id}",
            alt=_(N_("Confusion matrix")),
        )
    with right:
        true, predicted = map(int, chosen[:2]) if chosen else _largest_error(result)
        ids = result.cell(true, predicted)
        st.markdown(
            _n(
                "**True {true}, predicted {predicted}**: {count} test photo",
                "**True {true}, predicted {predicted}**: {count} test photos, most confident first",
                len(ids),
                true=escape_markdown(report.classes[true]),
                predicted=escape_markdown(report.classes[predicted]),
            )
        )
        _gallery(project, result, ids, f"cell-{run.id}-{true}-{predicted}")


def _largest_error(result: ProjectResult) -> tuple[int, int]:
    """The cell with the most errors; the first cell if there are none."""
    counts = result.report.confusion()
    np.fill_diagonal(counts, 0)
    true, predicted = np.unravel_index(counts.argmax(), counts.shape)
    return int(true), int(predicted) if counts.any() else int(true)


def _show_wrong(project: Project, run: Run, result: ProjectResult) -> None:
    ids = [i for members in result.misclassified().values() for i in members]
    if not ids:
        st.markdown(":green[:material/check_circle:] " + _(N_("All test photos were classified correctly.")))
        return
    st.caption(_(N_("Is the label wrong, or the model? Move what is mislabeled, then train again.")))
    _gallery(project, result, ids, f"wrong-{run.id}")


def _gallery(
    project: Project,
    result: ProjectResult,
    ids: list[str],
    key: str,
    marks: dict[str, tuple[str, str]] | None = None,
) -> None:
    """The photos `ids` with what was predicted; those that were deleted or dropped since are left out."""
    by_id = {p.id: p for p in project.photos()}

    def caption(photo: Photo) -> list[tuple[str, str]]:
        row = result.photo_ids.index(photo.id)
        true, best = int(result.report.targets[row]), int(result.report.predictions[row])
        true, predicted, probability = (
            result.classes[true],
            result.classes[best],
            float(result.report.outputs[row, best]),
        )
        color = palette.CORRECT if true == predicted else palette.WRONG
        words = f"{'✓' if true == predicted else '✗'} {predicted} {100 * probability:.0f}%"
        moved = [("", _(N_("now: {name}"), name=photo.label))] if photo.label != true else []
        return [*([marks[photo.id]] if marks else []), (color, words), *moved]

    gallery(
        project,
        [by_id[i] for i in ids if i in by_id],
        key,
        caption=caption,
        alt=_(N_("Test photos")),
        first=_FIRST_PHOTOS,
    )


def _show_classes(result: ProjectResult) -> None:
    st.caption(
        _(
            N_("Each class against the rest. {precision}: TP / (TP + FP). {recall}: TP / (TP + FN)."),
            precision=term("precision"),
            recall=term("recall"),
        )
    )
    interval = _(N_("{value} ({low}–{high}%)"))
    words = {"precision": _(N_("Precision")), "recall": _(N_("Recall")), "f1": _(N_("F1"))}
    rows = []
    for entry in result.class_scores():
        scores = {
            words[name]: interval.format(
                value=f"{score.value:.1%}", low=f"{100 * score.low:.0f}", high=f"{100 * score.high:.0f}"
            )
            for name in words
            for score in [getattr(entry, name)]
        }
        counts = {
            "TP": entry.true_positives,
            "FP": entry.false_positives,
            "FN": entry.false_negatives,
            "TN": entry.true_negatives,
        }
        rows.append({_(N_("Class")): entry.name, **scores, **counts})
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def forget() -> None:
    """Forget the results of all runs."""
    _load.clear()
