"""What an exported script has in place of `core.messages`: plain English errors."""

from __future__ import annotations


class UserError(ValueError):
    """A setting that does not work, with the reason."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values))


def N_(text: str) -> str:  # noqa: N802
    """Return `text`; in the project it is translated."""
    return text
