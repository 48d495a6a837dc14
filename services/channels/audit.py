"""Shows that channels accrued for everything it heard exactly once, and that each accrual follows from its inputs.

What should have been accrued is read from customer's log, not from channels' own facts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Database
from kit.events.audit import Finding, given_up, read_all
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.rebates import repository
from services.channels.rebates.rules import PlanKind, TierPlan, accrual, plan_of, rebate, slices
from services.channels.rebates.service import Programme, programme_of
from services.channels.subscriptions import subscriptions

SERVICE = "channels"
_TYPES = ("customer.order.confirmed.v1", "customer.order.returned.v1")

Expected = dict[tuple[UUID, UUID], int]


async def audit(db: Database, bus: EventBus) -> list[Finding]:
    """Findings over the whole log of customer; run it when delivery has settled."""
    async with db.reading() as tx:
        programmes = [programme_of(row) for row in await repository.all_published(tx)]
    gone = await given_up(db, subscriptions.group)
    expected: Expected = {}
    counted: dict[UUID, list[Programme]] = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        _expect(event, programmes, counted, expected)
    async with db.snapshot() as tx:
        accruals = [_decoded(dict(row)) for row in await repository.all_accruals(tx)]
        accounts = [dict(row) for row in await repository.all_accounts(tx)]
        one_sided = await repository.one_sided(tx)
    return [
        _once(expected, accruals),
        _derived(accruals),
        _chained(accruals, accounts),
        _finding("both sides of every accrual, in all zero", one_sided, len(accruals)),
    ]


def _expect(event: Event, programmes: list[Programme], counted: dict[UUID, list[Programme]], into: Expected) -> None:
    order = HEARD[event.type].model_validate(event.payload)
    if isinstance(order, OrderHeard) and order.partner_id is not None:
        partner_id = order.partner_id
        found = [one for one in programmes if one.counts(partner_id, order.order_date, event.time)]
        counted[order.id] = found
        into |= {(event.id, one.id): one.volume(order.lines) for one in found}
    elif isinstance(order, OrderReturnedHeard):
        into |= {(event.id, one.id): one.volume(order.returned_lines) for one in counted.get(order.id, ())}


def _finding(check: str, wrong: list[str], count: int) -> Finding:
    return Finding(SERVICE, check, ok=not wrong, count=count, detail="; ".join(wrong[:5]))


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"tiers": orjson.loads(row["tiers"]), "slices": orjson.loads(row["slices"])}


def _plan(row: dict[str, Any]) -> TierPlan:
    return plan_of(PlanKind(row["kind"]), [(tier["start"], tier["rate"]) for tier in row["tiers"]])


def _once(expected: Expected, accruals: list[dict[str, Any]]) -> Finding:
    volumes = {(row["source_event_id"], row["programme_id"]): row["volume"] for row in accruals}
    wrong = [
        f"event {event} in programme {programme}: volume {volumes.get((event, programme))} instead of {volume}"
        for (event, programme), volume in expected.items()
        if volumes.get((event, programme)) != volume
    ]
    wrong += [f"event {event} in programme {programme} has no cause" for event, programme in volumes.keys() - expected]
    return _finding("one accrual per order event and programme", wrong, len(expected))


def _derived(accruals: list[dict[str, Any]]) -> Finding:
    """Every accrual again from its stored plan and positions."""
    wrong = []
    for row in accruals:
        plan, before, after = _plan(row), row["position_before"], row["position_after"]
        parts = [{"start": part.start, "end": part.end, "rate": part.rate} for part in slices(plan, before, after)]
        if (row["amount"], row["slices"]) != (accrual(plan, before, after), parts):
            wrong.append(f"order {row['order_id']}: {row['amount']}, the plan says {accrual(plan, before, after)}")
        if after != before + row["volume"]:
            wrong.append(f"order {row['order_id']}: the position moves by another amount than the volume")
    return _finding("accruals follow from their inputs", wrong, len(accruals))


def _chained(accruals: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> Finding:
    """Each account's moves lead from 0 to its position without a gap, and its rebate is F(position)."""
    moves: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in accruals:
        moves[row["account_id"]].append(row)
    wrong = [f"account {account} is missing" for account in moves.keys() - {one["id"] for one in accounts}]
    for account in accounts:
        own = moves[account["id"]]
        starts = Counter([*(row["position_before"] for row in own), account["position"]])
        if not own or starts != Counter([0, *(row["position_after"] for row in own)]):
            wrong.append(f"account {account['id']}: positions do not follow each other")
        elif account["accrued"] != rebate(_plan(own[0]), account["position"]):
            wrong.append(f"account {account['id']}: {account['accrued']} is not the rebate of {account['position']}")
    return _finding("positions chain, rebate is F(position)", wrong, len(accounts))
