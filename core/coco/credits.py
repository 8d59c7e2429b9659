"""Where the photos of annotation files come from and how they are licensed, as far as the files say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.coco import records

_FLICKR = re.compile(r"https?://[\w.-]+\.(?:staticflickr|flickr)\.com/(?:[\w-]+/)*(\d{1,18})_[\w.-]*")
_CREATIVE_COMMONS = re.compile(r"https?://creativecommons\.org/licenses/([a-z-]{2,12})/(\d\.\d)/?")
_ADDRESS = re.compile(r"https?://[\w./~%-]{1,200}")
_MAX_NAME = 80  # characters of a license's name


@dataclass(frozen=True)
class Credit:
    """Source of a photo: the number of its page at Flickr, which names the author, and its license with address; "" if unknown."""

    flickr: str
    license: str
    license_url: str

    @property
    def page(self) -> str:
        """Address of the photo's page; "" if it is unknown."""
        return f"https://www.flickr.com/photo.gne?id={self.flickr}" if self.flickr else ""


def credit_table(first: int, images: Sequence[records.Image], *licenses: Any) -> pd.DataFrame:
    """Return the credits of `images`, numbered from `first`, that state one; the files' `licenses` may be anything."""
    known = {number: one for of_file in licenses for number, one in _parse_licenses(of_file).items()}
    rows = []
    for index, image in enumerate(images, first):
        found = _FLICKR.fullmatch(image.flickr_url) if isinstance(image.flickr_url, str) else None
        name, url = known.get(image.license, ("", "")) if isinstance(image.license, int) else ("", "")
        if found or name:
            rows.append((index, found[1] if found else "", name, url))
    columns = list(zip(*rows, strict=True)) or [()] * 4
    return pd.DataFrame(
        {
            "image": np.array(columns[0], np.int32),
            **{
                name: pd.Series(list(values), dtype="str")
                for name, values in zip(("flickr", "license", "license_url"), columns[1:], strict=True)
            },
        }
    )


def _parse_licenses(content: Any) -> dict[int, tuple[str, str]]:
    """Return name and address of the valid licenses of a file, by number."""
    entries = [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
    licenses = {}
    for entry in entries:
        number, name, url = (entry.get(key) for key in ("id", "name", "url"))
        if not isinstance(number, int) or not isinstance(name, str) or not name.strip():
            continue
        url = url if isinstance(url, str) and _ADDRESS.fullmatch(url) else ""
        if short := _CREATIVE_COMMONS.fullmatch(url):
            name = f"CC {short[1].upper()} {short[2]}"
        licenses[number] = (name.strip()[:_MAX_NAME], url)
    return licenses
