"""Output of the command line: sentences on standard error, one JSON object as the last line of standard
output.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator

from core import formatting, i18n
from core.data import ProgressCallback
from core.messages import Message

_LANGUAGE = i18n.terminal_language()
_ = i18n.get_translator(_LANGUAGE)


def print_message(msgid: str | Message, **values: object) -> None:
    """Print a translated sentence on standard error."""
    message = msgid if isinstance(msgid, Message) else Message(msgid, values)
    print(message.text(_), file=sys.stderr, flush=True)


def print_json(value: dict) -> None:
    """Print `value` as one line of JSON on standard output."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a plain table on standard output."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False, markup=False).print(drawn)


@contextlib.contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """Show a progress bar on standard error. Yields a callback that takes a description and a fraction in [0,
    1].
    """
    from rich import progress
    from rich.console import Console

    with progress.Progress(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=1.0, visible=False)
        yield lambda what, share: bars.update(bar, description=what.text(_), completed=share, visible=True)


def format_duration(seconds: float) -> str:
    """A duration in the language of the terminal."""
    return formatting.format_duration(seconds, _LANGUAGE)
