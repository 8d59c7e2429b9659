"""The tour of oddities: records of a set that look odd, by kind, each a tile that opens its image with the instance chosen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.coco import annotation_issues, drawing
from core.coco.dataset import Coco, ImageRecord, Instance
from core.messages import N_, UserError
from ui.browse import grid
from ui.components.image_grid import GridTile, image_grid
from ui.kit import url
from ui.kit.i18n import _, translate_message

MAX_TILES = 18  # tiles on a page


@st.cache_data(max_entries=4, show_spinner=False)
def _find_issues(folder: str, _coco: Coco) -> dict[str, pd.DataFrame]:
    return annotation_issues.find_issues(_coco)


@st.cache_data(max_entries=400, show_spinner=False)
def _render_tile(
    folder: str, number: int, record: int, changed: int, _picture: ImageRecord, _one: Instance
) -> bytes:
    return drawing.encode_jpeg(drawing.render_closeup(_picture, _one, 224))


def show_issues(coco: Coco) -> None:
    """Kinds with their counts, and the examples of one."""
    if not annotation_issues.is_scanned(coco):
        bar = st.progress(0.0)
        try:
            annotation_issues.find_issues(
                coco, lambda what, share: bar.progress(share, translate_message(what))
            )
        except UserError as error:
            st.error(translate_message(error.message), icon=":material/error:")
            return
        finally:
            bar.empty()
    found = _find_issues(str(coco.folder), coco)
    kinds = {kind.name: kind for kind in annotation_issues.ISSUE_TYPES}
    first = next((name for name in kinds if len(found[name])), "empty")
    name = url.choose_one(
        st.pills,
        _(N_("Issue type")),
        list(kinds),
        key="odd",
        default=first,
        required=True,
        label_visibility="collapsed",
        format_func=lambda n: f"{_(kinds[n].title)} · {len(found[n]):,}",
    )
    kind, rows = kinds[name], found[name]
    st.markdown(_(kind.about))
    if rows.empty:
        st.success(_(N_("No issues of this type found.")), icon=":material/check:")
        return
    pages = -(-len(rows) // MAX_TILES)
    at = st.number_input(_(N_("Page")), 1, pages, 1, key=f"odd-page-{name}", width=150) if pages > 1 else 1
    tiles, opens = [], []
    part = rows.iloc[(at - 1) * MAX_TILES : at * MAX_TILES]
    pictures = coco.images_by_index(part["image"].tolist())
    for row in part.itertuples():
        picture = pictures.get(int(row.image))
        one = next((i for i in coco.instances(picture) if i.id == row.id), None) if picture else None
        if one is not None:
            value = f"{row.value:,.0f}" if name == "twice" or abs(row.value) >= 100 else f"{row.value:.3g}"
            words = (
                f"{one.name} · {_(kind.measure, value=value.replace(',', '') if name == 'twice' else value)}"
            )
            tiles.append(
                GridTile(
                    _render_tile(
                        str(coco.folder), picture.number, one.id, drawing.modified_at(picture), picture, one
                    ),
                    words,
                )
            )
            opens.append((picture, one))
    image_grid(
        tiles,
        f"odd-{name}",
        lambda place: grid.open_image(opens[place][0].id, opens[place][0].split, opens[place][1].id),
        alt=_(kind.title),
    )
