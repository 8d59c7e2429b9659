"""gettext catalogues, read straight from `locale/*.po` with Babel, so that nothing has to be compiled before the first start."""

from __future__ import annotations

import functools
import gettext
import io
import locale
import os
from collections.abc import Callable

from core import paths

LANGUAGES = {"ja": "日本語", "en": "English"}
SOURCE = "en"
DOMAIN = "manabi"


@functools.cache
def load_translations(language: str) -> gettext.NullTranslations:
    """The catalogue of `language`; English, the language of the message ids, needs none."""
    path = paths.PROJECT / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if language == SOURCE or not path.exists():
        return gettext.NullTranslations()
    from babel.messages import mofile, pofile

    buffer = io.BytesIO()
    with path.open("rb") as f:
        mofile.write_mo(buffer, pofile.read_po(f, locale=language))
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def get_translator(language: str) -> Callable[[str], str]:
    """The function that turns a message id into a sentence of `language`."""
    catalogue = load_translations(language)
    # gettext answers the empty id with the catalogue's header.
    return lambda msgid: catalogue.gettext(msgid) if msgid else ""


def match_language(tag: str | None) -> str:
    """The language to use for a tag such as "ja-JP": one that the project has, else English."""
    short = (tag or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else SOURCE


def terminal_language() -> str:
    """The language of the command line: `MANABI_LANG`, else the environment's locale."""
    named = os.environ.get("MANABI_LANG")
    return match_language(
        named or os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0]
    )
