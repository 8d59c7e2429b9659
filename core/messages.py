"""User-facing sentences, stored independently of the language in which they are shown.

`core` raises and stores message ids (English sentences with named placeholders) and their parameters; the pages and
the command line translate them on display. `N_` marks a literal for the gettext catalogue; `Message.counted` marks a
singular and a plural form.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name
    """Mark `msgid` for extraction and return it unchanged."""
    return msgid


class Translate(Protocol):
    """A translation function: `translate(msgid)`, or `translate(msgid, plural, count)` for a counted sentence."""

    def __call__(self, msgid: str, plural: str | None = None, count: int = 1, /) -> str: ...


def untranslated(msgid: str, plural: str | None = None, count: int = 1, /) -> str:
    """Return `msgid`, or `plural` if it is given and `count` is not 1."""
    return msgid if plural is None or count == 1 else plural


@dataclass(frozen=True)
class Message:
    """A sentence: `msgid` with `{name}` placeholders, and their values (which may be messages themselves).

    A counted sentence (see `counted`) has a `plural` form too, and fills `{count}` from `count`.
    """

    msgid: str
    params: dict = field(default_factory=dict)
    plural: str | None = None
    count: int = 1

    @classmethod
    def counted(cls, singular: str, plural: str, count: int, /, **params: object) -> Message:
        """Create a sentence that counts something: `{count}` is filled with `count`, digits grouped ("10,000").

        The literals are extracted for the gettext catalogue, so they need no `N_`. A value of `count` in `params`
        replaces the grouped digits.
        """
        return cls(singular, params, plural, int(count))

    def text(self, translate: Translate = untranslated) -> str:
        """Return the sentence in the language of `translate`, placeholders filled."""
        values = {k: v.text(translate) if isinstance(v, Message) else v for k, v in self.params.items()}
        if self.plural is not None:
            values = {"count": f"{self.count:,}", **values}
            return translate(self.msgid, self.plural, self.count).format(**values)
        return translate(self.msgid).format(**values) if values else translate(self.msgid)

    def to_json(self) -> dict:
        """Return a JSON object that `from_json` restores."""
        values = {k: v.to_json() if isinstance(v, Message) else v for k, v in self.params.items()}
        number = {} if self.plural is None else {"plural": self.plural, "count": self.count}
        return {"msgid": self.msgid, "params": values, **number}

    @classmethod
    def from_json(cls, value: object) -> Message | None:
        """Restore the message written by `to_json`. Returns None if `value` is not one (a corrupted file)."""
        if not isinstance(value, dict) or not isinstance(value.get("msgid"), str):
            return None
        params = value.get("params") if isinstance(value.get("params"), dict) else {}
        params = {k: cls.from_json(v) or v for k, v in params.items()}
        if "plural" not in value:
            return cls(value["msgid"], params)
        plural, count = value["plural"], value.get("count")
        return (
            cls(value["msgid"], params, plural, count)
            if isinstance(plural, str) and isinstance(count, int)
            else None
        )

    def __str__(self) -> str:
        return self.text()


class UserError(Exception):
    """An error that the user can fix: one sentence that states what is wrong, where, and what to do."""

    def __init__(self, msgid: str | Message, **params: object) -> None:
        self.message = msgid if isinstance(msgid, Message) else Message(msgid, params)
        super().__init__(str(self.message))


def closest_names(name: str, known: Iterable[str], most: int = 3) -> str:
    """Return the known names closest to `name`, comma separated; all of them, sorted, if none is close."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=most, cutoff=0.4)
    return ", ".join(close or sorted(names))
