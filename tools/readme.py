"""Fill the tables of both READMEs from what was measured: the cards of the checkpoints, and the table that `make bench` printed.

python -m tools.readme            write
python -m tools.readme --check    exit 1 where a README does not say what the cards say
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from core import formatting, i18n, paths, tasks
from core.migration import migrate_card

METRICS_SHOWN = formatting.METRIC_NAMES.keys() - {
    "cross_entropy",
    *(name for name in formatting.METRIC_NAMES if "fool" in name),
}
BENCH_PATH = paths.PROJECT / "docs" / "bench.md"
UNCERTAIN_NOTES = {
    "en": "The interval of the photos as they are contains 0: with so few of them this KID cannot tell even real apples from real "
    "oranges, so a small value says little for the translations.",
    "ja": "元の写真の区間に 0 が入っています。この枚数では、この KID は本物のりんごとオレンジさえ区別できないので、"
    "値が小さくても変換が良いとは言い切れません。",
}


def checkpoints_table(language: str) -> str:
    """A Markdown table of the shipped checkpoints, from their cards."""
    _ = i18n.get_translator(language)
    heads = {
        "en": ("task", "network", "data", "parameters", "Test result", "training", "command"),
        "ja": ("タスク", "ネットワーク", "データ", "パラメータ数", "テストデータで", "学習時間", "コマンド"),
    }[language]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    machines = set()
    for task in tasks.TASKS:
        path = paths.checkpoints() / f"{task.checkpoint}.json"
        card = migrate_card(json.loads(path.read_text())) if path.exists() else {}
        if card.get("task") != task.name:
            continue
        machines.add(f"{card['machine']}, torch {card['versions']['torch']}")
        figures = ", ".join(
            f"{_(formatting.METRIC_NAMES[k])} {formatting.format_metric(k, v)}"
            for k, v in card["metrics"].items()
            if k in METRICS_SHOWN
        )
        cells = (
            f"`{task.checkpoint}`",
            _(task.title),
            _(card["data"]["title"]),
            f"{card['parameters']:,}",
            figures,
            formatting.format_duration(card["seconds"], language),
            f"`{card['command']}`",
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join([*rows, "", " / ".join(sorted(machines))])


def translation_table(language: str) -> str:
    """What the shipped pair of generators comes to on the test photos, beside the baselines, from its card."""
    heads, ways, figures = {
        "en": (
            ("on the 79 + 79 test photos", "translated", "color transfer only", "original photos"),
            {"a2b": "apple to orange", "b2a": "orange to apple"},
            {
                "fool_rate": "taken for the other fruit by `fruit-classifier`",
                "second_fool_rate": "by `fruit-classifier-gray`, who saw no true colours",
                "kid": "KID on features of `cifar10-fast` to the real other fruit, thousandths (95% interval)",
            },
        ),
        "ja": (
            ("テスト写真 79 + 79 枚で", "変換後", "色だけ移した写真", "元の写真"),
            {"a2b": "りんご → オレンジ", "b2a": "オレンジ → りんご"},
            {
                "fool_rate": "`fruit-classifier` がもう一方の果物と答えた割合",
                "second_fool_rate": "本物の色を見ていない `fruit-classifier-gray` では",
                "kid": "本物のもう一方の果物との、`cifar10-fast` の特徴での KID、1000 分の 1 単位 (95% 区間)",
            },
        ),
    }[language]
    metrics = json.loads((paths.checkpoints() / "cyclegan-apple2orange.json").read_text())["metrics"]

    def cell(name: str, kind: str, way: str) -> str:
        key = f"{name}_{kind}{way}"
        if name != "kid":
            return f"{100 * metrics[key]:.1f}%"
        low, high = (1000 * metrics[f"{key}_{end}"] for end in ("low", "high"))
        return f"{1000 * metrics[key]:.2f} ({low:.2f} – {high:.2f})"

    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for way, direction in ways.items():
        for name, title in figures.items():
            cells = (cell(name, kind, way) for kind in ("", "colour_", "untranslated_"))
            rows.append(f"| {direction}: {title} | " + " | ".join(cells) + " |")
    if any(
        metrics[f"kid_untranslated_{way}_low"] <= 0 <= metrics[f"kid_untranslated_{way}_high"] for way in ways
    ):
        rows += ["", UNCERTAIN_NOTES[language]]
    return "\n".join(rows)


def fill_section(text: str, name: str, content: str) -> str:
    """`text` with what stands between the marks of `name` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text)


def render_readme(path: Path, language: str) -> str:
    """The README at `path` as it should read."""
    text = fill_section(path.read_text(encoding="utf-8"), "checkpoints", checkpoints_table(language))
    text = fill_section(text, "translation", translation_table(language))
    return (
        fill_section(text, "bench", BENCH_PATH.read_text(encoding="utf-8").strip())
        if BENCH_PATH.exists()
        else text
    )


def main() -> int:
    stale = 0
    for name, language in (("README.md", "en"), ("README.ja.md", "ja")):
        path = paths.PROJECT / name
        wanted = render_readme(path, language)
        if wanted != path.read_text(encoding="utf-8"):
            stale = 1
            if "--check" not in sys.argv:
                path.write_text(wanted, encoding="utf-8")
    return stale if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
