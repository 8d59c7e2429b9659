"""Register a component whose JavaScript and CSS lie beside its Python module, with scripts that components share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st


def register(module_file: str, *shared: str) -> Callable[..., Any]:
    """Register the component of a module, given its `__file__`; return the function that mounts it.

    `<module>.js`, and `<module>.css` if there is one, are read once, when the module is imported.
    The scripts `shared`, names of files beside it without their suffix, stand in front of its own: their names are its names.
    """
    module = Path(module_file)
    style = module.with_suffix(".css")
    return st.components.v2.component(
        f"manabi_{module.stem}",
        js="".join(module.with_name(f"{name}.js").read_text("utf-8") for name in (*shared, module.stem)),
        css=style.read_text("utf-8") if style.exists() else None,
        isolate_styles=False,
    )
