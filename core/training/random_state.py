"""Where random numbers stand: kept in the state of every trainer, so that a resume draws what an uninterrupted run would have drawn."""

from __future__ import annotations

from typing import Any

import torch


def get_rng_state(augmentation: torch.Generator) -> dict[str, Any]:
    """torch's own random states, of the processor and of all graphics cards, and that of a trainer's augmentation."""
    return {
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "augment_rng": augmentation.get_state(),
    }


def set_rng_state(state: dict[str, Any], augmentation: torch.Generator) -> None:
    """Go back to what `taken` found. A state read onto a graphics card is brought back: generators take it from the processor alone."""
    torch.set_rng_state(state["rng"].cpu())
    if state["cuda_rng"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([rng.cpu() for rng in state["cuda_rng"]])
    augmentation.set_state(state["augment_rng"].cpu())
