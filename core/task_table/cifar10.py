"""CIFAR-10: the same photos by many architectures."""

from __future__ import annotations

from core.messages import N_
from core.task_spec import Preset, PublishedResult, Task
from core.task_table.defaults import AIRBENCH_FIELDS, CIFAR_DEFAULTS, MUON_FIELDS, QUICK_FIELDS, TTA_FIELDS
from core.training.model_recipes import (
    AlexNetRecipe,
    DropoutConvRecipe,
    EfficientNetRecipe,
    FastRecipe,
    InceptionRecipe,
    MLPRecipe,
    MultiplierRecipe,
    PretrainedRecipe,
    ResNetRecipe,
    SandboxRecipe,
    VGGRecipe,
)

TASKS: list[Task] = [
    Task(
        name="cifar10-mlp",
        title=N_("CIFAR-10: MLP"),
        short_title=N_("CIFAR-10 MLP"),
        about=N_("Fully connected, with no notion of neighboring pixels: the baseline without convolutions."),
        kind="classification",
        dataset="cifar10",
        model="mlp",
        recipe=MLPRecipe(
            **{**CIFAR_DEFAULTS, "learning_rate": 0.02, "crop_padding": 2},
            epochs=20,
            width=1024,
            depth=3,
            dropout=0.2,
        ),
        batch_norm=False,
        quick=QUICK_FIELDS,
    ),
    Task(
        name="cifar10-cnn",
        title=N_("CIFAR-10: plain CNN"),
        about=N_(
            "Two blocks of two 3×3 convolutions and one hidden layer: the baseline from the learning notes."
        ),
        kind="classification",
        dataset="cifar10",
        model="modern_cnn",
        recipe=DropoutConvRecipe(
            **{**CIFAR_DEFAULTS, "learning_rate": 0.05}, epochs=20, width=32, dropout=0.3
        ),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="cifar10-vgg",
        title=N_("CIFAR-10: VGG"),
        about=N_("A deep stack of 3×3 convolutions."),
        kind="classification",
        dataset="cifar10",
        model="vgg",
        recipe=VGGRecipe(**AIRBENCH_FIELDS, crop_padding=4, epochs=30, depth=13, width=48),
        quick=QUICK_FIELDS,
        published_result=PublishedResult("VGG16", 0.9264, 350, "https://github.com/kuangliu/pytorch-cifar"),
    ),
    Task(
        name="cifar10-resnet",
        title=N_("CIFAR-10: ResNet"),
        about=N_(
            "Each block learns a residual that is added to its input. This makes deep models trainable."
        ),
        kind="classification",
        dataset="cifar10",
        model="resnet",
        recipe=ResNetRecipe(**AIRBENCH_FIELDS, crop_padding=4, epochs=30, depth=18, width=32),
        quick=QUICK_FIELDS,
        published_result=PublishedResult(
            "ResNet18", 0.9302, 350, "https://github.com/kuangliu/pytorch-cifar"
        ),
    ),
    Task(
        name="cifar10-mobilenetv1",
        title=N_("CIFAR-10: MobileNetV1"),
        about=N_(
            "Depthwise separable convolutions: one filter per channel, then channel mixing. They "
            "need about one eighth of the MACs."
        ),
        kind="classification",
        dataset="cifar10",
        model="mobilenetv1",
        recipe=MultiplierRecipe(**{**CIFAR_DEFAULTS, **TTA_FIELDS}, epochs=22, multiplier=0.75),
        quick=QUICK_FIELDS,
        published_result=PublishedResult(
            "MobileNetV1", 0.9235, 344, "https://github.com/kuangliu/pytorch-cifar/issues/112"
        ),
    ),
    Task(
        name="cifar10-inception",
        title=N_("CIFAR-10: Inception"),
        about=N_("Parallel convolutions with different kernel sizes on the same feature maps."),
        kind="classification",
        dataset="cifar10",
        model="inception",
        recipe=InceptionRecipe(**AIRBENCH_FIELDS, crop_padding=4, epochs=18, multiplier=0.5, stem_pool=True),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="cifar10-alexnet",
        title=N_("CIFAR-10: AlexNet"),
        about=N_("The 2012 architecture: large kernels first, large linear layers last."),
        kind="classification",
        dataset="cifar10",
        model="alexnet",
        recipe=AlexNetRecipe(
            **{**CIFAR_DEFAULTS, "learning_rate": 0.05}, epochs=14, width=48, hidden_units=1024, dropout=0.3
        ),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="cifar10-efficientnet",
        title=N_("CIFAR-10: EfficientNet"),
        about=N_(
            "EfficientNet-B0 at half width: inverted bottlenecks with learned channel weights "
            "(squeeze-and-excitation)."
        ),
        kind="classification",
        dataset="cifar10",
        model="efficientnet",
        recipe=EfficientNetRecipe(**{**CIFAR_DEFAULTS, **TTA_FIELDS}, epochs=20, multiplier=0.5, dropout=0.1),
        quick=QUICK_FIELDS,
    ),
    Task(
        name="cifar10-fast",
        title=N_("CIFAR-10: fast CNN"),
        about=N_(
            "Optimized for accuracy per second: a first layer computed from the data, identity "
            "initialization and averaged weights."
        ),
        kind="classification",
        dataset="cifar10",
        model="fast_cnn",
        recipe=FastRecipe(**AIRBENCH_FIELDS, crop_padding=2, epochs=10, width=64),
        quick=QUICK_FIELDS,
        presets=(
            Preset(
                "muon",
                N_("Muon"),
                N_(
                    "The same model with the Muon optimizer for seven epochs instead of ten: 90.1% instead of 90.7%."
                ),
                {**MUON_FIELDS, "muon_lr": 0.15, "epochs": 7},
            ),
        ),
        published_result=PublishedResult("airbench94", 0.9401, 9.9, "https://arxiv.org/abs/2404.00498"),
    ),
    Task(
        name="cifar10-best",
        title=N_("CIFAR-10: fast CNN, large"),
        about=N_("A wider and deeper version of the fast model, trained longer and with cutout."),
        kind="classification",
        dataset="cifar10",
        model="fast_cnn",
        recipe=FastRecipe(**AIRBENCH_FIELDS, crop_padding=4, cutout=12, epochs=32, width=96, depth=3),
        quick=QUICK_FIELDS,
        published_result=PublishedResult(
            "airbench96", 0.9605, 40, "https://github.com/KellerJordan/cifar10-airbench"
        ),
    ),
    Task(
        name="cifar10-resnet18-pretrained",
        title=N_("CIFAR-10: pretrained ResNet-18"),
        about=N_(
            "torchvision's ResNet-18, pretrained on ImageNet, trained in three ways: from scratch, with a "
            "frozen backbone, or fine-tuned."
        ),
        kind="classification",
        dataset="cifar10",
        model="resnet18_imagenet",
        recipe=PretrainedRecipe(
            epochs=5,
            batch_size=128,
            optimizer="adamw",
            learning_rate=0.001,
            weight_decay=0.02,
            schedule="one-cycle",
            label_smoothing=0.1,
            flip="alternating",
            crop_padding=4,
            num_validation=2000,
        ),
        quick=QUICK_FIELDS,
        pretrained="resnet18-imagenet",
    ),
    Task(
        name="cifar10-sandbox",
        title=N_("CIFAR-10: sandbox"),
        about=N_(
            "A small CNN with configurable width, depth, stride, depthwise convolutions, skip "
            "connections and padding."
        ),
        kind="classification",
        dataset="cifar10",
        model="sandbox",
        recipe=SandboxRecipe(**{**CIFAR_DEFAULTS, "ema_decay": 0.0}, epochs=5),
        quick=QUICK_FIELDS,
    ),
]
