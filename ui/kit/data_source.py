"""Data source of a task, labels for results on fallback data, hints for missing data and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import data, pretrained, tasks
from core.messages import N_
from core.training.recipe import Recipe
from ui.kit import cache
from ui.kit.i18n import _, _n, translate_message


def show_data_source(task: tasks.Task) -> None:
    """Show the size of the data, with its folder as a tooltip; if not installed, the fallback data and how to install the real ones."""
    status = cache.dataset_status(task.dataset)
    if status.problem:
        st.error(translate_message(status.problem))
    elif status.folder:
        st.caption(
            _n(
                "Data: {title} ({train} training and {count} test example)",
                "Data: {title} ({train} training and {count} test examples)",
                status.test,
                title=_(status.title),
                train=f"{status.train:,}",
            ),
            help=_(N_("Folder: {folder}"), folder=f"`{status.folder}`"),
        )
    elif not status.fallback_title:
        st.info(
            _(
                N_("{title} is not installed. Place the files in the data folder as {layout}."),
                title=_(status.title),
                layout=status.layout,
            )
        )
    elif status.url and not status.auto_download:
        st.info(
            _(
                N_(
                    "{title} is not installed. Runs use fallback data ({stand_in}), and every result is "
                    "labeled accordingly. To install it, run `{command}` to download it from {url}, or "
                    "place the files in the data folder as {layout}."
                ),
                title=_(status.title),
                stand_in=_(status.fallback_title),
                command=f"python -m core data get {status.name}",
                url=status.url,
                layout=status.layout,
            )
        )
    elif status.url:
        st.info(
            _(
                N_(
                    "{title} is not installed. Starting a run downloads it from {url}. If the download "
                    "fails, the run falls back to {stand_in} and labels every result accordingly. To "
                    "install it manually, place the files in the data folder as {layout}."
                ),
                title=_(status.title),
                url=status.url,
                stand_in=_(status.fallback_title),
                layout=status.layout,
            )
        )
    else:
        st.info(
            _(
                N_(
                    "{title} is not installed. Runs use fallback data ({stand_in}), and every result is "
                    "labeled accordingly. To install it manually, place the file in the data folder as "
                    "{layout}."
                ),
                title=_(status.title),
                stand_in=_(status.fallback_title),
                layout=status.layout,
            )
        )
    if note := data.dataset_info(task.dataset).note:
        st.caption(_(note))


def fallback_label(data: Mapping[str, Any]) -> str:
    """Return "on fallback data (8×8 digits)" for the data description of a run or model card, "" for real data.

    It stands beside every metric of such a run, which is no result on the data set that the task names.
    """
    if not data.get("stand_in_for"):
        return ""
    return _(N_("on fallback data ({data})"), data=_(str(data.get("title", ""))))


def show_fallback_notice(title: str, stand_in_for: str) -> None:
    """Warn that a model was trained on fallback data `title` instead of `stand_in_for`; nothing if that is empty."""
    if stand_in_for:
        st.warning(
            _(
                N_("Trained on fallback data ({data}) instead of {wanted}."),
                data=_(title),
                wanted=_(stand_in_for),
            ),
            icon=":material/info:",
        )


def show_missing_weights(task: tasks.Task, recipe: Recipe) -> None:
    """Say how to get third-party pretrained weights that `recipe` needs and that are not installed."""
    if missing := pretrained.missing_weights(task, recipe):
        st.info(translate_message(pretrained.missing_message(missing)))
