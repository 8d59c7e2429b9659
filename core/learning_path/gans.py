"""Generative adversarial networks."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "gans",
    N_("GANs"),
    (
        Concept(
            id="gan",
            number=73,
            title=N_("Generator and discriminator"),
            text=N_(
                "A generator turns noise into samples, and a discriminator separates them from real ones. "
                "Each is trained against the other, so the losses do not simply fall. Press Play on the page:"
                " generated points move towards a ring of real ones."
            ),
            image="glossary/gan",
            page="playground",
            parameters={"view": "toy"},
            after=("mlp",),
            terms=(
                "gan",
                "generator",
                "discriminator",
            ),
        ),
        Concept(
            id="patchgan",
            number=74,
            title=N_("PatchGAN"),
            text=N_(
                "A PatchGAN discriminator gives a score for every patch of the image, 70×70 pixels in the "
                "paper, not one for the whole. It therefore checks texture, and works for any image size. The"
                " page shows its layers and shapes."
            ),
            image="own/patchgan",
            alt=N_("An image and a grid of scores, one per patch"),
            page="architecture",
            parameters={"net": "cyclegan-light", "part": "Discriminator"},
            after=(
                "gan",
                "receptive-field",
            ),
            terms=("discriminator",),
        ),
        Concept(
            id="cyclegan",
            number=75,
            title=N_("CycleGAN"),
            text=N_(
                "CycleGAN translates between two kinds of photos without pairs: apples become oranges. Two "
                "generators, one for each direction, are trained against two discriminators. Choose a photo "
                "on the page, or your own, and drag the handle between before and after."
            ),
            image="home/translate",
            alt=N_("Apples and oranges, half of each photo translated into the other"),
            page="translate",
            parameters={"view": "photos", "way": "a2b"},
            after=(
                "gan",
                "resnet",
            ),
            terms=(
                "gan",
                "generator",
                "image-pool",
            ),
        ),
        Concept(
            id="cycle-consistency",
            number=76,
            title=N_("Cycle consistency"),
            text=N_(
                "A photo that is translated and then translated back should be the same again: the difference"
                " is the cycle consistency loss. The identity loss keeps photos that already belong to the "
                "target kind unchanged. The page shows the reconstruction and where it changed."
            ),
            image="glossary/cycle-consistency",
            page="translate",
            parameters={"view": "photos", "way": "b2a"},
            after=("cyclegan",),
            terms=(
                "cycle-consistency",
                "identity-loss",
            ),
        ),
        Concept(
            id="own-pair",
            number=77,
            title=N_("Two kinds of your own photos"),
            text=N_(
                "CycleGAN needs two folders of photos and no labels. On two CPU cores it learns at 128 "
                "pixels; the configuration of the paper uses 256 pixels and is intended for a GPU. On the "
                "page, upload two sets of photos and start a run."
            ),
            image="own/own-pair",
            alt=N_("Two folders of photos and arrows between them"),
            page="translate",
            parameters={"view": "own"},
            after=("cyclegan",),
        ),
        Concept(
            id="pix2pix",
            number=78,
            title=N_("Pix2Pix"),
            text=N_(
                "Pix2Pix (2016) learns from pairs, such as the outline of a cat and its photo. The "
                "discriminator gets input and output together, and an L1 loss keeps the output near the "
                "target. CycleGAN does without such pairs."
            ),
            image="own/pix2pix",
            alt=N_("An outline becomes a filled shape"),
            after=("patchgan",),
        ),
        Concept(
            id="stylegan",
            number=79,
            title=N_("DCGAN, SAGAN, StyleGAN"),
            text=N_(
                "DCGAN (2015) turns a noise vector into an image with transposed convolutions. SAGAN (2018) "
                "adds self-attention, so that distant regions can fit each other. StyleGAN (2018) feeds a "
                "style into every resolution, coarse and fine."
            ),
            image="own/stylegan",
            alt=N_("A vector grows into larger and larger maps"),
            after=(
                "gan",
                "convolution",
            ),
        ),
    ),
)
