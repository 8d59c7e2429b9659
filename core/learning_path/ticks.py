"""Ticked concepts as a short text for URLs and cookies: one bit per concept, and a character that checks the others."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from core.learning_path.routes import all_concepts
from core.messages import N_, UserError

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_MAX_LENGTH = 200


def encode_ticks(done: Iterable[str]) -> str:
    """Write the ids `done` as letters, digits, - and _; "" if there are none. Ids that no concept has are left out."""
    concepts = all_concepts()
    mask = sum(1 << concepts[name].number for name in set(done) if name in concepts)
    if not mask:
        return ""
    content = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    return base64.urlsafe_b64encode(content).decode().rstrip("=") + _check(content)


def decode_ticks(text: str) -> tuple[str, ...]:
    """Read what `encode_ticks` wrote, in the order of the road map; bits of later versions are left out.

    Raises:
        UserError: if `text` is no such text.
    """
    if not text:
        return ()
    try:
        if len(text) > _MAX_LENGTH or not text.isascii():
            raise ValueError(text)
        body = text[:-1]
        content = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        if not content or _check(content) != text[-1]:
            raise ValueError(text)
    except (ValueError, binascii.Error):
        raise UserError(
            N_("The ticks in the address are damaged: “{value}”. Those of this browser are shown instead."),
            value=text[:30] + "…" * (len(text) > 30),
        ) from None
    mask = int.from_bytes(content, "little")
    return tuple(name for name, concept in all_concepts().items() if mask >> concept.number & 1)


def _check(content: bytes) -> str:
    return _ALPHABET[binascii.crc32(content) % len(_ALPHABET)]
