"""Crediting: decides the credit lines of confirmed and returned orders, announces and posts them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.events.envelope import Event
from services.targets.credits import repository
from services.targets.credits.ledger import post
from services.targets.credits.rules import CreditAmount, LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.events_in import OrderConfirmed, OrderHeard, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited

Paths = dict[tuple[UUID, date], list[UUID]]


class ReturnWithoutCredit(Exception):
    """A return of an order that was never credited: the log of its key is damaged, so the key is parked."""


async def credit_orders(tx: Tx, orders: Sequence[tuple[Event, OrderConfirmed]]) -> None:
    """Credit confirmed orders to their sellers, in the units of the order date; an order is credited once."""
    credited = await _lock(tx, orders)
    new = {order.id: (cause, order) for cause, order in reversed(orders) if order.id not in credited}
    wanted = {(credit.member_id, order.order_date) for _, order in new.values() for credit in order.credits}
    paths = await repository.list_paths(tx, wanted)
    await post(tx, [(cause, 1, _confirmed(cause, order, paths)) for cause, order in reversed(new.values())])


async def reverse_orders(tx: Tx, returns: Sequence[tuple[Event, OrderReturned]]) -> None:
    """Reverse returned amounts at the split, unit path and dimensions at which the order stands credited.

    Raises ReturnWithoutCredit.
    """
    credited = await _lock(tx, returns)
    handled = await repository.list_handled(tx, [cause.id for cause, _ in returns])
    standing = await repository.list_standing(tx, {order.id for _, order in returns})
    sequences = {order_id: int(row["sequence"]) for order_id, row in credited.items()}
    decided: list[tuple[Event | None, int, OrderCredited]] = []
    for cause, order in returns:
        if cause.id in handled:
            continue
        if order.id not in credited:
            raise ReturnWithoutCredit(str(order.id))
        sequences[order.id] += 1
        decided.append((cause, sequences[order.id], _returned(cause, order, credited[order.id], standing)))
    await post(tx, decided)


async def _lock(tx: Tx, orders: Sequence[tuple[Event, OrderHeard]]) -> dict[UUID, Row]:
    """Members first, then orders: the order in which corrections lock too."""
    await repository.lock_members(tx, {credit.member_id for _, order in orders for credit in order.credits})
    return await repository.lock_orders(tx, {order.id for _, order in orders})


def _confirmed(cause: Event, order: OrderConfirmed, paths: Paths) -> OrderCredited:
    shares = {credit.member_id: credit.share for credit in order.credits}
    product_lines = {line.line_no: line.product_line for line in order.lines}
    amounts = split_lines([LineAmount(line.line_no, line.net_base) for line in order.lines], _ordered(shares))
    lines = [
        CreditLine(
            line_no=item.line,
            member_id=UUID(item.member_id),
            unit_path=paths.get((UUID(item.member_id), order.order_date), []),
            product_line=product_lines[item.line],
            region=order.region,
            customer_type=order.customer_type,
            amount=item.amount,
        )
        for item in amounts
    ]
    return _fact(cause, order, "confirmed", order.order_date, shares, lines)


def _returned(
    cause: Event, order: OrderReturned, credited: Row, standing: dict[tuple[UUID, int, UUID], Row]
) -> OrderCredited:
    shares = {UUID(member): share for member, share in orjson.loads(credited["shares"]).items()}
    amounts = reverse_lines(
        [
            ReturnedLine(line.line_no, line.returned_net_base_before, line.returned_net_base_after)
            for line in order.returned_lines
        ],
        _ordered(shares),
    )
    lines = [_reversal(order.id, item, standing) for item in amounts]
    return _fact(cause, order, "returned", order.return_date, shares, lines)


def _reversal(order_id: UUID, item: CreditAmount, standing: dict[tuple[UUID, int, UUID], Row]) -> CreditLine:
    key = (order_id, item.line, UUID(item.member_id))
    if key not in standing:
        raise ReturnWithoutCredit(f"{order_id} line {item.line}")
    fields = ("unit_path", "product_line", "region", "customer_type")
    original = {name: standing[key][name] for name in fields}
    return CreditLine(line_no=item.line, member_id=key[2], amount=item.amount, **original)


def _ordered(shares: dict[UUID, int]) -> list[tuple[str, int]]:
    return [(str(member), share) for member, share in shares.items()]


def _fact(
    cause: Event, order: OrderHeard, kind: str, posting_date: date, shares: dict[UUID, int], lines: list[CreditLine]
) -> OrderCredited:
    return OrderCredited.model_validate(
        {
            "order_id": order.id,
            "account_id": order.account_id,
            "stream_key": order.stream_key,
            "kind": kind,
            "order_date": order.order_date,
            "posting_date": posting_date,
            "currency": order.base_currency,
            "amount": sum(line.amount for line in lines),
            "shares": shares,
            "lines": lines,
            "source_event_id": cause.id,
        }
    )
