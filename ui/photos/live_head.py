"""Live: the head of a frozen network, trained again in the page whenever a setting is changed."""

from __future__ import annotations

import streamlit as st

from core.analysis.significance import wilson_interval
from core.messages import N_, UserError
from core.projects import live_head
from core.projects.live_head import Features, LiveResult
from core.projects.store import Project
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from ui.kit import preload
from ui.kit.frame import with_error_boundary
from ui.kit.i18n import _, _n, translate_message

_FOLDS = "_photos_folds"  # session key
_MAX_PHOTOS = 5000  # above which a head takes too long to train between two clicks


def show_live(project: Project, task: Task, recipe: PhotoFields) -> None:
    """Show the validation accuracy that the settings of `recipe` lead to, at once."""
    if not recipe.num_validation or len(project.photos()) > _MAX_PHOTOS:
        return
    # In a thread of its own: the first time, the features of all photos are computed.
    st.fragment(_show, parallel=True, key="photos-live")(project.version, task, recipe)


@with_error_boundary
def _show(version: str, task: Task, recipe: PhotoFields) -> None:
    place = st.empty()
    preload.wait_until_ready()
    with place.container(), st.spinner(_(N_("Computing features…"))):
        try:
            result = _train(version, task.name, recipe.model_dump_json(), task, recipe)
        except UserError as error:
            result = error
    if isinstance(result, UserError):
        place.warning(translate_message(result.message), icon=":material/error:")
        return
    low, high = wilson_interval(result.num_correct, result.num_validation)
    place.metric(
        _(N_("Live accuracy")),
        f"{result.num_correct / result.num_validation:.1%}",
        _(
            N_("95% CI {low}–{high}%"),
            low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}",
        ),
        delta_color="off",
        delta_arrow="off",
        chart_data=list(result.course) if len(result.course) > 1 else None,
        border=True,
        help=_(
            N_(
                "Accuracy on the validation photos. The last layer is trained again in this page whenever you "
                "change a setting. Start saves a run."
            )
        ),
    )
    _show_folds(version, task, recipe)


def _show_folds(version: str, task: Task, recipe: PhotoFields) -> None:
    """Offer repeated k-fold cross-validation, which uses every photo for validation, and show its result."""
    key = f"{version} {task.name} {recipe.model_dump_json()}"
    found = st.session_state.get(_FOLDS, {}).get(key)
    if found is None and st.button(
        _(N_("Cross-validate")),
        icon=":material/repeat:",
        key="photos-folds",
        width="stretch",
        help=_(
            N_("Repeated k-fold: ten heads, each validated on photos it has not seen. Best with few photos.")
        ),
    ):
        bar = st.progress(0.0)
        for found in live_head.cross_validate_head(_load_features(version, task, recipe), recipe):
            bar.progress(len(found.scores) / found.total)
        bar.empty()
        st.session_state[_FOLDS] = {key: found}
    if found is not None:
        low, high = found.interval() or (0.0, 1.0)
        st.metric(
            _n("Mean of {count} fold", "Mean of {count} folds", len(found.scores)),
            f"{found.mean:.1%}",
            _(N_("95% CI {low}–{high}%"), low=f"{100 * low:.0f}", high=f"{100 * high:.0f}"),
            delta_color="off",
            delta_arrow="off",
            border=True,
        )


@st.cache_data(max_entries=256, show_spinner=False)
def _train(version: str, task_name: str, settings: str, _task: Task, _recipe: PhotoFields) -> LiveResult:
    return live_head.train_live_head(_load_features(version, _task, _recipe), _recipe)


def _load_features(version: str, task: Task, recipe: PhotoFields) -> Features:
    part = repr(sorted({**recipe.part("data"), **recipe.part("model")}.items()))
    return _features(version, task.name, part, task, recipe)


@st.cache_resource(max_entries=8, show_spinner=False)
def _features(version: str, task_name: str, part: str, _task: Task, _recipe: PhotoFields) -> Features:
    return live_head.compute_features(_task, _recipe)


def forget() -> None:
    """Forget what was computed from photos."""
    _features.clear()
