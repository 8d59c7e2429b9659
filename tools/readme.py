"""Fill the tables of the READMEs and of docs/models from model cards and from the table that `make bench` printed.

python -m tools.readme            write
python -m tools.readme --check    exit status 1 if a document differs from the cards
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from core import checkpoints, formatting, paths, tasks
from core.i18n import get_translator
from core.messages import Translate

DOCUMENTS = {
    "README.md": "en",
    "README.ja.md": "ja",
    "docs/models.md": "en",
    "docs/models.ja.md": "ja",
}
BENCH_PATH = paths.PROJECT / "docs" / "bench.md"
HIDDEN_METRICS = {"cross_entropy", *(name for name in formatting.METRIC_NAMES if "fool" in name)}

# Rows of the README's speed table: the benchmark, its row in docs/bench.md, and what it measures.
SPEED_ROWS = (
    (
        "mnist_epoch",
        "stock / run",
        "MNIST CNN, one epoch, vs. a stock `DataLoader` loop",
        "MNIST の CNN、1 エポック (標準的な `DataLoader` のループとの比)",
    ),
    (
        "cifar_throughput",
        "ResNet-18, 11.2 M: ours / stock",
        "ResNet-18 on CIFAR-10, training, vs. a stock loop",
        "CIFAR-10 の ResNet-18 の学習 (標準的なループとの比)",
    ),
    ("drawing", "drawing to prediction, mnist-cnn", "From a drawing to its prediction", "手書き数字の予測"),
    (
        "server_start",
        "`streamlit run` to the first page",
        "Server start to the first page",
        "サーバーの起動から最初のページまで",
    ),
    (
        "coco",
        "100%: pycocotools' loading / our indexing",
        "Opening all of COCO for the first time, vs. pycocotools",
        "COCO 全体を初めて開く (pycocotools との比)",
    ),
)
UNCERTAIN_NOTES = {
    "en": "The 95% confidence interval of the original photos contains 0: with this few photos, KID cannot distinguish even "
    "real apples from real oranges, so a small value is weak evidence.",
    "ja": "元の写真の 95% 信頼区間に 0 が含まれています。この枚数では、KID は本物のりんごとオレンジさえ区別できないため、"
    "値が小さくても変換が良いとは言い切れません。",
}


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def pretrained_cards() -> list[tuple[tasks.Task, dict[str, Any]]]:
    """Return the tasks with a pretrained checkpoint and their model cards, in the order of the task table."""
    names = set(checkpoints.pretrained_names())
    cards = [(t, checkpoints.load_card(t.checkpoint).content) for t in tasks.TASKS if t.checkpoint in names]
    return [(task, card) for task, card in cards if card.get("task") == task.name]


def _format_metrics(card: dict[str, Any], translate: Translate) -> str:
    shown = {k: v for k, v in card["metrics"].items() if k in formatting.METRIC_NAMES.keys() - HIDDEN_METRICS}
    return ", ".join(
        f"{translate(formatting.METRIC_NAMES[k])} {formatting.format_metric(k, v)}" for k, v in shown.items()
    )


def summary_table(language: str) -> str:
    """Return the README's table of pretrained models: task, test metric, training time."""
    _ = get_translator(language)
    heads = {
        "en": ("task", "model", "test result", "training time"),
        "ja": ("タスク", "モデル", "テスト結果", "学習時間"),
    }[language]
    rows = [
        (
            f"`{task.checkpoint}`",
            _(task.title),
            _format_metrics(card, _),
            formatting.format_duration(card["seconds"], language),
        )
        for task, card in pretrained_cards()
    ]
    return _table(heads, rows)


def checkpoints_table(language: str) -> str:
    """Return the table of pretrained models with data, size and command, and the machines they were trained on."""
    _ = get_translator(language)
    heads = {
        "en": ("checkpoint", "data", "parameters", "test result", "training time", "command"),
        "ja": ("チェックポイント", "データ", "パラメータ数", "テスト結果", "学習時間", "コマンド"),
    }[language]
    rows, machines = [], set()
    for task, card in pretrained_cards():
        machines.add(f"{card['machine']}, torch {card['versions']['torch']}")
        rows.append(
            (
                f"`{task.checkpoint}`",
                _(card["data"]["title"]),
                f"{card['parameters']:,}",
                _format_metrics(card, _),
                formatting.format_duration(card["seconds"], language),
                f"`{card['command']}`",
            )
        )
    return f"{_table(heads, rows)}\n\n{' / '.join(sorted(machines))}"


def translation_table(language: str) -> str:
    """Return the evaluation of the pretrained CycleGAN on the test photos, with its baselines, from its card."""
    heads, directions, titles = {
        "en": (
            ("79 + 79 test photos", "translated", "color transfer only", "original photos"),
            {"a2b": "apple to orange", "b2a": "orange to apple"},
            {
                "fool_rate": "fooling rate, `fruit-classifier`",
                "second_fool_rate": "fooling rate, `fruit-classifier-gray`",
                "kid": "KID to real photos of the target class (`cifar10-fast` features, ×10⁻³, 95% CI)",
            },
        ),
        "ja": (
            ("テスト写真 79 + 79 枚", "変換後", "色の転写のみ", "元の写真"),
            {"a2b": "りんご → オレンジ", "b2a": "オレンジ → りんご"},
            {
                "fool_rate": "`fruit-classifier` が変換先と判定した割合",
                "second_fool_rate": "`fruit-classifier-gray` が変換先と判定した割合",
                "kid": "変換先の本物の写真との KID (`cifar10-fast` の特徴、×10⁻³、95% 信頼区間)",
            },
        ),
    }[language]
    metrics = checkpoints.load_card("cyclegan-apple2orange").metrics

    def cell(name: str, kind: str, direction: str) -> str:
        key = f"{name}_{kind}{direction}"
        if name != "kid":
            return f"{100 * metrics[key]:.1f}%"
        low, high = (1000 * metrics[f"{key}_{end}"] for end in ("low", "high"))
        return f"{1000 * metrics[key]:.2f} ({low:.2f} – {high:.2f})"

    rows = [
        (
            f"{title}: {name}",
            *(cell(metric, kind, direction) for kind in ("", "color_", "untranslated_")),
        )
        for direction, title in directions.items()
        for metric, name in titles.items()
    ]
    lows = (metrics[f"kid_untranslated_{d}_low"] for d in directions)
    highs = (metrics[f"kid_untranslated_{d}_high"] for d in directions)
    note = any(low <= 0 <= high for low, high in zip(lows, highs, strict=True))
    return _table(heads, rows) + (f"\n\n{UNCERTAIN_NOTES[language]}" if note else "")


def measured(benchmark: str, row: str) -> str:
    """Return the value of `row` in the section of `benchmark` in docs/bench.md. Raises KeyError if it is missing."""
    sections = BENCH_PATH.read_text(encoding="utf-8").split("\n## ")
    section = next((s for s in sections if f"`python -m benchmarks.{benchmark}`" in s.split("\n")[0]), "")
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == row:
            return cells[1]
    raise KeyError(f"{row!r} of {benchmark} in {BENCH_PATH.name}")


def speed_table(language: str) -> str:
    """Return five measurements, each with the command that reproduces it."""
    heads = {"en": ("what", "measured", "command"), "ja": ("内容", "実測値", "コマンド")}[language]
    rows = []
    for benchmark, row, english, japanese in SPEED_ROWS:
        value = measured(benchmark, row)
        ratio = value.removesuffix(" times")
        if ratio != value:
            value = f"{ratio}× faster" if language == "en" else f"{ratio} 倍速い"
        title = english if language == "en" else japanese
        rows.append((title, value, f"`python -m benchmarks.{benchmark}`"))
    return _table(heads, rows)


SECTIONS = {
    "summary": summary_table,
    "checkpoints": checkpoints_table,
    "translation": translation_table,
    "speed": speed_table,
}


def render(path: Path, language: str) -> str:
    """Return the document at `path` with its generated sections filled."""
    text = path.read_text(encoding="utf-8")
    for name, make in SECTIONS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if pattern.search(text):
            content = make(language)
            text = pattern.sub(lambda m, content=content: f"{m[1]}{content}\n{m[2]}", text)
    return text


def main() -> int:
    """Write the documents, or check them. Returns the exit status."""
    stale = []
    for name, language in DOCUMENTS.items():
        path = paths.PROJECT / name
        wanted = render(path, language)
        if wanted != path.read_text(encoding="utf-8"):
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(wanted, encoding="utf-8")
    if "--check" not in sys.argv:
        return 0
    print(*(f"{name} differs from the cards. Run: python -m tools.readme" for name in stale), sep="\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
