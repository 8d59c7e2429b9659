"""Ten experiments for the playground, each with a question to answer before the result shows.

The figures in the results were measured with these settings; tests/unit/test_playground_experiments.py repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.lessons.playground.settings import Settings
from core.messages import N_


@dataclass(frozen=True)
class Experiment:
    """An experiment.

    Attributes:
        id: name in URLs.
        title: short name.
        question: what to predict.
        options: possible predictions.
        answer: index of the right one.
        result: what is seen, and why.
        settings: what to train; None for double descent, which is measured otherwise.
        compare: a setting and its second value, trained in lock-step.
    """

    id: str
    title: str
    question: str
    options: tuple[str, ...]
    answer: int
    result: str
    settings: Settings | None
    compare: tuple[str, object] | None = None


_OVERFIT = Settings(
    data="moons", noise=20, label_noise=20, train_share=20, hidden=(32, 32), activation="relu"
)
EXPERIMENTS = (
    Experiment(
        "line",
        N_("The limit of a straight line"),
        N_("Can a network without a hidden layer solve XOR?"),
        (N_("Yes, with enough epochs"), N_("No")),
        1,
        N_(
            "No. Without a hidden layer the boundary is a straight line, and no line separates the four corners: after 60 "
            "epochs about a third of the training points are still wrong."
        ),
        Settings(data="xor", hidden=()),
    ),
    Experiment(
        "enclose",
        N_("Enclosing a disk"),
        N_("How many units in one hidden layer does it take to enclose the disk?"),
        ("1", "2", "3"),
        2,
        N_(
            "Three. Each unit contributes one soft line, and three lines make a closed triangle. Two leave the region open on "
            "one side. Change 2 to 3 units and train again: all points end up on the right side."
        ),
        Settings(data="circles", hidden=(2,), noise=0),
    ),
    Experiment(
        "features",
        N_("Features instead of layers"),
        N_("The inputs are now x₁² and x₂². Can the disk be separated without a hidden layer?"),
        (N_("Yes"), N_("No")),
        0,
        N_(
            "Yes, all points within 60 epochs. In the space of the squares the circle is a straight line: a good feature "
            "replaces a layer. Hidden layers learn such features by themselves."
        ),
        Settings(data="circles", hidden=(), features=("x1sq", "x2sq")),
    ),
    Experiment(
        "rate",
        N_("A learning rate of 10"),
        N_("SGD with a learning rate of 10 on a linear network: what happens?"),
        (N_("It learns very fast"), N_("The loss oscillates"), N_("The loss overflows")),
        2,
        N_(
            "It overflows within a few steps. Every step overshoots the minimum by more than the step before, so the weights grow "
            "until they are no longer finite numbers. Try 0.01 instead."
        ),
        Settings(data="bumps", activation="linear", init="normal", optimizer="sgd", learning_rate=10.0),
    ),
    Experiment(
        "zeros",
        N_("All weights start at zero"),
        N_("What does a network learn whose weights all start at 0?"),
        (N_("The same as always"), N_("It learns more slowly"), N_("Almost nothing")),
        2,
        N_(
            "Almost nothing. All units compute 0, so every gradient of a weight is exactly 0, as the ∇ below each layer shows. "
            "Only the last bias moves. Random initial weights break this symmetry."
        ),
        Settings(data="xor", init="zeros"),
    ),
    Experiment(
        "vanishing",
        N_("Vanishing gradients"),
        N_(
            "Five hidden layers with sigmoid. After one epoch, how large is the gradient of the first layer beside that of the last?"
        ),
        (N_("About the same"), N_("About ten times smaller"), N_("Thousands of times smaller")),
        2,
        N_(
            "Thousands of times smaller. The derivative of sigmoid is at most 1/4, and backpropagation multiplies one such factor "
            "per layer. Compare with ReLU: its first layer gets a gradient about a hundred times larger."
        ),
        Settings(data="circles", hidden=(8,) * 5, activation="sigmoid", optimizer="sgd", learning_rate=0.1),
    ),
    Experiment(
        "dead",
        N_("Dead units"),
        N_("ReLU with Adam at a learning rate of 0.3. How many of the 32 units still react after 40 epochs?"),
        (N_("Nearly all"), N_("About half"), N_("Hardly any")),
        1,
        N_(
            "About half. Large steps pushed the others so far that they output 0 for every training point. Their gradient is 0 "
            "too, so they never come back. Leaky ReLU avoids this."
        ),
        Settings(data="circles", hidden=(16, 16), activation="relu", learning_rate=0.3),
    ),
    Experiment(
        "overfitting",
        N_("Overfitting"),
        N_(
            "60 points, a fifth of their labels wrong, 1,185 parameters, 200 epochs: what does the test loss do?"
        ),
        (N_("It keeps falling"), N_("It levels off"), N_("It falls, then rises")),
        2,
        N_(
            "It falls for about 20 epochs, then rises, while the training loss keeps falling: the network learns the wrong "
            "labels by heart. Early stopping would have ended there. More points help even more."
        ),
        _OVERFIT,
    ),
    Experiment(
        "l2",
        N_("A penalty against overfitting"),
        N_("The same network beside one with L2 = 0.03. Which has the lower test loss after 200 epochs?"),
        (N_("Without L2"), N_("With L2")),
        1,
        N_(
            "The one with L2. Its training loss is higher, its boundary smoother: large weights are too expensive for "
            "chasing single points."
        ),
        _OVERFIT,
        ("l2", 0.03),
    ),
    Experiment(
        "double-descent",
        N_("Double descent"),
        N_("Networks of 2 to 800 hidden units learn 40 points. At which width is the test error largest?"),
        ("2", "40", "800"),
        1,
        N_(
            "At 40, as many units as points: there is just one way through all points, and it is wild. Wider networks "
            "have many ways, and the solution with the smallest weights is smoother: the error descends a second time."
        ),
        None,
    ),
)
