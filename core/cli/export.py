"""`python -m core export RUN`: a run as a script, a notebook, or the files of the learning notes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core import i18n
from core.cli.output import _, print_message
from core.files import write_bytes
from core.messages import N_, UserError
from core.runs import store


def export_run(
    run: Annotated[str, typer.Argument(help=_(N_("Run ID.")))],
    script: Annotated[
        Path | None, typer.Option(help=_(N_("Write the training as a plain PyTorch script to this file.")))
    ] = None,
    notebook: Annotated[
        Path | None, typer.Option(help=_(N_("Write the training as a notebook (.ipynb) to this file.")))
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(help=_(N_("Write training_history.json and the images of the notes to this folder."))),
    ] = None,
    language: Annotated[
        str, typer.Option(help=_(N_("Language of the comments: en or ja (default: that of the terminal).")))
    ] = "",
) -> None:
    """Write what was asked for."""
    if script is None and notebook is None and notes is None:
        raise UserError(N_("Nothing to export. Name a file or folder with --script, --notebook or --notes."))
    if language and language not in i18n.LANGUAGES:
        raise UserError(
            N_("language is {value}, but must be one of {choices}."), value=language, choices="en, ja"
        )
    entry, words = store.find_run(run, private=True), language or i18n.terminal_language()
    from core.analysis import export, notes_files

    written: dict[Path, bytes] = {}
    if script is not None:
        written[script] = export.render_script(entry, words).encode()
    if notebook is not None:
        written[notebook] = export.render_notebook(entry, words).encode()
    if notes is not None:
        written |= {notes / name: content for name, content in notes_files.write_notes_files(entry).items()}
    for path, content in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
        print_message(N_("Saved: {file}"), file=str(path))
