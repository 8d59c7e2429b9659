"""Classical algorithms of the notes: without a neural network."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "classical",
    N_("Classical algorithms"),
    (
        Concept(
            id="softmax-regression",
            number=12,
            title=N_("Softmax regression"),
            text=N_(
                "One linear layer gives each class a score, and softmax turns the scores into probabilities "
                "with the sum 1. With two classes it is called logistic regression. The page trains it on "
                "handwritten digits: 784 pixels, 10 classes, 7,850 parameters."
            ),
            image="glossary/softmax",
            page="train",
            parameters={
                "task": "mnist-softmax",
                "recipe": "quick",
                "mnist-softmax.quick.input_scaling": "standardized",
            },
            after=("loss",),
            terms=(
                "softmax",
                "logits",
                "cross-entropy",
            ),
        ),
        Concept(
            id="naive-bayes",
            number=13,
            title=N_("Bayes' theorem and naive Bayes"),
            text=N_(
                "Bayes' theorem turns the probability of the inputs given a class into the probability of a "
                "class given the inputs. Naive Bayes treats the inputs as independent within a class, here "
                "each as a Gaussian. The page shows its boundary beside the other algorithms."
            ),
            image="own/naive-bayes",
            alt=N_("Points of two classes and the boundary of naive Bayes between them"),
            page="playground",
            parameters={"view": "classical", "data": "gaussians"},
        ),
        Concept(
            id="maximum-likelihood",
            number=14,
            title=N_("Maximum likelihood"),
            text=N_(
                "Maximum likelihood chooses the parameters under which the observed data are most probable. "
                "For a Gaussian these are the mean and the standard deviation of the values themselves. At "
                "the bottom of the page, move both sliders and try to reach the maximum."
            ),
            image="own/maximum-likelihood",
            alt=N_("A bell curve over a histogram of values"),
            page="playground",
            parameters={"view": "classical", "data": "gaussians"},
        ),
        Concept(
            id="knn",
            number=15,
            title=N_("k-nearest neighbors"),
            text=N_(
                "k-nearest neighbors only stores the training points: a new point gets the most frequent "
                "class among the k closest. A small k follows single points, a large k gives a smoother "
                "boundary. The page shows k = 5 on two interleaved moons."
            ),
            image="own/knn",
            alt=N_("Two moons and the boundary of k-nearest neighbors"),
            page="playground",
            parameters={"view": "classical", "data": "moons", "noise": "20"},
        ),
        Concept(
            id="svm",
            number=16,
            title=N_("Support vector machine"),
            text=N_(
                "A support vector machine chooses the boundary with the widest margin between two classes. "
                "With a kernel such as RBF the boundary is curved, as in the notes' nonlinear SVM. Compare "
                "the linear and the RBF kernel on a disk within a ring."
            ),
            image="own/svm",
            alt=N_("A disk within a ring, separated by a support vector machine with RBF kernel"),
            page="playground",
            parameters={"view": "classical", "data": "circles"},
        ),
        Concept(
            id="decision-tree",
            number=17,
            title=N_("Decision tree"),
            text=N_(
                "A decision tree compares one input with a threshold, then another, until it reaches a class."
                " Its boundary consists of horizontal and vertical pieces, and without a limit it fits every "
                "training point. The page flips a fifth of the training labels: compare training and test "
                "accuracy."
            ),
            image="own/decision-tree",
            alt=N_("Boundary of a decision tree with horizontal and vertical edges"),
            page="playground",
            parameters={"view": "classical", "data": "xor", "label_noise": "20"},
        ),
        Concept(
            id="random-forest",
            number=18,
            title=N_("Random forest"),
            text=N_(
                "A random forest averages many trees, each grown on a random sample of the points and with "
                "random choices of the inputs. The average varies less than a single tree. The page shows 100"
                " trees beside one, with a fifth of the training labels flipped."
            ),
            image="own/random-forest",
            alt=N_("Boundary of a forest of 100 trees on noisy moons"),
            page="playground",
            parameters={"view": "classical", "data": "moons", "noise": "20", "label_noise": "20"},
            after=("decision-tree",),
        ),
        Concept(
            id="k-means",
            number=19,
            title=N_("k-means"),
            text=N_(
                "k-means groups points without labels: each point joins the nearest of k centers, and each "
                "center moves to the mean of its points, until nothing changes. The number k is chosen "
                "beforehand. The page shows k = 2 and the share of points in the region of their class."
            ),
            image="own/k-means",
            alt=N_("Points, two centers and the regions around them"),
            page="playground",
            parameters={"view": "classical", "data": "gaussians"},
        ),
        Concept(
            id="pca",
            number=20,
            title=N_("PCA"),
            text=N_(
                "Principal component analysis finds the directions in which the points vary most. Keeping "
                "only the first ones describes the data with fewer numbers. The page draws both axes as "
                "arrows, with their share of the variance."
            ),
            image="own/pca",
            alt=N_("Points with two arrows, the longer one along the larger spread"),
            page="playground",
            parameters={"view": "classical", "data": "moons", "noise": "10"},
        ),
        Concept(
            id="cross-validation",
            number=21,
            title=N_("Cross-validation"),
            text=N_(
                "Cross-validation splits the data into k folds and tests on each fold once, after training on"
                " the others. The spread over the folds shows how uncertain a single split is. The page "
                "compares a network with linear regression, ridge, random forest and gradient boosting on the"
                " same folds."
            ),
            image="own/cross-validation",
            alt=N_("Five rows, in each another fifth is the test fold"),
            page="house_prices",
            parameters={"view": "models"},
            after=(
                "data-split",
                "random-forest",
            ),
            terms=(
                "rmse",
                "r2",
            ),
        ),
    ),
)
