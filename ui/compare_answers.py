"""The compare page's second half: classes, confusion, and the test images on which two networks disagree."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import comparison, contenders
from core.contenders import Contender
from core.data import DataSet
from core.messages import N_
from ui import charts, grids, pictures, trade_offs, url
from ui.compare_photo import probabilities_of
from ui.compare_table import DATASET, duel, name_of, test_pictures
from ui.i18n import _, each, plain
from ui.live_chart import live_chart

_SHOWN = 24


def classes(found: list[Contender]) -> None:
    """The accuracy of every class, of all networks."""
    known = [one for one in found if one.count]
    if not known:
        st.caption(_(N_("No test set predictions found for these models.")))
        return
    known, others = contenders.by_data(known)
    if others:
        names = ", ".join(plain(name_of(one)) for one in others)
        words = _(N_("Not shown (tested on different images or classes): {networks}"), networks=names)
        st.info(words, icon=":material/rule:")
    labels = known[0].classes
    values = [comparison.per_class(comparison.confusion(one.predictions, one.labels, len(labels))) for one in known]
    figure = trade_offs.classes([name_of(one) for one in known], values, each(labels), accuracy_label=_(N_("Test accuracy")))
    live_chart(figure, "compare-classes", alt=_(N_("Per-class accuracy")))


def pair(found: list[Contender]) -> tuple[Contender, Contender] | None:
    """Two of the networks, A and B, to be looked at closely."""
    known = {one.id: one for one in found if one.count}
    if len(known) < 2:
        st.info(_(N_("Select at least two models with test set predictions.")))
        return None
    names = list(known)
    ranked = sorted(names, key=lambda n: -known[n].accuracy)
    left, right = st.columns(2)
    a = left.selectbox(
        "A", names, index=names.index(st.query_params.get("a", "") if st.query_params.get("a") in names else ranked[0]),
        format_func=lambda n: name_of(known[n]), key="pair-a",
    )  # fmt: skip
    others = [n for n in names if n != a]
    wanted = st.query_params.get("b") if st.query_params.get("b") in others else next(n for n in ranked if n != a)
    b = right.selectbox("B", others, index=others.index(wanted), format_func=lambda n: name_of(known[n]), key=f"pair-b-{a}")
    st.query_params["a"], st.query_params["b"] = a, b
    return known[a], known[b]


def closely(found: list[Contender]) -> None:
    """A against B: can they be told apart, where is one ahead, where is A right and B wrong."""
    two = pair(found)
    if two is None:
        return
    a, b = two
    duel(a, b, found)
    if not a.comparable(b):
        return
    k = len(a.classes)
    matrices = [comparison.confusion(one.predictions, one.labels, k) for one in two]
    gap, matrix = st.tabs([_(N_("Per-class accuracy difference")), _(N_("Confusion matrices"))])
    with gap:
        figure = trade_offs.class_difference(
            *(comparison.per_class(m) for m in matrices), each(a.classes), label=_(N_("A − B (percentage points)"))
        )
        live_chart(figure, f"gap-{a.id}-{b.id}", alt=_(N_("A − B (percentage points)")))
    with matrix:
        for column, one, counts in zip(st.columns(2), two, matrices, strict=True):
            with column:
                st.markdown(f"**{plain(name_of(one))}**")
                live_chart(
                    grids.confusion(
                        counts, each(a.classes), true_label=_(N_("true")), predicted_label=_(N_("predicted")), count_label=_(N_("count")),
                        share_label=_(N_("Row-normalized")), dark=st.context.theme.type == "dark",
                    ),
                    f"compare-confusion-{one.id}", alt=_(N_("Confusion matrix")),
                )  # fmt: skip
    disagreements(a, b)


def disagreements(a: Contender, b: Contender) -> None:
    """The gallery of test images that one has right and the other wrong; a click opens one."""
    st.subheader(_(N_("Disagreements")))
    way = url.choice(
        st.segmented_control, _(N_("Correct model")), ["a", "b"], default="a", required=True, key="who", label_visibility="collapsed",
        format_func=lambda w: _(N_("{first} correct, {second} wrong"), **(
            {"first": plain(name_of(a)), "second": plain(name_of(b))} if w == "a"
            else {"first": plain(name_of(b)), "second": plain(name_of(a))})),
    )  # fmt: skip
    winner, loser = (a, b) if way == "a" else (b, a)
    index = np.flatnonzero((winner.predictions == winner.labels) & (loser.predictions != loser.labels))
    index = comparison.taking_turns(index, a.labels)
    st.caption(_(N_("{count} of {all} test images"), count=f"{len(index):,}", all=f"{a.count:,}"))
    dataset = test_pictures([a, b])
    if dataset is None or len(dataset.test_y) != a.count or not np.array_equal(dataset.test_y, a.labels) or not a.saw(dataset):
        st.info(
            _(N_("Test images are not installed; only predictions are available. Run `{command}` to "
        "download the dataset."),
              command=f"python -m core data get {DATASET}")
        )  # fmt: skip
        return
    if not len(index):
        st.caption(_(N_("No matching images.")))
        return
    page_count = -(-len(index) // _SHOWN)
    opened = url.number("opened", a.count)
    first = int(np.flatnonzero(index == opened)[0]) // _SHOWN + 1 if opened in index else 1  # a link to an image shows its page
    place = st.number_input(_(N_("Page")), 1, page_count, first, key=f"gallery-{winner.id}-{loser.id}") if page_count > 1 else 1
    part = index[(place - 1) * _SHOWN : place * _SHOWN]
    names, columns = each(a.classes), 8
    for row in range(0, len(part), columns):
        for column, i in zip(st.columns(columns, gap="small"), part[row : row + columns], strict=False):
            with column:
                st.image(pictures.upscale(np.asarray(dataset.test_x[i]).transpose(1, 2, 0), 4), width="stretch")
                chosen = opened == int(i)
                st.button(
                    names[a.labels[i]], key=f"open-{i}", on_click=_open, args=(int(i),), width="stretch",
                    type="primary" if chosen else "secondary", help=_(N_("Open image")),
                )  # fmt: skip
    if opened in index:
        _opened(a, b, dataset, opened)


def _open(index: int) -> None:
    st.query_params["opened"] = str(index)


def _opened(a: Contender, b: Contender, dataset: DataSet, index: int) -> None:
    """One image with the probabilities of both networks."""
    pixels = np.asarray(dataset.test_x[index])
    with st.container(border=True):
        names = each(a.classes)
        st.markdown(_(N_("**Test image {index}: {label}**"), index=index, label=names[a.labels[index]]))
        left, *both = st.columns([1, 2, 2])
        left.image(pictures.upscale(pixels.transpose(1, 2, 0), 6), width="stretch")
        for column, one in zip(both, (a, b), strict=True):
            with column:
                st.markdown(f"**{plain(name_of(one))}**")
                figure = charts.probabilities(probabilities_of(one, pixels), names, truth=int(a.labels[index]))
                st.plotly_chart(figure, key=f"opened-{one.id}-{index}", config=charts.CONFIG)
