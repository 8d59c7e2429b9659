"""The compare page's first half: which networks, their table, accuracy against cost, whether two can be told apart, their curves."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core import comparison, contenders, data, tasks
from core.contenders import Contender
from core.data import DataSet
from core.inference import anatomy, speed
from core.messages import Message, N_, UserError
from core.training import price, runs
from ui import charts, store, trade_offs, url, warm
from ui.i18n import _, duration, plain, tell
from ui.live_chart import live_chart
from ui.run_panel import AXES, STATES

DATASET = "cifar10"
MOST = 12
_DEFAULT = 7

COSTS = {
    "multiply_adds": N_("Multiply-adds per answer"), "parameters": N_("Parameters"), "ms_1": N_("ms per answer, one at a time"),
    "ms_64": N_("ms per answer, 64 at a time"), "seconds": N_("Seconds of training"),
}  # fmt: skip
LEARNING_AXES = {**{a: AXES[a] for a in ("epoch", "images", "seconds")}, "multiply_adds": N_("Multiply-adds of the training (10¹²)")}


def short(title: str) -> str:
    """A task's title without its data set."""
    return title.split(": ", 1)[-1]


def name_of(one: Contender) -> str:
    """How a contender is called on the page: short, without the data set that all share."""
    title = short(_(one.task.title))
    name = title if one.run is None else f"{title} · {one.run.label}"
    return f"{name} ({_(one.data)})" if one.stand_in_for else name


def test_pictures(found: list[Contender]) -> DataSet | None:
    """The data set with its test pictures. The stand-in only where one of the networks was trained on it; else None where the real one is
    not here."""
    folder = data.find(DATASET)
    return store.pictures(DATASET) if folder is not None or any(one.stand_in_for for one in found) else None


def pick() -> list[Contender]:
    """Let the visitor choose networks; the choice lives in the URL."""
    known = contenders.ids(DATASET)
    if not known:
        st.info(
            _(N_("No network for CIFAR-10 is here yet: none ships with this copy, and none was trained on this machine. "
                 "A fair fight below trains some."))
        )  # fmt: skip
        return []
    titles = {}
    for one in known:
        entry = next((t for t in tasks.TASKS if t.name == one), None)
        run = None if entry else runs.find(one)
        titles[one] = short(_(entry.title)) if entry else f"{short(_(run.title))} · {run.label}"
    shipped = [n for n in known if not n[:1].isdigit()]
    chosen = url.several(
        _(N_("Networks")), known, key="nets", default=(shipped or known)[:_DEFAULT], format_func=titles.get, max_selections=MOST,
        placeholder=_(N_("Choose networks to compare")), help=_(N_("Those that come with the project, and the runs of this machine.")),
    )  # fmt: skip
    found, problems = contenders.every(chosen)
    for one in list(found):
        try:
            costs(one)
        except UserError as error:
            problems.append(error)
            found.remove(one)
    for problem in problems:
        st.error(tell(problem.message), icon=":material/error:")
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _counted(weights: str, changed: float) -> tuple[int, int]:
    """Multiply-adds per image and parameters of a weights file. `changed` renews the entry."""
    from pathlib import Path

    from core import checkpoints

    network, spec = checkpoints.load_weights(Path(weights))
    return anatomy.multiply_adds(network, spec.in_shape), sum(p.numel() for p in network.parameters())


@st.cache_data(max_entries=64, show_spinner=False)
def _trained(weights: str, changed: float) -> int:
    """Multiply-adds of one image in a training step of the network in a weights file. `changed` renews the entry."""
    from pathlib import Path

    from core import checkpoints

    network, spec = checkpoints.load_weights(Path(weights))
    return anatomy.training_multiply_adds(network, spec.in_shape)


def costs(one: Contender) -> dict[str, float]:
    """Everything that a network costs; NaN where it was not measured here. Raises UserError where its weights cannot be used."""
    warm.wait()
    ms = speed.known(one.weights) or {}
    adds, parameters = one.multiply_adds, one.parameters
    if not adds or not parameters:
        adds, parameters = _counted(str(one.weights), one.weights.stat().st_mtime)
    return {
        "multiply_adds": adds * one.views, "one_view": adds, "parameters": parameters, "seconds": one.seconds or math.nan,
        "ms_1": ms.get(1, math.nan), "ms_64": ms.get(64, math.nan),
    }  # fmt: skip


def table(found: list[Contender]) -> None:
    """All figures beside each other, and the button that measures."""
    rows, same = [], contenders.not_told_apart(found)
    names = {one.id: name_of(one) for one in found}
    for one in found:
        cost = costs(one)
        low, high = comparison.interval(one.right, one.count) if one.count else (math.nan, math.nan)
        rows.append(
            {
                _(N_("network")): name_of(one),
                _(N_("test accuracy")): _share(one.accuracy),
                _(N_("95 % interval")): f"{100 * low:.2f} – {100 * high:.2f} %" if one.count else "–",
                _(N_("cannot be told apart from")): ", ".join(names[other] for other in same[one.id]) if one.count else "–",
                _(N_("multiply-adds (million)")): round(cost["multiply_adds"] / 1e6, 1),
                _(N_("views per answer")): one.views,
                _(N_("parameters")): f"{cost['parameters']:,.0f}",
                _(N_("last epoch")): _share(one.last_accuracy),
                _(N_("ms per answer")): _milliseconds(cost["ms_1"]),
                _(N_("ms per answer, 64 at once")): _milliseconds(cost["ms_64"]),
                _(N_("epochs")): str(one.epochs or "–"),
                _(N_("training time")): duration(one.seconds) if one.seconds else "–",
                _(N_("state")): _(STATES[one.state][0]) if one.run else _(N_("comes with the project")),
                _(N_("data")): _(one.data),
                _(N_("published elsewhere")): _published(one.task),
                _(N_("source")): one.task.published.source if one.task.published else None,
            }
        )
    link = st.column_config.LinkColumn(display_text=r"//([^/]+)/")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config={_(N_("source")): link})
    if len(found) > 2:
        st.caption(
            _(N_("Who can be told apart is corrected for the {pairs} pairs shown (Holm's method): among many pairs, one differs by "
                 "chance."),
              pairs=math.comb(len(found), 2))
        )  # fmt: skip
    st.caption(
        _(N_("Published figures are of the original pictures, mostly of larger networks and much longer trainings; ours are "
             "of the data named "
             "beside them. They show where a family can get to, not what these networks lack."))
    )  # fmt: skip
    unknown = [one for one in found if speed.known(one.weights) is None]
    if unknown:
        if price.blocked():
            st.caption(_(N_("A training runs on this machine now. When it has ended, a button here measures the milliseconds.")))
        elif st.button(_(N_("Measure milliseconds on this machine")), icon=":material/timer:"):
            bar = st.progress(0.0)
            for i, one in enumerate(unknown):
                bar.progress(i / len(unknown), _(N_("Measuring {network}"), network=plain(name_of(one))))
                speed.measure(one.weights)
            st.rerun()


def _share(value: float | None) -> str:
    return f"{100 * value:.2f} %" if value is not None and math.isfinite(value) else "–"


def _milliseconds(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _published(task: tasks.Task) -> str:
    if task.published is None:
        return ""
    found = task.published
    words = Message(
        N_("{network}: {accuracy} after {epochs} epochs"),
        {"network": found.network, "accuracy": f"{100 * found.accuracy:.2f} %", "epochs": f"{found.epochs:g}"},
    )
    return tell(words)


def chart(found: list[Contender]) -> None:
    """Accuracy against a cost of one's choice."""
    cost = url.choice(
        st.segmented_control, _(N_("Against")), list(COSTS), key="cost", default="multiply_adds", required=True,
        format_func=lambda c: _(COSTS[c]),
    )  # fmt: skip
    epoch = url.choice(
        st.segmented_control, _(N_("Weights of")), ["best", "last"], key="weights", default="best", required=True,
        format_func=lambda e: _(N_("the best epoch")) if e == "best" else _(N_("the last epoch")),
    )  # fmt: skip
    if cost == "seconds":
        st.caption(
            _(N_("Seconds of the machine that each was trained on, some of them beside other work: compare them within one fair fight."))
        )
    same, others = contenders.by_data(found)
    if others:
        st.info(
            _(N_("Not in the chart, because these were trained and tested on other data than {data}: {networks}"), data=_(same[0].data),
              networks=", ".join(plain(name_of(one)) for one in others)),
            icon=":material/rule:",
        )  # fmt: skip
    values = [(one, costs(one)[cost], one.accuracy if epoch == "best" else one.last_accuracy) for one in same]
    shown = [(one, v, a) for one, v, a in values if math.isfinite(v) and v > 0 and a is not None and math.isfinite(a)]
    if len(shown) < len(same):
        left_out = ", ".join(plain(name_of(one)) for one, v, a in values if (one, v, a) not in shown)
        st.caption(_(N_("Not in the chart, because the figure is not known here: {networks}"), networks=left_out))
    if not shown:
        return
    per_answer = cost in ("multiply_adds", "ms_1", "ms_64")
    figure = trade_offs.pareto(
        [_viewed(one) if per_answer else name_of(one) for one, _v, _a in shown], [v for _one, v, _a in shown], [a for _one, _v, a in shown],
        [comparison.interval(round(a * one.count), one.count) if one.count else (a, a) for one, _v, a in shown],
        cost_label=_(COSTS[cost]), accuracy_label=_(N_("Test accuracy")), front_label=_(N_("not beaten in both")),
        axis_label=_(N_("Test accuracy (logarithm of the errors)")), milliseconds=cost.startswith("ms"),
    )  # fmt: skip
    live_chart(figure, "pareto", alt=_(N_("Accuracy against cost")))
    if per_answer and any(one.views > 1 for one, _v, _a in shown):
        st.caption(
            _(N_("Some networks look at a picture several times for one answer: mirrored, or moved by a pixel. Their cost is that of all "
                 "views together."))
        )  # fmt: skip


def _viewed(one: Contender) -> str:
    return name_of(one) if one.views == 1 else _(N_("{network} ({views} views)"), network=name_of(one), views=one.views)


def duel(first: Contender, second: Contender, found: list[Contender]) -> None:
    """In words, whether the test images tell the two apart, by themselves and among all `found`."""
    if not first.comparable(second):
        st.info(
            _(N_("{first} and {second} did not answer the same test images, so only their curves can be compared."),
              first=plain(name_of(first)), second=plain(name_of(second)))
        )  # fmt: skip
        return
    result = comparison.duel(first.predictions, second.predictions, first.labels)
    values = {
        "first": plain(name_of(first)), "second": plain(name_of(second)), "a": f"{result.only_first:,}", "b": f"{result.only_second:,}",
        "count": f"{first.count:,}", "p": f"{result.p:.3f}" if result.p >= 0.001 else "< 0.001",
    }  # fmt: skip
    if result.told_apart and second.id in contenders.not_told_apart(found)[first.id]:
        st.warning(
            _(N_("Alone, these two would count as different: of {count} test images, {first} alone is right on {a}, {second} alone on {b} "
                 "(McNemar's test, p {p}). But {pairs} pairs are compared here, and among so many such a difference comes up by chance."),
              pairs=math.comb(len(found), 2), **values),
            icon=":material/balance:",
        )  # fmt: skip
    elif result.told_apart:
        better = values["first"] if result.only_first > result.only_second else values["second"]
        st.success(
            _(N_("**{better}** is better: of {count} test images, {first} alone is right on {a}, {second} alone on {b} "
                 "(McNemar's test, p {p})."), better=better, **values),
            icon=":material/balance:",
        )  # fmt: skip
    else:
        st.warning(
            _(N_("These test images **cannot tell the two apart**: of {count}, {first} alone is right on {a}, {second} alone on {b} "
                 "(McNemar's test, p {p}). A difference like this comes up by chance."), **values),
            icon=":material/balance:",
        )  # fmt: skip


def curves(found: list[Contender]) -> None:
    """Learning curves on an axis of one's choice."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = url.choice(
            st.segmented_control, _(N_("Horizontal axis")), list(LEARNING_AXES), key="curve_axis", default="epoch", required=True,
            format_func=lambda a: _(LEARNING_AXES[a]),
        )  # fmt: skip
        part = url.choice(
            st.segmented_control, _(N_("Part")), ["val/accuracy", "train/accuracy_epoch"], key="curve_part", default="val/accuracy",
            required=True, format_func=lambda m: _(N_("validation")) if m == "val/accuracy" else _(N_("training")),
        )  # fmt: skip
    series, without = [], []
    for place, one in enumerate(found):
        history = store.metrics(one.run) if one.run else one.history
        if part not in history or "images" not in history or history[part].isna().all():
            without.append(plain(name_of(one)))
            continue
        rows = history.dropna(subset=[part])
        x = rows["images"] * _trained(str(one.weights), one.weights.stat().st_mtime) / 1e12 if axis == "multiply_adds" else rows[axis]
        series.append(charts.Series(name_of(one), x.to_numpy(float), rows[part].to_numpy(float), role=place))
    if without:
        st.caption(
            _(N_("Without such a curve: {networks}. A network that learned from the whole training part was not validated on the way."),
              networks=", ".join(without))
        )  # fmt: skip
    if not series:
        return
    live_chart(
        charts.curves(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=380, y_format=".2%"), "compare-curves",
        alt=_(N_("Learning curves")),
    )  # fmt: skip
    st.caption(_(N_("Training pictures are augmented and answered by the weights that still learn, so training can lie below validation.")))
