"""Fill the tables of both READMEs from what was measured: the cards of the checkpoints, and the table that `make bench` printed.

    python -m tools.readme            write
    python -m tools.readme --check    exit 1 where a README does not say what the cards say
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from core import i18n, paths, tasks, words

SHOWN = words.METRICS.keys() - {"cross_entropy"}
BENCH = paths.PROJECT / "docs" / "bench.md"


def checkpoints_table(language: str) -> str:
    """A Markdown table of the shipped checkpoints, from their cards."""
    _ = i18n.translator(language)
    heads = {
        "en": ("task", "network", "data", "parameters", "on the test part", "training", "command"),
        "ja": ("タスク", "ネットワーク", "データ", "パラメータ数", "テストデータで", "学習時間", "コマンド"),
    }[language]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    machines = set()
    for task in tasks.TASKS:
        path = paths.checkpoints() / f"{task.checkpoint}.json"
        card = json.loads(path.read_text()) if path.exists() else {}
        if card.get("task") != task.name:
            continue
        machines.add(f"{card['machine']}, torch {card['versions']['torch']}")
        figures = ", ".join(f"{_(words.METRICS[k])} {words.figure(k, v)}" for k, v in card["metrics"].items() if k in SHOWN)
        cells = (f"`{task.checkpoint}`", _(task.title), _(card["data"]["title"]), f"{card['parameters']:,}", figures,
                 words.duration(card["seconds"]).text(_), f"`{card['command']}`")  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join([*rows, "", " / ".join(sorted(machines))])


def filled(text: str, name: str, content: str) -> str:
    """`text` with what stands between the marks of `name` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text)


def render(path: Path, language: str) -> str:
    """The README at `path` as it should read."""
    text = filled(path.read_text(encoding="utf-8"), "checkpoints", checkpoints_table(language))
    return filled(text, "bench", BENCH.read_text(encoding="utf-8").strip()) if BENCH.exists() else text


def main() -> int:
    stale = 0
    for name, language in (("README.md", "en"), ("README.ja.md", "ja")):
        path = paths.PROJECT / name
        wanted = render(path, language)
        if wanted != path.read_text(encoding="utf-8"):
            stale = 1
            if "--check" not in sys.argv:
                path.write_text(wanted, encoding="utf-8")
    return stale if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
