"""Decode a data set into the array cache in a process of its own, at low priority: `python -m core.data.decode NAME`.

Each line of the output is the fraction done so far. Processes of one machine take turns, and the later ones find the arrays.
"""

from __future__ import annotations

import os
import sys

from filelock import FileLock

from core import data, paths
from core.data import array_cache
from core.messages import Message

_NICENESS = 15  # from 0 to 19


def is_decoded(name: str) -> bool:
    """Whether data set `name` is in the array cache, or needs no decoding.

    Raises:
        UserError: if its files are missing or damaged.
    """
    try:
        with array_cache.cached_only():
            data.load_dataset(name, download=False)
    except array_cache.NotCachedError:
        return False
    return True


def main(name: str) -> None:
    """Decode data set `name`."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)

    def report(_words: Message, share: float) -> None:
        sys.stdout.write(f"{share:.4f}\n")
        sys.stdout.flush()

    paths.cache().mkdir(parents=True, exist_ok=True)
    with FileLock(paths.cache() / f".decoding-{name}.lock"):
        data.load_dataset(name, download=False, progress=report)


if __name__ == "__main__":
    main(sys.argv[1])
