"""The handwriting set: saved, listed, removed, exported, scored."""

from __future__ import annotations

import dataclasses
import io
import threading
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from core import models
from core.checkpoints import Spec
from core.digits import handwriting
from core.digits.handwriting import HandwritingSet, score_examples
from core.inference.predictor import Predictor
from core.messages import UserError


def drawing(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)


def predictor() -> Predictor:
    torch.manual_seed(0)
    spec = Spec(
        task="t",
        model="softmax",
        options={},
        in_shape=(1, 28, 28),
        kind="classification",
        classes=tuple("0123456789"),
        mean=(0.13,),
        std=(0.31,),
        output_mean=0.0,
        output_std=1.0,
        data="none",
    )
    return Predictor(models.create_model("softmax", (1, 28, 28), 10).eval(), spec)


def test_what_is_added_is_there_for_the_next_visit() -> None:
    for number in range(12):
        HandwritingSet("anna").add(drawing(number), number % 10, strokes=[[number, 1, 2]])
    mine = HandwritingSet("anna")
    examples = mine.examples()
    assert len(mine) == len(examples) == 12
    assert [e.label for e in examples] == [n % 10 for n in range(12)]
    assert all((e.pixels == drawing(n)).all() for n, e in enumerate(examples))
    assert mine.strokes(examples[4]) == [[4, 1, 2]]
    assert len(HandwritingSet("bert")) == 0


def test_remove() -> None:
    mine = HandwritingSet("anna")
    first, second = mine.add(drawing(0), 3, strokes=[1]), mine.add(drawing(1), 3)
    mine.remove(first.id)
    mine.remove(first.id)
    assert [e.id for e in mine.examples()] == [second.id]
    assert len(list(mine.path.rglob("*.json"))) == 0
    for bad in ("../../x", "", "1", first.id + "/.."):
        with pytest.raises(ValueError, match="no id"):
            mine.remove(bad)


def test_export_is_an_image_folder() -> None:
    mine = HandwritingSet("anna")
    for number, label in enumerate((7, 3, 7)):
        mine.add(drawing(number), label)
    with zipfile.ZipFile(io.BytesIO(mine.export())) as archive:
        assert sorted(archive.namelist()) == ["3/001.png", "7/001.png", "7/002.png"]
        assert (np.asarray(Image.open(archive.open("7/002.png"))) == drawing(2)).all()
    assert zipfile.ZipFile(io.BytesIO(HandwritingSet("empty").export())).namelist() == []


@pytest.mark.parametrize(
    "owner", ["", "..", "../x", "a/b", "a b", "a" * 41, "ä", "a\n", "a.b", "<b>", "-\x00"]
)
def test_names_that_are_refused(owner: str) -> None:
    with pytest.raises(UserError, match="1 to 40"):
        HandwritingSet(owner)


def test_a_damaged_file_does_not_hide_the_others() -> None:
    mine = HandwritingSet("anna")
    first, second = mine.add(drawing(0), 1), mine.add(drawing(1), 2)
    (mine.path / "1" / f"{first.id}.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    (mine.path / "1" / "holiday.png").write_bytes(b"not ours")
    assert [e.id for e in mine.examples()] == [second.id]


def test_a_set_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handwriting, "MAX_EXAMPLES", 3)
    mine = HandwritingSet("anna")
    for number in range(3):
        mine.add(drawing(number), 0)
    with pytest.raises(UserError, match="full"):
        mine.add(drawing(9), 0)
    assert len(mine) == 3


def test_huge_strokes_are_not_kept_but_the_drawing_is() -> None:
    mine = HandwritingSet("anna")
    example = mine.add(drawing(0), 0, strokes=list(range(200_000)))
    assert mine.strokes(example) is None and len(mine) == 1


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path) -> None:  # noqa: ANN001
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="could not be saved"):
        HandwritingSet("anna", tmp_path / "file").add(drawing(0), 0)


def test_drawings_are_checked() -> None:
    mine = HandwritingSet("anna")
    for pixels, label in (
        (drawing(0)[:27], 1),
        (drawing(0).astype(float), 1),
        (drawing(0), 10),
        (drawing(0), -1),
    ):
        with pytest.raises(ValueError, match="is "):
            mine.add(pixels, label)


def test_many_at_once_lose_nothing() -> None:
    def add() -> None:
        for number in range(20):
            HandwritingSet("anna").add(drawing(number), 5)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(HandwritingSet("anna").examples()) == 80
    assert not list(HandwritingSet("anna").path.rglob(".*"))


def test_score() -> None:
    p, mine = predictor(), HandwritingSet("anna")
    assert score_examples(p, mine.examples()) is None
    answers = p.predict(np.stack([drawing(n) for n in range(10)])[:, None]).argmax(1)
    for number in range(10):
        mine.add(drawing(number), int(answers[number]) if number < 7 else int(answers[number] + 1) % 10)
    result = score_examples(p, mine.examples())
    assert result.accuracy == pytest.approx(0.7)
    assert (result.predictions == answers).all() and result.correct.tolist() == [True] * 7 + [False] * 3
    assert (result.confidence > 0).all() and (result.confidence <= 1).all()
    with pytest.raises(UserError, match="not trained"):
        score_examples(
            Predictor(p.network, dataclasses.replace(p.spec, classes=("cat", "dog"))), mine.examples()
        )
