"""The feature maps of one layer as a mosaic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.messages import N_
from ui.kit import image_display
from ui.kit.i18n import _

if TYPE_CHECKING:
    from core.inference import explain
    from core.inference.predictor import Predictor

_COLUMNS = 8


def layers_with_maps(predictor: Predictor, kind: str = "") -> dict[str, explain.FeatureLayer]:
    """Layers of the model with feature maps, by name, in forward order; of one module `kind` only, if given.

    Shows a note if there are none.
    """
    from core.inference import explain

    layers = {
        layer.name: layer for layer in explain.list_feature_layers(predictor) if kind in ("", layer.kind)
    }
    if not layers:
        st.info(
            _(
                N_(
                    "This model has no feature maps because it flattens its input. Choose a convolutional "
                    "model."
                )
            )
        )
    return layers


def show_feature_maps(
    predictor: Predictor, pixels: np.ndarray, layer: explain.FeatureLayer, *, limit: int, tile_side: int
) -> None:
    """Show the first `limit` maps of `layer` for an image, uint8 (28, 28) or (C, H, W), on one gray scale.

    Each map is enlarged to about `tile_side` pixels.
    """
    from core.inference import explain

    values = explain.feature_maps(predictor, pixels, layer.name)[:limit]
    low, high = float(values.min()), float(values.max())
    gray = [((v - low) / (high - low or 1.0) * 255).astype(np.uint8) for v in values]
    caption = _(
        N_(
            "Feature maps of {layer}: {shown} of {count}. Brighter means higher activation; all "
            "maps share one scale."
        ),
        shown=len(values),
        count=layer.shape[0],
        layer=layer.name,
    )
    tiles = image_display.tile_images(gray, _COLUMNS, max(1, tile_side // gray[0].shape[0]))
    st.image(tiles, width="stretch", caption=caption, alt=caption)
