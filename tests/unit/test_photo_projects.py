"""Photo projects: their splits, their data set, their tasks, their checks, and that nothing of them is left after deletion."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core import data, paths, tasks
from core.messages import UserError
from core.projects import checks, dataset, from_data, intake, splits, store
from core.projects import tasks as photo_tasks
from core.projects.store import Project
from core.runs import store as run_store
from tests import factories
from tests.photo_files import photo, photos_of, zipped


def make_project(name: str = "Pets", **counts: int) -> Project:
    """A project with photos of classes, `cat=30` for example; `train__cat` is a folder within another."""
    made = store.create_project(name)
    files = {}
    for i, (folder, count) in enumerate(counts.items()):
        files.update(photos_of(1000 * i, count, folder.replace("__", "/")))
    intake.add_archive(made, zipped(files), "x.zip")
    return made


# ---- splits ----------------------------------------------------------------------------------------------------------


def test_eight_one_one_stratified() -> None:
    project = make_project(cat=100, dog=50)
    label = {p.id: p.label for p in project.photos()}
    counts = Counter((label[i], split) for i, split in splits.split_photos(project).items())
    assert (counts["cat", "test"], counts["dog", "test"]) == (10, 5)
    assert (counts["cat", "validation"], counts["dog", "validation"]) == (10, 5)


def test_the_test_photos_stay_when_others_come_and_go() -> None:
    project = make_project(cat=60, dog=60)
    before = splits.test_ids(project.photos())
    project.drop(i for i in [p.id for p in project.photos() if p.id not in before][:10])
    intake.add_images(project, "cat", list(photos_of(5000, 20).items()))
    after = splits.test_ids(project.photos())
    assert len(before & after) >= len(before) - 3


def test_a_test_split_that_comes_with_the_data_is_kept() -> None:
    project = make_project(train__cat=30, train__dog=30, test__cat=3, test__dog=4, extra=20)
    label = {p.id: p.label for p in project.photos()}
    chosen = splits.test_ids(project.photos())
    assert Counter(label[i] for i in chosen) == {"cat": 3, "dog": 4, "extra": 2}
    assert all(p.split == "test" for p in project.photos() if p.id in chosen and p.label != "extra")


def test_a_validation_folder_stands_in_for_a_missing_test_folder() -> None:
    project = make_project(train__cat=30, train__dog=30, val__cat=7, val__dog=8)
    assert {p.split for p in project.photos() if p.id in splits.test_ids(project.photos())} == {"validation"}
    assert len(dataset.photo_ids(project, "test")) == 15


def test_every_class_is_in_every_split_even_where_photos_are_few() -> None:
    project = make_project(cat=3, dog=40)
    label = {p.id: p.label for p in project.photos()}
    counts = Counter((label[i], split) for i, split in splits.split_photos(project).items())
    assert all(counts[name, split] for name in ("cat", "dog") for split in ("train", "validation", "test"))


def test_folds_hold_each_photo_out_once_per_repeat() -> None:
    labels = np.repeat([0, 1], [20, 10])
    folds = list(splits.k_folds(labels, 5, repeats=2))
    assert len(folds) == 10
    assert np.bincount(np.concatenate([held for _train, held in folds]), minlength=30).tolist() == [2] * 30
    assert all(np.bincount(labels[held]).tolist() == [4, 2] for _train, held in folds)


# ---- data set and tasks ----------------------------------------------------------------------------------------------


def test_the_data_set_has_the_photos_in_the_order_of_their_ids() -> None:
    project = make_project(cat=30, dog=20)
    arrays = data.load_dataset(project.dataset_name, image_size=32)
    assert arrays.train_x.shape == (45, 3, 32, 32) and arrays.test_x.shape == (5, 3, 32, 32)
    assert arrays.classes == ("cat", "dog") and arrays.title == "Pets"
    for split, x, y in (
        ("train", arrays.train_x, arrays.train_y),
        ("test", arrays.test_x, arrays.test_y),
    ):
        ids = dataset.photo_ids(project, split)
        assert [project.photo(i).label for i in ids] == [arrays.classes[label] for label in y]
        first = dataset.read_photo(project.file(project.photo(ids[0])), 32)
        assert np.array_equal(first.transpose(2, 0, 1), x[0])
    held = arrays.train_val_split(tasks.get_task(f"{project.dataset_name}-resnet").recipe.num_validation)[1]
    split = splits.split_photos(project)
    train = dataset.photo_ids(project, "train")
    assert {train[i] for i in held} == {i for i, name in split.items() if name == "validation"}


def test_changes_make_another_data_set_and_a_run_keeps_its_own_photos() -> None:
    project = make_project(cat=30, dog=20)
    before = data.load_dataset(project.dataset_name)
    run = run_store.create_run(
        task := tasks.get_task(f"{project.dataset_name}-fast"), task.recipe, data=before.describe()
    )
    test_ids = dataset.photo_ids(project, "test")
    project.drop(test_ids[:1])
    project.relabel(test_ids[1:2], "cat")
    after = data.load_dataset(project.dataset_name)
    assert len(after.train_x) + len(after.test_x) == 49
    assert dataset.run_photo_ids(run, "test") == test_ids != dataset.photo_ids(project, "test")
    project.restore(test_ids[:1])
    assert len(project.photos()) == 50


def test_small_photos_are_not_enlarged_by_default() -> None:
    small, large = store.create_project("small"), store.create_project("large")
    intake.add_images(small, "cat", list(photos_of(0, 4, size=(32, 32)).items()))
    intake.add_images(large, "cat", list(photos_of(0, 4, size=(200, 150)).items()))
    shapes = [data.dataset_info(p.dataset_name).example_shape() for p in (small, large)]
    assert shapes == [(3, 32, 32), (3, 64, 64)]


@pytest.mark.parametrize("model", list(photo_tasks.MODELS))
def test_every_model_has_a_task_that_is_in_no_table(model: str) -> None:
    project = make_project(cat=30, dog=20)
    task = tasks.get_task(photo_tasks.task_name(project, model))
    assert task.private and task.kind == "classification" and task.dataset == project.dataset_name
    assert task.name not in {t.name for t in tasks.TASKS} and project.dataset_name not in data.list_datasets()
    assert 0 < task.recipe.num_validation < 20 and task.recipe.batch_size <= 16
    run = run_store.create_run(task, task.quick_recipe())
    assert (run.kind, run.title, run.short_title) == (task.kind, task.title, task.short_title)
    assert run.label.startswith(str(task.short_title)) and type(run.recipe) is type(task.recipe)


def test_tasks_of_unknown_projects_and_models() -> None:
    project = make_project(cat=30, dog=20)
    for name in (f"photos-{'0' * 32}-resnet", "photos-x-resnet", f"{project.dataset_name}-nonsense"):
        with pytest.raises(UserError):
            tasks.get_task(name)
    with pytest.raises(UserError, match="Project not found"):
        data.dataset_info("photos-../../etc")


@pytest.mark.slow
def test_a_project_is_known_in_every_process_and_without_torch() -> None:
    project = make_project(cat=30, dog=20)
    program = f"""
import sys
from core import data, tasks
task = tasks.get_task("{project.dataset_name}-resnet")
assert len(data.load_dataset(task.dataset).train_x) == 45
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=paths.PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---- checks ----------------------------------------------------------------------------------------------------------


def test_findings_about_counts_colors_sizes_and_rotation() -> None:
    project = make_project(cat=70, dog=20)
    intake.add_images(project, "owl", list(photos_of(7000, 12, gray=True).items()))
    intake.add_images(project, "cat", [("tiny.jpg", photo(1, size=(20, 200)))])
    findings = {f.kind: f for f in checks.check_project(project)}
    assert "Class owl has only 12 photos" in str(findings["few"].message)
    assert "Class cat has 5.9 times as many photos as owl" in str(findings["imbalance"].message)
    assert findings["gray"].level == "warning" and "100% of class owl" in str(findings["gray"].message)
    assert len(findings["gray"].photo_ids) == 12 and len(findings["tiny"].photo_ids) >= 1


def test_near_duplicates_across_the_splits() -> None:
    project = make_project(train__cat=20, train__dog=20, test__cat=5, test__dog=5)
    held_out = dataset.photo_ids(project, "test")[0]
    encoded_again = project.file(project.photo(held_out)).read_bytes()  # another file, the same image
    intake.add_images(project, project.photo(held_out).label, [("copy.jpg", encoded_again)])
    (finding,) = [f for f in checks.check_project(project) if f.kind.startswith("duplicates")]
    assert finding.kind == "duplicates-splits" and finding.photo_ids[0] in splits.test_ids(project.photos())
    assert set(finding.extra_ids) < set(finding.photo_ids)
    project.drop(finding.extra_ids)
    assert not [f for f in checks.check_project(project) if f.kind.startswith("duplicates")]


# ---- the store -------------------------------------------------------------------------------------------------------


def test_classes_are_added_renamed_and_removed() -> None:
    project = make_project(cat=5, dog=5)
    project.add_class("owl")
    project.rename_class("cat", "kitten")
    assert project.classes == ("kitten", "dog", "owl")
    with pytest.raises(UserError, match="already a class named dog"):
        project.rename_class("owl", "dog")
    with pytest.raises(UserError, match="no class named cow"):
        project.relabel([p.id for p in project.photos()], "cow")
    project.remove_class("kitten")
    assert project.classes == ("dog", "owl") and len(list(project.photos_folder.iterdir())) == 5


def test_photos_of_another_version_are_read() -> None:
    project = make_project(cat=5)
    path, before = project.path / "photos.json", project.photos()
    table = json.loads(path.read_text(encoding="utf-8"))
    place = table["columns"].index("phash")
    table["columns"][place] = "mood"
    path.write_text(json.dumps(table), encoding="utf-8")
    assert project.photos() == [dataclasses.replace(p, phash="") for p in before]


def test_ids_are_unguessable_and_an_unknown_one_is_said() -> None:
    project = make_project(cat=5)
    assert len(project.id) == 32
    for wrong in ("", "x", "0" * 32, "../" + project.id, project.id.upper() + "x"):
        with pytest.raises(UserError, match="Project not found"):
            store.open_project(wrong)


def test_deletion_leaves_nothing(own_world) -> None:
    project = make_project(cat=30, dog=20)
    data.load_dataset(project.dataset_name)
    run = run_store.create_run(task := tasks.get_task(f"{project.dataset_name}-fast"), task.recipe)
    factories.status(run, "stopped")
    (paths.cache() / "features").mkdir()
    (paths.cache() / "features" / f"{project.dataset_name}-0123.npy").touch()
    store.delete_project(project)
    assert not [p for p in own_world.rglob("*") if project.id in p.name]
    with pytest.raises(UserError, match="Project not found"):
        store.open_project(project.id)
    with pytest.raises(UserError, match="Project not found"):
        project.rename("other")
    assert not project.path.exists()


def test_a_project_is_not_deleted_under_a_run() -> None:
    project = make_project(cat=30, dog=20)
    run = factories.running(f"{project.dataset_name}-fast")
    with pytest.raises(UserError, match="Pets is being trained on"):
        store.delete_project(project)
    assert project.runs() == [run] and len(project.photos()) == 50


def test_ready_made_sets_that_are_missing_are_said() -> None:
    project = make_project(cat=5)
    assert [(s.key, s.available) for s in intake.list_ready_made()] == [
        ("cifar10", False),
        ("fruit", False),
        ("coco", False),
    ]
    with pytest.raises(UserError, match="CIFAR-10 is not installed"):
        intake.add_ready_made(project, "dog", "cifar10/dog", 5)


@pytest.mark.realdata
def test_classes_are_filled_from_ready_made_sets(real_data) -> None:
    project = store.create_project("mix")
    for label, source in (("apple", "fruit/apple"), ("person", "coco/person")):
        for _ in range(2):
            assert intake.add_ready_made(project, label, source, 5).added == 5
    assert Counter(p.label for p in project.photos()) == {"apple": 10, "person": 10}
    assert project.about["sources"] == ["coco/person", "fruit/apple"]


def test_the_same_data_again_is_the_same_project(tmp_path) -> None:
    first, copy = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in (first, copy):
        path.write_bytes(zipped({**photos_of(0, 5, "cat"), **photos_of(9, 5, "dog")}).getvalue())
    project = from_data.open_or_create(first)
    assert from_data.open_or_create(first) == project
    assert from_data.open_or_create(Path(project.id)) == project
    one = from_data.open_or_create(first, ["cat"])
    assert one != project and one.classes == ("cat",)
    with pytest.raises(UserError, match="nowhere was not found"):
        from_data.open_or_create(tmp_path / "nowhere")
    before = set(paths.projects().glob("[0-9a-f]*"))
    with pytest.raises(UserError, match="no class owl"):
        from_data.open_or_create(first, ["owl"])
    assert set(paths.projects().glob("[0-9a-f]*")) == before


def test_a_folder_of_many_projects_takes_no_more_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_PROJECTS", 2)
    first, second = store.create_project("a"), store.create_project("a")
    with pytest.raises(UserError, match="There are already 2 projects"):
        store.create_project("b")
    assert store.open_project(first.id).name == store.open_project(second.id).name == "a"
    store.delete_project(first)
    store.create_project("b")


def test_photos_leave_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    project = store.create_project("a")
    free = shutil.disk_usage(project.path).free
    monkeypatch.setattr(store, "MIN_FREE_BYTES", free - 1_000_000)
    store.check_space(0)
    with pytest.raises(UserError, match="Not enough disk space"):
        intake.add_images(project, "cat", list(photos_of(0, 100).items()))
    assert not project.photos() and not project.classes
    monkeypatch.setattr(store, "MIN_FREE_BYTES", 2 * free)
    with pytest.raises(UserError, match="Not enough disk space"):
        store.create_project("b")
    assert store.count_projects() == 1
