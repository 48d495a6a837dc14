"""What undercuts, how shares sum, how a snapshot is sealed, which precedents are near."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import calendar_of
from kit.ids import new_id
from kit.money import SHARE_WHOLE
from services.channels.agreements.rules import covering
from services.channels.channels.enums import ChannelKind
from services.channels.conflicts.enums import ConflictOutcome, ConflictState, SellingMode
from services.channels.conflicts.rules import (
    WORKING_DAYS,
    SharesInvalid,
    Sold,
    Traits,
    check_shares,
    likeness,
    meets,
    mode_of,
    parties_key,
    sealed,
    undercuts,
)

amounts = st.integers(1, 10_000_000)
days = st.dates(date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("unit_price", "discount", "list_price", "tolerance", "breaks"),
    [
        (8_500, 0, 10_000, 0, False),
        (8_499, 0, 10_000, 0, True),
        (8_500, 1, 10_000, 0, True),
        (8_400, 0, 10_000, 10_000, False),
        (8_399, 0, 10_000, 10_000, True),
        (10_000, 30_000, 10_000, 0, False),
        (1, 0, None, 0, False),
    ],
)
def test_a_piece_is_sold_below_what_was_agreed(
    unit_price: int, discount: int, list_price: int | None, tolerance: int, breaks: bool
) -> None:
    """Equal is no breach, neither is a gift, nor what has no list price."""
    assert undercuts(Sold(3, list_price, unit_price, discount), 150_000, tolerance) is breaks


@given(amounts, st.integers(1, 1_000), st.integers(0, SHARE_WHOLE))
def test_the_agreed_price_itself_never_undercuts(listed: int, quantity: int, off: int) -> None:
    least = -(-listed * (SHARE_WHOLE - off) // SHARE_WHOLE)
    assert not undercuts(Sold(quantity, listed, least, 0), off, 0)


@pytest.mark.parametrize(("members", "partners"), [((600_000, 400_001), (SHARE_WHOLE,)), ((SHARE_WHOLE,), ())])
def test_shares_of_a_split_sum_to_all_on_both_sides(members: tuple[int, ...], partners: tuple[int, ...]) -> None:
    with pytest.raises(SharesInvalid):
        check_shares(ConflictOutcome.SPLIT, *({new_id(): share for share in each} for each in (members, partners)))
    with pytest.raises(SharesInvalid):
        check_shares(ConflictOutcome.KEEP, {new_id(): SHARE_WHOLE}, {})
    check_shares(ConflictOutcome.SPLIT, {new_id(): SHARE_WHOLE}, {new_id(): 600_000, new_id(): 400_000})


@given(days, days | st.none(), days, days | st.none())
def test_validities_meet_where_they_share_a_day(
    first: date, last: date | None, other: date, other_last: date | None
) -> None:
    far = date(2027, 1, 1)
    one = range(first.toordinal(), (last or far).toordinal() + 1)
    two = range(other.toordinal(), (other_last or far).toordinal() + 1)
    if one and two:
        assert meets(first, last, other, other_last) == bool(set(one) & set(two))


def test_parties_are_one_whatever_their_order() -> None:
    one, two = new_id(), new_id()
    assert parties_key([one, two]) == parties_key([two, one, one])


def test_a_snapshot_is_sealed_by_what_it_says() -> None:
    known = "a1e33c8e4f2a4c6b1b0c0f19e0a1c4b1"
    assert sealed({"b": [1, None], "a": "中"}) == sealed({"a": "中", "b": [1, None]})
    assert sealed({"a": "中"}) != sealed({"a": known})
    assert len(sealed({})) == 64


def test_channels_online_are_those_of_the_net() -> None:
    online = {kind for kind in ChannelKind if mode_of(kind) is SellingMode.ONLINE}
    assert online == {"own_site", "marketplace", "livestream", "social"}
    assert mode_of(None) is None


def test_regions_are_covered_by_whole_parts() -> None:
    assert covering("CN-SH") == ["cn", "cn-sh"]
    assert "cn-s" not in covering("CN-SH")


def test_precedents_count_by_points() -> None:
    one = Traits(["rock"], "CN-SH", "high", 1_000)
    assert likeness(one, one) == 7
    assert likeness(one, Traits(["jazz", "rock"], "CN-ZJ", "low", 2_000)) == 3 + 1 + 1
    assert likeness(one, Traits(["jazz"], "JP-13", "high", 2_001)) == 1
    assert likeness(one, Traits([], None, "low", 499)) == 0
    gold = one._replace(tiers=["gold", "silver"])
    assert likeness(gold, one._replace(tiers=["silver", "gold"])) == 9, "line 3, region 2, tiers 2, severity 1, value 1"
    assert likeness(gold, one._replace(tiers=["gold"])) == 7


def test_steps_are_due_in_working_days_with_make_up_days() -> None:
    calendar = calendar_of("CN", "Asia/Shanghai")
    due = calendar.add_working_days(date(2026, 2, 12), WORKING_DAYS[ConflictState.OPENED])
    assert str(due) == "2026-02-24", "Friday 13, Saturday 14, then the festival until Monday 23"
