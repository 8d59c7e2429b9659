"""Register a component with the JavaScript and CSS that lie beside its Python module, read once at import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def register(name: str) -> Callable[..., Any]:
    """Register `<name>.js`, and `<name>.css` if there is one, as component `manabi_<name>`; return the function that mounts it."""
    style = _FOLDER / f"{name}.css"
    return st.components.v2.component(
        f"manabi_{name}",
        js=(_FOLDER / f"{name}.js").read_text("utf-8"),
        css=style.read_text("utf-8") if style.exists() else None,
        isolate_styles=False,
    )
