"""Your photos: the ready-made projects, who sees a project, its run and its result, corrections, deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import paths, pretrained
from core.messages import UserError
from core.projects import splits, store
from core.projects import tasks as photo_tasks
from core.projects.rate_finder import RateTest
from core.projects.results import ProjectResult, load_result
from core.projects.store import Project
from core.runs.store import Run
from core.task_spec import Task
from core.training.photo_recipes import PhotoFields
from tests import factories
from tests.app.conftest import Page
from tests.photo_files import photos_of, zipped
from tests.unit.test_photo_projects import make_project

EXPORT = "core.projects.export_bundle"
SMALL = {"depth": 10, "width": 8, "init": "scratch"}


@pytest.fixture
def project() -> Project:
    """20 photos of each of two classes, two of each held out for the test."""
    return make_project("Pets", cat=20, dog=20)


@pytest.fixture
def run(project: Project) -> Run:
    """A finished run that took one of the test cats for a dog."""
    return factories.finished(photo_tasks.task_name(project, "resnet"), **SMALL)


def opened(page: Page) -> str:
    """The project that the address names; AppTest wraps what a script has set in a list."""
    value = page.at.query_params["project"]
    return value[0] if isinstance(value, list) else value


def tiles(page: Page, key: str) -> list[dict]:
    """The photos of the gallery whose key contains `key`."""
    [data] = [v for k, v in page.components("image_grid").items() if key in k]
    return data["tiles"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_the_data_an_example_is_made_of_drawn_images_and_says_so(
    visit: Callable, language: str
) -> None:
    page = visit("photos", language)
    assert page.says("Drawn stand-ins: {title} is not installed.")
    page.at.button("example-fruit").click()
    page.run()
    made = store.open_project(opened(page))
    assert made.name == store.clean_name(page.word("Apples or oranges? (drawn)"))
    assert made.classes == (page.word("apple"), page.word("orange"))
    assert len(made.photos()) == 200
    assert all(p.origin.startswith("drawn-fruit/") for p in made.photos())
    assert not page.errors


def test_a_zip_becomes_a_project_and_its_test_folder_the_test_split(visit: Callable) -> None:
    files = {**photos_of(0, 8, "train/猫"), **photos_of(100, 2, "test/猫")}
    files |= {**photos_of(200, 8, "train/dog"), **photos_of(300, 2, "test/dog"), "train/dog/note.txt": b"no"}
    page = visit("photos")
    page.set("zip-start-0", ("ours.zip", zipped(files).getvalue(), "application/zip"))
    made = store.open_project(opened(page))
    assert (set(made.classes), len(made.photos())) == ({"猫", "dog"}, 20)
    assert sum(split == "test" for split in splits.split_photos(made).values()) == 4
    assert "**猫**" in page.text and not page.errors


@pytest.mark.parametrize("kept", [0, 2000], ids=["nothing", "broken off"])
def test_a_zip_that_cannot_be_read_is_one_sentence_and_leaves_no_project(visit: Callable, kept: int) -> None:
    page = visit("photos")
    content = zipped({**photos_of(0, 8, "cat"), **photos_of(9, 8, "dog")}).getvalue()
    page.set("zip-start-0", ("ours.zip", content[:kept] or b"no zip", "application/zip"))
    assert len(page.errors) == 1 and page.says("Load example")
    assert not paths.projects().exists() or not list(paths.projects().iterdir())


def test_a_folder_becomes_a_project_and_its_class_folders_the_classes(visit: Callable) -> None:
    files = {
        **photos_of(0, 4, "pets/train/猫"),
        **photos_of(50, 4, "pets/train/<b>dog"),
        "pets/note.txt": b"no",
    }
    page = visit("photos")
    page.set("folder-start-0", [(name, content, "image/jpeg") for name, content in files.items()])
    made = store.open_project(opened(page))
    assert (set(made.classes), len(made.photos())) == ({"猫", "b dog"}, 8)
    assert "**猫**" in page.text and not page.errors


@pytest.mark.parametrize("names", [["0.jpg", "1.jpg"], ["../a/0.jpg"], ["pets/cat/note.jpg"]])
def test_a_folder_that_cannot_be_used_is_one_sentence_and_leaves_no_project(
    visit: Callable, names: list[str]
) -> None:
    page = visit("photos")
    content = b"no photo" if "pets" in names[0] else next(iter(photos_of(0, 1).values()))
    page.set("folder-start-0", [(name, content, "image/jpeg") for name in names])
    assert len(page.errors) == 1 and page.says("Load example")
    assert not paths.projects().exists() or not list(paths.projects().iterdir())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_photo_makes_a_project_of_the_named_classes(visit: Callable, language: str) -> None:
    page = visit("photos", language)
    assert page.at.button("photos-start").disabled and page.says("Add photos to two classes first.")
    page.set("photos-start-class-0", "猫 <b>")
    page.set("files-start-0-0", [("a.jpg", next(iter(photos_of(0, 1).values())), "image/jpeg")])
    made = store.open_project(opened(page))
    assert made.classes == ("猫 b", page.word("Class {number}", number=2))
    assert [p.label for p in made.photos()] == ["猫 b"]
    # The other class takes its first photo in the same way.
    page.set(f"files-{made.id}-1-0", [("b.jpg", next(iter(photos_of(9, 1).values())), "image/jpeg")])
    assert len(made.photos()) == 2 and not page.errors


def test_a_full_disk_is_one_sentence(visit: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MIN_FREE_BYTES", 10**18)
    page = visit("photos")
    page.at.button("example-fruit").click()
    page.run()
    [error] = page.errors
    assert str(paths.projects()) in error and page.says("Load example")


def test_only_the_link_leads_to_a_project(visit: Callable, project: Project) -> None:
    assert "Pets" in visit("photos", project=project.id).text
    other = visit("photos")
    assert "Pets" not in other.text and project.id not in other.text
    assert other.says("Load example")


def test_a_visitor_comes_back_to_the_project_from_another_page(visit: Callable, project: Project) -> None:
    page = visit("photos", project=project.id)
    page.go("glossary")
    page.go("photos")
    assert opened(page) == project.id
    page.press("New project")
    assert "project" not in page.at.query_params and page.says("Load example")


def test_a_link_opens_the_run_that_it_names(visit: Callable, project: Project, run: Run) -> None:
    newer = factories.finished(run.task_name, **SMALL)
    other = make_project("Fruit", apple=20, orange=20)
    factories.finished(photo_tasks.task_name(other, "resnet"), **SMALL)
    factories.finished(photo_tasks.task_name(other, "resnet"), **SMALL)
    page = visit("photos", project=project.id, run=run.id)
    assert page.at.selectbox("run").value == run.id
    # Also from another project of the same visitor; without a name it is the newest.
    page.go("photos", project=other.id)
    page.go("photos", project=project.id, run=run.id)
    assert page.at.selectbox("run").value == run.id
    page.go("photos", project=other.id)
    page.go("photos", project=project.id)
    assert page.at.selectbox("run").value == newer.id


@pytest.mark.parametrize("link", ["0" * 32, "../../etc", "<b>"])
def test_an_unknown_link_is_one_sentence(visit: Callable, link: str) -> None:
    page = visit("photos", project=link)
    assert page.says("Project not found. It was deleted, or the link is incomplete.")
    assert page.says("Load example") and not page.errors


def test_a_class_with_too_few_photos_says_what_is_missing(visit: Callable) -> None:
    page = visit("photos", project=make_project(cat=20, dog=1).id)
    assert (
        page.says(
            (
                "Class {name} has {count} photo. Each class needs at least {least}: one each for training, "
                "validation and test.",
                "Class {name} has {count} photos. Each class needs at least {least}: one each for training, "
                "validation and test.",
            ),
        )
        or "Class dog has 1 photo" in page.text
    )
    assert page.at.button("photos-start").disabled


def test_start_trains_the_frozen_backbone_and_waits_for_the_end(
    visit: Callable, project: Project, launched: list[Run]
) -> None:
    page = visit("photos", project=project.id)
    page.press("Start training")
    [started] = launched
    assert started.is_private and started.task_name == photo_tasks.task_name(project, "backbone")
    assert started.recipe.init == "frozen"
    assert started.recipe.num_validation == photo_tasks.fitted_recipe(project, "backbone").num_validation
    assert page.at.button("photos-start").disabled


def test_a_learning_rate_is_found_and_taken_over(
    visit: Callable, project: Project, launched: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = [3.0, 2.9, 2.6, 2.0, 1.5, 1.4, 4.0]
    points = tuple(SimpleNamespace(rate=10.0 ** (i - 6), loss=v, smoothed=v) for i, v in enumerate(losses))
    tested = []

    def find_rate(task: Task, recipe: PhotoFields) -> Iterator[RateTest]:
        tested.append((task.name, recipe.init))
        yield RateTest(points[:3], 0.5)
        yield RateTest(points, 1.0, 0.0032)

    monkeypatch.setattr("core.projects.rate_finder.find_rate", find_rate)
    page = visit("photos", project=project.id)
    page.press("Run range test")
    assert tested == [(photo_tasks.task_name(project, "backbone"), "frozen")]
    assert len(page.at.get("plotly_chart")) > 0
    page.press("Use 0.0032")
    assert page.at.number_input("photos.backbone.frozen.learning_rate").value == 0.0032
    # The curve stays, because only the rate has changed; another setting makes it outdated.
    assert page.at.button("photos-rate-use").disabled and not page.errors
    page.press("Start training")
    assert launched[0].recipe.learning_rate == 0.0032
    page.at.number_input("photos.backbone.frozen.weight_decay").set_value(0.5)
    page.run()
    assert page.at.button("photos-rate-test").label == "Run range test"


def test_missing_imagenet_weights_are_said_and_a_file_that_was_copied_is_offered(
    visit: Callable, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = pretrained.get_weights("resnet18-imagenet")
    page = visit("photos", project=project.id)
    assert entry.command in page.text and str(entry.path.parent) in page.text
    assert "resnet18" not in page.at.selectbox("model").options
    entry.path.parent.mkdir(parents=True)
    entry.path.touch()
    page.run()
    assert page.word("ResNet-18 (ImageNet)") in page.at.selectbox("model").options
    assert entry.command not in page.text
    assert entry.command not in visit("photos", project=project.id, mode="scratch").text


def test_of_many_photos_a_first_row_is_shown_and_the_rest_on_demand(
    visit: Callable, project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.photos.result._FIRST_PHOTOS", 3)
    monkeypatch.setattr(ProjectResult, "misclassified", lambda found: {(0, 1): list(found.photo_ids)})
    page = visit("photos", project=project.id, result="wrong")
    assert len(tiles(page, "wrong")) == 3
    page.press("Show all 4 photos")
    assert len(tiles(page, "wrong")) == 4


def test_a_result_is_read_with_its_interval(visit: Callable, project: Project, run: Run) -> None:
    page = visit("photos", project=project.id)
    found = load_result(run)
    right, count = round(found.accuracy.value * 4), len(found.photo_ids)
    assert (right, count) == (3, 4)
    assert page.metrics["Test accuracy"] == "75.0%" and page.metrics["Correct"] == "3 / 4"
    assert page.metrics["95% CI"] == "30–95%"
    assert "each one weighs 25.0 points" in page.text
    assert not page.errors


def test_a_wrong_label_is_moved_and_the_next_run_has_the_same_settings(
    visit: Callable, project: Project, run: Run, launched: list[Run]
) -> None:
    page = visit("photos", project=project.id, result="wrong")
    [wrong] = [i for members in load_result(run).misclassified().values() for i in members]
    [tile] = tiles(page, "wrong")
    assert "✗ dog" in tile["caption"][0][1] and not page.says("Photos or labels have changed since this run.")
    page.at.session_state[f"_chosen.wrong-{run.id}"] = {wrong}
    page.run()
    page.at.button(f"move-wrong-{run.id}-dog").click()
    page.run()
    assert project.photo(wrong).label == "dog"
    assert page.says("Photos or labels have changed since this run.")
    page.at.button("photos-again").click()
    page.run()
    [again] = launched
    assert again.task_name == run.task_name
    assert {n: getattr(again.recipe, n) for n in SMALL} == SMALL


def test_the_change_from_one_run_to_the_next(visit: Callable, project: Project, run: Run) -> None:
    factories.finished(run.task_name, **SMALL)
    page = visit("photos", project=project.id)
    assert page.says("Since the run before: {before} → {after}, {fixed} fixed, {broken} newly wrong")


def test_dropped_photos_come_back(visit: Callable, project: Project) -> None:
    project.drop([p.id for p in project.photos()[:3]])
    page = visit("photos", project=project.id)
    page.press("Restore dropped photos")
    assert len(project.photos()) == 40


def test_deletion_takes_photos_and_runs(visit: Callable, project: Project, run: Run) -> None:
    page = visit("photos", project=project.id)
    assert str(project.photos_folder) in page.text
    page.press("Delete photos and runs")
    assert not project.path.exists() and not run.path.exists()
    assert "project" not in page.at.query_params and page.says("Load example")
    with pytest.raises(UserError):
        store.open_project(project.id)


def test_a_project_in_use_is_not_deleted(visit: Callable, project: Project) -> None:
    run = factories.running(photo_tasks.task_name(project, "resnet"))
    page = visit("photos", project=project.id)
    page.press("Delete photos and runs")
    assert project.path.exists() and run.path.exists()
    assert page.says("{title} is being trained on. Stop its run before deleting it.")


def test_bundle_and_notebook_are_made_and_offered(
    visit: Callable, project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{EXPORT}.write_bundle", lambda of: f"bundle of {of.id}".encode())
    monkeypatch.setattr(f"{EXPORT}.write_notebook_bundle", lambda of, words: f"{words} {of.id}".encode())
    page = visit("photos", "ja", project=project.id)
    for name in ("Make bundle", "Make notebook"):
        page.press(name)
    labels = [b.label for b in page.at.get("download_button")]
    assert page.word("Download bundle ({size} MB)", size="0.0") in labels
    assert page.word("Download notebook ({size} MB)", size="0.0") in labels
    assert not page.errors


def test_the_learning_curve_says_whether_more_photos_would_help(
    visit: Callable, project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.arange(60) % 2
    features = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32) + 4 * labels[:, None]
    monkeypatch.setattr("core.projects.learning_curve.run_features", lambda of: (features, labels))
    page = visit("photos", project=project.id, result="curve")
    assert not page.errors and page.says("Mean of {count} repetitions without the test photos.")
    assert page.says(
        "Doubling the training photos ({half} → {full}) hardly changed the accuracy. More photos of the same kind "
        "would hardly help."
    )
