"""Who is the same customer, how long a claim is protected, which orders are a deal's."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import calendar_of
from kit.names import fold_name
from services.channels.deals.enums import DealState
from services.channels.deals.rules import (
    REVIEW_DAYS,
    Identity,
    counts,
    due_day,
    first_warning,
    is_same,
    lock_keys,
    next_warning,
    protected_until,
)
from tests.channels.deals.claimed import CHINESE, LATIN

words = st.sampled_from([None, "a", "b"])
identities = st.builds(Identity, st.sampled_from(["x", "y"]), st.sampled_from(["CN", "JP"]), words, words)
FIRST, LAST = date(2026, 3, 2), date(2026, 5, 31)


def test_spellings_of_one_name_are_one() -> None:
    assert len({fold_name(name) for name in CHINESE}) == 1
    assert len({fold_name(name) for name in LATIN}) == 1
    assert fold_name("北京蓝港贸易") != fold_name(CHINESE[0])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Identity("x", "CN", None, None), Identity("x", "CN", "a", None), True),
        (Identity("x", "CN", "a", None), Identity("x", "CN", "b", None), False),
        (Identity("x", "CN", "a", None), Identity("y", "JP", "a", None), True),
        (Identity("x", "CN", "a", "d"), Identity("y", "CN", "b", "d"), True),
        (Identity("x", "CN", None, None), Identity("x", "JP", None, None), False),
        (Identity("x", "CN", None, "d"), Identity("y", "CN", None, "e"), False),
        (Identity(None, "CN", None, None), Identity(None, "CN", None, None), False),
    ],
)
def test_same_customer(one: Identity, other: Identity, same: bool) -> None:
    assert (is_same(one, other), is_same(other, one)) == (same, same)


@given(identities, identities)
def test_who_is_the_same_shares_a_lock(one: Identity, other: Identity) -> None:
    keys = lock_keys(one, "P-1")
    assert keys == sorted(keys)
    if is_same(one, other):
        assert set(keys) & set(lock_keys(other, "P-2"))


def test_a_protection_ends_ninety_days_after_its_approval() -> None:
    assert protected_until(FIRST) == LAST
    assert [str(due_day(LAST, warning)) for warning in (14, 3, None)] == ["2026-05-17", "2026-05-28", "2026-06-01"]
    assert [first_warning(LAST, date(2026, 5, day)) for day in (17, 18, 28, 29)] == [14, 3, 3, None]
    assert (next_warning(14), next_warning(3)) == (3, None)


def test_a_review_takes_two_working_days_with_make_up_days() -> None:
    calendar = calendar_of("CN", "Asia/Shanghai")
    days = [calendar.add_working_days(date(2026, 2, day), REVIEW_DAYS) for day in (12, 13)]
    assert [str(day) for day in days] == ["2026-02-14", "2026-02-24"]


@pytest.mark.parametrize(
    ("state", "day", "is_named", "is_its_own"),
    [
        ("approved", "2026-03-02", False, True),
        ("approved", "2026-05-31", False, True),
        ("approved", "2026-06-01", False, False),
        ("approved", "2026-06-01", True, False),
        ("approved", "2026-03-01", True, False),
        ("expired", "2026-05-31", False, True),
        ("expired", "2026-06-01", True, False),
        ("won", "2026-06-01", False, False),
        ("won", "2026-06-01", True, True),
        ("registered", "2026-03-02", False, True),
        ("registered", "2026-03-01", False, False),
        ("withdrawn", "2026-03-02", True, False),
        ("rejected", "2026-03-02", True, False),
    ],
)
def test_which_orders_are_a_deals(state: str, day: str, is_named: bool, is_its_own: bool) -> None:
    until = None if state == "registered" else LAST
    assert counts(DealState(state), FIRST, until, date.fromisoformat(day), is_named=is_named) is is_its_own
