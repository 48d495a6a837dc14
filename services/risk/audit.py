"""Shows that risk decided everything it heard exactly once, and that each decision follows from its inputs.

What should have been decided is read from customer's log, not from risk's own facts.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from kit.db.database import Database
from kit.events.audit import Finding, given_up, read_all
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from services.risk.credit import repository
from services.risk.credit.enums import Decision, EntryKind
from services.risk.credit.rules import Refused, decide_reservation
from services.risk.subscriptions import subscriptions

SERVICE = "risk"
_PLACED = "customer.order.placed.v1"
_RETURNED = "customer.order.returned.v1"
_RECEIVED = "customer.payment.received.v1"
_REFUNDED = "customer.payment.refunded.v1"

Placements = dict[tuple[str, int], int]
Moves = dict[tuple[str, str], int]


async def audit(db: Database, bus: EventBus) -> list[Finding]:
    """Findings over the whole log of customer; run it when delivery has settled."""
    placements: Placements = {}
    moves: Moves = {}
    types = (_PLACED, _RETURNED, _RECEIVED, _REFUNDED)
    gone = await given_up(db, subscriptions.group)
    async for event in read_all(bus, topic_of("customer"), types, without=gone):
        data = event.payload
        if event.type == _PLACED:
            placements[data["id"], data["placement"]] = data["gross_base"]
        elif event.type == _RETURNED:
            moves[f"{event.id}/0", EntryKind.RETURNED] = data["return_gross_base"]
        else:
            sign, kind = (-1, EntryKind.PAID) if event.type == _RECEIVED else (1, EntryKind.REFUNDED)
            for ordinal, allocation in enumerate(data["allocations"]):
                moves[f"{event.id}/{ordinal}", kind] = sign * allocation["amount_base"]
    async with db.snapshot() as tx:
        decisions = [dict(row) for row in await repository.all_decisions(tx)]
        entries = {
            (f"{row['source_event_id']}/{row['source_ordinal']}", row["kind"]): row["amount"]
            for row in await repository.all_moves(tx)
        }
        unequal = await repository.unequal_sums(tx)
    return [
        _once(placements, decisions),
        _derived(decisions),
        _moves(moves, entries),
        _finding("balances are the sums of their entries", unequal, len(decisions)),
    ]


def _finding(check: str, wrong: list[str], count: int) -> Finding:
    return Finding(SERVICE, check, ok=not wrong, count=count, detail="; ".join(wrong[:5]))


def _once(placements: Placements, decisions: list[dict[str, Any]]) -> Finding:
    made = Counter((str(d["order_id"]), d["placement"]) for d in decisions if d["decision"] != Decision.OVERRIDE)
    amounts = {(str(d["order_id"]), d["placement"]): d["amount"] for d in decisions}
    wrong = [f"order {o} placement {p}: {made[o, p]} decisions" for o, p in placements if made[o, p] != 1]
    wrong += [f"order {o} placement {p} was never placed" for o, p in made if (o, p) not in placements]
    wrong += [
        f"order {key[0]} placement {key[1]}: decided on {amounts[key]}, placed with {amount}"
        for key, amount in placements.items()
        if amounts.get(key, amount) != amount
    ]
    return _finding("one decision per placement", wrong, len(placements))


def _derived(decisions: list[dict[str, Any]]) -> Finding:
    """Every decision of the rule again from its stored inputs; every override answers a refusal."""
    wrong = []
    refused = {(d["order_id"], d["placement"]): d["amount"] for d in decisions if d["decision"] == Decision.REFUSED}
    for d in decisions:
        label = f"order {d['order_id']} placement {d['placement']}"
        if d["decision"] == Decision.OVERRIDE:
            if refused.get((d["order_id"], d["placement"])) != d["amount"] or not d["approved_by"]:
                wrong.append(f"{label}: override of no refusal")
            continue
        verdict = decide_reservation(d["credit_limit"], d["exposure_before"], d["amount"])
        expected: tuple[str, int, str | None]
        if isinstance(verdict, Refused):
            expected = (Decision.REFUSED, verdict.shortfall, verdict.reason.value)
        else:
            expected = (Decision.AUTOMATIC, 0, None)
        if (d["decision"], d["shortfall"], d["reason"]) != expected:
            wrong.append(f"{label}: {d['decision']} with {d['shortfall']}, the rule says {expected}")
    return _finding("decisions follow from their inputs", wrong, len(decisions))


def _moves(expected: Moves, entries: Moves) -> Finding:
    wrong = [
        f"{kind} of event {source}: {entries.get((source, kind))} instead of {amount}"
        for (source, kind), amount in expected.items()
        if entries.get((source, kind)) != amount
    ]
    known = {EntryKind.PAID, EntryKind.RETURNED, EntryKind.REFUNDED}
    wrong += [
        f"{kind} of event {source} has no cause"
        for source, kind in entries
        if kind in known and (source, kind) not in expected
    ]
    return _finding("one move per return, payment and refund", wrong, len(expected))
