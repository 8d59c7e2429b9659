"""Two pictures of the same size over each other, with a handle that uncovers the second; it moves in the browser, without a rerun."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image

from ui.kit import image_display

_MAX_SIDE = 1024  # pixels of the longer side on the screen; the download has all
_CSS = """
.manabi-before-after { position: relative; max-width: 100%; margin: 0 auto; line-height: 0; border-radius: 0.5rem; overflow: hidden;
  touch-action: pan-y; }
.manabi-before-after img { width: 100%; height: auto; display: block; user-select: none; }
.manabi-before-after img.before { position: absolute; inset: 0; height: 100%; }
.manabi-before-after .edge { position: absolute; top: 0; bottom: 0; width: 3px; margin-left: -1.5px; background: #fff;
  box-shadow: 0 0 4px rgba(0, 0, 0, 0.6); pointer-events: none; }
.manabi-before-after .edge::after { content: "◂ ▸"; position: absolute; top: 50%; left: 50%; transform: translate(-50%, -50%);
  background: #fff; color: #333; font: 600 13px/1 sans-serif; padding: 7px 8px; border-radius: 1rem; white-space: nowrap; }
.manabi-before-after span { position: absolute; top: 8px; font: 600 13px/1 sans-serif; color: #fff; background: rgba(0, 0, 0, 0.6);
  padding: 6px 8px; border-radius: 0.4rem; pointer-events: none; }
.manabi-before-after span.before { left: 8px; }
.manabi-before-after span.after { right: 8px; }
.manabi-before-after input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize; }
.manabi-before-after:focus-within { outline: 3px solid var(--st-primary-color); }
"""
_JS = """
export default function ({ data, parentElement }) {
  let box = parentElement.querySelector('.manabi-before-after')
  if (!box) {
    box = document.createElement('div')
    box.className = 'manabi-before-after'
    box.innerHTML = '<img class="after"><img class="before"><div class="edge"></div><span class="before"></span>' +
      '<span class="after"></span><input type="range" min="0" max="100" value="50" step="0.5">'
    parentElement.appendChild(box)
    const slider = box.querySelector('input')
    slider.oninput = () => {
      box.querySelector('img.before').style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`
      box.querySelector('.edge').style.left = `${slider.value}%`
    }
    slider.oninput()
  }
  box.style.width = `min(100%, ${Math.max(8, 80 * data.shape)}vh)` // a tall picture stays on the screen
  for (const name of ['before', 'after']) {
    const image = box.querySelector(`img.${name}`)
    if (image.src !== data[name]) image.src = data[name]
    image.alt = data.labels[name]
    box.querySelector(`span.${name}`).textContent = data.labels[name]
  }
  box.querySelector('input').setAttribute('aria-label', data.labels.handle)
}
"""
_mount = st.components.v2.component("manabi_before_after", js=_JS, css=_CSS, isolate_styles=False)


def before_after(
    before: np.ndarray, after: np.ndarray, key: str, *, labels: tuple[str, str], handle: str
) -> None:
    """Show `before` and `after`, both (H, W, 3) uint8; the handle begins in the middle and stays where it is when pictures change."""
    data = {
        "before": _image_url(before),
        "after": _image_url(after),
        "shape": after.shape[1] / after.shape[0],
        "labels": {"before": labels[0], "after": labels[1], "handle": handle},
    }
    _mount(key=key, data=data)


def _image_url(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling=0)
    return image_display.data_url(buffer.getvalue())
