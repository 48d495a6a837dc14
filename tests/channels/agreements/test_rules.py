"""What of a territory counts, when something is due, how a volume keeps pace."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.agreements.rules import (
    ValidityInvalid,
    check_follows,
    covers,
    due_day,
    elapsed_days,
    first_warning,
    lines_of,
    next_warning,
    pace_of,
    territory_of,
)

END = date(2026, 12, 31)
regions = st.lists(st.sampled_from(["CN", "cn", "CN-S", "CN-SH", "CN-SH-01", "CN-ZJ", "JP", "JP-13"]), max_size=6)


def test_a_region_covers_what_it_prefixes_by_whole_parts() -> None:
    assert all(covers(*pair) for pair in (("CN", "CN-SH"), ("cn-sh", "CN-SH"), ("CN", "CN-SH-01")))
    assert not covers("CN-S", "CN-SH")
    assert not covers("CN-SH", "CN")


@given(regions)
def test_no_region_lies_within_another_and_none_is_lost(named: list[str]) -> None:
    kept = territory_of(named)
    assert not any(one != other and covers(one, other) for one in kept for other in kept)
    assert all(any(covers(one, region) for one in kept) for region in named)


def test_no_lines_are_all_lines() -> None:
    assert lines_of([]) == [""]
    assert lines_of(["Rock", "jazz", "ROCK"]) == ["jazz", "rock"]


def test_warnings_of_the_last_of_december() -> None:
    days = [due_day(END, warning) for warning in (90, 60, 30, None)]
    assert [str(day) for day in days] == ["2026-10-02", "2026-11-01", "2026-12-01", "2027-01-01"]
    assert (next_warning(90), next_warning(60), next_warning(30)) == (60, 30, None)
    assert due_day(None, None) is None


@pytest.mark.parametrize(
    ("today", "warning"),
    [("2026-01-01", 90), ("2026-10-02", 90), ("2026-10-03", 60), ("2026-12-01", 30), ("2026-12-02", None)],
)
def test_no_warning_is_of_a_day_that_has_passed(today: str, warning: int | None) -> None:
    assert first_warning(END, date.fromisoformat(today)) == warning


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_the_first_warning_is_never_late(today: date) -> None:
    warning = first_warning(END, today)
    assert warning is None or END - timedelta(warning) >= today


def test_a_version_follows_without_a_gap() -> None:
    check_follows(date(2027, 1, 1), date(2026, 1, 1), END)
    check_follows(date(2026, 1, 2), date(2026, 1, 1), None)
    for start in (date(2026, 1, 1), date(2027, 1, 2)):
        with pytest.raises(ValidityInvalid):
            check_follows(start, date(2026, 1, 1), END)


def test_pace_is_what_is_attained_over_what_is_owed_by_now() -> None:
    assert elapsed_days(date(2026, 1, 1), END, date(2026, 3, 14)) == (73, 365)
    assert pace_of(20_000, 100_000, 73, 365) == 1_000_000
    assert pace_of(10_000, 100_000, 73, 365) == 500_000
    assert pace_of(1, 3, 1, 1) == 333_333
    assert elapsed_days(date(2026, 1, 1), END, date(2025, 1, 1)) == (0, 365)
    assert elapsed_days(date(2026, 1, 1), END, date(2028, 1, 1)) == (365, 365)
