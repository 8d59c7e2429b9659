"""Per-class accuracy, and the head-to-head comparison of two models with the test images on which they disagree."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from core.analysis import model_results, significance
from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.messages import N_
from ui.compare import accuracy_charts, model_picker
from ui.compare.model_picker import DATASET, load_test_dataset, model_name
from ui.compare.single_image import predict_probabilities
from ui.components.live_chart import live_chart
from ui.kit import charts, image_display, matrix_charts, palette, url
from ui.kit.downloads import dataset_download_button
from ui.kit.i18n import _, _n, escape_markdown, translate_all

_PAGE_SIZE = 24


def class_accuracy(results: list[ModelResult]) -> None:
    """Show the per-class accuracy of all models."""
    known = [result for result in results if result.count]
    if not known:
        st.caption(_(N_("No test set predictions found for these models.")))
        return
    known, others = model_results.split_by_dataset(known)
    if others:
        names = ", ".join(escape_markdown(model_name(result)) for result in others)
        words = _(N_("Not shown (tested on different images or classes): {networks}"), networks=names)
        st.info(words, icon=":material/rule:")
    labels = known[0].classes
    values = [
        significance.per_class_accuracy(
            significance.confusion_matrix(result.predictions, result.labels, len(labels))
        )
        for result in known
    ]
    figure = accuracy_charts.class_accuracy_chart(
        [model_name(result) for result in known],
        values,
        translate_all(labels),
        palette.family_styles([result.task.name for result in known]),
        accuracy_label=_(N_("Test accuracy")),
    )
    live_chart(figure, "compare-classes", alt=_(N_("Per-class accuracy")))


def pick_pair(results: list[ModelResult]) -> tuple[ModelResult, ModelResult] | None:
    """Let the visitor select two models. Returns None if there are fewer than two with predictions."""
    known = {result.id: result for result in results if result.count}
    if len(known) < 2:
        st.info(_(N_("Select at least two models with test set predictions.")))
        return None
    names = list(known)
    ranked = sorted(names, key=lambda n: -known[n].accuracy)
    left, right = st.columns(2)
    a = left.selectbox(
        "A",
        names,
        index=names.index(st.query_params.get("a", "") if st.query_params.get("a") in names else ranked[0]),
        format_func=lambda n: model_name(known[n]),
        key="pair-a",
    )
    others = [n for n in names if n != a]
    wanted = (
        st.query_params.get("b") if st.query_params.get("b") in others else next(n for n in ranked if n != a)
    )
    b = right.selectbox(
        "B", others, index=others.index(wanted), format_func=lambda n: model_name(known[n]), key=f"pair-b-{a}"
    )
    st.query_params["a"], st.query_params["b"] = a, b
    return known[a], known[b]


def head_to_head(results: list[ModelResult]) -> None:
    """Compare two models: significance, per-class accuracy, confusion matrices, and disagreements."""
    pair = pick_pair(results)
    if pair is None:
        return
    a, b = pair
    describe_difference(a, b, results)
    if not a.is_comparable_to(b):
        return
    k = len(a.classes)
    matrices = [significance.confusion_matrix(result.predictions, result.labels, k) for result in pair]
    gap, matrix = st.tabs([_(N_("Per-class accuracy difference")), _(N_("Confusion matrices"))])
    with gap:
        figure = accuracy_charts.class_difference_chart(
            *(significance.per_class_accuracy(m) for m in matrices),
            translate_all(a.classes),
            palette.family_styles([result.task.name for result in pair]),
            label=_(N_("A − B (percentage points)")),
        )
        live_chart(figure, f"gap-{a.id}-{b.id}", alt=_(N_("A − B (percentage points)")))
    with matrix:
        for column, result, counts in zip(st.columns(2), pair, matrices, strict=True):
            with column:
                st.markdown(f"**{escape_markdown(model_name(result))}**")
                live_chart(
                    matrix_charts.confusion_chart(
                        counts,
                        translate_all(a.classes),
                        true_label=_(N_("true")),
                        predicted_label=_(N_("predicted")),
                        count_label=_(N_("count")),
                        share_label=_(N_("Row-normalized")),
                        dark=st.context.theme.type == "dark",
                    ),
                    f"compare-confusion-{result.id}",
                    alt=_(N_("Confusion matrix")),
                )
    disagreement_gallery(a, b)


def describe_difference(first: ModelResult, second: ModelResult, results: list[ModelResult]) -> None:
    """Say whether two models differ significantly, alone and corrected for all pairs of `results`."""
    if not first.is_comparable_to(second):
        st.info(
            _(
                N_(
                    "{first} and {second} were evaluated on different test images, so only their learning "
                    "curves can be compared."
                ),
                first=escape_markdown(model_name(first)),
                second=escape_markdown(model_name(second)),
            )
        )
        return
    result = significance.mcnemar_test(first.predictions, second.predictions, first.labels)
    values = {
        "first": escape_markdown(model_name(first)),
        "second": escape_markdown(model_name(second)),
        "a": f"{result.only_first_correct:,}",
        "b": f"{result.only_second_correct:,}",
        "images": f"{first.count:,}",
        "p": f"{result.p_value:.3f}" if result.p_value >= 0.001 else "< 0.001",
    }
    if result.is_significant and second.id in model_results.not_significantly_different(results)[first.id]:
        st.warning(
            _n(
                "Tested alone, this pair would differ significantly. Test images correct only for "
                "{first}: {a}; only for {second}: {b} (McNemar's test, n = {images}, p {p}). After "
                "correction for {count} pairwise comparison, the difference is not significant.",
                "Tested alone, this pair would differ significantly. Test images correct only for "
                "{first}: {a}; only for {second}: {b} (McNemar's test, n = {images}, p {p}). After "
                "correction for {count} pairwise comparisons, the difference is not significant.",
                math.comb(len(results), 2),
                **values,
            ),
            icon=":material/balance:",
        )
    elif result.is_significant:
        better = (
            values["first"] if result.only_first_correct > result.only_second_correct else values["second"]
        )
        st.success(
            _(
                N_(
                    "**{better}** is significantly better. Test images correct only for {first}: {a}; only "
                    "for {second}: {b} (McNemar's test, n = {images}, p {p})."
                ),
                better=better,
                **values,
            ),
            icon=":material/balance:",
        )
    else:
        st.warning(
            _(
                N_(
                    "**No significant difference.** Test images correct only for {first}: {a}; only for "
                    "{second}: {b} (McNemar's test, n = {images}, p {p}). A difference of this size can "
                    "occur by chance."
                ),
                **values,
            ),
            icon=":material/balance:",
        )


def disagreement_gallery(a: ModelResult, b: ModelResult) -> None:
    """Show the test images that only one of two models classifies correctly; a click opens one."""
    st.header(_(N_("Disagreements")))
    correct_model = url.choose_one(
        st.segmented_control,
        _(N_("Correct model")),
        ["a", "b"],
        default="a",
        required=True,
        wrap=True,
        key="who",
        label_visibility="collapsed",
        format_func=lambda w: _(
            N_("{first} correct, {second} wrong"),
            **(
                {"first": escape_markdown(model_name(a)), "second": escape_markdown(model_name(b))}
                if w == "a"
                else {"first": escape_markdown(model_name(b)), "second": escape_markdown(model_name(a))}
            ),
        ),
    )
    correct, wrong = (a, b) if correct_model == "a" else (b, a)
    index = np.flatnonzero((correct.predictions == correct.labels) & (wrong.predictions != wrong.labels))
    index = significance.interleave_classes(index, a.labels)
    st.caption(
        _n(
            "{matches} of {count} test image",
            "{matches} of {count} test images",
            a.count,
            matches=f"{len(index):,}",
        )
    )
    dataset = load_test_dataset([a, b])
    if dataset is None:
        if not model_picker.is_installed():
            st.info(_(N_("CIFAR-10 is not installed, so the images themselves cannot be shown.")))
            dataset_download_button(DATASET)
        return
    if (
        len(dataset.test_y) != a.count
        or not np.array_equal(dataset.test_y, a.labels)
        or not a.was_evaluated_on(dataset)
    ):
        st.info(_(N_("The installed test images are not those that these models were evaluated on.")))
        return
    if not len(index):
        st.caption(_(N_("No matching images.")))
        return
    page_count = -(-len(index) // _PAGE_SIZE)
    opened = url.read_number("opened", a.count)
    # A link to an image opens its page.
    first = int(np.flatnonzero(index == opened)[0]) // _PAGE_SIZE + 1 if opened in index else 1
    page = (
        st.number_input(_(N_("Page")), 1, page_count, first, key=f"gallery-{correct.id}-{wrong.id}")
        if page_count > 1
        else 1
    )
    part = index[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]
    names, columns = translate_all(a.classes), 8
    for row in range(0, len(part), columns):
        for column, i in zip(st.columns(columns, gap="small"), part[row : row + columns], strict=False):
            with column:
                st.image(
                    image_display.upscale_image(np.asarray(dataset.test_x[i]).transpose(1, 2, 0), 4),
                    width="stretch",
                    alt=names[a.labels[i]],
                )
                st.button(
                    names[a.labels[i]],
                    key=f"open-{i}",
                    on_click=_select_image,
                    args=(int(i),),
                    width="stretch",
                    type="primary" if opened == int(i) else "secondary",
                    help=_(N_("Open image")),
                )
    if opened in index:
        _show_image(a, b, dataset, opened)


def _select_image(index: int) -> None:
    st.query_params["opened"] = str(index)


def _show_image(a: ModelResult, b: ModelResult, dataset: ArrayDataset, index: int) -> None:
    """Show a test image with the probabilities of both models."""
    pixels = np.asarray(dataset.test_x[index])
    with st.container(border=True):
        names = translate_all(a.classes)
        st.markdown(
            _(
                N_("**Test image {index}: {label}**"),
                index=index,
                label=escape_markdown(names[a.labels[index]]),
            )
        )
        left, *both = st.columns([1, 2, 2])
        left.image(image_display.upscale_image(pixels.transpose(1, 2, 0), 6), width="stretch")
        for column, result in zip(both, (a, b), strict=True):
            with column:
                st.markdown(f"**{escape_markdown(model_name(result))}**")
                figure = charts.probability_bars(
                    predict_probabilities(result, pixels), names, truth=int(a.labels[index])
                )
                st.plotly_chart(figure, key=f"opened-{result.id}-{index}", config=charts.CONFIG)
