"""Runs on users' own photos: counted wherever a machine is shared, named nowhere."""

from __future__ import annotations

import pytest

from core import tasks
from core.analysis import best_run, equal_budget, runtime_estimate, sweep
from core.files import write_json
from core.inference import available_models
from core.messages import UserError
from core.projects import store as projects
from core.runs import queue, store
from core.runs.store import Run
from tests import factories
from tests.unit.test_photo_projects import make_project


@pytest.fixture
def private() -> Run:
    """A finished run of a project called "Secret cats"."""
    project = make_project("Secret cats", cat=20, dog=20)
    return factories.finished(f"{project.dataset_name}-resnet", depth=10, width=8)


def test_private_runs_are_listed_and_found_only_on_request(private: Run) -> None:
    public = factories.finished()
    assert private.is_private and not public.is_private
    assert store.list_runs() == [public]
    assert store.list_runs(private.task_name) == []
    assert store.list_runs(private.task_name, private=True) == [private]
    assert set(store.list_runs(private=True)) == {public, private}
    assert store.find_run(private.id, private=True) == private
    with pytest.raises(UserError) as caught:
        store.find_run(private.id)
    assert f"Closest IDs: {public.id}" in str(caught.value)


def test_a_project_finds_its_own_runs_and_no_others(private: Run) -> None:
    other = make_project("Dogs", cat=20, dog=20)
    foreign = factories.finished(f"{other.dataset_name}-resnet", depth=10, width=8)
    project = projects.open_project(private.task_name.split("-")[1])
    assert project.runs() == [private] and project.find_run(private.id) == private
    for run in (foreign, factories.finished()):
        with pytest.raises(UserError, match="has no run"):
            project.find_run(run.id)


def test_running_ones_count_for_everybody() -> None:
    project = make_project("Secret cats", cat=20, dog=20)
    running = factories.running(f"{project.dataset_name}-resnet")
    assert store.list_active_runs() == [] and store.list_active_runs(private=True) == [running]
    assert runtime_estimate.is_busy()
    waiting = store.create_run(task := tasks.get_task("mnist-softmax"), task.recipe)
    queue._write_ticket(waiting)
    assert queue.queue_position(waiting) == 1


def test_models_comparisons_and_sweeps_do_not_name_them(private: Run) -> None:
    for task in tasks.TASKS:
        assert private not in [choice.run for choice in available_models.list_models([task])]
    write_json(private.path / "config.json", {**private.config, "comparison": "abc", "sweep": "abc"})
    assert equal_budget.list_comparisons() == {} and sweep.sweep_runs("abc") == []
    assert not best_run.is_new_best(private)
