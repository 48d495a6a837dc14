"""Every measure of an order is credited exactly, and comes back as it was credited."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.targets.credits.enums import MEASURES, Measure
from services.targets.credits.measures import (
    OF_ORDERS,
    Amounts,
    Measured,
    add,
    came_back,
    credit_all,
    is_new,
    per_line,
    said_of,
    sold,
    take_back_all,
)
from services.targets.credits.models import (
    CreditBucket,
    CreditDay,
    CreditLineRow,
    CreditMemberMonth,
    CreditMonth,
    Measures,
)
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_out import CreditLine

A, B, C = (UUID(int=number) for number in (1, 2, 3))
ORDER = UUID(int=9)
THIRDS = {A: 428_571, B: 428_571, C: 142_858}
WHOLE = {A: 1_000_000}
SAME: dict[str, Any] = {"id": ORDER, "stream_key": ORDER, "account_id": ORDER, "region": None, "customer_type": None}
DAY = date(2026, 2, 14)


def confirmed(*lines: dict[str, int | None], is_first: bool = False) -> OrderConfirmed:
    """An order of lines with net, gross, margin and quantity."""
    numbered: list[Any] = [{"line_no": number, "product_line": None, **line} for number, line in enumerate(lines, 1)]
    return OrderConfirmed(
        **SAME,
        order_date=DAY,
        base_currency="USD",
        credits=[],
        lines=numbered,
        net_base=0,
        is_first_order=is_first,
    )


def returned(order: OrderConfirmed, steps: dict[int, tuple[int, int]]) -> OrderReturned:
    """Pieces that came back before and after, by line; amounts go with the pieces."""
    moved: list[Any] = []
    for number, (before, after) in steps.items():
        line = order.lines[number - 1]
        assert line.quantity
        assert line.gross_base is not None
        part = [line.net_base * pieces // line.quantity for pieces in (before, after)]
        gross = line.gross_base * after // line.quantity - line.gross_base * before // line.quantity
        moved.append(
            {
                **{"line_no": number, "returned_before": before, "returned_after": after, "gross_base": -gross},
                **{"returned_net_base_before": part[0], "returned_net_base_after": part[1]},
            }
        )
    same: dict[str, Any] = {**SAME, "order_date": DAY, "base_currency": "USD", "credits": [], "lines": order.lines}
    return OrderReturned(**same, return_date=DAY, returned_lines=moved, return_net_base=0)


def test_what_an_order_comes_to() -> None:
    order = confirmed(
        {"net_base": 600, "gross_base": 678, "quantity": 3, "margin_base": 200},
        {"net_base": 400, "gross_base": 452, "quantity": 2, "margin_base": None},
        is_first=True,
    )
    assert sold(order, {2}) == {
        Measure.AMOUNT: {1: 600, 2: 400},
        Measure.MARGIN: {1: 200},
        Measure.GROSS: {1: 678, 2: 452},
        Measure.UNITS: {1: 3_000, 2: 2_000},
        Measure.NEW_PRODUCT: {2: 400},
        Measure.NEW_CUSTOMERS: {1: 1_000},
    }


def test_what_an_early_release_of_customer_told_has_net_amounts_only() -> None:
    assert sold(confirmed({"net_base": 600}), ()) == {Measure.AMOUNT: {1: 600}}


def test_counts_are_split_in_thousandths() -> None:
    order = confirmed({"net_base": 11, "gross_base": 11, "quantity": 1, "margin_base": None}, is_first=True)
    thirds = {A: 333_334, B: 333_333, C: 333_333}
    measured = credit_all(ORDER, sold(order, ()), thirds)
    assert sorted(measured[Measure.UNITS].values()) == [333, 333, 334]
    assert sorted(measured[Measure.NEW_CUSTOMERS].values()) == [333, 333, 334]


def test_a_margin_of_a_third_comes_back_rounded_once() -> None:
    order = confirmed({"net_base": 30_000, "gross_base": 30_000, "quantity": 3, "margin_base": 9_001})
    standing = credit_all(ORDER, sold(order, ()), WHOLE)
    left = []
    for before in range(3):
        add(
            standing,
            take_back_all(ORDER, came_back(returned(order, {1: (before, before + 1)}), standing), WHOLE, standing),
        )
        left.append(9_001 - standing[Measure.MARGIN][1, A])
    assert left == [3_000, 6_001, 9_001]


def test_eleven_over_three_in_every_measure() -> None:
    order = confirmed({"net_base": 11, "gross_base": 11, "quantity": 11, "margin_base": -11})
    standing = credit_all(ORDER, sold(order, {1}), THIRDS)
    assert [standing[Measure.NEW_PRODUCT][1, member] for member in THIRDS] == [5, 5, 1]
    assert [standing[Measure.MARGIN][1, member] for member in THIRDS] == [-5, -5, -1]
    moved = take_back_all(ORDER, came_back(returned(order, {1: (0, 10)}), standing), THIRDS, standing)
    add(standing, moved)
    for measure, whole in ((Measure.AMOUNT, 1), (Measure.NEW_PRODUCT, 1), (Measure.GROSS, 1), (Measure.MARGIN, -1)):
        assert sorted(standing[measure].values(), key=abs) == [0, 0, whole], measure


def test_a_new_customer_goes_with_the_last_of_the_order() -> None:
    line = {"net_base": 100, "gross_base": 113, "quantity": 2, "margin_base": None}
    order = confirmed(line, {"net_base": 0, "gross_base": 0, "quantity": 1, "margin_base": None}, is_first=True)
    standing = credit_all(ORDER, sold(order, ()), WHOLE)
    steps: list[tuple[dict[int, tuple[int, int]], int]] = [({1: (0, 1)}, 1_000), ({1: (1, 2)}, 1_000), ({2: (0, 1)}, 0)]
    for step, left in steps:
        add(standing, take_back_all(ORDER, came_back(returned(order, step), standing), WHOLE, standing))
        assert standing[Measure.NEW_CUSTOMERS] == {(1, A): left}, "a free piece is a piece of the order"


def test_what_an_earlier_rule_credited_comes_back_as_far_as_it_stands() -> None:
    order = confirmed({"net_base": 100, "gross_base": 113, "quantity": 2, "margin_base": 40}, is_first=True)
    standing: Measured = {Measure.AMOUNT: {(1, A): 100}, Measure.MARGIN: {}}
    moved = take_back_all(ORDER, came_back(returned(order, {1: (0, 2)}), standing), WHOLE, standing)
    assert moved == {Measure.AMOUNT: {(1, A): -100}}


def test_a_product_is_new_for_a_year() -> None:
    launched = date(2025, 2, 15)
    assert is_new(launched, DAY)
    assert not is_new(launched, date(2026, 2, 15))
    assert not is_new(launched, date(2025, 2, 14))
    assert not is_new(None, DAY)


def test_a_line_says_what_does_not_follow() -> None:
    assert said_of({Measure.AMOUNT: 0, Measure.MARGIN: None, Measure.GROSS: 0}) == {"amount": 0}
    assert said_of({Measure.AMOUNT: 9, Measure.MARGIN: 0, Measure.UNITS: 1_000}) == {
        "amount": 9,
        "margin": 0,
        "units": 1_000,
    }
    assert said_of({Measure.AMOUNT: 9, Measure.MARGIN: 4, Measure.COSTED_NET: 9}) == {"amount": 9, "margin": 4}
    assert said_of({Measure.AMOUNT: 9, Measure.MARGIN: 4, Measure.COSTED_NET: 5})["costed_net"] == 5
    assert said_of({Measure.AMOUNT: 9, Measure.MARGIN: None, Measure.COSTED_NET: 0}) == {"amount": 9}


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(1, 9), st.none() | st.integers(-500, 5_000), st.booleans()),
        min_size=1,
        max_size=5,
    ),
    share=st.integers(1, 999_998),
    data=st.data(),
)
def test_any_steps_to_a_full_return_leave_nothing(
    lines: list[tuple[int, int, int | None, bool]], share: int, data: st.DataObject
) -> None:
    order = confirmed(
        *({"net_base": net, "gross_base": net + net // 8, "quantity": q, "margin_base": m} for net, q, m, _ in lines),
        is_first=True,
    )
    split = {A: share, B: 1_000_000 - share}
    amounts = sold(order, {number for number, line in enumerate(lines, 1) if line[3]})
    standing = credit_all(ORDER, amounts, split)
    for measure, cells in standing.items():
        assert per_line(cells) == amounts[measure]
        total, sums = sum(amounts[measure].values()), Counter[UUID]()
        for (_line, member), cell in cells.items():
            sums[member] += cell
        assert all(abs(sums[member] * 1_000_000 - total * part) < 1_000_000 for member, part in split.items())
    first: Amounts = {measure: dict(cells) for measure, cells in amounts.items()}
    backs = Counter[int]()
    while any(backs[number] < line[1] for number, line in enumerate(lines, 1)):
        steps = {
            number: (backs[number], data.draw(st.integers(backs[number], line[1])))
            for number, line in enumerate(lines, 1)
            if backs[number] < line[1]
        }
        if all(before == after for before, after in steps.values()):
            steps = {number: (before, lines[number - 1][1]) for number, (before, _) in steps.items()}
        add(standing, take_back_all(ORDER, came_back(returned(order, steps), standing), split, standing))
        backs.update({number: after - before for number, (before, after) in steps.items()})
        for measure in OF_ORDERS:
            for (line, _member), cell in standing.get(measure, {}).items():
                low, high = sorted((0, first[measure].get(line, 0)))
                assert low <= cell <= high
    assert not any(cell for cells in standing.values() for cell in cells.values())


def test_every_measure_is_kept_summed_and_told() -> None:
    """The enum declares them: columns of the ledger and fields of its facts are the same, each of its own type."""
    names = {measure.value for measure in MEASURES}
    assert names == Measures.model_fields.keys() | {"amount", "margin"}
    for table in (CreditLineRow, CreditBucket, CreditMonth, CreditDay, CreditMemberMonth):
        assert names <= table.model_fields.keys()
    place = {"line_no", "member_id", "unit_path", "product_line", "region", "customer_type"}
    assert names == CreditLine.model_fields.keys() - place
