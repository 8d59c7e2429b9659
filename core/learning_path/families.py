"""CNN families, their cost, and pretrained weights."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "families",
    N_("CNN families"),
    (
        Concept(
            id="lenet",
            number=47,
            title=N_("LeNet-5"),
            text=N_(
                "LeNet-5 (1998) alternates convolutions and average pooling, followed by fully connected "
                "layers, with tanh in between. It was used to read handwritten digits. The page draws its "
                "layers; click one for its shape, parameters and MACs."
            ),
            image="own/lenet",
            alt=N_("Blocks of LeNet-5: maps shrink, then vectors"),
            page="architecture",
            parameters={"net": "mnist-lenet5"},
            after=("mnist-cnn",),
        ),
        Concept(
            id="alexnet",
            number=48,
            title=N_("AlexNet"),
            text=N_(
                "AlexNet won the ImageNet competition of 2012 with five convolutions and three fully "
                "connected layers. It used ReLU, dropout and two GPUs. In our version for 32×32 images, three"
                " quarters of the parameters are in the fully connected layers, as the page shows."
            ),
            image="own/alexnet",
            alt=N_("Blocks of AlexNet: five convolutions, then wide vectors"),
            page="architecture",
            parameters={"net": "cifar10-alexnet"},
            after=(
                "lenet",
                "dropout",
            ),
        ),
        Concept(
            id="vgg",
            number=49,
            title=N_("VGG"),
            text=N_(
                "VGG (2014) uses only 3×3 convolutions: two of them cover 5×5 pixels with fewer weights than "
                "one of 5×5. The number of channels doubles after pooling, up to eight times the first. The "
                "page shows the ten convolutions of our VGG for CIFAR-10."
            ),
            image="own/vgg",
            alt=N_("Blocks of a VGG: many convolutions in groups of equal size"),
            page="architecture",
            parameters={"net": "cifar10-vgg"},
            after=(
                "alexnet",
                "receptive-field",
            ),
        ),
        Concept(
            id="inception",
            number=50,
            title=N_("GoogLeNet (Inception)"),
            text=N_(
                "GoogLeNet (2014) consists of Inception blocks: parallel branches with several kernel sizes "
                "and a pooling branch, concatenated. 1×1 convolutions first reduce the channels, which saves "
                "most of the cost. The page shows our version with its nine blocks."
            ),
            image="own/inception",
            alt=N_("One input, four parallel branches, one output"),
            page="architecture",
            parameters={"net": "cifar10-inception"},
            after=("vgg",),
        ),
        Concept(
            id="resnet",
            number=51,
            title=N_("ResNet"),
            text=N_(
                "A ResNet block (2015) adds its input to its output, so its layers learn only the difference."
                " Gradients pass the sum unchanged, and models with more than 100 layers became trainable. "
                "The page shows the eight blocks of our ResNet-18."
            ),
            image="glossary/residual-connection",
            page="architecture",
            parameters={"net": "cifar10-resnet"},
            after=(
                "vgg",
                "vanishing-gradients",
            ),
            terms=("residual-connection",),
        ),
        Concept(
            id="densenet",
            number=52,
            title=N_("DenseNet"),
            text=N_(
                "In a DenseNet block (2016), each layer takes the maps of all earlier layers as its input. "
                "Maps are concatenated, not added as in ResNet. Each layer contributes only a few new maps, "
                "so the model needs few parameters."
            ),
            image="own/densenet",
            alt=N_("Layers in a row, each connected to all later ones"),
            after=("resnet",),
        ),
        Concept(
            id="mobilenet",
            number=53,
            title=N_("MobileNetV1"),
            text=N_(
                "MobileNetV1 (2017) splits each convolution in two: one 3×3 filter per channel, then a 1×1 "
                "convolution that mixes the channels. With many channels this takes about one ninth of the "
                "MACs of a full 3×3 convolution. The page shows the MACs of every layer."
            ),
            image="glossary/depthwise-convolution",
            page="architecture",
            parameters={"net": "cifar10-mobilenetv1"},
            after=("vgg",),
            terms=("depthwise-convolution",),
        ),
        Concept(
            id="efficientnet",
            number=54,
            title=N_("EfficientNet"),
            text=N_(
                "EfficientNet (2019) scales depth, width and image size together. Its blocks widen the "
                "channels, filter each one separately, weight them (squeeze-and-excitation) and narrow them "
                "again. The page shows a version of B0 for 32×32 images."
            ),
            image="own/efficientnet",
            alt=N_("A block that widens, weights and narrows again"),
            page="architecture",
            parameters={"net": "cifar10-efficientnet"},
            after=("mobilenet",),
        ),
        Concept(
            id="cost",
            number=55,
            title=N_("Accuracy and cost"),
            text=N_(
                "A larger model is not always a better one. The Pareto front joins the models that no other "
                "beats in both accuracy and cost. The page plots all models trained here on CIFAR-10, with "
                "95% confidence intervals."
            ),
            image="home/compare",
            alt=N_("Accuracy of models over their compute cost"),
            page="compare",
            parameters={"view": "figures"},
            after=(
                "resnet",
                "mobilenet",
            ),
            terms=("pareto-front",),
        ),
        Concept(
            id="grad-cam",
            number=56,
            title=N_("Grad-CAM"),
            text=N_(
                "Grad-CAM shows which regions of an image raise the score of a class. It weights the feature "
                "maps of a late layer by their gradients. The page puts the heatmaps of several models side "
                "by side for one image."
            ),
            image="glossary/grad-cam",
            page="compare",
            parameters={"view": "photo"},
            after=(
                "resnet",
                "attribution",
            ),
            terms=("grad-cam",),
        ),
        Concept(
            id="transfer-learning",
            number=57,
            title=N_("Transfer learning"),
            text=N_(
                "Transfer learning starts from weights that were trained on other data and trains only the "
                "last layer anew. The notes recommend it for up to 1,000 images per class. On the page, load "
                "an example or collect photos of your own, and train a classifier."
            ),
            image="home/photos",
            alt=N_("Photos of a cat, a dog and a horse with predicted probabilities"),
            page="photos",
            after=(
                "mnist-cnn",
                "data-split",
            ),
            terms=("transfer-learning",),
        ),
        Concept(
            id="fine-tuning",
            number=58,
            title=N_("Fine-tuning"),
            text=N_(
                "Fine-tuning also starts from pretrained weights, but trains all layers, usually with a small"
                " learning rate. The notes recommend it for 1,000 to 5,000 images per class, and training "
                "from scratch above that. The field “Start” on the page offers all three for a ResNet-18."
            ),
            image="own/fine-tuning",
            alt=N_("Three stacks of layers: all new, last one new, all adjusted"),
            page="train",
            parameters={
                "task": "cifar10-resnet18-pretrained",
                "recipe": "quick",
                "cifar10-resnet18-pretrained.quick.init": "fine-tuned",
            },
            after=(
                "transfer-learning",
                "resnet",
            ),
            terms=("transfer-learning",),
        ),
    ),
)
