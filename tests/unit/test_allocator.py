"""Freed memory stays with a process that asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import torch
from core import allocator

if sys.argv[1] == "keep" and not allocator.keep_freed_memory():
    sys.exit("this C library has no mallopt")
torch.set_num_threads(1)
for repetition in range(20):
    if repetition == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(20_000_000).sum()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(mode: str) -> int:
    """Page faults of ten allocations of 80 MB, after ten that are not counted."""
    done = subprocess.run([sys.executable, "-c", _FAULTS, mode], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is part of glibc")
def test_freed_memory_is_used_again_without_page_faults() -> None:
    assert page_faults("keep") < page_faults("default") / 5
