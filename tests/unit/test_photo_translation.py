"""Photos of any size through a generator, the classifiers that evaluate translations, and the two domains on disk."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchmetrics.image.kid import poly_mmd

from core import data
from core.analysis import model_results
from core.data import apple2orange, fruit, image_folder
from core.files import write_json
from core.inference import available_models
from core.messages import UserError
from core.translation import domain_classifiers, photo_translation, translator
from tests import factories


class Redder(nn.Module):
    """A translator whose change is known: it adds 0.2 (of [-1, 1]) to red, and insists on sizes that a generator takes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-1] % 4 == 0 and x.shape[-2] % 4 == 0
        return (x + torch.tensor([0.2, 0.0, 0.0]).view(1, 3, 1, 1)).clamp(-1, 1)


@pytest.mark.parametrize("size", [(64, 64), (97, 131), (30, 200), (256, 41), (5, 5), (1, 300), (600, 400)])
def test_size_and_aspect_stay(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 200, (*size, 3), dtype=np.uint8)
    photos = photo_translation.to_tensor(pixels)
    found = photo_translation.translate_photos(Redder(), photos, 64, reverse_generator=Redder())
    out = photo_translation.to_pixels(photo_translation.apply_change(photos, found.change))
    assert out.shape == pixels.shape
    difference = out.astype(int) - pixels
    assert np.abs(difference[..., 0] - 25.5).max() <= 2 and np.abs(difference[..., 1:]).max() <= 1
    assert found.reconstruction.shape == found.inputs.shape == found.change.shape


@pytest.mark.parametrize("size", [(600, 400), (37, 1200), (1, 300), (256, 256)])
def test_strip_by_strip_is_the_same(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    change, mask = (
        torch.from_numpy(rng.normal(0, 0.2, (1, 3, 24, 31))).float(),
        torch.from_numpy(rng.random((1, 1, 24, 31))).float(),
    )
    for strength, where in ((1.0, None), (0.7, mask)):
        whole = photo_translation.to_pixels(
            photo_translation.apply_change(photo_translation.to_tensor(pixels), change, strength, where)
        )
        assert (
            np.abs(
                photo_translation.apply_change_tiled(pixels, change, strength, where).astype(int) - whole
            ).max()
            <= 1
        )


def test_networks_see_a_large_photo_reduced() -> None:
    assert photo_translation.to_tensor(np.zeros((3000, 9000, 3), np.uint8)).shape == (1, 3, 683, 2048)


def test_a_large_photo_keeps_its_detail() -> None:
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[::2] = 200  # lines of one pixel, far finer than the working size
    photos = photo_translation.to_tensor(pixels)
    out = photo_translation.to_pixels(
        photo_translation.apply_change(
            photos, photo_translation.translate_photos(Redder(), photos, 64).change
        )
    )
    assert np.abs(out[::2, :, 1].astype(int) - 200).max() <= 1 and out[1::2, :, 1].max() <= 1


def test_strength_and_mask() -> None:
    photos = torch.rand(1, 3, 64, 64) * 0.5
    found = photo_translation.translate_photos(Redder(), photos, 64)
    assert torch.equal(photo_translation.apply_change(photos, found.change, strength=0.0), photos)
    half = photo_translation.apply_change(photos, found.change, strength=0.5) - photos
    torch.testing.assert_close(half, found.change / 2, atol=1e-6, rtol=0)
    assert torch.equal(
        photo_translation.apply_change(photos, found.change, mask=torch.zeros(1, 1, 64, 64)), photos
    )


def test_the_mask_is_where_the_change_is() -> None:
    change = torch.zeros(1, 3, 64, 64)
    change[..., 20:44, 20:44] = 0.4
    found = photo_translation.Translation(torch.zeros(1, 3, 64, 64), change, None)
    mask = found.change_mask(0.5)
    assert mask[..., 26:38, 26:38].min() > 0.99 and mask[..., :10, :].max() < 0.01
    assert found.change_mask(0.9).mean() < mask.mean() < found.change_mask(0.1).mean()


# ---- classifiers -------------------------------------------------------------------------------------------------------


def test_kid_is_torchmetrics_own() -> None:
    rng = np.random.default_rng(0)
    x, y = (
        rng.normal(size=(40, 16)).astype(np.float32),
        rng.normal(0.3, 1.2, size=(55, 16)).astype(np.float32),
    )
    same_size = rng.normal(0.3, 1.2, size=(40, 16)).astype(np.float32)
    theirs = float(poly_mmd(torch.from_numpy(x), torch.from_numpy(same_size)))
    assert domain_classifiers.kid(x, same_size) == pytest.approx(theirs, rel=1e-4)
    low, high = domain_classifiers.kid_interval(x, y)
    assert low < domain_classifiers.kid(x, y) < high
    assert abs(domain_classifiers.kid(x, rng.normal(size=(400, 16)))) < domain_classifiers.kid(x, y)


def test_moved_colors_have_the_other_domains_statistics() -> None:
    torch.manual_seed(0)
    photos, towards = 0.3 + 0.1 * torch.rand(4, 3, 16, 16), 0.4 + 0.2 * torch.rand(5, 3, 16, 16)
    moved = domain_classifiers.color_transfer(photos, towards)
    torch.testing.assert_close(moved.mean((2, 3)), towards.mean((0, 2, 3)).expand(4, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(moved.std((2, 3)), towards.std((0, 2, 3)).expand(4, 3), atol=1e-4, rtol=0)


@pytest.mark.realdata
def test_the_classifier_recognizes_real_fruit(real_data: Path) -> None:
    dataset = data.load_dataset("apple2orange", real_data, image_size=128)
    says = domain_classifiers.load_classifier(domain_classifiers.PRIMARY)(
        torch.from_numpy(dataset.test_x).float() / 255
    )
    assert ((says > 0.5) == (dataset.test_y == 1)).mean() >= 0.95


# ---- which networks are there ----------------------------------------------------------------------------------------


def test_the_stages_of_a_long_training_come_in_its_order() -> None:
    run = factories.finished("cyclegan-light", 1)
    for epoch in (1000, 999, 12):
        run.epoch_weights_path(epoch).touch()
    assert [epoch for epoch, _ in translator.saved_epochs(run)] == [1, 12, 999, 1000]
    assert all(
        path == run.epoch_weights_path(epoch) and path.is_file()
        for epoch, path in translator.saved_epochs(run)
    )


def test_shipped_networks_in_the_order_of_the_table_then_the_newest_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mnist-softmax", "mnist-cnn", "cifar10-mlp", "cyclegan-apple2orange"):
        (tmp_path / f"{name}.safetensors").touch()
    monkeypatch.setenv("MANABI_CHECKPOINTS", str(tmp_path))
    made = [
        factories.finished(name, 1) for name in ("mnist-mlp", "cyclegan-paper", "mnist-cnn", "cyclegan-light")
    ]
    for age, run in enumerate(made):
        write_json(run.path / "config.json", {**run.config, "created_ns": age})
    first_digits, paper, second_digits, light = (run.id for run in made)
    assert [c.id for c in available_models.list_digit_models()] == [
        "mnist-cnn",
        "mnist-softmax",
        second_digits,
        first_digits,
    ]
    # Two tasks share one shipped pair of generators.
    assert [c.id for c in translator.list_translators()] == ["cyclegan-apple2orange", light, paper]
    assert model_results.classifier_ids("cifar10") == ["cifar10-mlp"]


# ---- two domains -----------------------------------------------------------------------------------------------------


def write(folder: Path, count: int, mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        suffix = "png" if mode in ("RGBA", "LA") else "jpg"
        Image.new("RGB", size, (20 * i % 255, 90, 30)).convert(mode).save(folder / f"{i}.{suffix}")


def domains(root: Path, **counts: int) -> Path:
    for name in ("trainA", "trainB", "testA", "testB"):
        write(root / name, counts.get(name, 3))
    return root


def test_the_published_layout_is_found(tmp_path: Path) -> None:
    domains(tmp_path / "apple2orange")
    found = data.load_dataset("apple2orange", tmp_path, image_size=64)
    assert (
        found.classes == fruit.CLASSES
        and found.train_x.shape == (6, 3, 72, 72)
        and found.test_x.shape == (6, 3, 256, 256)
    )
    assert found.train_y.tolist() == [0, 0, 0, 1, 1, 1]


def test_two_domains_of_ones_own(tmp_path: Path) -> None:
    found = data.load_dataset("apple2orange", domains(tmp_path / "zebras"), image_size=64)
    assert (found.name, found.title, found.classes) == ("unpaired", "zebras", ("A", "B"))


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "CMYK"])
def test_images_of_every_mode(tmp_path: Path, mode: str) -> None:
    domains(tmp_path)
    for path in (tmp_path / "trainA").iterdir():
        path.unlink()
    write(tmp_path / "trainA", 2, mode)
    assert len(data.load_dataset("apple2orange", tmp_path, image_size=64).train_x) == 5


def test_one_image_only_is_enough_to_open(tmp_path: Path) -> None:
    found = data.load_dataset(
        "apple2orange", domains(tmp_path, trainA=1, trainB=1, testA=1, testB=1), image_size=64
    )
    assert len(found.train_x) == 2


@pytest.mark.parametrize("there", [True, False], ids=["photos", "stand-in"])
def test_the_test_photos_alone_leave_the_training_part_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setenv("MANABI_DATA", str(domains(tmp_path / "zebras") if there else tmp_path))
    wanted, splits = data.load_dataset("apple2orange", image_size=64), []
    decode = image_folder.load_image_folder
    monkeypatch.setattr(
        image_folder,
        "load_image_folder",
        lambda source, asked, *more: splits.extend(asked) or decode(source, asked, *more),
    )
    found = data.load_dataset("apple2orange", train=False)
    assert len(found.train_x) == len(found.train_y) == 0 and splits == ["test"] * there
    np.testing.assert_array_equal(found.test_x, wanted.test_x)
    np.testing.assert_array_equal(found.test_y, wanted.test_y)


@pytest.mark.parametrize("empty", ["trainA", "trainB", "testA"])
def test_an_empty_domain_is_a_sentence(tmp_path: Path, empty: str) -> None:
    domains(tmp_path, **{empty: 0})
    with pytest.raises(UserError):
        data.load_dataset("apple2orange", tmp_path, image_size=64)


def test_a_zip_of_them(tmp_path: Path) -> None:
    domains(tmp_path / "x" / "apple2orange")
    with zipfile.ZipFile(tmp_path / "apple2orange.zip", "w") as archive:
        for path in (tmp_path / "x").rglob("*.jpg"):
            archive.write(path, path.relative_to(tmp_path / "x"))
    assert len(data.load_dataset("apple2orange", tmp_path, image_size=64).train_x) == 6


def test_photos_are_decoded_an_eighth_larger() -> None:
    assert [apple2orange.load_size(size) for size in (64, 128, 256)] == [72, 144, 288]
    drawn = data.load_dataset("apple2orange", download=False, image_size=64)
    assert drawn.stand_in_for and drawn.train_x.shape == (240, 3, 72, 72)
