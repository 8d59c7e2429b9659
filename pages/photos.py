"""Your photos: collect photos into classes, train a classifier on them, try it, and see what it got wrong."""

from __future__ import annotations

import streamlit as st

from ui.kit.frame import page
from ui.photos import checks, collect, deletion, export, project_bar, result, start, train, try_model

_WIDTHS = (7, 6, 6)  # of collect, train, try

with page("photos"):
    project = project_bar.current_project()
    if project is None:
        start.show_examples()
    else:
        project_bar.show_bar(project)
    collect_column, train_column, try_column = st.columns(_WIDTHS, gap="medium")
    with collect_column:
        classes = start.show_classes() if project is None else collect.show_classes(project)
    with train_column:
        run = train.show_training(project)
    with try_column:
        try_model.show_try(project, classes)
    if project is None:
        start.show_privacy()
    else:
        if run is not None:
            train.show_run(run)
        checks.show_checks(project)
        if run is not None and run.summary:
            result.show_result(project, run)
            export.show_export(project, run)
        deletion.show_deletion(project)
