"""The live chart hands its figure over under a lasting key and finds the plotly that Streamlit ships."""

import base64
import json

import numpy as np
from streamlit.testing.v1 import AppTest

from ui.components import live_chart
from ui.kit import charts


def test_streamlit_still_ships_a_plotly_that_tells_the_page():
    """A new Streamlit may change this; `live_chart` then falls back to st.plotly_chart, and zoom is lost at every update."""
    name = live_chart.PLOTLY
    assert name is not None
    bundle = next((live_chart.Path(live_chart.st.__file__).parent / "static").rglob(name))
    assert "window.Plotly=" in bundle.read_text(encoding="utf-8")


def _page():
    from ui.components.live_chart import live_chart
    from ui.kit import charts

    figure = charts.line_chart([charts.Series("loss", [1, 2], [2.0, 1.0], "train")], "Steps", "Loss")
    live_chart(figure, "curve", alt="the loss")


def test_a_page_shows_it_without_an_error():
    app = AppTest.from_function(_page).run()
    assert not app.exception


def _clickable():
    import numpy as np
    import streamlit as st

    from ui.components.live_chart import clickable_chart
    from ui.kit import matrix_charts

    labels = {"true_label": "t", "predicted_label": "p", "count_label": "n", "share_label": "s"}
    st.text(
        str(
            clickable_chart(
                matrix_charts.confusion_chart(np.eye(2, dtype=int), ["a", "b"], **labels), "cells"
            )
        )
    )


def test_nothing_is_clicked_at_first(monkeypatch):
    for name in (live_chart.PLOTLY, None):
        monkeypatch.setattr(live_chart, "PLOTLY", name)
        app = AppTest.from_function(_clickable).run()
        assert not app.exception and app.text[0].value == "None"


def test_without_the_bundle_streamlit_draws(monkeypatch):
    monkeypatch.setattr(live_chart, "PLOTLY", None)
    app = AppTest.from_function(_page).run()
    assert not app.exception
    (chart,) = app.get("plotly_chart")
    assert json.loads(chart.proto.spec)["data"][0]["name"] == "loss"


def test_long_curves_are_sent_in_single_precision():
    """A curve of 1,500 points arrives every second; at seven digits it is half as long."""
    x = np.arange(1500) / 100
    chart = charts.line_chart([charts.Series("loss", x, np.exp(-x), "train")], "Epochs", "Loss")
    sent = json.loads(live_chart._component_data(chart, "", clicks=False)["figure"])["data"][0]
    assert sent["x"]["dtype"] == sent["y"]["dtype"] == "f4"
    assert np.allclose(np.frombuffer(base64.b64decode(sent["y"]["bdata"]), np.float32), np.exp(-x))
