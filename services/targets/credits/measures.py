"""What an order comes to by measure and line, and how each measure is credited: every one is a rounding of its own.

A line is worth 0 of what is left out of a measure, but for the margin: a line that it leaves out has none that anybody
knows. `costed_net` is no measure of its own here: it is the amount where the margin is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from services.targets.credits.enums import MEASURES, Measure
from services.targets.credits.rules import Cells, credit, take_back
from services.targets.events_in import OrderConfirmed, OrderLine, OrderReturned
from services.targets.kpi_facts.rules import margin_back

PIECE = 1_000
NEW_DAYS = 364
"""Last day after the launch on which a product is new."""
OF_ORDERS = (
    Measure.AMOUNT,
    Measure.MARGIN,
    Measure.GROSS,
    Measure.UNITS,
    Measure.NEW_PRODUCT,
    Measure.NEW_CUSTOMERS,
)

SAID = (Measure.AMOUNT, Measure.MARGIN)
"""Measures of which 0 is said, too."""

Amounts = dict[Measure, dict[int, int]]
"""By measure and order line."""
Measured = dict[Measure, Cells]
"""By measure, and within it by order line and member."""


def is_new(launched_on: date | None, order_date: date) -> bool:
    """Whether a product is new on the day of an order.

    >>> [is_new(date(2026, 1, 1), day) for day in (date(2025, 12, 31), date(2026, 12, 31), date(2027, 1, 1))]
    [False, True, False]
    """
    return launched_on is not None and 0 <= (order_date - launched_on).days <= NEW_DAYS


def sold(order: OrderConfirmed, new: Collection[int]) -> Amounts:
    """What an order comes to; `new` are its lines of new products, and a new customer stands in its first line."""
    lines = order.lines
    found: Amounts = {
        Measure.AMOUNT: {line.line_no: line.net_base for line in lines},
        Measure.GROSS: {line.line_no: line.gross_base or 0 for line in lines},
        Measure.UNITS: {line.line_no: (line.quantity or 0) * PIECE for line in lines},
        Measure.MARGIN: {line.line_no: line.margin_base for line in lines if line.margin_base is not None},
        Measure.NEW_PRODUCT: {line.line_no: line.net_base for line in lines if line.line_no in new},
    }
    if order.is_first_order and lines:
        found[Measure.NEW_CUSTOMERS] = {min(line.line_no for line in lines): PIECE}
    return _counted(found)


def came_back(order: OrderReturned, standing: Measured) -> Amounts:
    """What a return takes, at most what stands; once nothing is left of the order, its new customer goes too."""
    heard = {line.line_no: line for line in order.lines}
    found: Amounts = {measure: {} for measure in OF_ORDERS}
    known = {line for line, _member in standing.get(Measure.MARGIN, ())}
    new = {line for (line, _member), cell in standing.get(Measure.NEW_PRODUCT, {}).items() if cell}
    for line in order.returned_lines:
        number, net = line.line_no, line.returned_net_base_after - line.returned_net_base_before
        before, after = line.returned_before or 0, line.returned_after or 0
        found[Measure.AMOUNT][number] = net
        found[Measure.GROSS][number] = -(line.gross_base or 0)
        found[Measure.UNITS][number] = (after - before) * PIECE
        if number in known:
            found[Measure.MARGIN][number] = _margin_back(heard.get(number), before, after)
        if number in new:
            found[Measure.NEW_PRODUCT][number] = net
    if Measure.NEW_CUSTOMERS in standing and _is_all(found, standing):
        found[Measure.NEW_CUSTOMERS] = per_line(standing[Measure.NEW_CUSTOMERS])
    return _counted(found)


def _margin_back(line: OrderLine | None, before: int, after: int) -> int:
    if line is None or line.margin_base is None or not line.quantity:
        return 0
    return margin_back(line.margin_base, line.quantity, before, after)


def _is_all(found: Amounts, standing: Measured) -> bool:
    """Whether nothing stands of an order after a return: neither net amounts nor pieces."""
    return all(
        amount == found[measure].get(line, 0)
        for measure in (Measure.AMOUNT, Measure.UNITS)
        for line, amount in per_line(standing.get(measure, {})).items()
    )


def _counted(found: Amounts) -> Amounts:
    """Net amounts and margins say all that is known, of the others what is not 0 counts."""
    said: Amounts = {}
    for measure, lines in found.items():
        counted = lines if measure in SAID else {line: amount for line, amount in lines.items() if amount}
        if counted or measure is Measure.AMOUNT:
            said[measure] = counted
    return said


def credit_all(order_id: UUID, amounts: Amounts, shares: Mapping[UUID, int]) -> Measured:
    """Credit what an order comes to; measures that are equal in every line are rounded once."""
    done: list[tuple[dict[int, int], Cells]] = []
    credited: Measured = {}
    for measure, lines in amounts.items():
        known = next((cells for other, cells in done if other == lines), None)
        credited[measure] = credit(order_id, lines, shares) if known is None else dict(known)
        done.append((lines, credited[measure]))
    return credited


def take_back_all(order_id: UUID, returned: Amounts, shares: Mapping[UUID, int], standing: Measured) -> Measured:
    """What a return adds, by `take_back`. Of the net amount more than stands is refused; the rest, which facts of an
    earlier rule know nothing of, goes as far as it stands."""
    taken: Measured = {}
    for measure, lines in returned.items():
        stands = standing.get(measure, {})
        back = lines if measure is Measure.AMOUNT else within(lines, per_line(stands))
        if measure not in SAID:
            back = {line: amount for line, amount in back.items() if amount}
        if back:
            taken[measure] = take_back(order_id, back, shares, stands)
    return taken


def within(lines: Mapping[int, int], stands: Mapping[int, int]) -> dict[int, int]:
    """What is taken of each line, between 0 and what stands of it."""
    low_high = {line: sorted((0, stands.get(line, 0))) for line in lines}
    return {line: min(max(amount, low_high[line][0]), low_high[line][1]) for line, amount in lines.items()}


def per_line(cells: Cells) -> dict[int, int]:
    """What the cells of each line come to."""
    sums: dict[int, int] = defaultdict(int)
    for (line, _member), amount in cells.items():
        sums[line] += amount
    return dict(sums)


def add(standing: Measured, moved: Measured) -> None:
    """Move what stands on."""
    for measure, cells in moved.items():
        stands = standing.setdefault(measure, {})
        for key, amount in cells.items():
            stands[key] = stands.get(key, 0) + amount


def keys_of(measured: Measured) -> Iterable[tuple[int, UUID]]:
    """Every line and member that a measure names, in order."""
    amounts = measured.get(Measure.AMOUNT, {})
    others = {key for cells in measured.values() for key in cells if key not in amounts}
    return sorted([*amounts, *others]) if others else amounts


def said_of(values: Mapping[Measure, int | None]) -> dict[str, Any]:
    """Fields of a credit line: what is 0 or follows from the others is left out, but for the net amount."""
    amount, margin = values.get(Measure.AMOUNT) or 0, values.get(Measure.MARGIN)
    said: dict[str, Any] = {name.value: value for name, value in values.items() if value}
    said["amount"] = amount
    if margin is not None:
        said["margin"] = margin
    follows = 0 if margin is None else amount
    if values.get(Measure.COSTED_NET, follows) == follows:
        said.pop("costed_net", None)
    else:
        said["costed_net"] = values[Measure.COSTED_NET]
    return said


def values_of(measured: Measured, key: tuple[int, UUID]) -> dict[Measure, int | None]:
    """What one cell of each measure is."""
    return {measure: cells[key] for measure, cells in measured.items() if key in cells}


def measured_of(rows: Mapping[tuple[int, UUID], Mapping[Measure, int | None]]) -> Measured:
    """Cells by measure of values by line and member."""
    found: Measured = {}
    for measure in MEASURES:
        cells = {key: value for key, row in rows.items() if (value := row[measure]) is not None}
        if measure in SAID or any(cells.values()):
            found[measure] = cells
    return found
