"""Figures carry the given values, names and marks, survive odd input, and never need Streamlit."""

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from core import tasks
from core.inference.feature_map_sizes import Stage
from ui.architecture import feature_map_sizes
from ui.compare import accuracy_charts, model_picker
from ui.kit import charts, image_display, matrix_charts, palette

LABELS = {
    "true_label": "True",
    "predicted_label": "Predicted",
    "count_label": "Images",
    "share_label": "Share",
}


def test_charts_import_without_streamlit():
    code = "import sys; sys.modules['streamlit'] = None; import ui.kit.charts, ui.kit.matrix_charts, ui.kit.image_display"
    subprocess.run([sys.executable, "-c", code], check=True)


def every_figure():
    series = [charts.Series("loss", [0, 1, 2], [3.0, np.nan, np.inf], "train"), charts.Series("x", [], [], 7)]
    table = pd.DataFrame({"class": ["a", "b"], "precision": [1.0, np.nan], "recall": [0.5, 0.2]})
    runs = pd.DataFrame(
        {
            "lr": [0.1, 0.2] * 4,
            "batch": [1, 1, 2, 2, 3, 3, 4, 4],
            "acc": [0.5, 0.6, np.nan, 0.7, 0.8, 0.9, 0.4, 0.3],
        }
    )
    names = {"lr": "Rate", "batch": "Batch", "acc": "Accuracy"}
    yield charts.line_chart(series, "step", "loss", log_y=True, best=(1, 2.0), best_label="best")
    yield charts.line_chart([], "step", "loss", log_y=True)
    yield charts.probability_bars([0.2, 0.8], ["a", "b"], truth=0)
    yield charts.probability_bars([], [])
    yield charts.prediction_scatter(
        [1, 2], [1, np.nan], actual_label="a", predicted_label="p", identity_label="i", unit="k$"
    )
    yield charts.prediction_scatter([], [], actual_label="a", predicted_label="p", identity_label="i")
    yield charts.per_class_chart(table, {"precision": "P", "recall": "R"}, "Class")
    yield matrix_charts.confusion_chart(np.eye(2, dtype=int) * 5, ["a", "b"], **LABELS)
    yield matrix_charts.confusion_chart(
        np.zeros((30, 30), dtype=int), [str(i) for i in range(30)], dark=True, **LABELS
    )
    yield matrix_charts.sweep_chart(runs, "lr", "acc", labels=names, log_x=True)
    yield matrix_charts.sweep_chart(runs, "lr", "acc", "batch", labels=names, y_format=".1%")
    yield matrix_charts.sweep_chart(runs.iloc[:0], "lr", "acc", "batch", labels=names)


@pytest.mark.parametrize("fig", list(every_figure()), ids=lambda f: f.data[0].type if f.data else "empty")
def test_every_figure_is_of_the_house(fig):
    text = fig.to_json()
    layout = json.loads(text)["layout"]
    assert "NaN" not in text and "Infinity" not in text
    assert layout["uirevision"] == charts.REVISION and layout["height"] >= 24
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"


def test_class_names_are_no_markup():
    name = "<b>a</b>"
    table = pd.DataFrame({"class": [name, "b"], "precision": [1.0, 0.5]})
    for fig in (
        charts.probability_bars([0.2, 0.8], [name, "b"]),
        charts.per_class_chart(table, {"precision": "P"}, "Class"),
        matrix_charts.confusion_chart(np.eye(2, dtype=int), [name, "b"], **LABELS),
    ):
        text = json.dumps(fig.to_plotly_json(), default=str, ensure_ascii=False)
        assert name not in text and "&lt;b&gt;a&lt;/b&gt;" in text


def test_curves_keep_one_color_per_role_and_hover_what_was_logged():
    raw = charts.Series("train", [1, 2], [2.0, 1.0], "train", faint=True)
    smoothed = charts.Series("train", [1, 2], [2.0, 1.5], "train")
    validation = charts.Series("validation", [2], [1.2], "validation")
    fig = charts.line_chart([raw, smoothed, validation], "Steps", "Loss", best=(2, 1.2), best_label="Best")
    faint, line, dots, star = fig.data
    assert (line.line.color, dots.line.color) == (palette.TRAIN, palette.VALIDATION)
    assert line.hoverinfo == "skip" and faint.hovertemplate and not faint.showlegend
    assert faint.legendgroup == line.legendgroup
    assert (star.name, list(star.x), star.marker.symbol) == ("Best", [2], "star")
    assert (fig.layout.xaxis.title.text, fig.layout.yaxis.title.text) == ("Steps", "Loss")


def test_series_beyond_the_palette_differ_by_dash():
    styles = [palette.series_style(i) for i in range(20)]
    assert len(set(styles)) == 20
    assert not {palette.TRAIN, palette.VALIDATION} & {color for color, _ in styles}


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, ">99.9%"), (0.99997, ">99.9%"), (0.991, "99.1%"), (0.0001, "<0.1%"), (0.0, "<0.1%")],
)
def test_a_share_is_never_rounded_to_certainty(share, text):
    assert charts.format_probability(share) == text


def test_probabilities_mark_top_and_truth():
    bars = charts.probability_bars([0.1, 0.7, 0.2], ["cat", "dog", "horse"], truth=2)
    assert [c == palette.ACCENT for c in bars.data[0].marker.color] == [False, True, False]
    assert list(bars.layout.yaxis.ticktext) == ["cat", "dog", "✓ horse"]
    assert bars.data[0].text[1] == "70.0%"


def test_confusion_cells_name_their_classes_and_read_well():
    matrix = np.array([[980, 1, 0], [20, 500, 3], [0, 0, 0]])
    for dark in (False, True):
        cells = matrix_charts.confusion_chart(matrix, ["a", "b", "c"], dark=dark, **LABELS).data[0]
        assert [tuple(c[:2]) for c in cells.customdata] == [(t, p) for t in range(3) for p in range(3)]
        assert list(cells.text) == ["980", "1", "", "20", "500", "3", "", "", ""]
        assert [w > 0 for w in cells.marker.line.width] == [t == p for t in range(3) for p in range(3)]
        for fill, ink in zip(cells.marker.color, cells.textfont.color, strict=True):
            assert palette.contrast_ratio(fill, ink) >= 4.5


def test_scatter_prediction_points_know_their_index_and_axes_their_unit():
    fig = charts.prediction_scatter(
        [10, 20], [12, 18], actual_label="Actual", predicted_label="Predicted", identity_label="=", unit="k$"
    )
    assert [c[0] for c in fig.data[1].customdata] == [0, 1]
    assert fig.layout.xaxis.title.text == "Actual (k$)" and fig.layout.xaxis.range == fig.layout.yaxis.range


def test_sweep_points_know_their_run_and_the_best_is_marked():
    table = pd.DataFrame({"lr": [0.1, 0.01, 0.001], "acc": [0.9, 0.99, 0.95], "run": ["r1", "r2", "r3"]})
    fig = matrix_charts.sweep_chart(table, "lr", "acc", labels={"lr": "Rate", "acc": "Accuracy"}, log_x=True)
    assert [c[0] for c in fig.data[0].customdata] == ["r3", "r2", "r1"]
    assert list(fig.data[-1].x) == [0.01]
    both = pd.concat(
        [
            table.assign(batch=b, run=[f"{b}{r}" for r in table.run], acc=table.acc - b / 1000)
            for b in (8, 16, 32, 64)
        ]
    )
    cells = matrix_charts.sweep_chart(
        both, "lr", "acc", "batch", labels={"lr": "Rate", "acc": "Accuracy", "batch": "Batch"}, y_format=".1%"
    ).data[0]
    assert len(cells.x) == 12 and sum(t.startswith("★") for t in cells.text) == 1
    assert next(c[0] for c, t in zip(cells.customdata, cells.text, strict=True) if t.startswith("★")) == "8r2"


def test_sweep_over_words_keeps_every_run():
    table = pd.DataFrame({"optimizer": ["sgd", "adam", "sgd"], "rmse": [4.0, 3.0, 5.0]})
    fig = matrix_charts.sweep_chart(
        table, "optimizer", "rmse", labels={"optimizer": "Optimizer", "rmse": "RMSE"}, higher_is_better=False
    )
    assert list(fig.layout.xaxis.ticktext) == ["adam", "sgd"]
    assert list(fig.data[0].y) == [3.0, 4.0, 5.0] and list(fig.data[-1].y) == [3.0]


def test_upscale_repeats_pixels():
    image = np.array([[0, 255]], dtype=np.uint8)
    big = image_display.upscale_image(image, 3)
    assert big.shape == (3, 6, 3) and big.dtype == np.uint8
    assert (big[:, :3] == 0).all() and (big[:, 3:] == 255).all()


def test_overlay_is_blue_for_and_orange_against():
    attribution = np.zeros((4, 4))
    attribution[0, 0], attribution[3, 3] = 1, -1
    out = image_display.overlay_attribution(np.zeros((4, 4), dtype=np.uint8), attribution, factor=1).astype(
        int
    )
    assert out[0, 0, 2] > out[0, 0, 0] and out[3, 3, 0] > out[3, 3, 2] and (out[1, 1] == 0).all()
    plain = image_display.overlay_attribution(
        np.full((2, 2), 9, dtype=np.uint8), np.full((2, 2), np.nan), factor=1
    )
    assert (plain == 9).all()


def test_tile_lays_out_and_marks_by_shape():
    image = np.zeros((8, 8), dtype=np.uint8)
    mosaic = image_display.tile_images([image] * 3, 2, 4, marks=[True, False, None], gap=6)
    side = 8 * 4 + 2 * 2
    assert mosaic.shape == (2 * side + 6, 2 * side + 6, 4)
    assert (mosaic[:side, side : side + 6, 3] == 0).all() and (mosaic[-side:, -side:, 3] == 0).all()
    assert tuple(mosaic[0, 0, :3]) == palette.to_rgb(palette.CORRECT) and tuple(
        mosaic[0, -1, :3]
    ) == palette.to_rgb(palette.WRONG)
    # White strokes of the marks differ from each other; the third has none.
    ticks = [
        (mosaic[y : y + side, x : x + side, :3] > 240).all(-1)
        for y, x in ((0, 0), (0, side + 6), (side + 6, 0))
    ]
    assert ticks[0].any() and ticks[1].any() and (ticks[0] != ticks[1]).any() and not ticks[2].any()
    assert image_display.tile_images([], 3, 2).shape == (1, 1, 4)
    captioned = image_display.tile_images([image], 1, 8, captions=["5 → 3 a very long caption indeed"])
    assert captioned.shape[0] > captioned.shape[1]


def test_accuracy_against_cost_halves_the_errors_upwards() -> None:
    accuracies = [0.8, 0.9, 0.95, 1.0]
    styles = palette.family_styles(["vgg", "resnet", "mlp", "alexnet"])
    fig = accuracy_charts.pareto_chart(
        [
            accuracy_charts.AccuracyPoint(f"id-{a}", "<b>", cost, a, (a - 0.01, min(1.0, a + 0.01)), style)
            for cost, (a, style) in enumerate(zip(accuracies, styles, strict=True), 1)
        ],
        cost_label="cost",
        accuracy_label="accuracy",
        titles=("cost, log scale", "accuracy (%), log scale"),
    )
    points = [t for t in fig.data if "markers" in t.mode]
    heights = [-math.log10(t.y[0]) for t in points]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1]) == pytest.approx(math.log10(2))
    low, high = fig.layout.yaxis.range
    assert all(low > -h > high for h in heights)  # better lies higher, and 100% is in the image
    ticks = dict(zip(fig.layout.yaxis.ticktext, fig.layout.yaxis.tickvals, strict=True))
    assert ticks["90"] == pytest.approx(points[1].y[0])
    assert (fig.layout.xaxis.title.text, fig.layout.yaxis.title.text) == (
        "cost, log scale",
        "accuracy (%), log scale",
    )
    minor = -np.log10(fig.layout.yaxis.minor.tickvals)
    assert (np.diff(minor) > 0).all() and np.ptp(
        np.diff(minor)
    ) > 0.01  # lines whose distances show the scale
    assert [t.customdata[0] for t in points] == [[a, f"id-{a}"] for a in accuracies]
    assert all(t.name == "&lt;b&gt;" for t in points) and not fig.layout.showlegend


def test_as_many_networks_as_one_may_choose_all_look_different() -> None:
    known = [t.name for t in tasks.TASKS if t.dataset == "cifar10"][: model_picker.MAX_MODELS]
    points = [
        accuracy_charts.AccuracyPoint(name, name, cost, 0.5, (0.4, 0.6), style)
        for cost, (name, style) in enumerate(zip(known, palette.family_styles(known), strict=True), 1)
    ]
    fig = accuracy_charts.pareto_chart(points, cost_label="", accuracy_label="", titles=("", ""))
    marks = [t.marker for t in fig.data if t.mode != "lines"]
    assert len({(m.color, m.symbol) for m in marks}) == len(known)


def test_maps_shrink_in_steps() -> None:
    found = [Stage(32, 32, 16, 5, 0.7), Stage(8, 8, 64, 9, 0.3), Stage(1, 1, 10, 10, 0.0)]
    fig = feature_map_sizes.map_size_chart([("a<b", found), ("c", found[:1])], 32)
    first, second = fig.data
    assert list(first.x) == [0, 5, 9, 10] and list(first.y) == [32, 8, 1, 1] and first.line.shape == "hv"
    assert list(second.x) == [0, 5] and list(second.y) == [32, 32] and first.name == "a&lt;b"
    assert list(first.customdata[1][:2]) == [64, 4]
    assert list(fig.layout.yaxis.ticktext) == ["1", "2", "4", "8", "16", "32", "64"]


def test_epochs_have_ticks_at_integers_alone():
    short = [charts.Series("loss", [0.1, 1, 2], [3.0, 2.0, 1.0], "train")]
    axis = charts.line_chart(short, "Epochs", "Loss", integer_x=True).layout.xaxis
    assert (axis.tick0, axis.dtick) == (0, 1)
    assert charts.line_chart(short, "Seconds", "Loss").layout.xaxis.dtick is None
    long = [charts.Series("loss", [0, 500], [3.0, 2.0], "train")]
    assert charts.line_chart(long, "Epochs", "Loss", integer_x=True).layout.xaxis.dtick is None
    assert charts.line_chart([], "Epochs", "Loss", integer_x=True).layout.xaxis.dtick == 1


def test_the_visible_range_is_not_ruled_by_the_first_steps() -> None:
    loss = [50.0, 2.3, *np.linspace(0.5, 0.1, 98)]
    low, high = charts.visible_range([loss])
    assert 0 < low < 0.1 and 0.4 < high < 0.6
    low, high = charts.visible_range([loss], log_y=True)
    assert low < -1 and high > np.log10(50)
    low, high = charts.visible_range([[0.1, 0.2, *np.linspace(0.9, 0.99, 98)]], share=True)
    assert 0.85 < low < 0.91 and 0.99 < high <= 1.02
    assert charts.visible_range([]) is None and charts.visible_range([[0.0, np.nan]], log_y=True) is None
    assert charts.needs_log_axis([loss]) and not charts.needs_log_axis([[0.4, 0.3], [0.0, np.nan]])
