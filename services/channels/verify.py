"""Shows that channels accrued for everything it heard exactly once, and that each accrual follows from its inputs.

What should have been accrued is read from customer's log, not from channels' own facts. In memory is a volume per
order event and programme, never a row or an event of each.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from kit.db.database import Database, Tx
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, at_one_moment, given_up, read_all
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.repository import list_published
from services.channels.programmes.rules import TierPlan, accrual, rebate, slices
from services.channels.rebates import repository
from services.channels.rebates.models import RebateAccount, RebateAccrual
from services.channels.rebates.service import counts, plan_in, volume_in
from services.channels.subscriptions import subscriptions

SERVICE = "channels"
_TYPES = ("customer.order.confirmed.v1", "customer.order.returned.v1")

Expected = dict[tuple[UUID, UUID], int]


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Findings over the whole log of customer; run it when delivery has settled."""
    async with db.reading() as tx:
        programmes = await list_published(tx)
    gone = await given_up(db, subscriptions.lane("core").group)
    expected: Expected = {}
    counted: dict[UUID, tuple[RebateProgramme, ...]] = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        _expect(event, programmes, counted, expected)
    sides = Check(SERVICE, "both sides of every accrual, in all zero")
    async with at_one_moment(db) as tx:
        once, derived, chained = await _accruals(tx, expected)
        for what in await repository.one_sided(tx):
            sides.fault(what)
    sides.count = derived.count
    return [check.finding() for check in (once, derived, chained, sides)]


def _expect(
    event: Event, programmes: list[RebateProgramme], counted: dict[UUID, tuple[RebateProgramme, ...]], into: Expected
) -> None:
    order = HEARD[event.type].model_validate(event.payload)
    if isinstance(order, OrderHeard) and order.partner_id is not None:
        partner_id = order.partner_id
        found = tuple(one for one in programmes if counts(one, partner_id, order.order_date, event.time))
        if found:
            counted[order.id] = found
        into |= {(event.id, one.id): volume_in(one, order.lines) for one in found}
    elif isinstance(order, OrderReturnedHeard):
        into |= {(event.id, one.id): volume_in(one, order.returned_lines) for one in counted.get(order.id, ())}


async def _accruals(tx: Tx, expected: Expected) -> tuple[Check, Check, Check]:
    """One accrual per order event and programme; each again from its stored plan and positions; the moves of an
    account lead from 0 to its position without a gap, and its rebate is F(position)."""
    once = Check(SERVICE, "one accrual per order event and programme", len(expected))
    derived = Check(SERVICE, "accruals follow from their inputs")
    chained = Check(SERVICE, "positions chain, rebate is F(position)")
    accounts = {row.id: row for row in await repository.all_accounts(tx)}
    chained.count = len(accounts)
    account_id: UUID | None = None
    plan: TierPlan | None = None
    moves: Counter[int] = Counter()
    async for row in repository.all_accruals(tx):
        if row.account_id != account_id:
            _close(account_id, plan, moves, accounts, chained)
            account_id, plan, moves = row.account_id, plan_in(row.kind, row.tiers), Counter()
        moves[row.position_before] += 1
        moves[row.position_after] -= 1
        _count(row, expected, once)
        _derive(row, derived)
    _close(account_id, plan, moves, accounts, chained)
    for event, programme in expected:
        once.fault(f"event {event} in programme {programme}: volume None instead of {expected[event, programme]}")
    for left in accounts:
        chained.fault(f"account {left}: positions do not follow each other")
    return once, derived, chained


def _count(row: RebateAccrual, expected: Expected, check: Check) -> None:
    key = (row.source_event_id, row.programme_id)
    volume = expected.pop(key, None)
    if volume is None:
        check.fault(f"event {key[0]} in programme {key[1]} has no cause")
    elif volume != row.volume:
        check.fault(f"event {key[0]} in programme {key[1]}: volume {row.volume} instead of {volume}")


def _derive(row: RebateAccrual, check: Check) -> None:
    plan, before, after = plan_in(row.kind, row.tiers), row.position_before, row.position_after
    parts = [(part.start, part.end, part.rate) for part in slices(plan, before, after)]
    amount = accrual(plan, before, after)
    agrees = (row.amount, [(part.start, part.end, part.rate) for part in row.slices]) == (amount, parts)
    check.add(agrees, f"order {row.order_id}: {row.amount}, the plan says {amount}")
    if after != before + row.volume:
        check.fault(f"order {row.order_id}: the position moves by another amount than the volume")


def _close(
    account_id: UUID | None,
    plan: TierPlan | None,
    moves: Counter[int],
    accounts: dict[UUID, RebateAccount],
    check: Check,
) -> None:
    """All accruals of an account have passed; it is taken out of `accounts`."""
    if account_id is None or plan is None:
        return
    account = accounts.pop(account_id, None)
    if account is None:
        check.fault(f"account {account_id} is missing")
        return
    moves[account.position] += 1
    moves[0] -= 1
    if any(moves.values()):
        check.fault(f"account {account_id}: positions do not follow each other")
    elif account.accrued != rebate(plan, account.position):
        check.fault(f"account {account_id}: {account.accrued} is not the rebate of {account.position}")
