"""Transformers for text and images."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "transformers",
    N_("Transformers"),
    (
        Concept(
            id="attention",
            number=82,
            title=N_("Self-attention"),
            text=N_(
                "Each element computes a query, a key and a value. The dot products of its query with all "
                "keys become weights by softmax, and its output is the weighted sum of the values. Every "
                "element can thus use every other one, however far away."
            ),
            image="own/attention",
            alt=N_("A grid of weights between the words of a sentence"),
            after=(
                "mlp",
                "softmax-regression",
            ),
        ),
        Concept(
            id="transformer",
            number=83,
            title=N_("Transformer"),
            text=N_(
                "A Transformer (2017) stacks blocks of attention and a small MLP, each with a residual "
                "connection and layer normalization. All positions are computed at once, unlike in an RNN. "
                "Position encodings supply the order, which attention alone ignores."
            ),
            image="own/transformer",
            alt=N_("Blocks of attention and MLP with connections around them"),
            after=(
                "attention",
                "resnet",
                "seq2seq",
            ),
        ),
        Concept(
            id="bert",
            number=84,
            title=N_("BERT"),
            text=N_(
                "BERT (2018) is a Transformer encoder that reads a text in both directions. It is pretrained "
                "by predicting words that were masked in the text. It is then fine-tuned, for example to "
                "classify texts or to find the answer to a question."
            ),
            image="own/bert",
            alt=N_("A row of words, one is masked; arrows from both sides"),
            after=(
                "transformer",
                "fine-tuning",
            ),
        ),
        Concept(
            id="gpt",
            number=85,
            title=N_("GPT"),
            text=N_(
                "GPT (2018) is a Transformer decoder that predicts the next token from the earlier ones only."
                " It writes a text by adding one predicted token after another. It is pretrained on large "
                "amounts of text without labels."
            ),
            image="own/gpt",
            alt=N_("A row of words; arrows from the earlier ones to the next"),
            after=(
                "transformer",
                "beam-search",
            ),
        ),
        Concept(
            id="vit",
            number=86,
            title=N_("ViT"),
            text=N_(
                "A Vision Transformer (2020) cuts an image into patches of 16×16 pixels and treats each as a "
                "token. A linear layer turns patches into vectors, to which positions are added. Trained on "
                "enough images, it reaches the accuracy of CNNs or more."
            ),
            image="own/vit",
            alt=N_("An image cut into patches that stand in a row"),
            after=(
                "transformer",
                "convolution",
            ),
        ),
        Concept(
            id="detr",
            number=87,
            title=N_("DETR"),
            text=N_(
                "DETR (2020) computes feature maps with a CNN and gives them to a Transformer. A fixed number"
                " of queries each return one box with its class, or “no object”. During training, predictions"
                " and objects are matched one to one, so non-maximum suppression is not needed."
            ),
            image="own/detr",
            alt=N_("Feature maps, a Transformer and boxes around two objects"),
            after=(
                "transformer",
                "yolo",
            ),
        ),
    ),
)
