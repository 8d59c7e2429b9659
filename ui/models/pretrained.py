"""Table of the pretrained models, one for each data set that they were tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core import checkpoints, data, paths, tasks
from core.formatting import METRIC_NAMES, format_metric
from core.kinds import get_kind
from core.kinds.base import SelectionMetric
from core.messages import N_
from ui.kit import cache, url
from ui.kit.i18n import _, _n, escape_markdown
from ui.kit.run_names import task_name
from ui.models import examples

# The page on which models of a data set can be tried, and the parameter that names the model there.
_TRIED_ON = {
    "mnist": ("draw", "network"),
    "cifar10": ("compare", "nets"),
    "apple2orange": ("translate", "network"),
}
_NUM_UNFOLDED = 2  # data sets whose models are shown at once; the rest would fill several screens of a phone
_ROW_HEIGHT = 36  # pixels
# On a phone, a table shows the name, the result and both links.
_NAME_WIDTH, _BAR_WIDTH, _LINK_WIDTH = 134, 96, 46  # pixels
_EXAMPLES_WIDTH, _LONG_WIDTH = 300, 200  # pixels


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
    """Show the pretrained models of each data set as a sortable table below examples of the data; the first data sets unfolded."""
    groups = list_pretrained()
    if not groups:
        st.info(_(N_("No models found in the checkpoints folder.")), icon=":material/folder_off:")
    for place, (dataset, members) in enumerate(groups.items()):
        best = _rank(members)[0]
        score = get_kind(best.task.kind).selection_metric
        count = _n("{count} model", "{count} models", len(members))
        title = escape_markdown(_(data.dataset_info(dataset).title))
        result = "" if best.result is None or score.about else _format_result(score, best.result)
        words = filter(None, (f"**{title}**", count, result and _(N_("best: {result}"), result=result)))
        with st.expander(" · ".join(words), expanded=place < _NUM_UNFOLDED, key=f"models-{dataset}"):
            _show_group(dataset, members)


def _rank(members: list[PretrainedModel]) -> list[PretrainedModel]:
    """The best first, by their kind's selection metric; without a result last."""
    sign = -1 if get_kind(members[0].task.kind).selection_metric.higher_is_better else 1
    return sorted(members, key=lambda m: (m.result is None, sign * (m.result or 0)))


def _format_result(score: SelectionMetric, value: float) -> str:
    """A test result as text, with the name of the metric unless it is a percentage, as accuracy is."""
    text = format_metric(score.name, value)
    return text if score.is_percentage else f"{_(METRIC_NAMES[score.name])} {text}"


def _show_group(dataset: str, members: list[PretrainedModel]) -> None:
    examples.show_examples(dataset, _EXAMPLES_WIDTH)
    score = get_kind(members[0].task.kind).selection_metric
    notes = []
    tested = members[0].card.get("data", {})
    if tested.get("test"):
        title = escape_markdown(_(tested["title"]))
        notes.append(
            _n(
                "Tested on {count} example of {data} that no model was trained on.",
                "Tested on {count} examples of {data} that no model was trained on.",
                tested["test"],
                data=title,
            )
        )
    if score.about:
        notes.append(_(score.about))
    if unit := data.dataset_info(dataset).unit:
        metric = _(METRIC_NAMES[score.name])
        notes.append(_(N_("{metric} in units of {unit}."), metric=metric, unit=_(unit)))
    st.caption(" ".join(notes))
    _show_table(dataset, _rank(members), score)


def _show_table(dataset: str, ranked: list[PretrainedModel], score: SelectionMetric) -> None:
    is_accuracy = score.is_percentage and not score.about  # nothing else is shown as a bar
    rows = pd.DataFrame(
        {
            "model": [task_name(m.task) for m in ranked],
            "result": [
                m.result and 100 * m.result if is_accuracy else format_metric(score.name, m.result)
                for m in ranked
            ],
            "try": [_try_href(dataset, m) for m in ranked],
            "train": [url.page_href("train", task=m.task.name) for m in ranked],
            "parameters": [m.card.get("parameters") for m in ranked],
            "minutes": [m.card.get("seconds", 0) / 60 for m in ranked],
            "size": [m.num_bytes / 1e6 for m in ranked],
        }
    )
    rows = rows[[name for name in rows if rows[name].notna().any()]]
    metric = _(METRIC_NAMES[score.name])
    name_width = _NAME_WIDTH if "try" in rows else _NAME_WIDTH + _LINK_WIDTH
    column = st.column_config
    st.dataframe(
        rows,
        key=f"pretrained-{dataset}",
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=_ROW_HEIGHT * (len(rows) + 1) + 2,
        column_config={
            "model": column.TextColumn(_(N_("Model")), width=None if score.about else name_width),
            "result": (
                column.ProgressColumn(metric, format="%.2f%%", min_value=0, max_value=100, width=_BAR_WIDTH)
                if is_accuracy
                else column.TextColumn(
                    metric, width=_LONG_WIDTH if score.about else _BAR_WIDTH, alignment="right"
                )
            ),
            "try": column.LinkColumn(
                _(N_("Try")), display_text=_(N_("Try")), width=_LINK_WIDTH, help=_(N_("Try the model."))
            ),
            "train": column.LinkColumn(
                _(N_("Train")),
                display_text=_(N_("Train")),
                width=_LINK_WIDTH,
                help=_(N_("Train it yourself.")),
            ),
            "parameters": column.NumberColumn(_(N_("Parameters")), format="localized", width="small"),
            "minutes": column.NumberColumn(
                _(N_("Training time")),
                format=_(N_("%.1f min")),
                width="small",
                help=_(N_("Wall time on {machine}."), machine=ranked[0].card.get("machine", "")),
            ),
            "size": column.NumberColumn(_(N_("File size")), format="%.2f MB", width="small"),
        },
    )


def _try_href(dataset: str, model: PretrainedModel) -> str | None:
    if dataset not in _TRIED_ON:
        return None
    page, parameter = _TRIED_ON[dataset]
    return url.page_href(page, **{parameter: model.name})
