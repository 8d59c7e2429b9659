"""The READMEs say what the cards say."""

import re

from core import checkpoints, paths, tasks
from tools import readme


def test_tables_of_both_readmes_are_those_of_the_cards():
    for name, language in (("README.md", "en"), ("README.ja.md", "ja")):
        path = paths.PROJECT / name
        assert readme.render_readme(path, language) == path.read_text(encoding="utf-8"), (
            f"run: python -m tools.readme ({name})"
        )


def test_everything_that_ships_has_a_row():
    table = readme.checkpoints_table("en")
    assert set(re.findall(r"^\| `([\w-]+)` ", table, re.MULTILINE)) == {
        t.checkpoint for t in tasks.TASKS
    } & set(checkpoints.pretrained_names())
