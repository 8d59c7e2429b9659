"""What stands around an image of the browse page: its title above it, its source and license below."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import N_
from ui.browse.category_label import category_labels
from ui.kit.i18n import _, escape_markdown, language

_MAX_NAMED = 4  # categories in a title


def show_title(captions: list[str], instances: list[Instance]) -> None:
    """Show what the image shows: its first caption, else, and on a Japanese page without a Japanese one, what is annotated in it."""
    title = captions[0].strip() if captions else ""
    if title and not (title.isascii() and language() == "ja"):
        st.header(escape_markdown(title))
        return
    counts = Counter(instance.name for instance in instances).most_common()
    labels = category_labels(name for name, _count in counts)
    names = [f"{labels[name]} ×{count:,}" for name, count in counts[:_MAX_NAMED]]
    if len(counts) > _MAX_NAMED:
        names.append(f"+{len(counts) - _MAX_NAMED}")
    st.header(escape_markdown(", ".join(names)) or _(N_("Image without annotations")))


def show_source(coco: Coco, image_record: ImageRecord) -> None:
    """Show where the photo comes from, its license as far as the annotation file states it, and its file."""
    parts = []
    if credit := coco.credit(image_record):
        if credit.page:
            parts.append(_(N_("Photo: [its page at Flickr]({url}), which names the author"), url=credit.page))
        if credit.license:
            name = escape_markdown(credit.license)
            parts.append(
                _(
                    N_("License: {license}"),
                    license=f"[{name}]({credit.license_url})" if credit.license_url else name,
                )
            )
    parts += [
        _(N_("Image {id}"), id=image_record.id),
        image_record.split,
        escape_markdown(image_record.file_name),
        f"{image_record.width}×{image_record.height}",
    ]
    st.caption(" · ".join(part for part in parts if part))
