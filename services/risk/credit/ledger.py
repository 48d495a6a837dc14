"""The exposure ledger as a fold over the service's own credit facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from kit.db.database import Row, Tx
from kit.events.envelope import Event
from kit.ids import derived_id
from services.risk.credit import repository
from services.risk.credit.enums import CreditState, Decision, EntryKind
from services.risk.events_out import CreditCharged, CreditRefused, CreditReleased, CreditReserved

FACTS = (CreditReserved.TYPE, CreditRefused.TYPE, CreditReleased.TYPE, CreditCharged.TYPE)


@dataclass(frozen=True, slots=True)
class OrderPosition:
    """A row of order_credit; amounts are minor units of the base currency."""

    order_id: str
    account_id: str
    stream_key: str
    placement: int
    state: str
    currency: str
    asked: int
    reserved: int
    exposure: int
    shortfall: int
    facts: int


_POSITION = tuple(each.name for each in fields(OrderPosition))


def position_of(row: Row) -> OrderPosition:
    """The position of a stored row, which may have columns of a later release."""
    values = {name: row[name] for name in _POSITION}
    for name in ("order_id", "account_id", "stream_key"):
        values[name] = str(values[name])
    return OrderPosition(**values)


def _row(position: OrderPosition) -> dict[str, Any]:
    return {name: getattr(position, name) for name in _POSITION}


def move_of(event_type: str, fact: Mapping[str, Any]) -> tuple[EntryKind, int] | None:
    """Kind and signed amount of a fact's entry; a refusal moves nothing."""
    if event_type == CreditReserved.TYPE:
        return EntryKind.RESERVED, fact["amount"]
    if event_type == CreditReleased.TYPE:
        return EntryKind(fact["reason"]), -fact["amount"]
    if event_type == CreditCharged.TYPE:
        return EntryKind.REFUNDED, fact["amount"]
    return None


def advance(known: OrderPosition | None, event_type: str, fact: Mapping[str, Any]) -> OrderPosition:
    """An order's position after a fact."""
    before = known or OrderPosition(
        order_id=fact["order_id"],
        account_id=fact["account_id"],
        stream_key=fact["stream_key"],
        placement=0,
        state=CreditState.NONE,
        currency=fact["currency"],
        asked=0,
        reserved=0,
        exposure=0,
        shortfall=0,
        facts=0,
    )
    after = replace(before, facts=before.facts + 1)
    if event_type in (CreditReserved.TYPE, CreditRefused.TYPE):
        is_reserved = event_type == CreditReserved.TYPE
        return replace(
            after,
            account_id=fact["account_id"],
            placement=fact["placement"],
            state=CreditState.RESERVED if is_reserved else CreditState.REFUSED,
            asked=fact["amount"],
            reserved=fact["amount"] if is_reserved else 0,
            exposure=before.exposure + (fact["amount"] if is_reserved else 0),
            shortfall=0 if is_reserved else fact["shortfall"],
        )
    if event_type == CreditCharged.TYPE:
        return replace(after, exposure=before.exposure + fact["amount"])
    after = replace(after, exposure=before.exposure - fact["amount"])
    if fact["reason"] in (EntryKind.CANCELLED, EntryKind.SUPERSEDED):
        placement = max(before.placement, fact["placement"])
        after = replace(after, placement=placement, state=str(fact["reason"]), reserved=0, shortfall=0)
    return after


async def apply_credit_facts(tx: Tx, events: Sequence[Event]) -> None:
    """Write facts of any of the four types, in order: balances first (the lock of the ledger), then the rest."""
    balances: dict[str, int] = defaultdict(int)
    entries, decisions = [], []
    for event in events:
        fact = event.payload
        move = move_of(event.type, fact)
        balances[fact["account_id"]] += move[1] if move else 0
        if move:
            entries.append(_entry(event, fact, *move))
        if event.type in (CreditReserved.TYPE, CreditRefused.TYPE):
            decisions.append(_decision(event, fact))
    await repository.add_balances(
        tx, [{"account_id": account_id, "balance": amount} for account_id, amount in sorted(balances.items())]
    )
    order_ids = sorted({event.payload["order_id"] for event in events})
    positions = {str(row["order_id"]): position_of(row) for row in await repository.lock_orders(tx, order_ids)}
    for event in events:
        order_id = event.payload["order_id"]
        positions[order_id] = advance(positions.get(order_id), event.type, event.payload)
    await repository.put_orders(tx, [_row(positions[order_id]) for order_id in order_ids])
    await repository.add_entries(tx, entries)
    await repository.add_decisions(tx, decisions)


def _entry(event: Event, fact: Mapping[str, Any], kind: EntryKind, amount: int) -> dict[str, Any]:
    return {
        "id": derived_id(event.id, 0),
        "account_id": fact["account_id"],
        "order_id": fact["order_id"],
        "placement": fact["placement"],
        "kind": str(kind),
        "amount": amount,
        "source_event_id": fact["source_event_id"],
        "source_ordinal": fact["source_ordinal"],
        "fact_event_id": event.id,
        "recorded_at": event.time,
    }


def decision_id(fact_event: Event) -> str:
    """Id of the decision that a fact records."""
    return str(derived_id(fact_event.id, 0))


def _decision(event: Event, fact: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": decision_id(event),
        "order_id": fact["order_id"],
        "account_id": fact["account_id"],
        "placement": fact["placement"],
        "decision": fact.get("decision", str(Decision.REFUSED)),
        "amount": fact["amount"],
        "credit_limit": fact["limit"],
        "exposure_before": fact["exposure_before"],
        "shortfall": fact.get("shortfall", 0),
        "reason": fact["reason"],
        "approved_by": fact.get("approved_by"),
        "source_event_id": fact["source_event_id"],
        "fact_event_id": event.id,
        "decided_at": event.time,
    }
