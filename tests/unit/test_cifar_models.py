"""The families for 32×32 images, held against facts from outside: torchvision's originals, the FLOP counter, the papers."""

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core import models

IMAGE = (3, 32, 32)
FAMILIES = ("vgg", "resnet", "mobilenetv1", "inception", "alexnet", "efficientnet")


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, *IMAGE))
    return counter.get_total_flops() // 2


def test_resnet18_is_torchvisions_with_a_stem_for_small_images():
    original = torchvision.models.resnet18(num_classes=10)
    original.conv1, original.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    ours = models.create_model("resnet", IMAGE, 10, depth=18)
    assert parameters(ours) == parameters(original) == 11_173_962
    assert multiply_adds(ours) == multiply_adds(original)


def test_resnet18_answers_as_torchvisions_with_the_same_weights():
    original = torchvision.models.resnet18(num_classes=10)
    original.conv1, original.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    ours = models.create_model("resnet", IMAGE, 10, depth=18)
    # Both list their layers in the order of the computation, but torchvision puts shortcuts last within a block, as we do.
    state = dict(zip(ours.state_dict(), original.state_dict().values(), strict=True))
    ours.load_state_dict(state)
    x = torch.randn(2, *IMAGE)
    torch.testing.assert_close(ours.eval()(x), original.eval()(x))


@pytest.mark.slow
def test_vgg11_features_are_torchvisions():
    original = torchvision.models.vgg11_bn().features
    ours = models.create_model("vgg", IMAGE, 10, depth=11).features
    biases = sum(m.bias.numel() for m in original if isinstance(m, nn.Conv2d))
    assert parameters(ours) == parameters(original) - biases


def test_mobilenetv1_has_the_papers_parameters():
    # Table 8 of the paper: 4.2 million with 1,000 classes; the ten-class head is 990 * 1025 smaller.
    assert parameters(models.create_model("mobilenetv1", IMAGE, 1000)) == pytest.approx(4.2e6, rel=0.02)


def test_a_depthwise_separable_convolution_costs_what_the_paper_says():
    from core.models.mobilenetv1 import separable_conv

    def cost(module):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module.eval()(torch.zeros(1, 128, 16, 16))
        return counter.get_total_flops()

    full = nn.Conv2d(128, 256, 3, padding=1, bias=False)
    assert cost(separable_conv(128, 256, 1)) / cost(full) == pytest.approx(1 / 256 + 1 / 9)


def test_inception_blocks_put_the_papers_maps_side_by_side():
    network = models.create_model("inception", IMAGE, 10)
    widths = [b.fan_out for b in network.blocks if hasattr(b, "fan_out")]
    assert widths == [256, 480, 512, 512, 512, 528, 832, 832, 1024]  # table 1


def test_efficientnet_b0_has_torchvisions_blocks():
    original, ours = (
        torchvision.models.efficientnet_b0(num_classes=10),
        models.create_model("efficientnet", IMAGE, 10),
    )
    kernels = [m.kernel_size for m in original.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert len(kernels) == sum(1 for m in ours.modules() if isinstance(m, nn.Conv2d) and m.groups > 1)
    # The 5×5 kernels that became 3×3 are all that is missing.
    smaller = sum(m.weight.numel() for m in original.modules() if isinstance(m, nn.Conv2d) and m.groups > 1)
    smaller -= sum(m.weight.numel() for m in ours.modules() if isinstance(m, nn.Conv2d) and m.groups > 1)
    assert parameters(ours) == parameters(original) - smaller


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.slow
def test_every_family_learns_one_batch(name):
    torch.manual_seed(0)
    small = {
        "vgg": {"width": 16},
        "resnet": {"depth": 10, "width": 8},
        "mobilenetv1": {"multiplier": 0.25},
        "inception": {"multiplier": 0.125},
        "alexnet": {"width": 16, "hidden_units": 64, "dropout": 0.0},
        "efficientnet": {"multiplier": 0.5, "dropout": 0.0},
    }[name]
    network = models.create_model(name, IMAGE, 10, **small).train()
    x, y = torch.randn(16, *IMAGE), torch.arange(16) % 10
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for _ in range(40):  # most need ten
        loss = nn.functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss < 0.5:
            break
    assert loss < 0.5


@pytest.mark.parametrize(("name", "depth"), [("vgg", 12), ("resnet", 12)])
def test_a_depth_that_the_family_does_not_have_is_refused(name, depth):
    with pytest.raises(ValueError, match=r"depths \[|depth must be one of"):
        models.create_model(name, IMAGE, 10, depth=depth)
