"""Accruing rebates: which programmes an order counts for, and what its volume earns there.

Accounts are locked in the order of their ids; inside a batch orders are worked one after the other, each
from the position that the one before left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from kit.events import outbox
from kit.events.envelope import Event
from kit.events.handlers import Data, Fact
from kit.work import Work
from services.channels.events_in import LineHeard, OrderHeard, OrderReturnedHeard
from services.channels.events_out import RebateAccrued, RebateSlice, RebateTier
from services.channels.programmes import service as programmes
from services.channels.programmes.models import RebateProgramme, TierSteps
from services.channels.programmes.rules import PlanKind, TierPlan, accrual, period_of, plan_of, slices
from services.channels.rebates import ledger, repository
from services.channels.rebates.models import RebateAccount


@dataclass(frozen=True, slots=True)
class Due:
    """One accrual to be decided, and the account it moves."""

    cause: Event
    programme: RebateProgramme
    order_id: UUID
    order_date: date
    posting_date: date
    account: RebateAccount
    volume: int


def counts(programme: RebateProgramme, partner_id: UUID, order_date: date, confirmed_at: datetime) -> bool:
    """Whether an order that was confirmed then earns something in a published programme."""
    return (
        programme.published_at is not None
        and programme.published_at <= confirmed_at
        and programme.valid_from <= order_date <= programme.valid_to
        and (not programme.partner_ids or partner_id in programme.partner_ids)
    )


def volume_in(programme: RebateProgramme, lines: Iterable[LineHeard]) -> int:
    """Net amount of the eligible lines, minor units of the base currency."""
    eligible = programme.product_lines
    return sum(line.net_base for line in lines if not eligible or line.product_line in eligible)


@lru_cache(maxsize=1024)
def plan_of_steps(kind: PlanKind, steps: tuple[tuple[int, int], ...]) -> TierPlan:
    """The plan of stored (start, rate) steps."""
    return plan_of(kind, steps)


def plan_in(kind: PlanKind, tiers: TierSteps) -> TierPlan:
    """The plan that a programme or an accrual holds."""
    return plan_of_steps(kind, tuple((tier.start, tier.rate) for tier in tiers))


async def accrue_orders(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """One accrual per order and matching programme, also when no line is eligible."""
    orders = [(fact, fact.data.partner_id) for fact in await _fresh(work, confirmed) if fact.data.partner_id]
    if not orders:
        return
    days = [fact.data.order_date for fact, _partner in orders]
    found = await programmes.programmes_for(work, min(days), max(days))
    due = []
    for fact, partner_id in orders:
        order = fact.data
        for programme in found:
            if counts(programme, partner_id, order.order_date, fact.event.time):
                period = period_of(order.order_date, programme.period)
                account = _account(programme, partner_id, period, order.base_currency)
                volume = volume_in(programme, order.lines)
                due.append(Due(fact.event, programme, order.id, order.order_date, order.order_date, account, volume))
    await _accrue(work, due)


async def accrue_returns(work: Work, returned: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Take back in the programmes and periods that the order was counted in."""
    facts = await _fresh(work, returned)
    originals: dict[UUID, list[repository.Original]] = {}
    for one in await repository.originals_of(work.tx, [fact.data.id for fact in facts]):
        originals.setdefault(one.order_id, []).append(one)
    ids = sorted({one.programme_id for found in originals.values() for one in found})
    known = await programmes.programmes_by_id(work, ids)
    due = []
    for fact in facts:
        order = fact.data
        for one in originals.get(order.id, ()):
            programme, period = known[one.programme_id], (one.period_start, one.period_end)
            account = _account(programme, one.partner_id, period, order.base_currency)
            volume = volume_in(programme, order.returned_lines)
            due.append(Due(fact.event, programme, order.id, one.order_date, order.return_date, account, volume))
    await _accrue(work, due)


async def _fresh(work: Work, facts: Sequence[Fact[Data]]) -> list[Fact[Data]]:
    """Facts that the ledger has not worked: the inbox is purged, the ledger is for ever."""
    done = await repository.answered(work.tx, [fact.event.id for fact in facts])
    return [fact for fact in facts if fact.event.id not in done]


def _account(programme: RebateProgramme, partner_id: UUID, period: tuple[date, date], currency: str) -> RebateAccount:
    """The account of a partner in a programme's period, at 0."""
    start, end = period
    return RebateAccount(
        id=ledger.account_id(partner_id, programme.id, programme.version, start),
        partner_id=partner_id,
        programme_id=programme.id,
        programme_version=programme.version,
        period_start=start,
        period_end=end,
        currency=currency,
        position=0,
        accrued=0,
    )


async def _accrue(work: Work, due: Sequence[Due]) -> None:
    if not due:
        return
    accounts = {one.account.id: one.account for one in due}
    positions = await repository.lock_accounts(work.tx, [row for _id, row in sorted(accounts.items())])
    counted = await repository.fact_counts(work.tx, sorted({one.order_id for one in due}))
    facts: list[Fact[RebateAccrued]] = []
    for one in due:
        counted[one.order_id] = counted.get(one.order_id, 0) + 1
        accrued = _decide(one, positions[one.account.id])
        positions[one.account.id] = accrued.position_after
        facts.append(Fact(outbox.compose(work.caused_by(one.cause), accrued, counted[one.order_id]), accrued))
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await ledger.apply_accruals(work.tx, facts)


@lru_cache(maxsize=1024)
def _tiers_said(tiers: TierSteps) -> list[RebateTier]:
    return [RebateTier(start=tier.start, rate=tier.rate) for tier in tiers]


def _decide(due: Due, before: int) -> RebateAccrued:
    plan, after = plan_in(due.programme.kind, due.programme.tiers), before + due.volume
    account = due.account
    return RebateAccrued(
        partner_id=account.partner_id,
        programme_id=account.programme_id,
        programme_version=account.programme_version,
        kind=due.programme.kind,
        tiers=_tiers_said(due.programme.tiers),
        period_start=account.period_start,
        period_end=account.period_end,
        order_id=due.order_id,
        order_date=due.order_date,
        posting_date=due.posting_date,
        currency=account.currency,
        volume=due.volume,
        position_before=before,
        position_after=after,
        amount=accrual(plan, before, after),
        slices=[RebateSlice(start=part.start, end=part.end, rate=part.rate) for part in slices(plan, before, after)],
        source_event_id=due.cause.id,
    )
