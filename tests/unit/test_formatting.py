"""Durations in both languages."""

import pytest

from core.formatting import format_duration, format_duration_short, format_metric


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0.34, "0.3 sec", "0.3 秒"),
        (40, "40 sec", "40 秒"),
        (59.7, "1 min", "1 分"),
        (200, "3 min 20 sec", "3 分 20 秒"),
        (3599.6, "1 hr 0 min", "1 時間 0 分"),
        (3900, "1 hr 5 min", "1 時間 5 分"),
    ],
    ids=["tenths", "seconds", "rounded-up", "minutes", "rounded-to-an-hour", "hours"],
)
def test_a_duration_has_at_most_two_units(seconds: float, english: str, japanese: str) -> None:
    assert format_duration(seconds, "en") == english
    assert format_duration(seconds, "ja") == japanese


@pytest.mark.parametrize(
    ("num_examples", "shown"),
    [(None, "92.16%"), (50, "92%"), (100, "92%"), (500, "92.2%"), (1_000, "92.2%"), (10_000, "92.16%")],
)
def test_a_share_has_the_decimals_that_its_examples_carry(num_examples: int | None, shown: str) -> None:
    assert format_metric("accuracy", 0.9216, num_examples) == shown
    assert format_metric("rmse", 0.9216, num_examples) == "0.9216"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.3, "3.3 sec"), (59, "59 sec"), (61, "1 min"), (85, "1.4 min"), (3590, "1 hr"), (5700, "1.6 hr")],
    ids=["tenths", "seconds", "a-minute", "minutes", "an-hour", "hours"],
)
def test_a_short_duration_changes_its_unit_where_a_long_one_does(seconds: float, text: str) -> None:
    assert format_duration_short(seconds, "en") == text
