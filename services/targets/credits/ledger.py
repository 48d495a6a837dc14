"""Posting credit facts: the pure fold that live crediting and rebuilds share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.db.database import Tx
from kit.events import outbox
from kit.events.envelope import Event
from kit.events.outbox import Fact, make_event
from kit.ids import derived_id
from services.targets.credits import repository
from services.targets.events_out import OrderCredited

SERVICE = "targets"


async def apply_credits(tx: Tx, facts: Sequence[Event]) -> None:
    """Fold `targets.order.credited.v1` into orders, buckets and lines: a pure function of the facts."""
    orders: dict[str, dict[str, Any]] = {}
    lines: list[dict[str, Any]] = []
    for fact in facts:
        data = fact.payload
        order = orders.setdefault(
            data["order_id"],
            {
                **{name: data[name] for name in ("order_id", "account_id", "stream_key", "order_date", "currency")},
                "shares": data["shares"],
                "sequence": 0,
                "amount": 0,
            },
        )
        order["sequence"] = max(order["sequence"], fact.sequence)
        order["amount"] += data["amount"]
        lines += [_line(fact, data, ordinal, line) for ordinal, line in enumerate(data["lines"])]
    await repository.add_credits(tx, [orders[key] for key in sorted(orders)], lines)


def _line(fact: Event, data: dict[str, Any], ordinal: int, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": derived_id(fact.id, ordinal),
        "fact_id": fact.id,
        "source_event_id": data["source_event_id"],
        "ordinal": ordinal,
        "sequence": fact.sequence,
        "kind": data["kind"],
        "order_id": data["order_id"],
        "account_id": data["account_id"],
        **line,
        "order_date": data["order_date"],
        "posting_date": data["posting_date"],
        "currency": data["currency"],
        "recorded_at": fact.time,
    }


async def post(tx: Tx, decided: Sequence[tuple[Event | None, int, OrderCredited]]) -> None:
    """Announce decisions, (cause, sequence, fact) each, and apply them."""
    if not decided:
        return
    facts = [
        make_event(SERVICE, Fact(OrderCredited.TYPE, fact.order_id, fact.stream_key, sequence, fact), cause)
        for cause, sequence, fact in decided
    ]
    await outbox.add(tx, SERVICE, facts)
    await apply_credits(tx, facts)
