"""Settings of the playground: widgets whose values stand in the URL."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.playground import settings as options
from core.lessons.playground.settings import CHOICES, NAMES, Settings, from_query
from core.messages import Message, N_, UserError
from ui.kit import url
from ui.kit.i18n import _, translate_message
from ui.playground import address

_KEPT, _WRITTEN = "_playground_settings", "_playground_written"

LABELS = {
    "data": N_("Data"),
    "points": N_("Points"),
    "noise": N_("Noise (%)"),
    "label_noise": N_("Label noise (%)"),
    "train_share": N_("Training share (%)"),
    "features": N_("Input features"),
    "hidden": N_("Units per hidden layer"),
    "activation": N_("Activation"),
    "init": N_("Initialization"),
    "batch_norm": N_("Batch normalization"),
    "dropout": N_("Dropout"),
    "optimizer": N_("Optimizer"),
    "learning_rate": N_("Learning rate"),
    "batch_size": N_("Batch size"),
    "l1": "L1",
    "l2": "L2",
    "early_stopping": N_("Early stopping (epochs)"),
    "seed": N_("Seed"),
}
NAMED_CHOICES = {
    "data": options.DATA_SETS,
    "activation": options.ACTIVATIONS,
    "init": options.INITIALIZATIONS,
    "optimizer": options.OPTIMIZERS,
}


def label(name: str) -> str:
    """Return the label of a field in the visitor's language."""
    return _(LABELS[name])


def format_choice(name: str, value: object) -> str:
    """Return the value of a field in the visitor's language."""
    if name in NAMED_CHOICES:
        return _(NAMED_CHOICES[name][value])
    if name == "batch_size" and value == 0:
        return _(N_("all"))
    if name in ("l1", "l2", "dropout", "early_stopping") and not value:
        return _(N_("off"))
    if isinstance(value, bool):
        return _(N_("on")) if value else _(N_("off"))
    return f"{value:g}"


def widget_key(name: str) -> str:
    """Return the session key of a field's widget."""
    return f"playground-{name}"


def apply_settings(settings: Settings) -> None:
    """Make `settings` those of this session; for callbacks, and before the widgets are drawn."""
    st.session_state[_KEPT] = settings
    for name in NAMES:
        value = getattr(settings, name)
        if name == "hidden":
            value = ", ".join(map(str, value))
        st.session_state[widget_key(name)] = list(value) if name == "features" else value


def current_settings() -> Settings:
    """Return the settings of this session."""
    return st.session_state.get(_KEPT) or Settings()


def read_address() -> list[Message]:
    """Take over settings that the URL names; return a sentence for each that is not possible."""
    named = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    complaints: list[Message] = []
    if named and named != st.session_state.get(_WRITTEN):
        settings, complaints = from_query(named)
        apply_settings(settings)
    elif any(widget_key(name) not in st.session_state for name in NAMES):
        apply_settings(current_settings())
    return complaints


def _write_address(settings: Settings) -> None:
    query = settings.to_query()
    for name in NAMES:
        if name in query:
            url.write_parameter(name, query[name])
        else:
            st.query_params.pop(name, None)
    st.session_state[_WRITTEN] = query


def _choose(name: str, widget: Callable = st.selectbox) -> object:
    return widget(
        label(name),
        CHOICES[name],
        key=widget_key(name),
        format_func=lambda value: format_choice(name, value),
    )


def settings_form(notes: DeltaGenerator) -> Settings:
    """Draw the settings, the less used ones in a popover, and sentences about them in the container `notes`; return them."""
    for complaint in read_address():
        address.show_complaint(complaint, notes)
    values: dict[str, object] = {}
    for name in ("data", "activation", "learning_rate", "optimizer"):
        values[name] = _choose(name)
    with st.popover(_(N_("More settings")), icon=":material/tune:", width="stretch"):
        hidden = st.text_input(
            label("hidden"),
            key=widget_key("hidden"),
            max_chars=40,
            placeholder=_(N_("none: linear model")),
            help=_(
                N_(
                    "One number per hidden layer, such as 6, 4. Up to 5 layers of 32 units. Empty: no hidden layer."
                )
            ),
        )
        values |= _more_settings(values["data"])
    with notes:
        values["hidden"] = _parse_hidden(hidden)
        if not values["features"]:
            st.warning(_(N_("Choose at least one input feature: x₁ is used.")), icon=":material/error:")
            values["features"] = ("x1",)
    settings = dataclasses.replace(current_settings(), **values)
    st.session_state[_KEPT] = settings
    _write_address(settings)
    return settings


def change_layers(hidden: tuple[int, ...]) -> bool:
    """Set the units of each hidden layer; for callbacks. Returns False if there are too many layers or units."""
    try:
        apply_settings(dataclasses.replace(current_settings(), hidden=hidden))
    except UserError:
        return False
    return True


def _more_settings(data: str) -> dict[str, object]:
    values: dict[str, object] = {}
    features = st.pills(
        label("features"),
        list(options.FEATURES),
        selection_mode="multi",
        format_func=options.FEATURES.get,
        key=widget_key("features"),
    )
    values["features"] = tuple(f for f in options.FEATURES if f in features)
    left, right = st.columns(2)
    with left:
        if data != options.OWN:
            for name in ("points", "noise"):
                values[name] = _choose(name)
        for name in ("label_noise", "train_share", "batch_size", "early_stopping"):
            values[name] = _choose(name)
    with right:
        for name in ("init", "dropout", "l1", "l2"):
            values[name] = _choose(name)
        values["seed"] = int(st.number_input(label("seed"), 0, options.MAX_SEED, key=widget_key("seed")))
        values["batch_norm"] = st.toggle(label("batch_norm"), key=widget_key("batch_norm"))
    return values


def _parse_hidden(text: str) -> tuple[int, ...]:
    """Return the layers that `text` names; those before if it is no list of numbers, with a sentence."""
    before = current_settings().hidden
    words = text.replace("、", ",").replace(" ", ",").split(",")
    try:
        hidden = tuple(int(word) for word in words if word)
        dataclasses.replace(current_settings(), hidden=hidden)
    except UserError as error:
        st.warning(translate_message(error.message), icon=":material/error:")
        return before
    except ValueError:
        st.warning(
            _(N_("Units per hidden layer are numbers with commas, such as 6, 4. Nothing was changed.")),
            icon=":material/error:",
        )
        return before
    return hidden
