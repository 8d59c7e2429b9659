"""Neural networks: layers, activation functions, and what goes wrong."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

# Sixty points with a fifth of the labels wrong, and many parameters.
_OVERFIT = {
    "view": "network",
    "data": "moons",
    "noise": "20",
    "label_noise": "20",
    "train_share": "20",
    "hidden": "32,32",
    "activation": "relu",
}
GROUP = Group(
    "networks",
    N_("Neural networks"),
    (
        Concept(
            id="xor",
            number=22,
            title=N_("Perceptron and XOR"),
            text=N_(
                "A single layer separates two classes by a straight line. In XOR, equal classes lie in "
                "opposite corners, and no line separates them. Press Play without a hidden layer, then enter "
                "4 under “Units per hidden layer” and try again."
            ),
            image="own/xor",
            alt=N_("Four corners of alternating classes and a line that cannot separate them"),
            page="playground",
            parameters={"view": "network", "data": "xor", "hidden": "0", "experiment": "line", "vs": "none"},
        ),
        Concept(
            id="mlp",
            number=23,
            title=N_("Multilayer perceptron (MLP)"),
            text=N_(
                "A multilayer perceptron stacks fully connected layers: each unit computes a weighted sum of "
                "the layer before and applies an activation function. Hidden layers build features that make "
                "the classes separable. The page shows every unit's output while the network learns two "
                "spirals."
            ),
            image="home/playground",
            alt=N_("Two spirals of points, separated by a network's predictions"),
            page="playground",
            parameters={"view": "network", "data": "spirals", "hidden": "8,8", "vs": "none"},
            after=(
                "xor",
                "gradient-descent",
            ),
            terms=(
                "mlp",
                "fully-connected-layer",
            ),
        ),
        Concept(
            id="activation",
            number=24,
            title=N_("Activation functions"),
            text=N_(
                "Without an activation function, stacked layers are equivalent to a single linear one. The "
                "notes name ReLU, sigmoid, tanh and GELU. The page trains two networks in lock-step that "
                "differ in nothing else: tanh and ReLU."
            ),
            image="glossary/activation",
            page="playground",
            parameters={
                "view": "network",
                "data": "circles",
                "activation": "tanh",
                "hidden": "6,4",
                "vs": "activation",
                "vs_value": "relu",
            },
            after=("mlp",),
            terms=("activation",),
        ),
        Concept(
            id="house-price",
            number=25,
            title=N_("Regression with a network"),
            text=N_(
                "For regression the last layer has one unit without an activation function, and the loss is "
                "the mean squared error. The first project of the notes predicts house prices in Boston from "
                "columns such as the number of rooms. Move a slider on the page and see the predicted value "
                "change."
            ),
            image="home/house_prices",
            alt=N_("Actual prices over predicted ones, near the diagonal"),
            page="house_prices",
            parameters={"view": "house"},
            after=(
                "mlp",
                "linear-regression",
            ),
            terms=(
                "regression",
                "rmse",
            ),
        ),
        Concept(
            id="sgd-adam",
            number=26,
            title=N_("SGD vs. Adam"),
            text=N_(
                "The notes compare SGD and Adam on the house prices. On the page, three networks start from "
                "the same weights and get the same batches; only the optimizer differs. Press “Train three "
                "networks” and compare the curves on training and validation data."
            ),
            image="glossary/momentum",
            page="house_prices",
            parameters={"view": "train"},
            after=(
                "house-price",
                "optimizers",
            ),
            terms=(
                "sgd",
                "adam",
            ),
        ),
        Concept(
            id="initialization",
            number=27,
            title=N_("Weight initialization"),
            text=N_(
                "If all weights start at 0, all units of a layer compute the same, get the same gradient and "
                "stay equal. Random initial weights break this symmetry; He and Xavier choose their spread by"
                " the width of the layer. Press Play with zeros, then choose another initialization."
            ),
            image="own/initialization",
            alt=N_("Equal units on the left, different ones on the right"),
            page="playground",
            parameters={
                "view": "network",
                "data": "xor",
                "init": "zeros",
                "experiment": "zeros",
                "vs": "none",
            },
            after=(
                "mlp",
                "backpropagation",
            ),
        ),
        Concept(
            id="vanishing-gradients",
            number=28,
            title=N_("Vanishing gradients"),
            text=N_(
                "Backpropagation multiplies the derivatives of all layers. The derivative of sigmoid is at "
                "most 1/4, so in a deep network little of the gradient reaches the first layers. The numbers "
                "marked ∇ below the five layers on the page show it."
            ),
            image="own/vanishing-gradients",
            alt=N_("Bars that shrink towards the first layer"),
            page="playground",
            parameters={
                "view": "network",
                "data": "circles",
                "hidden": "8,8,8,8,8",
                "activation": "sigmoid",
                "optimizer": "sgd",
                "learning_rate": "0.1",
                "experiment": "vanishing",
                "vs": "none",
            },
            after=(
                "activation",
                "backpropagation",
            ),
        ),
        Concept(
            id="exploding-gradients",
            number=29,
            title=N_("Exploding gradients"),
            text=N_(
                "Large weights or a large learning rate can make the gradients grow with every step, until "
                "the weights overflow. Smaller steps, a better initialization or gradient clipping prevent "
                "it. The page opens with a learning rate of 10 and stops at the first step that is not "
                "finite."
            ),
            image="own/exploding-gradients",
            alt=N_("A loss curve that rises ever faster"),
            page="playground",
            parameters={
                "view": "network",
                "data": "bumps",
                "activation": "linear",
                "init": "normal",
                "optimizer": "sgd",
                "learning_rate": "10",
                "experiment": "rate",
                "vs": "none",
            },
            after=(
                "vanishing-gradients",
                "learning-rate",
            ),
            terms=("gradient-clipping",),
        ),
        Concept(
            id="overfitting",
            number=30,
            title=N_("Overfitting"),
            text=N_(
                "A model overfits if its training loss keeps falling while its loss on new data rises. A "
                "model that is too simple underfits: both losses stay high. The page trains 1,185 parameters "
                "on 60 points with a fifth of the labels wrong."
            ),
            image="glossary/overfitting",
            page="playground",
            parameters={**_OVERFIT, "experiment": "overfitting", "vs": "none"},
            after=(
                "mlp",
                "data-split",
            ),
            terms=(
                "overfitting",
                "generalisation",
            ),
        ),
        Concept(
            id="regularization",
            number=31,
            title=N_("L1 and L2 regularization"),
            text=N_(
                "L2 adds the squared weights to the loss, L1 their absolute values, so that large weights "
                "cost something. With plain SGD, L2 is the same as weight decay: every step shrinks all "
                "weights a little. The page trains the same network without and with L2 = 0.03."
            ),
            image="own/regularization",
            alt=N_("A curve through every point, and a smoother one"),
            page="playground",
            parameters={**_OVERFIT, "experiment": "l2", "vs": "l2", "vs_value": "0.03"},
            after=("overfitting",),
            terms=("weight-decay",),
        ),
        Concept(
            id="dropout",
            number=32,
            title=N_("Dropout"),
            text=N_(
                "Dropout sets random units to zero at each training step, so that no unit can rely on a "
                "single other one. For predictions all units are active. The page trains the same network "
                "without dropout and with a probability of 0.3."
            ),
            image="glossary/dropout",
            page="playground",
            parameters={**_OVERFIT, "experiment": "overfitting", "vs": "dropout", "vs_value": "0.3"},
            after=("overfitting",),
            terms=("dropout",),
        ),
        Concept(
            id="early-stopping",
            number=33,
            title=N_("Early stopping"),
            text=N_(
                "Early stopping ends training when the loss on held-out data has not fallen for a number of "
                "epochs. The model itself stays as it is. The page stops after 25 epochs without a lower test"
                " loss."
            ),
            image="glossary/early-stopping",
            page="playground",
            parameters={**_OVERFIT, "experiment": "overfitting", "vs": "none", "early_stopping": "25"},
            after=("overfitting",),
            terms=("early-stopping",),
        ),
        Concept(
            id="double-descent",
            number=34,
            title=N_("Double descent"),
            text=N_(
                "With as many hidden units as training points, the test error is largest; wider networks do "
                "better again. Among the many solutions of a wide network, the one with the smallest weights "
                "is smoother. The page opens at experiment 10: predict, then press “Measure now”."
            ),
            image="own/double-descent",
            alt=N_("Test error over width: down, up to a peak, down again"),
            page="playground",
            parameters={"view": "network", "data": "circles", "experiment": "double-descent", "vs": "none"},
            after=("overfitting",),
        ),
        Concept(
            id="saving",
            number=35,
            title=N_("Save and load a model"),
            text=N_(
                "A trained model is a file of weights with a description of its layers. Manabi Lab writes "
                "safetensors, a format without code, while the notes use pickle files, which can contain "
                "code. Train on the page, save the network, and load it again."
            ),
            image="own/saving",
            alt=N_("A network, a file and an arrow both ways"),
            page="house_prices",
            parameters={"view": "train"},
            after=("house-price",),
            terms=(
                "checkpoint",
                "parameters",
            ),
        ),
    ),
)
