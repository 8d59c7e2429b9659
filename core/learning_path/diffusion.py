"""Diffusion models."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "diffusion",
    N_("Diffusion"),
    (
        Concept(
            id="diffusion",
            number=80,
            title=N_("Diffusion model"),
            text=N_(
                "Noise is added to an image in many small steps until nothing else is left. A network learns "
                "to predict the noise in each of these images. Sampling starts from pure noise and removes a "
                "little of it at every step."
            ),
            image="own/diffusion",
            alt=N_("A digit disappears in noise from left to right, and comes back"),
            after=(
                "convolution",
                "segmentation",
            ),
        ),
        Concept(
            id="stable-diffusion",
            number=81,
            title=N_("Stable Diffusion"),
            text=N_(
                "Stable Diffusion runs the diffusion in a small latent space; a decoder turns the result into"
                " an image. A text encoder supplies the prompt, which reaches the network by cross-attention."
                " The notes contrast it with GANs: less mode collapse, more computation."
            ),
            image="own/stable-diffusion",
            alt=N_("Text and noise enter a latent space, an image comes out"),
            after=("diffusion",),
        ),
    ),
)
