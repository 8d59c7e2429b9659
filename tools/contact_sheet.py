"""Contact sheets of the screenshots: a row for each page, at 1280 and 390 pixels, in the light and the dark theme.

`docs/shots/contact-<language>.png`. A row is replaced when its page is photographed again; the others stay.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw

_TILES = {1280: (448, 448), 390: (224, 448)}
"""Size of a tile, by the width of its screenshot; the lower part of a long page is cut off."""
_GAP = 16
_TITLE = 20
_SHADE = (128, 128, 128)


def tile_columns() -> list[tuple[int, bool]]:
    """List the columns of a sheet: width in pixels, dark theme."""
    return [(width, dark) for width in _TILES for dark in (False, True)]


def update_row(path: Path, names: list[str], name: str, shots: dict[tuple[int, bool], bytes]) -> None:
    """Write the screenshots of one page into its row of the sheet.

    Args:
        path: PNG of the sheet; made if it does not exist or has another number of rows.
        names: all pages, in the order of the rows.
        name: the page.
        shots: PNGs by column.
    """
    sheet = _blank_sheet(len(names))
    if path.is_file():
        with Image.open(path) as former:
            if former.size == sheet.size:
                sheet.paste(former.convert("RGB"))
    top = _GAP + names.index(name) * _row_height()
    ImageDraw.Draw(sheet).rectangle((0, top, sheet.width, top + _TITLE), fill=_SHADE)
    ImageDraw.Draw(sheet).text((_GAP, top), name, fill="white", font_size=14)
    left = _GAP
    for column in tile_columns():
        size = _TILES[column[0]]
        with Image.open(io.BytesIO(shots[column])) as shot:
            height = round(shot.height * size[0] / shot.width)
            small = shot.convert("RGB").resize((size[0], height), Image.Resampling.LANCZOS)
        tile = Image.new("RGB", size, small.getpixel((2, height - 2)))
        tile.paste(small)
        sheet.paste(tile, (left, top + _TITLE))
        left += size[0] + _GAP
    sheet.quantize(128, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)


def _row_height() -> int:
    return _TITLE + max(height for _width, height in _TILES.values()) + _GAP


def _blank_sheet(rows: int) -> Image.Image:
    width = sum(_TILES[column[0]][0] + _GAP for column in tile_columns()) + _GAP
    return Image.new("RGB", (width, rows * _row_height() + 2 * _GAP), _SHADE)
