"""Rules of disputes, by the figures of the requirement where it has any."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from kit.ids import new_id
from services.risk.disputes.rules import (
    Asked,
    DisputeLoss,
    OpenExceeded,
    Room,
    check_dispute_days,
    check_once,
    check_room,
    limitation_of,
    loss_of,
)
from services.risk.policies.rules import DateOrder, FutureDate

amounts = st.integers(0, 1_000)


def test_limitation_is_three_years_after_it_was_known() -> None:
    assert limitation_of(date(2026, 3, 5)) == date(2029, 3, 5)
    assert limitation_of(date(2024, 2, 29)) == date(2027, 2, 28)


def test_what_is_known_and_disputed_has_an_order() -> None:
    known, opened, today = date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7)
    check_dispute_days(known, opened, known, today)
    with pytest.raises(FutureDate) as future:
        check_dispute_days(known, date(2026, 3, 8), known, today)
    assert [one.pointer for one in future.value.errors] == ["/opened_on"]
    with pytest.raises(FutureDate):
        check_dispute_days(date(2026, 3, 8), date(2026, 3, 8), date(2029, 3, 8), today)
    for opened_on, limitation_on, pointer in (
        (date(2026, 3, 4), known, "/opened_on"),
        (opened, date(2026, 3, 4), "/limitation_on"),
    ):
        with pytest.raises(DateOrder) as order:
            check_dispute_days(known, opened_on, limitation_on, today)
        assert [one.pointer for one in order.value.errors] == [pointer]


@given(st.lists(st.tuples(amounts, amounts, st.integers(1, 1_000)), min_size=1, max_size=5))
def test_disputes_of_an_order_stay_within_what_is_open(rows: list[tuple[int, int, int]]) -> None:
    asked = [Asked(new_id(), amount) for *_, amount in rows]
    rooms = [Room(open_, disputed) for open_, disputed, _ in rows]
    beyond = [n for n, (open_, disputed, amount) in enumerate(rows) if disputed + amount > open_]
    if not beyond:
        check_room(asked, rooms)
        return
    with pytest.raises(OpenExceeded) as refused:
        check_room(asked, rooms)
    assert [one.pointer for one in refused.value.errors] == [f"/orders/{n}/amount" for n in beyond]


def test_an_order_is_named_once() -> None:
    one, other = Asked(new_id(), 1), Asked(new_id(), 1)
    check_once([one, other])
    with pytest.raises(Invalid) as twice:
        check_once([one, other, Asked(one.order_id, 2)])
    assert [each.pointer for each in twice.value.errors] == ["/orders/2/order_id"]


def test_what_an_outcome_has_cost() -> None:
    assert loss_of(100, 20) == DisputeLoss(120, 0)
    assert loss_of(-60, 0) is None
    assert loss_of(-100, 120) == DisputeLoss(120, 100)
    assert loss_of(0, 0) is None
    assert loss_of(0, 5) == DisputeLoss(5, 0)


@given(st.integers(-1_000, 1_000), amounts)
def test_a_loss_is_what_is_paid_on_balance(outcome: int, costs: int) -> None:
    loss = loss_of(outcome, costs)
    assert (loss is None) == (outcome + costs <= 0)
    if loss is not None:
        assert loss.gross - loss.recoveries == outcome + costs
        assert 0 <= loss.recoveries <= loss.gross
