"""A renamed task keeps working under its former name: on the command line, in links and in run folders."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from core import checkpoints, paths, tasks
from core.analysis import file_predictions
from core.analysis.model_results import load_model_result
from core.cli.app import app
from core.runs import store
from tests import factories

NAMES = sorted(tasks.ALIASES.items())


@pytest.mark.parametrize(("former", "name"), NAMES, ids=[former for former, _ in NAMES])
def test_the_former_name_leads_to_the_task_and_its_checkpoint(former: str, name: str) -> None:
    assert former not in {t.name for t in tasks.TASKS}
    assert tasks.get_task(former) is tasks.get_task(name) is tasks.task_for_checkpoint(former)
    assert file_predictions.find_weights(former) == checkpoints.load_card(name).weights
    assert checkpoints.read_spec(checkpoints.load_card(name).weights).task == name


@pytest.mark.parametrize(("former", "name"), NAMES, ids=[former for former, _ in NAMES])
def test_the_command_line_takes_the_former_name(former: str, name: str) -> None:
    result = CliRunner().invoke(app, ["train", former, "--help"])
    assert result.exit_code == 0 and "--learning-rate" in result.output
    shown = CliRunner().invoke(app, ["summary", former])
    assert shown.exit_code == 0 and "Linear" in shown.output


@pytest.mark.parametrize(("former", "name"), NAMES, ids=[former for former, _ in NAMES])
def test_a_comparison_takes_the_former_name(former: str, name: str) -> None:
    assert load_model_result(former).id == name


@pytest.mark.parametrize(("former", "name"), NAMES, ids=[former for former, _ in NAMES])
def test_a_run_folder_under_the_former_name_is_a_run_of_the_task(former: str, name: str) -> None:
    run = factories.finished(name)
    run.path.parent.rename(paths.runs() / former)
    opened = store.find_run(run.id)
    assert opened.path.parent.name == former
    assert opened.task is tasks.get_task(name) and opened.task_name == name
    assert opened.kind == "classification" and name in opened.command()
    assert [r.id for r in store.list_runs(name)] == [r.id for r in store.list_runs(former)] == [run.id]
