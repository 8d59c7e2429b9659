"""Table of the pretrained models, one for each data set that they were tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core import checkpoints, data, paths, tasks
from core.formatting import METRIC_NAMES, format_metric
from core.kinds import get_kind
from core.messages import N_
from ui.kit import cache, url
from ui.kit.i18n import _, _n

# The page on which models of a data set can be tried, and the parameter that names the model there.
_TRIED_ON = {
    "mnist": ("draw", "network"),
    "cifar10": ("compare", "nets"),
    "apple2orange": ("translate", "network"),
}
_ROW_HEIGHT = 36  # pixels


@dataclass(frozen=True)
class PretrainedModel:
    """A pretrained checkpoint: its name, its task, and the content of its model card."""

    name: str
    task: tasks.Task
    card: dict[str, Any]

    @property
    def result(self) -> float | None:
        """The kind's selection metric on the test set."""
        return get_kind(self.task.kind).selection_metric.test_value(self.card["metrics"])

    @property
    def num_bytes(self) -> int:
        """Size of the weights file."""
        return (paths.checkpoints() / f"{self.name}.safetensors").stat().st_size


def list_pretrained() -> dict[str, list[PretrainedModel]]:
    """The pretrained models by data set, both in the order of the table of tasks."""
    installed, groups = set(checkpoints.pretrained_names()), {}
    for name in dict.fromkeys(t.checkpoint for t in tasks.TASKS if t.checkpoint in installed):
        card = cache.model_card(name)
        if card and card.get("task") and card.get("metrics"):
            task = tasks.get_task(card["task"])
            groups.setdefault(task.dataset, []).append(PretrainedModel(name, task, card))
    return groups


def show_pretrained() -> None:
    """Show the pretrained models of each data set as a sortable table."""
    groups = list_pretrained()
    if not groups:
        st.info(_(N_("No models found in the checkpoints folder.")), icon=":material/folder_off:")
    for dataset, members in groups.items():
        st.subheader(_(data.dataset_info(dataset).title))
        tested = members[0].card.get("data", {})
        if tested.get("test"):
            st.caption(
                _n(
                    "Tested on {count} example of {data} that no model was trained on.",
                    "Tested on {count} examples of {data} that no model was trained on.",
                    tested["test"],
                    data=_(tested["title"]),
                )
            )
        _show_table(dataset, members)


def _show_table(dataset: str, members: list[PretrainedModel]) -> None:
    score = get_kind(members[0].task.kind).selection_metric
    ranked = sorted(
        members, key=lambda m: (m.result is None, (m.result or 0) * (-1 if score.higher_is_better else 1))
    )
    rows = pd.DataFrame(
        {
            "model": [_(m.task.title).split(": ", 1)[-1] for m in ranked],
            "result": [m.result for m in ranked],
            "parameters": [m.card.get("parameters") for m in ranked],
            "minutes": [m.card.get("seconds", 0) / 60 for m in ranked],
            "bytes": [m.num_bytes for m in ranked],
            "try": [_try_href(dataset, m) for m in ranked],
            "train": [url.page_href("train", task=m.task.name) for m in ranked],
        }
    )
    metric = _(METRIC_NAMES[score.name])
    if score.is_percentage:
        rows["result"] *= 100
    else:
        rows["result"] = [format_metric(score.name, m.result) for m in ranked]
    column = st.column_config
    st.dataframe(
        rows,
        key=f"pretrained-{dataset}",
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=_ROW_HEIGHT * (len(rows) + 1) + 2,
        column_order=[name for name in rows if rows[name].notna().any()],
        column_config={
            "model": column.TextColumn(_(N_("Model")), pinned=True, width=190),
            "result": (
                column.ProgressColumn(metric, format="%.2f%%", min_value=0, max_value=100, width=165)
                if score.is_percentage
                else column.TextColumn(metric, width=165)
            ),
            "parameters": column.NumberColumn(_(N_("Parameters")), format="compact", width="small"),
            "minutes": column.NumberColumn(
                _(N_("Training (min)")),
                format="%.1f",
                width=110,
                help=_(N_("Wall time on {machine}."), machine=members[0].card.get("machine", "")),
            ),
            "bytes": column.NumberColumn(_(N_("File size")), format="bytes", width="small"),
            "try": column.LinkColumn(
                _(N_("Try")),
                display_text=":material/play_arrow:",
                width="small",
                help=_(N_("Try the model.")),
            ),
            "train": column.LinkColumn(
                _(N_("Train")),
                display_text=":material/model_training:",
                width="small",
                help=_(N_("Train it yourself.")),
            ),
        },
    )


def _try_href(dataset: str, model: PretrainedModel) -> str | None:
    if dataset not in _TRIED_ON:
        return None
    page, parameter = _TRIED_ON[dataset]
    return url.page_href(page, **{parameter: model.name})
