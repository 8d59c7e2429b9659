"""Take the model away: weights, script, predictions, and the commands that use them."""

from __future__ import annotations

from dataclasses import dataclass
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
from ui.kit.i18n import _, language
from ui.photos import result


@dataclass(frozen=True)
class _Package:
    """A zip that takes a while to make: message ids of its buttons and of what it holds, and an icon."""

    make: str
    save: str
    about: str
    icon: str


_PACKAGES = {
    "bundle": _Package(
        N_("Make bundle"),
        N_("Download bundle ({size} MB)"),
        N_("Weights, ONNX, model source and scripts that need no part of this app; they test themselves."),
        ":material/inventory_2:",
    ),
    "notebook": _Package(
        N_("Make notebook"),
        N_("Download notebook ({size} MB)"),
        N_("The same training in plain PyTorch, cell by cell, with the photos."),
        ":material/menu_book:",
    ),
}
_MADE = "_photos_made"  # session key: the run of which each zip was made


def show_export(project: Project, run: Run) -> None:
    """Draw the downloads of a finished run."""
    heading = _(N_("Export"))
    st.header(heading)
    finished = (run.path / "summary.json").stat().st_mtime
    if run.best_weights_path.exists():
        for kind in _PACKAGES:
            _show_package(run, finished, kind)
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
                cache.run_script(str(run.path), finished, language()),
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


def _show_package(run: Run, finished: float, kind: str) -> None:
    """Draw the button that makes a zip, what it holds, and once it is made the button that saves it."""
    package = _PACKAGES[kind]
    made = st.session_state.get(_MADE, {})
    with st.container(horizontal=True, vertical_alignment="center"):
        if made.get(kind) == run.id:
            content = _make(str(run.path), finished, kind, language())
            st.download_button(
                _(package.save, size=f"{len(content) / 1e6:.1f}"),
                content,
                f"{run.id}-{kind}.zip",
                icon=":material/folder_zip:",
                key=f"photos-download-{kind}",
                on_click="ignore",
            )
        elif st.button(_(package.make), icon=package.icon, key=f"photos-make-{kind}"):
            with st.spinner(_(N_("Exporting and checking the model…"))):
                try:
                    _make(str(run.path), finished, kind, language())
                    st.session_state[_MADE] = {**made, kind: run.id}
                except UserError as error:
                    flash(error.message)
            st.rerun()
        st.caption(_(package.about), width="content")


@st.cache_resource(max_entries=4, show_spinner=False)
def _make(path: str, finished: float, kind: str, words: str) -> bytes:
    """The zip of one of `_PACKAGES` of a run, with texts in the language `words`."""
    from core.projects import export_bundle

    run = Run(Path(path))
    if kind == "notebook":
        return export_bundle.write_notebook_bundle(run, words)
    return export_bundle.write_bundle(run)


def forget() -> None:
    """Forget the zips, which hold photos."""
    _make.clear()


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
