"""Basics: a line, its loss, gradient descent, and how to train and test."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "basics",
    N_("Basics"),
    (
        Concept(
            id="linear-regression",
            number=1,
            title=N_("Linear regression"),
            text=N_(
                "Linear regression predicts a number as a weighted sum of the inputs plus a bias: y = wx + b."
                " Least squares computes the line with the smallest mean squared error at once. The page "
                "opens with the five points of the notes and shows the equation with their numbers."
            ),
            image="glossary/regression",
            page="gradient_descent",
            parameters={"points": "notes", "section": "solution"},
            terms=("regression",),
        ),
        Concept(
            id="loss",
            number=2,
            title=N_("Loss function"),
            text=N_(
                "The loss measures how far predictions are from the correct values, and training makes it "
                "smaller. For numbers it is usually the mean squared error, for classes the cross-entropy. "
                "Drag the handles of the line on the page and watch the loss change."
            ),
            image="glossary/squared-error",
            page="gradient_descent",
            parameters={"points": "noisy", "section": "steps"},
            after=("linear-regression",),
            terms=(
                "loss",
                "squared-error",
                "cross-entropy",
            ),
        ),
        Concept(
            id="gradient-descent",
            number=3,
            title=N_("Gradient descent"),
            text=N_(
                "Gradient descent computes the slope of the loss and moves the weights a small step downhill."
                " The notes start at w = 1, b = 10 and end at w = 2, b = 1. Press Play: the ball walks down "
                "the loss surface, and every step shows its numbers."
            ),
            image="glossary/gradient-descent",
            page="gradient_descent",
            parameters={"points": "notes", "optimizer": "sgd", "lr": "0.02", "section": "steps"},
            after=("loss",),
            terms=(
                "gradient-descent",
                "gradient",
            ),
        ),
        Concept(
            id="learning-rate",
            number=4,
            title=N_("Learning rate"),
            text=N_(
                "The learning rate scales each step. If it is too small, training takes long; if it is too "
                "large, every step overshoots and the loss grows. The page opens with 0.08, above the limit "
                "of 0.067 for these points: press Play, then lower it."
            ),
            image="glossary/learning-rate",
            page="gradient_descent",
            parameters={"points": "notes", "optimizer": "sgd", "lr": "0.08", "section": "steps"},
            after=("gradient-descent",),
            terms=("learning-rate",),
        ),
        Concept(
            id="backpropagation",
            number=5,
            title=N_("Backpropagation"),
            text=N_(
                "Backpropagation computes the derivative of the loss by every weight, from the last layer "
                "back to the first, with the chain rule. PyTorch's autograd does it for any model. On the "
                "page, write both derivatives of a line and compare them with autograd and a finite "
                "difference."
            ),
            image="own/backpropagation",
            alt=N_("Values go right through a chain of blocks, gradients come back left"),
            page="gradient_descent",
            parameters={"points": "notes", "section": "own"},
            after=("gradient-descent",),
            terms=("gradient",),
        ),
        Concept(
            id="batches",
            number=6,
            title=N_("Batches, iterations, epochs"),
            text=N_(
                "Training data are split into batches; one update is an iteration, and one pass over all "
                "batches is an epoch. In the notes, 5,000 images in batches of 100 make 50 iterations per "
                "epoch. The page opens with batches of one point; try other sizes under “More settings”."
            ),
            image="glossary/batch-size",
            page="playground",
            parameters={"view": "network", "data": "circles", "batch_size": "1", "vs": "none"},
            after=("gradient-descent",),
            terms=(
                "batch-size",
                "step",
                "epoch",
            ),
        ),
        Concept(
            id="optimizers",
            number=7,
            title=N_("Optimizers"),
            text=N_(
                "Momentum adds a share of the previous step; RMSprop and Adam scale the step of each weight "
                "by its recent gradients. In a narrow valley, plain SGD zigzags or crawls while the others "
                "move along it. The race on the page starts all four at the same place."
            ),
            image="home/gradient_descent",
            alt=N_("Paths of four optimizers over a loss surface, from one start to one minimum"),
            page="gradient_descent",
            parameters={"points": "years", "section": "race"},
            after=("learning-rate",),
            terms=(
                "optimizer",
                "sgd",
                "momentum",
                "rmsprop",
                "adam",
            ),
        ),
        Concept(
            id="data-split",
            number=8,
            title=N_("Training, validation and test data"),
            text=N_(
                "Weights are fitted to the training data, settings are chosen on the validation data, and the"
                " test data are used once, at the end. The notes split them 8 : 1 : 1. Start a quick run on "
                "the page: its curves show training and validation, its result the test set."
            ),
            image="glossary/validation-data",
            page="train",
            parameters={"task": "mnist-mlp", "recipe": "quick"},
            terms=(
                "training-data",
                "validation-data",
                "test-data",
            ),
        ),
        Concept(
            id="scaling",
            number=9,
            title=N_("Input normalization"),
            text=N_(
                "Pixels are bytes from 0 to 255; the notes scale them to [0, 1] or [-1, 1] before training. "
                "Inputs around 0 let one learning rate suit all weights of the first layer. The form on the "
                "page opens with raw bytes: train, then compare with “standardized”."
            ),
            image="glossary/normalization",
            page="train",
            parameters={
                "task": "mnist-softmax",
                "recipe": "quick",
                "mnist-softmax.quick.input_scaling": "bytes",
            },
            after=("learning-rate",),
            terms=("normalization",),
        ),
        Concept(
            id="metrics",
            number=10,
            title=N_("Precision, recall, F1"),
            text=N_(
                "Accuracy is the share of correct predictions. Precision is the share of a class's "
                "predictions that are correct, recall the share of its members that were found; F1 is their "
                "harmonic mean. After a run, the page lists all three for every digit."
            ),
            image="glossary/precision",
            page="train",
            parameters={"task": "mnist-lenet5", "recipe": "quick"},
            after=("data-split",),
            terms=(
                "accuracy",
                "precision",
                "recall",
                "f1",
            ),
        ),
        Concept(
            id="hyperparameters",
            number=11,
            title=N_("Hyperparameter search"),
            text=N_(
                "Hyperparameters are settings that training does not learn: learning rate, batch size, number"
                " of layers. A search trains with several values and keeps the one with the best validation "
                "result. On the page, open “Hyperparameter sweep”, list values, and start all runs at once."
            ),
            image="glossary/hyperparameter",
            page="train",
            parameters={"task": "mnist-cnn", "recipe": "quick"},
            after=("data-split",),
            terms=("hyperparameter",),
        ),
    ),
)
