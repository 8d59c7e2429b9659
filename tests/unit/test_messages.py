"""Messages with placeholders and counts, and files that are written atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.files import atomic_write, read_json, write_bytes, write_json
from core.messages import Message, UserError, closest_names


def test_a_message_fills_its_places_in_the_language_of_the_reader() -> None:
    message = Message("{count} runs in {folder}", {"count": 3, "folder": "runs"})
    assert str(message) == "3 runs in runs"
    assert message.text({"{count} runs in {folder}": "{folder} に {count} 件"}.get) == "runs に 3 件"


def test_a_message_inside_a_message_is_translated_too() -> None:
    message = Message("{what} failed", {"what": Message("The download")})
    japanese = {"{what} failed": "{what}に失敗しました", "The download": "ダウンロード"}
    assert message.text(japanese.get) == "ダウンロードに失敗しました"


@pytest.mark.parametrize("value", ["{", "a {brace} in a value", "100%", "<b>"])
def test_values_are_taken_as_they_are(value: str) -> None:
    assert str(Message("It is {value}.", {"value": value})) == f"It is {value}."


def test_a_sentence_without_places_may_hold_braces() -> None:
    assert str(Message("Expected: {train,t10k}-images")) == "Expected: {train,t10k}-images"


def test_a_message_survives_json() -> None:
    message = Message("{a}: {b}", {"a": 1.5, "b": Message("inner {c}", {"c": "x"})})
    assert Message.from_json(json.loads(json.dumps(message.to_json()))) == message


def test_a_count_chooses_the_form_and_is_grouped() -> None:
    assert [str(Message.counted("{count} run", "{count} runs", n)) for n in (0, 1, 2, 12_345)] == [
        "0 runs",
        "1 run",
        "2 runs",
        "12,345 runs",
    ]
    message = Message.counted("{a}: {count} run", "{a}: {count} runs", 1, a=Message("inner"))
    assert str(message) == "inner: 1 run"
    assert str(Message.counted("{count} epoch", "{count} epochs", 2, count="1.5")) == "1.5 epochs"


def test_a_counted_message_survives_json_and_a_damaged_one_is_none() -> None:
    message = Message.counted("{count} run in {folder}", "{count} runs in {folder}", 3, folder="runs")
    stored = json.loads(json.dumps(message.to_json()))
    assert Message.from_json(stored) == message and str(Message.from_json(stored)) == "3 runs in runs"
    assert Message.from_json({**stored, "count": "3"}) is None
    assert Message.from_json({**stored, "plural": None}) is None


@pytest.mark.parametrize("damaged", [None, 3, "text", [], {}, {"msgid": 3}, {"params": {}}])
def test_what_is_no_message_is_none(damaged: object) -> None:
    assert Message.from_json(damaged) is None


def test_a_message_with_damaged_parameters_is_still_a_message() -> None:
    assert Message.from_json({"msgid": "Halted.", "params": 7}) == Message("Halted.")


def test_a_user_error_carries_its_message() -> None:
    error = UserError("{file} is missing.", file="x.csv")
    assert str(error) == "x.csv is missing." and error.message == Message(
        "{file} is missing.", {"file": "x.csv"}
    )
    assert UserError(Message("Whole.")).message == Message("Whole.")


def test_nearest_names() -> None:
    known = ["mnist-cnn", "mnist-mlp", "boston-mlp"]
    assert closest_names("mnist-ccn", known).split(", ")[0] == "mnist-cnn"
    assert closest_names("zzz", known) == "boston-mlp, mnist-cnn, mnist-mlp"
    assert closest_names("zzz", []) == ""


def test_json_files_round_trip(tmp_path: Path) -> None:
    value = {"name": "学び", "numbers": [1, 2.5, None]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert "学び" in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [None, b"", b'{"a": 1', b"\xff\xfe\x00", b"[1,]"],
    ids=["missing", "empty", "truncated", "not-utf8", "trailing-comma"],
)
def test_a_damaged_json_file_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    assert read_json(path) is None


def test_a_folder_in_the_place_of_a_json_file_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path) is None


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def breaks(part: Path) -> None:
        part.write_bytes(b"half of the n")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        atomic_write(path, breaks)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


def test_a_write_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    before = path.stat().st_ino
    with path.open("rb") as reader:
        write_bytes(path, b"new")
        assert reader.read() == b"old"  # an open file keeps its content
    assert path.read_bytes() == b"new" and path.stat().st_ino != before and os.listdir(tmp_path) == ["a.bin"]


def test_a_write_into_a_missing_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        write_json(tmp_path / "no" / "a.json", {})
