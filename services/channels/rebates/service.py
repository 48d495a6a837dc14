"""Accruing rebates: which programmes an order counts for, and what its volume earns there.

Accounts are locked in the order of their ids; inside a batch orders are worked one after the other, each
from the position that the one before left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.events import outbox
from kit.events.envelope import Event
from kit.events.outbox import Fact, make_event
from services.channels.events_in import LineHeard, OrderHeard, OrderReturnedHeard
from services.channels.events_out import RebateAccrued, RebateSlice
from services.channels.rebates import ledger, repository
from services.channels.rebates.rules import Period, PlanKind, TierPlan, accrual, period_of, plan_of, slices

SERVICE = "channels"


@dataclass(frozen=True, slots=True)
class Programme:
    """A published programme."""

    id: UUID
    version: int
    kind: PlanKind
    tiers: list[dict[str, int]]
    plan: TierPlan
    period: Period
    valid_from: date
    valid_to: date
    product_lines: frozenset[str]
    partner_ids: frozenset[UUID]
    published_at: datetime

    def counts(self, partner_id: UUID, order_date: date, confirmed_at: datetime) -> bool:
        """Whether an order that was confirmed then earns something here."""
        return (
            self.published_at <= confirmed_at
            and self.valid_from <= order_date <= self.valid_to
            and (not self.partner_ids or partner_id in self.partner_ids)
        )

    def volume(self, lines: Iterable[LineHeard]) -> int:
        """Net amount of the eligible lines, minor units of the base currency."""
        return sum(line.net_base for line in lines if not self.product_lines or line.product_line in self.product_lines)


@dataclass(frozen=True, slots=True)
class Due:
    """One accrual to be decided."""

    cause: Event
    programme: Programme
    partner_id: UUID
    order_id: UUID
    order_date: date
    posting_date: date
    period_start: date
    period_end: date
    currency: str
    volume: int

    def terms(self) -> dict[str, Any]:
        """What names the account."""
        return {
            "partner_id": self.partner_id,
            "programme_id": self.programme.id,
            "programme_version": self.programme.version,
            "period_start": self.period_start,
            "period_end": self.period_end,
            "currency": self.currency,
        }


def programme_of(row: Row) -> Programme:
    """The programme of a stored row."""
    tiers = orjson.loads(row["tiers"])
    kind = PlanKind(row["kind"])
    return Programme(
        id=row["id"],
        version=row["version"],
        kind=kind,
        tiers=tiers,
        plan=plan_of(kind, [(tier["start"], tier["rate"]) for tier in tiers]),
        period=Period(row["period"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        product_lines=frozenset(row["product_lines"]),
        partner_ids=frozenset(row["partner_ids"]),
        published_at=row["published_at"],
    )


async def fresh(tx: Tx, events: Sequence[Event]) -> list[Event]:
    """Events that the ledger has not worked: the inbox is purged, the ledger is for ever."""
    done = await repository.answered(tx, [event.id for event in events])
    return [event for event in events if event.id not in done]


async def accrue_orders(tx: Tx, confirmed: Sequence[tuple[Event, OrderHeard]]) -> None:
    """One accrual per order and matching programme, also when no line is eligible."""
    orders = [(event, order, order.partner_id) for event, order in confirmed if order.partner_id is not None]
    if not orders:
        return
    await repository.share_programmes(tx)
    days = [order.order_date for _event, order, _partner in orders]
    programmes = [programme_of(row) for row in await repository.published_programmes(tx, min(days), max(days))]
    due = []
    for event, order, partner_id in orders:
        for programme in programmes:
            if programme.counts(partner_id, order.order_date, event.time):
                start, end = period_of(order.order_date, programme.period)
                volume = programme.volume(order.lines)
                due.append(
                    Due(
                        cause=event,
                        programme=programme,
                        partner_id=partner_id,
                        order_id=order.id,
                        order_date=order.order_date,
                        posting_date=order.order_date,
                        period_start=start,
                        period_end=end,
                        currency=order.base_currency,
                        volume=volume,
                    )
                )
    await _accrue(tx, due)


async def accrue_returns(tx: Tx, returned: Sequence[tuple[Event, OrderReturnedHeard]]) -> None:
    """Take back in the programmes and periods that the order was counted in."""
    originals: dict[UUID, list[Row]] = {}
    for row in await repository.originals_of(tx, [order.id for _event, order in returned]):
        originals.setdefault(row["order_id"], []).append(row)
    ids = sorted({row["programme_id"] for rows in originals.values() for row in rows})
    programmes = {row["id"]: programme_of(row) for row in await repository.programmes_by_id(tx, ids)}
    due = []
    for event, order in returned:
        for row in originals.get(order.id, ()):
            programme = programmes[row["programme_id"]]
            due.append(
                Due(
                    cause=event,
                    programme=programme,
                    partner_id=row["partner_id"],
                    order_id=order.id,
                    order_date=row["order_date"],
                    posting_date=order.return_date,
                    period_start=row["period_start"],
                    period_end=row["period_end"],
                    currency=order.base_currency,
                    volume=programme.volume(order.returned_lines),
                )
            )
    await _accrue(tx, due)


async def _accrue(tx: Tx, due: Sequence[Due]) -> None:
    if not due:
        return
    accounts = [ledger.account_row(one.terms()) for one in due]
    rows = {row["id"]: row for row in accounts}
    positions = await repository.lock_accounts(tx, [row for _id, row in sorted(rows.items())])
    counts = await repository.fact_counts(tx, sorted({one.order_id for one in due}))
    facts = []
    for one, row in zip(due, accounts, strict=True):
        account = row["id"]
        counts[one.order_id] = counts.get(one.order_id, 0) + 1
        payload = _decide(one, positions[account])
        positions[account] = payload.position_after
        fact = Fact(RebateAccrued.TYPE, one.order_id, one.partner_id, counts[one.order_id], payload)
        facts.append(make_event(SERVICE, fact, one.cause))
    await outbox.add(tx, SERVICE, facts)
    await ledger.apply_accruals(tx, facts)


def _decide(due: Due, before: int) -> RebateAccrued:
    plan, after = due.programme.plan, before + due.volume
    parts = [RebateSlice(start=part.start, end=part.end, rate=part.rate) for part in slices(plan, before, after)]
    return RebateAccrued.model_validate(
        {
            **due.terms(),
            "kind": due.programme.kind.value,
            "tiers": due.programme.tiers,
            "order_id": due.order_id,
            "order_date": due.order_date,
            "posting_date": due.posting_date,
            "volume": due.volume,
            "position_before": before,
            "position_after": after,
            "amount": accrual(plan, before, after),
            "slices": parts,
            "source_event_id": due.cause.id,
        }
    )
