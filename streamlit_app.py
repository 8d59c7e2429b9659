"""Manabi Lab, home: the pages, installed data sets, pretrained models, recent runs."""

from __future__ import annotations

import streamlit as st

from core import checkpoints, data, tasks
from core.formatting import METRIC_NAMES, format_metric
from core.messages import N_
from core.runs import store
from ui.kit import cache
from ui.kit.frame import PAGES, page
from ui.kit.i18n import _, _n, escape_markdown, translate_message
from ui.runs.run_panel import run_link


def show_pages() -> None:
    """Show a card for each page."""
    entries = [PAGES[name] for name in ("draw", "train", "browse", "translate", "compare", "architecture")]
    for row in (entries[:3], entries[3:]):
        for column, entry in zip(st.columns(3), row, strict=True):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"### {entry.icon} {_(entry.title)}")
                st.markdown(_(entry.about))
                st.page_link(entry.path, label=_(N_("Open")), icon=":material/arrow_forward:")


def show_installed() -> None:
    """Show the data sets and pretrained models on this machine."""
    left, right = st.columns(2)
    with left:
        st.subheader(_(N_("Datasets")))
        for name in data.list_source_datasets():
            status = cache.dataset_status(name)
            if status.problem:
                st.warning(translate_message(status.problem))
            elif status.folder:
                st.markdown(
                    _n(
                        ":material/check: **{title}**: {train} training and {count} test example",
                        ":material/check: **{title}**: {train} training and {count} test examples",
                        status.test,
                        title=_(status.title),
                        train=f"{status.train:,}",
                    )
                )
            elif not status.fallback_title:
                st.markdown(_(N_(":material/cloud_off: **{title}** is not installed"), title=_(status.title)))
            else:
                st.markdown(
                    _(
                        N_(
                            ":material/cloud_off: **{title}** is not installed; using fallback data ({stand_in})"
                        ),
                        title=_(status.title),
                        stand_in=_(status.fallback_title),
                    )
                )
        coco = cache.coco_sources()
        if coco:
            st.markdown(
                _(
                    N_(":material/check: **COCO annotations**: {names}"),
                    names=", ".join(map(escape_markdown, coco)),
                )
            )
        else:
            st.markdown(
                _(
                    N_(":material/cloud_off: **{title}** is not installed; using fallback data ({stand_in})"),
                    title="COCO",
                    stand_in=_(N_("synthetic scenes")),
                )
            )
    with right:
        st.subheader(_(N_("Pretrained models")))
        rows = []
        for name in checkpoints.pretrained_names():
            content = cache.model_card(name)
            if content and content.get("task"):
                metric, value = next(iter(content["metrics"].items()))
                rows.append(
                    f"| {_(tasks.get_task(content['task']).title)} | {_(METRIC_NAMES[metric])} {format_metric(metric, value)} |"
                )
        if rows:
            network, result = _(N_("model")), _(N_("Test result"))
            st.markdown("\n".join([f"| {network} | {result} |", "|---|---|", *rows]))
        else:
            st.caption(_(N_("No models found in the checkpoints folder.")))


def show_recent_runs() -> None:
    """Show links to the newest runs."""
    st.subheader(_(N_("Recent runs")))
    recent = store.list_runs()[:6]
    if not recent:
        st.markdown(_(N_("No runs yet. A quick run takes a few seconds.")))
        st.page_link(PAGES["train"].path, label=_(N_("Start first run")), icon=":material/play_arrow:")
    for run in recent:
        run_link(run)


with page("home"):
    st.title(_(N_("Learn deep learning by doing")))
    st.markdown(
        _(N_("Draw, train, compare. Every model here was trained in this project; open it up and change it."))
    )
    show_pages()
    show_installed()
    show_recent_runs()
