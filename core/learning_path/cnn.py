"""Convolutional networks and what belongs to their training."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "cnn",
    N_("Convolutional networks (CNN)"),
    (
        Concept(
            id="convolution",
            number=36,
            title=N_("Convolution"),
            text=N_(
                "A convolution moves a small window of weights over the image and computes a weighted sum at "
                "each place. The same weights are used everywhere, so a pattern is found wherever it is. The "
                "page shows the feature maps of a drawn digit, layer by layer."
            ),
            image="home/draw",
            alt=N_("Feature maps of a drawn 5"),
            page="draw",
            parameters={"view": "maps", "network": "mnist-modern"},
            after=("mlp",),
            terms=(
                "convolution",
                "filter",
                "feature-map",
            ),
        ),
        Concept(
            id="padding-stride",
            number=37,
            title=N_("Padding and stride"),
            text=N_(
                "Padding adds a border of zeros, so that the map keeps its size. Stride is the step of the "
                "window: with a stride of 2, height and width are halved. The page opens with a stride of 3; "
                "change it and see the blocks and the cost change."
            ),
            image="glossary/stride",
            page="architecture",
            parameters={"net": "cifar10-sandbox", "net.cifar10-sandbox.stride": "3"},
            after=("convolution",),
            terms=(
                "padding",
                "stride",
            ),
        ),
        Concept(
            id="pooling",
            number=38,
            title=N_("Pooling"),
            text=N_(
                "Max pooling keeps the largest value of each 2×2 block, average pooling their mean. Height "
                "and width are halved, so the next layers cost less and cover a larger part of the image. In "
                "the notes' CNN on the page, 28×28 maps become 14×14."
            ),
            image="glossary/pooling",
            page="architecture",
            parameters={"net": "mnist-cnn"},
            after=("convolution",),
            terms=("pooling",),
        ),
        Concept(
            id="receptive-field",
            number=39,
            title=N_("Receptive field"),
            text=N_(
                "The receptive field of a unit is the region of the input that affects it. It grows with "
                "every convolution and every pooling layer. On the page, open the tab “Receptive field” for a"
                " VGG."
            ),
            image="glossary/receptive-field",
            page="architecture",
            parameters={"net": "cifar10-vgg"},
            after=(
                "convolution",
                "pooling",
            ),
            terms=("receptive-field",),
        ),
        Concept(
            id="batch-normalization",
            number=40,
            title=N_("Batch normalization"),
            text=N_(
                "Batch normalization shifts and scales each channel to mean 0 and standard deviation 1 over "
                "the batch, then applies a learned scale and offset. It was made to stabilize and speed up "
                "training. The page trains the same network without and with it."
            ),
            image="glossary/batch-normalization",
            page="playground",
            parameters={
                "view": "network",
                "data": "spirals",
                "hidden": "16,16,16",
                "activation": "relu",
                "vs": "batch_norm",
                "vs_value": "True",
            },
            after=(
                "mlp",
                "batches",
            ),
            terms=("batch-normalization",),
        ),
        Concept(
            id="mnist-cnn",
            number=41,
            title=N_("CNN for handwritten digits"),
            text=N_(
                "The CNN of the notes has one convolution, batch normalization, ReLU, max pooling and one "
                "fully connected layer. Unlike an MLP, it uses that neighboring pixels belong together. Train"
                " it on the page in a quick run, then draw a digit for it."
            ),
            image="glossary/class",
            page="train",
            parameters={"task": "mnist-cnn", "recipe": "quick"},
            after=(
                "convolution",
                "pooling",
                "batch-normalization",
            ),
            terms=("fully-connected-layer",),
        ),
        Concept(
            id="augmentation",
            number=42,
            title=N_("Data augmentation"),
            text=N_(
                "Augmentation changes the training images a little every time: shifted, rotated, scaled or "
                "mirrored. The model gets more variety than was collected, which works against overfitting. "
                "On the page, “Augmentation preview” shows each change on eight digits."
            ),
            image="glossary/augmentation",
            page="train",
            parameters={"task": "mnist-modern", "recipe": "quick"},
            after=("overfitting",),
            terms=(
                "augmentation",
                "cutout",
            ),
        ),
        Concept(
            id="schedule",
            number=43,
            title=N_("Learning rate schedule"),
            text=N_(
                "A schedule changes the learning rate during training; StepLR in the notes lowers it at fixed"
                " intervals. Large steps at first cover distance, small steps at the end let the weights "
                "settle. The page opens with the schedule “step” for the notes' CNN."
            ),
            image="glossary/step-schedule",
            page="train",
            parameters={"task": "mnist-cnn", "recipe": "quick", "mnist-cnn.quick.schedule": "step"},
            after=("learning-rate",),
            terms=(
                "schedule",
                "step-schedule",
                "cosine-schedule",
                "one-cycle",
            ),
        ),
        Concept(
            id="attribution",
            number=44,
            title=N_("Pixel attribution"),
            text=N_(
                "An attribution map marks the pixels that are evidence for or against a class. Blue is "
                "evidence for it, orange evidence against it. Draw a digit on the page, erase a blue stroke, "
                "and see the probability fall."
            ),
            image="glossary/attribution",
            page="draw",
            parameters={"view": "why", "network": "mnist-modern"},
            after=("mnist-cnn",),
            terms=("attribution",),
        ),
        Concept(
            id="confusion-matrix",
            number=45,
            title=N_("Confusion matrix"),
            text=N_(
                "A confusion matrix counts predictions: one row per true class, one column per predicted "
                "class. The diagonal holds the correct ones, the other cells show which classes are mixed up."
                " The page compares the matrices of two models on CIFAR-10."
            ),
            image="glossary/confusion-matrix",
            page="compare",
            parameters={"view": "closely"},
            after=("metrics",),
            terms=("confusion-matrix",),
        ),
        Concept(
            id="tracking",
            number=46,
            title=N_("Experiment tracking"),
            text=N_(
                "Experiment tracking keeps the settings, curves and results of every run, so that they can be"
                " compared later. The notes use TensorBoard; every run here writes its files too. The page "
                "plots runs in one chart and lists the settings in which they differ."
            ),
            image="home/train",
            alt=N_("Loss and accuracy of a training"),
            page="runs",
            after=("data-split",),
            terms=("checkpoint",),
        ),
    ),
)
