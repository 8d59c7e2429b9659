"""Links that name a task by its former name open the renamed task."""

from collections.abc import Callable

from core import tasks


def test_a_link_with_a_former_task_name(visit: Callable) -> None:
    former, name = next(iter(tasks.ALIASES.items()))
    page = visit("train", task=former)
    assert page.says(tasks.get_task(name).about)
    assert page.at.query_params["task"] in (name, [name])
