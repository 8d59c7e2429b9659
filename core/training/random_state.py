"""Random states, stored in a trainer's state so that a resumed run draws the same numbers as an uninterrupted
one.
"""

from __future__ import annotations

from typing import Any

import torch


def get_rng_state(augmentation: torch.Generator) -> dict[str, Any]:
    """torch's random states of the CPU and of all GPUs, and the state of a trainer's augmentation."""
    return {
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "augment_rng": augmentation.get_state(),
    }


def set_rng_state(state: dict[str, Any], augmentation: torch.Generator) -> None:
    """Restore what `get_rng_state` returned. States loaded onto a GPU are moved back: generators accept CPU
    tensors only.
    """
    torch.set_rng_state(state["rng"].cpu())
    if state["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([rng.cpu() for rng in state["cuda_rng"]])
    augmentation.set_state(state["augment_rng"].cpu())
