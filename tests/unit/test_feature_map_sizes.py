"""How maps shrink, against shapes that the papers give."""

from __future__ import annotations

import pytest

from core import models
from core.inference import feature_map_sizes, model_summary

IMAGE = (3, 32, 32)


def stages_of(
    name: str, in_shape: tuple[int, int, int] = IMAGE, **options: object
) -> tuple[list[feature_map_sizes.Stage], float]:
    network = models.create_model(name, in_shape, 10, **options).eval()
    layers = model_summary.summarize_layers(network, in_shape)
    return feature_map_sizes.find_stages(layers), feature_map_sizes.padding_only_fraction(network, layers)


def test_the_stages_of_resnet_18_are_the_papers() -> None:
    found, wasted = stages_of("resnet18_imagenet", (3, 224, 224), image_size=224)
    # Table 1 of arXiv 1512.03385: conv1 112×112, conv2_x 56×56, conv3_x 28×28, conv4_x 14×14, conv5_x 7×7, then 1×1.
    assert [(s.height, s.channels) for s in found] == [
        (112, 64),
        (56, 64),
        (28, 128),
        (14, 256),
        (7, 512),
        (1, 512),
    ]
    assert [s.num_layers for s in found] == [1, 5, 10, 15, 20, 21]  # 18 layers and three projections
    assert sum(s.mac_fraction for s in found) == pytest.approx(1) and wasted == 0


def test_a_stem_for_large_images_leaves_nothing_of_small_ones() -> None:
    found, wasted = stages_of("resnet18_imagenet", image_size=32)
    assert [s.height for s in found] == [16, 8, 4, 2, 1]
    assert wasted > 0.7  # layer4 holds three quarters of the parameters
    assert stages_of("resnet", depth=18, width=64)[1] == 0


def test_squeeze_and_excitation_is_no_stage() -> None:
    found, wasted = stages_of("efficientnet", multiplier=0.5)
    heights = [s.height for s in found]
    assert heights == sorted(heights, reverse=True) and len(set(heights)) == len(heights) and wasted == 0


def test_rows_of_numbers_are_one_stage() -> None:
    found, wasted = stages_of("mlp", width=32, depth=2)
    assert len(found) == 1 and found[0].height == 1 and wasted == 0
