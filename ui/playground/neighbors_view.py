"""Classical algorithms on the points of the network view; the likelihood of one Gaussian."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.lessons.playground import data_sets, neighbors
from core.lessons.playground.data_sets import PointSet
from core.lessons.playground.settings import DATA_SETS
from core.messages import N_, UserError
from ui.components.live_chart import live_chart
from ui.components.plane_grid import PlaneCard, plane_grid
from ui.kit import charts, palette
from ui.kit.i18n import _
from ui.playground import address, encode, settings_form
from ui.playground.session import get_session


def show_neighbors() -> None:
    """Show every algorithm with its boundary and its scores."""
    for complaint in settings_form.read_address():
        address.show_complaint(complaint)
    settings = settings_form.current_settings()
    st.markdown(
        _(
            N_(
                "The same points as in the network view, now learned by classical algorithms. Data: **{data}**."
            ),
            data=_(DATA_SETS[settings.data]),
        )
    )
    made = data_sets.make_points(settings, get_session().own)
    if made.is_regression:
        raise UserError(N_("These algorithms predict classes. Choose data with classes in the network view."))
    if len(np.unique(made.targets[made.train])) < made.num_classes:
        raise UserError(N_("The training set lacks a class. Add points, or change the seed."))
    points = encode.encode_points(made)
    plane_grid(
        "playground-neighbors", [_classifier_card(name, made) for name in neighbors.CLASSIFIERS], points
    )
    st.header(_(N_("Without labels")))
    st.markdown(
        _(
            N_(
                "k-means and PCA see the points, not their classes. k-means cuts the plane into regions; "
                "PCA finds the directions in which the points vary most."
            )
        )
    )
    plane_grid("playground-unsupervised", _unsupervised_cards(made), points)
    _show_likelihood(made)


def _classifier_card(name: str, made: PointSet) -> PlaneCard:
    fit = neighbors.fit_classifier(name, made)
    caption = _(
        N_("training {train} · test {test} · {milliseconds} ms"),
        train=f"{fit.train_accuracy:.0%}",
        test=f"{fit.test_accuracy:.0%}",
        milliseconds=f"{1000 * fit.seconds:.0f}",
    )
    is_softmax = name == "logistic" and made.num_classes > 2
    title = _(N_("Softmax regression")) if is_softmax else _(neighbors.CLASSIFIERS[name])
    output = encode.to_base64(encode.to_bytes(fit.output, signed=False))
    return PlaneCard(title, caption, output, neighbors.GRID, f"{title}: {caption}")


def _unsupervised_cards(made: PointSet) -> list[PlaneCard]:
    found = neighbors.find_structure(made)
    if made.num_classes > 2:
        regions = 0.25 + 0.5 * np.stack([found.regions == k for k in range(made.num_classes)])
    else:
        regions = 0.15 + 0.7 * found.regions
    regions = encode.to_base64(encode.to_bytes(regions, signed=False))
    empty = encode.to_base64(np.full((neighbors.GRID, neighbors.GRID), 127, np.uint8))
    agreement = _(
        N_("{share} of the points lie in the region of their class"), share=f"{found.agreement:.0%}"
    )
    shares = _(
        N_("first axis {first}, second axis {second} of the variance"),
        first=f"{found.variance_shares[0]:.0%}",
        second=f"{found.variance_shares[1]:.0%}",
    )
    x, y = map(float, found.mean)
    arrows = tuple((x, y, float(dx), float(dy)) for dx, dy in found.axes)
    return [
        PlaneCard(
            _(N_("k-means (k = {k})"), k=made.num_classes), agreement, regions, neighbors.GRID, agreement
        ),
        PlaneCard("PCA", shares, empty, neighbors.GRID, shares, arrows, is_empty=True),
    ]


def _show_likelihood(made: PointSet) -> None:
    st.header(_(N_("Maximum likelihood of one Gaussian")))
    values = made.points[made.targets == 1, 0]
    st.markdown(
        _(
            N_(
                "Values: x₁ of the points of class 1. Move mean and standard deviation until the mean log-likelihood "
                "is as large as it can be."
            )
        )
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        mean = st.slider(_(N_("Mean")), -3.0, 3.0, 0.0, 0.05, key="playground-mean")
        deviation = st.slider(_(N_("Standard deviation")), 0.1, 3.0, 0.5, 0.05, key="playground-deviation")
        now = neighbors.gaussian_log_likelihood(values, mean, deviation)
        best_mean, best_deviation = float(values.mean()), max(float(values.std()), 1e-3)
        best = neighbors.gaussian_log_likelihood(values, best_mean, best_deviation)
        st.metric(_(N_("Mean log-likelihood")), f"{now:.3f}", border=True)
        if st.toggle(_(N_("Show the maximum")), key="playground-maximum"):
            st.markdown(
                _(
                    N_(
                        "The maximum is {best}, at the mean {mean} and the standard deviation {deviation} of the values "
                        "themselves: no search is needed."
                    ),
                    best=f"{best:.3f}",
                    mean=f"{best_mean:.2f}",
                    deviation=f"{best_deviation:.2f}",
                )
            )
    with right:
        live_chart(
            _likelihood_chart(values, mean, deviation),
            "playground-likelihood",
            alt=_(N_("Histogram of the values and the density of the Gaussian")),
        )


def _likelihood_chart(values: np.ndarray, mean: float, deviation: float) -> go.Figure:
    fig = charts.empty_figure(280, legend=True)
    fig.add_histogram(
        x=values,
        histnorm="probability density",
        xbins={"start": -4, "end": 4, "size": 0.2},
        name=_(N_("values")),
        marker={"color": palette.to_css_rgba(palette.NEUTRAL, 0.5)},
    )
    x = np.linspace(-4, 4, 201)
    density = np.exp(-((x - mean) ** 2) / (2 * deviation**2)) / (deviation * np.sqrt(2 * np.pi))
    fig.add_scatter(
        x=x, y=density, mode="lines", name=_(N_("Gaussian")), line={"color": palette.ACCENT, "width": 3}
    )
    fig.update_xaxes(title_text="x₁", range=[-4, 4])
    fig.update_yaxes(title_text=_(N_("density")))
    return fig
