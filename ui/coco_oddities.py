"""The tour of oddities: records of a set that look odd, by kind, each a tile that opens its image with the instance chosen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.coco import drawing, oddities
from core.coco.dataset import Coco, Instance, Picture
from core.messages import N_, UserError
from ui import coco_grid, url
from ui.i18n import _, tell
from ui.wall import Tile, wall

EACH = 18  # tiles on a page


@st.cache_data(max_entries=4, show_spinner=False)
def _toured(folder: str, _coco: Coco) -> dict[str, pd.DataFrame]:
    return oddities.tour(_coco)


@st.cache_data(max_entries=400, show_spinner=False)
def _tile(folder: str, number: int, record: int, changed: int, _picture: Picture, _one: Instance) -> bytes:
    return drawing.jpeg(drawing.closeup(_picture, _one, 224))


def show(coco: Coco) -> None:
    """Kinds with their counts, and the examples of one."""
    if not oddities.seen(coco):
        bar = st.progress(0.0)
        try:
            oddities.tour(coco, lambda what, share: bar.progress(share, tell(what)))
        except UserError as error:
            st.error(tell(error.message), icon=":material/error:")
            return
        finally:
            bar.empty()
    found = _toured(str(coco.folder), coco)
    kinds = {kind.name: kind for kind in oddities.KINDS}
    first = next((name for name in kinds if len(found[name])), "empty")
    name = url.choice(
        st.pills, _(N_("Issue type")), list(kinds), key="odd", default=first, required=True, label_visibility="collapsed",
        format_func=lambda n: f"{_(kinds[n].title)} · {len(found[n]):,}",
    )  # fmt: skip
    kind, rows = kinds[name], found[name]
    st.markdown(_(kind.about))
    if rows.empty:
        st.success(_(N_("No issues of this type found.")), icon=":material/check:")
        return
    pages = -(-len(rows) // EACH)
    at = st.number_input(_(N_("Page")), 1, pages, 1, key=f"odd-page-{name}", width=150) if pages > 1 else 1
    tiles, opens = [], []
    part = rows.iloc[(at - 1) * EACH : at * EACH]
    pictures = coco.numbered(part["image"].tolist())
    for row in part.itertuples():
        picture = pictures.get(int(row.image))
        one = next((i for i in coco.instances(picture) if i.id == row.id), None) if picture else None
        if one is not None:
            value = f"{row.value:,.0f}" if name == "twice" or abs(row.value) >= 100 else f"{row.value:.3g}"
            words = f"{one.name} · {_(kind.measure, value=value.replace(',', '') if name == 'twice' else value)}"
            tiles.append(Tile(_tile(str(coco.folder), picture.number, one.id, drawing.changed(picture), picture, one), words))
            opens.append((picture, one))
    wall(tiles, f"odd-{name}", lambda place: coco_grid.go(opens[place][0].id, opens[place][0].split, opens[place][1].id), alt=_(kind.title))
