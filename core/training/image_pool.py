"""Image pool: half of the images that a discriminator trains on are earlier translations.

Shrivastava et al., Learning from simulated and unsupervised images through adversarial training (arXiv
1612.07828), section 2.3: a discriminator trained on the newest translations alone forgets earlier failures, and
the generator returns to them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class ImagePool:
    """Keeps up to `size` images. It has its own random generator, so that a resumed run draws the same images."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.kept: list[Tensor] = []
        self.generator = torch.Generator().manual_seed(seed)

    def query(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) for a discriminator. Until the pool is full, the given images are returned and
        stored; then each is replaced with probability 0.5 by an earlier one, whose place in the pool it
        takes.
        """
        if not self.size:
            return images
        shown = []
        for image in images.detach():
            if len(self.kept) < self.size:
                self.kept.append(image.clone())
                shown.append(image)
            elif torch.rand((), generator=self.generator) < 0.5:
                place = int(torch.randint(self.size, (), generator=self.generator))
                shown.append(self.kept[place])
                self.kept[place] = image.clone()
            else:
                shown.append(image)
        return torch.stack(shown).contiguous(memory_format=torch.channels_last)

    def state(self) -> dict[str, Any]:
        """The images and the random state."""
        return {"kept": [k.clone() for k in self.kept], "generator": self.generator.get_state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what `state()` returned."""
        self.kept = [k.clone() for k in state["kept"]]
        self.generator.set_state(state["generator"].cpu())
