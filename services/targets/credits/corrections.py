"""Corrections: lines credited in a unit that a backdated change of membership takes away are posted anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.events.envelope import Event
from kit.ids import derived_id, new_id
from services.targets.credits import repository
from services.targets.credits.ledger import post
from services.targets.events_out import CreditLine, OrderCredited


async def count_misplaced(tx: Tx, member_id: UUID, since: date) -> int:
    """How many posted balances of orders from `since` on lie outside the member's unit of their order date."""
    return len(await repository.list_misplaced(tx, member_id, since))


async def correct_lines(tx: Tx, member_id: UUID, since: date) -> None:
    """Reverse misplaced balances and post them in the rightful unit, each on its own posting date.

    The caller has locked the member and written the memberships. One fact per order and posting date.
    """
    found = await repository.list_misplaced(tx, member_id, since)
    orders = await repository.lock_orders(tx, {row["order_id"] for row in found})
    found = await repository.list_misplaced(tx, member_id, since)
    correction = new_id()
    sequences = {order_id: int(row["sequence"]) for order_id, row in orders.items()}
    decided: list[tuple[Event | None, int, OrderCredited]] = []
    for (order_id, posting_date), rows in groupby(found, key=lambda row: (row["order_id"], row["posting_date"])):
        sequences[order_id] += 1
        fact = _corrected(derived_id(correction, order_id, posting_date), orders[order_id], posting_date, list(rows))
        decided.append((None, sequences[order_id], fact))
    await post(tx, decided)


def _corrected(source: UUID, order: Row, posting_date: date, rows: Sequence[Row]) -> OrderCredited:
    # Reversals come first: the newest line of a (line, member) tells a later return where the credit stands.
    lines = [_line(row, row["unit_path"], -row["amount"]) for row in rows]
    lines += [_line(row, row["rightful_path"], row["amount"]) for row in rows]
    return OrderCredited(
        order_id=order["order_id"],
        account_id=order["account_id"],
        stream_key=order["stream_key"],
        kind="corrected",
        order_date=order["order_date"],
        posting_date=posting_date,
        currency=order["currency"],
        amount=0,
        shares=orjson.loads(order["shares"]),
        lines=lines,
        source_event_id=source,
    )


def _line(row: Row, unit_path: list[UUID], amount: int) -> CreditLine:
    return CreditLine(
        line_no=row["line_no"],
        member_id=row["member_id"],
        unit_path=unit_path,
        product_line=row["product_line"],
        region=row["region"],
        customer_type=row["customer_type"],
        amount=amount,
    )
