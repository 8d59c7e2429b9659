"""Models trained on the page's table: scikit-learn's, and the network that this visitor trained, loaded or found ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core import checkpoints, tasks
from core.analysis.table_models import NAMES, NETWORK, make_model
from core.checkpoints import Spec
from core.inference import available_models
from core.inference.available_models import ModelChoice
from core.inference.predictor import Predictor
from core.lessons import house_prices
from core.lessons.house_data import HouseTable
from core.lessons.house_prices import Scores
from core.lessons.house_settings import TASK, NetworkSettings
from core.messages import N_, UserError
from ui.kit import url, weights
from ui.kit.i18n import _, escape_markdown
from ui.kit.run_names import run_name

Predict = Callable[[np.ndarray], np.ndarray]
RUN_PARAMETER = "network"  # of the address: the id of a run
_OWN = "_house-network"  # session key


def choose_model() -> str:
    """Let the visitor choose one of the models; the same choice on all tabs."""
    return url.choose_one(
        st.selectbox,
        _(N_("Model")),
        [NETWORK, *(name for name in NAMES if name != NETWORK)],
        key="model",
        default=NETWORK,
        format_func=lambda name: _(NAMES[name]),
        width=260,
    )


def set_network(table: HouseTable, predictor: Predictor, origin: str) -> None:
    """Use `predictor`, a network for `table`, in this session; `origin` says where it comes from."""
    st.session_state[_OWN] = (table.key, predictor, origin)


def reset_network() -> None:
    """Use the network that was there at first."""
    st.session_state.pop(_OWN, None)
    st.query_params.pop(RUN_PARAMETER, None)


def has_own_network(table: HouseTable) -> bool:
    """Whether this session has a network of its own for `table`, trained or loaded here."""
    return st.session_state.get(_OWN, ("",))[0] == table.key


def show_missing_run(table: HouseTable) -> None:
    """Say so if the link names a run whose network cannot be used with `table`."""
    if st.query_params.get(RUN_PARAMETER) and requested_run(table) is None:
        st.warning(
            _(
                N_(
                    "The link names a run that is gone, or whose network was trained on other columns or data."
                )
            ),
            icon=":material/search_off:",
        )


def get_network(table: HouseTable) -> tuple[Predictor, str]:
    """Return the network for `table` and where it comes from: this visitor's own, the pretrained one, or one trained now."""
    if has_own_network(table):
        _key, predictor, origin = st.session_state[_OWN]
        return predictor, origin
    if (choice := requested_run(table)) is not None:
        return weights.load_predictor(choice.weights), run_name(choice.run)
    if (found := _pretrained(table)) is not None:
        return found, _(N_("pretrained"))
    with st.spinner(_(N_("Training a network…"))):
        return _train(table.key, table), _(N_("trained here with the recommended settings"))


def requested_run(table: HouseTable) -> ModelChoice | None:
    """The run that the link names, if its network takes the columns of `table` and was trained on its training rows."""
    requested = st.query_params.get(RUN_PARAMETER)
    if not requested:
        return None
    for choice in available_models.list_models([tasks.get_task(TASK)]):
        if choice.run is not None and choice.id == requested:
            try:
                return choice if _fits(checkpoints.read_spec(choice.weights), table) else None
            except UserError:  # damaged: said where the network is shown
                return None
    return None


def _fits(spec: Spec, table: HouseTable) -> bool:
    """Whether a network was trained on the training rows of `table`, or on most of them."""
    found = table.dataset
    same = spec.features == table.features and (spec.stand_in_for or "") == found.stand_in_for
    return same and np.allclose(spec.mean, found.mean, atol=0.2 * found.std)


def _pretrained(table: HouseTable) -> Predictor | None:
    """The pretrained network, if it was trained on the training rows of `table`."""
    if table.dataset.name != "boston" or TASK not in checkpoints.pretrained_names():
        return None
    try:
        found = weights.load_predictor(checkpoints.load_card(TASK).weights)
    except UserError:
        return None
    same = found.spec.features == table.features and np.allclose(
        found.spec.mean, table.dataset.mean, rtol=1e-3
    )
    return found if same and not found.spec.stand_in_for else None


@st.cache_resource(max_entries=4, show_spinner=False)
def _train(key: str, _table: HouseTable) -> Predictor:
    return house_prices.train_network(_table.dataset, NetworkSettings())


@st.cache_resource(max_entries=24, show_spinner=False)
def _fit(key: str, name: str, _table: HouseTable) -> Any:
    return make_model(name).fit(_table.dataset.train_x, _table.dataset.train_y)


def predictor_of(table: HouseTable, name: str) -> Predict:
    """Return the prediction function of a model: features (N, F) to values (N,)."""
    return get_network(table)[0].predict if name == NETWORK else _fit(table.key, name, table).predict


def score(table: HouseTable, name: str, *, train: bool = False) -> Scores:
    """Scores of a model on the validation set, or on the training set."""
    found = table.dataset
    x, y = (found.train_x, found.train_y) if train else (found.test_x, found.test_y)
    error = float(np.mean(np.square(predictor_of(table, name)(x).astype(np.float64) - y)))
    return Scores(error, 1 - error / (float(np.var(y.astype(np.float64))) or 1.0))


def show_network_origin(table: HouseTable, name: str) -> None:
    """Say which network is used, and how well it does on rows it has not seen."""
    validation = score(table, name)
    values = {"rmse": f"{validation.rmse:.2f}", "r2": f"{validation.r2:.2f}", "unit": _(table.unit)}
    text = _(N_("Validation: RMSE {rmse} ({unit}), R² {r2}."), **values)
    if name == NETWORK:
        origin = escape_markdown(get_network(table)[1])
        text = " ".join((_(N_("Network: {origin}."), origin=origin), text))
    st.caption(text)
