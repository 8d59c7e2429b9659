"""Comparison of text as a person would compare it."""

from __future__ import annotations

import unicodedata


def fold_text(text: str) -> str:
    """Return `text` with upper and lower case, full-width and half-width letters, katakana and hiragana made equal."""
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in folded)
