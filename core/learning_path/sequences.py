"""Recurrent networks for sequences."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "sequences",
    N_("Sequences (RNN)"),
    (
        Concept(
            id="rnn",
            number=68,
            title=N_("RNN"),
            text=N_(
                "A recurrent network reads a sequence one element at a time and keeps a hidden state. The "
                "same weights are used at every step, so a sequence can have any length. Over many steps its "
                "gradients tend to vanish or explode."
            ),
            image="own/rnn",
            alt=N_("The same block at each step passes its state to the right"),
            after=(
                "mlp",
                "vanishing-gradients",
            ),
        ),
        Concept(
            id="lstm",
            number=69,
            title=N_("LSTM"),
            text=N_(
                "An LSTM adds a cell state to the RNN that passes from step to step through a product and a "
                "sum. Three gates decide what to forget, what to write and what to output. Gradients survive "
                "more steps than in a plain RNN."
            ),
            image="own/lstm",
            alt=N_("A cell state on top and three gates below it"),
            after=("rnn",),
        ),
        Concept(
            id="gru",
            number=70,
            title=N_("GRU"),
            text=N_(
                "A GRU (2014) has two gates, update and reset, and no cell state of its own. The update gate "
                "mixes the old hidden state with a new one. It needs three quarters of the weights of an LSTM"
                " of the same width."
            ),
            image="own/gru",
            alt=N_("A state that is mixed from old and new by one gate"),
            after=("lstm",),
        ),
        Concept(
            id="seq2seq",
            number=71,
            title=N_("Encoder-decoder (seq2seq)"),
            text=N_(
                "An encoder reads the input sequence into a state, and a decoder writes the output sequence "
                "from it. The two lengths may differ, as in translation. Attention later gave the decoder "
                "access to every state of the encoder."
            ),
            image="own/seq2seq",
            alt=N_("Three input steps, one state, four output steps"),
            after=("lstm",),
        ),
        Concept(
            id="beam-search",
            number=72,
            title=N_("Beam search"),
            text=N_(
                "Choosing the most probable word at each step can miss the most probable sentence. Beam "
                "search keeps the k best partial sentences and extends each of them. With k = 1 it is greedy "
                "search."
            ),
            image="own/beam-search",
            alt=N_("A tree of words in which two paths are kept"),
            after=("seq2seq",),
        ),
    ),
)
