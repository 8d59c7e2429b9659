"""gettext catalogues, read directly from `locale/*.po` with Babel, so that no build step is needed."""

from __future__ import annotations

import functools
import gettext
import io
import locale
import os

from core import paths
from core.messages import Translate

LANGUAGES = {"ja": "日本語", "en": "English"}
SOURCE = "en"
DOMAIN = "manabi"


@functools.cache
def load_translations(language: str) -> gettext.NullTranslations:
    """Load the catalogue of `language`. English, the language of the message ids, has none."""
    path = paths.PROJECT / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if language == SOURCE or not path.exists():
        return gettext.NullTranslations()
    from babel.messages import mofile, pofile

    buffer = io.BytesIO()
    with path.open("rb") as f:
        mofile.write_mo(buffer, pofile.read_po(f, locale=language))
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def get_translator(language: str) -> Translate:
    """Return the function that translates a message id, or a singular and a plural form, into `language`."""
    catalogue = load_translations(language)

    def translate(msgid: str, plural: str | None = None, count: int = 1, /) -> str:
        if not msgid:  # gettext returns the catalogue's header for the empty id
            return ""
        return catalogue.gettext(msgid) if plural is None else catalogue.ngettext(msgid, plural, count)

    return translate


def match_language(tag: str | None) -> str:
    """Return the supported language for a tag such as "ja-JP"; English if it is not supported."""
    short = (tag or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else SOURCE


def terminal_language() -> str:
    """Return the language of the command line: `MANABI_LANG`, or the locale of the environment."""
    named = os.environ.get("MANABI_LANG")
    return match_language(
        named or os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0]
    )
