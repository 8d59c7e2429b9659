"""Take the model away: weights, script, predictions, and the commands that use them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.analysis import export
from core.messages import N_, UserError
from core.projects import tasks
from core.projects.results import ProjectResult
from core.projects.store import Project
from core.runs.store import Run
from ui.kit import cache
from ui.kit.frame import flash
from ui.kit.i18n import _
from ui.photos import result

_MADE = "_photos_bundle"  # session key: the run whose bundle was made


def show_export(project: Project, run: Run) -> None:
    """Draw the downloads of a finished run."""
    heading = _(N_("Export"))
    st.subheader(heading)
    finished = (run.path / "summary.json").stat().st_mtime
    if run.best_weights_path.exists():
        _show_bundle(run, finished)
    with st.container(horizontal=True):
        if run.best_weights_path.exists():
            _download(
                _(N_("Weights (safetensors)")),
                run.best_weights_path.read_bytes(),
                f"{run.id}.safetensors",
                "weights",
            )
        if export.has_script(run.task):
            _download(
                _(N_("Script (plain PyTorch)")),
                cache.run_script(str(run.path), finished),
                f"{run.id}.py",
                "script",
            )
        if (found := result.load(run)) is not None:
            _download(
                _(N_("Test predictions (CSV)")), _predictions(found), f"{run.id}-test.csv", "predictions"
            )
        _download(
            _(N_("Metrics (CSV)")),
            (run.path / "metrics.csv").read_bytes(),
            f"{run.id}-metrics.csv",
            "metrics",
        )
    st.caption(_(N_("On this machine, without the page: train again, or predict a folder of photos.")))
    st.code(_commands(project, run), language="bash")


def _show_bundle(run: Run, finished: float) -> None:
    """Draw the button that makes the bundle, and once it is made the one that saves it."""
    made = st.session_state.get(_MADE) == run.id
    with st.container(horizontal=True, vertical_alignment="center"):
        if made:
            content = _bundle(str(run.path), finished)
            st.download_button(
                _(N_("Download bundle ({size} MB)"), size=f"{len(content) / 1e6:.1f}"),
                content,
                f"{run.id}.zip",
                icon=":material/folder_zip:",
                key="photos-download-bundle",
                on_click="ignore",
            )
        elif st.button(_(N_("Make bundle")), icon=":material/inventory_2:", key="photos-bundle"):
            with st.spinner(_(N_("Exporting and checking the model…"))):
                try:
                    _bundle(str(run.path), finished)
                    st.session_state[_MADE] = run.id
                except UserError as error:
                    flash(error.message)
            st.rerun()
        st.caption(
            _(
                N_(
                    "Weights, ONNX, model source and scripts that need no part of this app; they test themselves."
                )
            ),
            width="content",
        )


@st.cache_resource(max_entries=4, show_spinner=False)
def _bundle(path: str, finished: float) -> bytes:
    from core.projects import export_bundle

    return export_bundle.write_bundle(Run(Path(path)))


def forget() -> None:
    """Forget the bundles, which hold photos."""
    _bundle.clear()


def _predictions(found: ProjectResult) -> str:
    """The test photos with their true and predicted classes and all probabilities, as CSV."""
    names = list(found.classes)
    frame = pd.DataFrame(found.report.outputs, columns=[f"p({n})" for n in names]).round(5)
    frame.insert(0, "predicted", [names[i] for i in found.report.predictions])
    frame.insert(0, "true", [names[i] for i in found.report.targets])
    frame.insert(0, "photo", found.photo_ids)
    return frame.to_csv(index=False)


def _download(label: str, content: bytes | str, file_name: str, key: str) -> None:
    st.download_button(
        label,
        content,
        file_name,
        icon=":material/download:",
        key=f"photos-download-{key}",
        on_click="ignore",
    )


def _commands(project: Project, run: Run) -> str:
    model = tasks.parse_task_name(run.task_name)[1]
    init = getattr(run.recipe, "init", "scratch")
    mode = {"fine-tuned": "finetune"}.get(init, init)
    return (
        f"python -m core train images --data {project.id} --model {model} --mode {mode}\n"
        f"python -m core predict {run.id} FOLDER"
    )
