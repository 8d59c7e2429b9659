"""What other visitors see of a run on a user's own photos: that there is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.projects import store as projects
from core.runs.store import Run
from tests import factories
from tests.unit.test_photo_projects import make_project

SECRETS = ("Secret cats", "photos-")


@pytest.fixture
def private() -> list[Run]:
    """A finished and a running run of a project called "Secret cats"."""
    project = make_project("Secret cats", cat=20, dog=20)
    name = f"{project.dataset_name}-resnet"
    return [factories.finished(name, depth=10, width=8), factories.running(name)]


@pytest.mark.parametrize("name", ["home", "runs", "train", "compare", "models", "architecture"])
def test_no_page_names_them_and_the_menu_says_that_one_runs(
    visit: Callable, private: list[Run], name: str
) -> None:
    page = visit(name)
    shown = page.text + str([getattr(w, "options", "") for w in (*page.at.selectbox, *page.at.multiselect)])
    assert not [secret for secret in (*SECRETS, *(r.id for r in private)) if secret in shown]
    assert page.says("Another run is in progress")


@pytest.mark.parametrize(("name", "parameter"), [("train", "run"), ("runs", "ids"), ("compare", "nets")])
def test_links_with_their_ids_lead_to_no_other_page(
    visit: Callable, private: list[Run], name: str, parameter: str
) -> None:
    page = visit(name, **{parameter: private[0].id})
    assert not [secret for secret in SECRETS if secret in page.text]


def test_a_link_to_their_task_opens_another_task(visit: Callable, private: list[Run]) -> None:
    page = visit("train", task=private[0].task_name)
    assert not [secret for secret in SECRETS if secret in page.text]


def test_the_menu_is_silent_when_they_have_ended(visit: Callable, private: list[Run]) -> None:
    factories.status(private[1], "stopped")
    assert "Another run is in progress" not in visit("glossary").text
    projects.delete_project(projects.open_project(private[0].task_name.split("-")[1]))
