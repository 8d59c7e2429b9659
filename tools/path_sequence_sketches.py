"""Illustrations of sequence models, Transformers and text-to-image models for the learning path."""

from __future__ import annotations

from collections.abc import Callable

from tools.path_drawings import (
    BLUE,
    GRAY,
    GREEN,
    RED,
    arrow,
    box,
    curve,
    dot,
    face,
    line,
    sheet,
    text,
    words,
)


def rnn() -> str:
    """The same block at each step."""
    shapes = []
    for i in range(3):
        x = 10 + 29 * i
        shapes += [
            box(x, 36, 18, 24, BLUE),
            arrow((x + 9, 82), (x + 9, 63)),
            arrow((x + 9, 33), (x + 9, 16), GREEN),
        ]
        shapes += [arrow((x + 19, 48), (x + 28, 48), RED)] if i < 2 else []
    return sheet(*shapes)


def lstm() -> str:
    """A cell state and three gates."""
    gates = [box(15 + 24 * i, 58, 18, 16, BLUE) + text(24 + 24 * i, 70, "σ", 12) for i in range(3)]
    up = [line([(24 + 24 * i, 57), (24 + 24 * i, 34)], GRAY, 1.5) for i in range(3)]
    marks = [dot(24, 28, 6.5, GREEN, hollow=True), dot(48, 28, 6.5, GREEN, hollow=True)]
    return sheet(
        line([(4, 28), (17, 28)], RED, 2.5),
        line([(31, 28), (41, 28)], RED, 2.5),
        arrow((55, 28), (92, 28), RED, 2.5),
        *marks,
        text(24, 32, "×", 11),
        text(48, 32, "+", 11),
        *up,
        *gates,
    )


def gru() -> str:
    """Old and new state, mixed by one gate."""
    return sheet(
        arrow((4, 26), (40, 26), RED, 2.5),
        dot(48, 26, 6.5, GREEN, hollow=True),
        text(48, 30, "+", 11),
        arrow((56, 26), (92, 26), RED, 2.5),
        *(box(x, 60, 20, 16, BLUE) + text(x + 10, 72, t, 11) for x, t in ((18, "r"), (58, "z"))),
        line([(28, 58), (28, 44), (44, 33)], GRAY, 1.5),
        line([(68, 58), (68, 44), (52, 33)], GRAY, 1.5),
    )


def seq2seq() -> str:
    """Three inputs, one state, four outputs."""
    inputs = [box(5 + 11 * i, 54, 8, 24, BLUE) for i in range(3)]
    outputs = [box(52 + 11 * i, 54, 8, 24, GREEN) for i in range(4)]
    return sheet(*inputs, *outputs, dot(42, 30, 7, RED), arrow((28, 52), (36, 36)), arrow((49, 34), (58, 51)))


def beam_search() -> str:
    """A tree in which two paths are kept."""
    wires, dots = [], [dot(12, 48, 4.5, BLUE)]
    for y, kept in ((20, True), (48, False), (76, True)):
        wires.append(
            line([(12, 48), (44, y)], BLUE if kept else GRAY, 2.4 if kept else 1, "" if kept else "3 3")
        )
        dots.append(dot(44, y, 4.5, BLUE if kept else GRAY, hollow=not kept))
        for dy in (-10, 10) if kept else ():
            best = (y, dy) in ((20, 10), (76, -10))
            wires.append(
                line(
                    [(44, y), (80, y + dy)], BLUE if best else GRAY, 2.4 if best else 1, "" if best else "3 3"
                )
            )
            dots.append(dot(80, y + dy, 4.5, BLUE if best else GRAY, hollow=not best))
    return sheet(*wires, *dots)


def stable_diffusion() -> str:
    """Text and noise into a latent space, an image out."""
    noise = [dot(8 + 4 * (i % 6), 60 + 4 * (i * 7 % 6), 1.3, GRAY) for i in range(30)]
    return sheet(
        box(6, 22, 24, 5, GREEN, 0.6),
        box(6, 31, 16, 5, GREEN, 0.6),
        *noise,
        box(42, 34, 16, 28, BLUE),
        arrow((32, 30), (40, 40), GREEN),
        arrow((32, 68), (40, 57)),
        arrow((60, 48), (66, 48)),
        face(68, 35, 25),
    )


def attention() -> str:
    """Weights between words."""
    weights = ((9, 2, 1, 3), (2, 8, 5, 1), (1, 6, 9, 2), (4, 1, 2, 9))
    cells = [
        box(26 + 16 * c, 26 + 16 * r, 13, 13, BLUE, 0.09 * w)
        for r, row in enumerate(weights)
        for c, w in enumerate(row)
    ]
    rows = [box(6, 28 + 16 * i, 14, 9, GREEN, 0.4) + box(26 + 16 * i, 10, 13, 9, RED, 0.4) for i in range(4)]
    return sheet(*cells, *rows)


def transformer() -> str:
    """Attention and MLP, each with a residual connection."""
    return sheet(
        box(30, 56, 36, 20, BLUE),
        text(48, 70, "QKᵀV", 10),
        box(30, 20, 36, 20, GREEN),
        text(48, 34, "MLP", 10),
        arrow((48, 94), (48, 78)),
        arrow((48, 55), (48, 42)),
        arrow((48, 19), (48, 4)),
        curve("M48 86H18V49H44", RED, 1.8),
        curve("M48 48H78V11H52", RED, 1.8),
    )


def bert() -> str:
    """A masked word, read from both sides."""
    return sheet(
        words(58, 5, masked=2),
        text(48, 68, "?", 10, RED),
        curve("M15 54Q28 26 44 52", GRAY, 1.5),
        curve("M81 54Q68 26 52 52", GRAY, 1.5),
        curve("M32 54Q38 42 45 53", GRAY, 1.5),
        curve("M64 54Q58 42 51 53", GRAY, 1.5),
    )


def gpt() -> str:
    """The next word from the earlier ones."""
    arcs = [curve(f"M{15 + 17 * i} 54Q{48 + 8 * i} {20 + 10 * i} 81 53", GRAY, 1.5) for i in range(4)]
    return sheet(words(58, 5, masked=4), text(82, 68, "?", 10, RED), *arcs)


def vit() -> str:
    """Patches in a row."""
    patches = [
        box(8 + 14 * c, 8 + 14 * r, 12, 12, BLUE if (r + c) % 2 else GREEN, 0.35)
        for r in range(3)
        for c in range(3)
    ]
    row = [box(6 + 9.6 * i, 76, 7.6, 10, GREEN if i % 2 == 0 else BLUE, 0.35) for i in range(9)]
    return sheet(*patches, *row, arrow((54, 34), (74, 66)), text(74, 44, "16×16", 10))


def detr() -> str:
    """Feature maps, a Transformer, boxes."""
    return sheet(
        box(5, 32, 16, 22, GRAY),
        box(9, 38, 16, 22, GRAY),
        arrow((28, 48), (36, 48)),
        box(38, 28, 14, 40, BLUE),
        arrow((54, 48), (62, 48)),
        box(64, 24, 18, 18, RED, 0.15),
        box(72, 50, 18, 24, GREEN, 0.15),
        dot(73, 33, 4.5, RED),
        dot(81, 62, 5.5, GREEN),
    )


SEQUENCE_SKETCHES: dict[str, Callable[[], str]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        rnn,
        lstm,
        gru,
        seq2seq,
        beam_search,
        stable_diffusion,
        attention,
        transformer,
        bert,
        gpt,
        vit,
        detr,
    )
}
