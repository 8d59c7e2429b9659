"""Sentences for people, kept apart from the language they are read in.

`core` raises and stores message ids (English sentences with named places) and their parameters; the pages and the
command line translate them when they are shown. `N_` marks a literal for the gettext catalogue.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name
    """Mark `msgid` for extraction and return it unchanged."""
    return msgid


@dataclass(frozen=True)
class Message:
    """A sentence: `msgid` with `{name}` places, and their values (which may be messages themselves)."""

    msgid: str
    params: dict = field(default_factory=dict)

    def text(self, translate: Callable[[str], str] = N_) -> str:
        """The sentence in the language of `translate`."""
        values = {k: v.text(translate) if isinstance(v, Message) else v for k, v in self.params.items()}
        return translate(self.msgid).format(**values) if values else translate(self.msgid)

    def to_json(self) -> dict:
        """What `from_json` makes a message of again."""
        values = {k: v.to_json() if isinstance(v, Message) else v for k, v in self.params.items()}
        return {"msgid": self.msgid, "params": values}

    @classmethod
    def from_json(cls, value: object) -> Message | None:
        """The message that `to_json` wrote, or None where `value` is something else (a damaged file)."""
        if not isinstance(value, dict) or not isinstance(value.get("msgid"), str):
            return None
        params = value.get("params") if isinstance(value.get("params"), dict) else {}
        return cls(value["msgid"], {k: cls.from_json(v) or v for k, v in params.items()})

    def __str__(self) -> str:
        return self.text()


class UserError(Exception):
    """Something that a person can put right: one sentence that says what is wrong, where, and what to do."""

    def __init__(self, msgid: str | Message, **params: object) -> None:
        self.message = msgid if isinstance(msgid, Message) else Message(msgid, params)
        super().__init__(str(self.message))


def closest_names(name: str, known: Iterable[str], most: int = 3) -> str:
    """The known names closest to `name`, comma separated (all of them where none is close)."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=most, cutoff=0.4)
    return ", ".join(close or sorted(names))
