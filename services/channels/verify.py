"""Shows that channels accrued for everything it heard exactly once, and that each accrual follows from its inputs;
and that it answered on terms once, and keeps what its answers say (`terms/verification.py`); that points, deals and
levels of partners follow from what was heard and kept (`verification.py` of their slices).

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
from services.channels.deals.repository import all_orders
from services.channels.deals.verification import read_orders, verify_deals
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.points.verification import expect_points, read_members, verify_points
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.repository import list_published
from services.channels.programmes.rules import TierPlan, accrual, rebate, slices
from services.channels.rebates import repository
from services.channels.rebates.accruals import counts, plan_in, volume_in
from services.channels.rebates.models import RebateAccount, RebateAccrual, SplitStep
from services.channels.rebates.service import split_in
from services.channels.statements import repository as statements
from services.channels.subscriptions import subscriptions
from services.channels.terms.verification import read_stories, verify_terms
from services.channels.tier_evaluations.verification import verify_tiers

SERVICE = "channels"
_TYPES = ("customer.order.confirmed.v1", "customer.order.returned.v1")

Expected = dict[tuple[UUID, UUID, UUID], int]
"""Volume by order event, programme and partner."""
Counted = dict[UUID, list[tuple[RebateProgramme, int, tuple[UUID, ...]]]]
"""Programmes that an order was counted in, its volume there less returns, and for which partners."""


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Findings over the whole log of customer; run it when delivery has settled."""
    async with db.reading() as tx:
        programmes = await list_published(tx)
        shared = {one.order_id: split_in(one.split) for one in await repository.shared_orders(tx)}
    gone = await given_up(db, subscriptions.lane("core").group)
    expected: Expected = {}
    counted: Counted = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        _expect(event, programmes, shared, counted, expected)
    stories = await read_stories(bus, gone)
    async with db.reading() as tx:
        members = await read_members(tx)
        of_deals = await all_orders(tx)
    told = await read_orders(of_deals, bus, gone)
    points = await expect_points(members, bus, gone)
    sides = Check(SERVICE, "both sides of every accrual, adjustment and payment, in all zero")
    stated = Check(SERVICE, "statements are what their entries and their carry come to")
    async with at_one_moment(db) as tx:
        once, derived, chained = await _accruals(tx, expected)
        for what in await repository.one_sided(tx):
            sides.fault(what)
        for order_id in await repository.taken_of_open(tx):
            derived.fault(f"order {order_id}: taken back as of a closed period, which is not closed")
        for what in await statements.wrong_statements(tx):
            stated.fault(what)
        for order_id in await repository.undecided_splits(tx):
            derived.fault(f"order {order_id} is shared otherwise than a conflict was decided")
        terms = [*await verify_terms(tx, stories), *await verify_points(tx, points)]
        terms += [*await verify_deals(tx, told), *await verify_tiers(tx)]
    sides.count = derived.count
    return [*(check.finding() for check in (once, derived, chained, sides, stated)), *terms]


def _expect(
    event: Event,
    programmes: list[RebateProgramme],
    shared: dict[UUID, SplitStep | None],
    counted: Counted,
    into: Expected,
) -> None:
    """What an event moves; how partners share an order is taken from its accruals and looked at by itself."""
    order = HEARD[event.type].model_validate(event.payload)
    if isinstance(order, OrderHeard):
        split = shared.get(order.id)
        sold_by = () if order.partner_id is None else (order.partner_id,)
        own = sold_by if split is None else split.partner_ids
        for one in programmes:
            ids = tuple(each for each in own if counts(one, each, order.order_date, event.time))
            if ids:
                volume = volume_in(one, order.lines)
                counted.setdefault(order.id, []).append((one, volume, ids))
                into |= {(event.id, one.id, each): _part(split, volume, each) for each in ids}
    elif isinstance(order, OrderReturnedHeard):
        split = shared.get(order.id)
        for number, (one, stood, ids) in enumerate(counted.get(order.id, ())):
            left = stood + volume_in(one, order.returned_lines)
            moved = {each: _part(split, left, each) - _part(split, stood, each) for each in ids}
            into |= {(event.id, one.id, each): volume for each, volume in moved.items()}
            counted[order.id][number] = (one, left, ids)


def _part(split: SplitStep | None, volume: int, partner_id: UUID) -> int:
    return volume if split is None else split.parts_of(volume)[partner_id]


async def _accruals(tx: Tx, expected: Expected) -> tuple[Check, Check, Check]:
    """One accrual per order event and programme; each again from its stored plan and positions; the moves of an
    account lead from 0 to its position without a gap, and its rebate is F(position) less what it took back of closed
    periods."""
    once = Check(SERVICE, "one accrual per order event, programme and partner", len(expected))
    derived = Check(SERVICE, "accruals follow from their inputs")
    chained = Check(SERVICE, "positions chain, rebate is F(position)")
    accounts = {row.id: row for row in await repository.all_accounts(tx)}
    chained.count = len(accounts)
    account_id: UUID | None = None
    plan: TierPlan | None = None
    moves: Counter[int] = Counter()
    taken = focus = 0
    async for row in repository.all_accruals(tx):
        if row.account_id != account_id:
            _close(account_id, plan, moves, accounts, chained, (taken, focus))
            account_id, plan, moves, taken = row.account_id, plan_in(row, row.baseline), Counter(), 0
            focus = 0
        taken += 0 if row.taken_back is None else row.amount
        focus += row.focus_volume or 0
        moves[row.position_before] += 1
        moves[row.position_after] -= 1
        _count(row, expected, once)
        _derive(row, derived)
    _close(account_id, plan, moves, accounts, chained, (taken, focus))
    for (event, programme, _partner), volume in expected.items():
        once.fault(f"event {event} in programme {programme}: volume None instead of {volume}")
    for left in accounts:
        chained.fault(f"account {left}: positions do not follow each other")
    return once, derived, chained


def _count(row: RebateAccrual, expected: Expected, check: Check) -> None:
    key = (row.source_event_id, row.programme_id, row.partner_id)
    volume = expected.pop(key, None)
    if volume is None:
        check.fault(f"event {key[0]} in programme {key[1]} has no cause")
    elif volume != (moved := _moved(row)):
        check.fault(f"event {key[0]} in programme {key[1]}: volume {moved} instead of {volume}")


def _moved(row: RebateAccrual) -> int:
    """By how much an order stands at another volume; of a closed period its position stays all the same."""
    return row.volume if row.taken_back is None else row.taken_back.before - row.taken_back.returned


def _derive(row: RebateAccrual, check: Check) -> None:
    plan, before, after = plan_in(row, row.baseline), row.position_before, row.position_after
    parts = [(part.start, part.end, part.rate) for part in slices(plan, before, after, row.focus)]
    amount = accrual(plan, before, after, row.focus) if row.taken_back is None else row.taken_back.moves
    agrees = (row.amount, [(part.start, part.end, part.rate) for part in row.slices]) == (amount, parts)
    check.add(agrees, f"order {row.order_id}: {row.amount}, the plan says {amount}")
    if after != before + row.volume or (row.taken_back is not None and row.volume):
        check.fault(f"order {row.order_id}: the position moves by another amount than the volume")


def _close(
    account_id: UUID | None,
    plan: TierPlan | None,
    moves: Counter[int],
    accounts: dict[UUID, RebateAccount],
    check: Check,
    sums: tuple[int, int],
) -> None:
    """All accruals of an account have passed; it is taken out of `accounts`. `sums`: what they took back of closed
    periods, and the position in focus lines."""
    taken, focus = sums
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
    elif account.accrued != rebate(plan, account.position, focus) + taken or (account.focus or 0) != focus:
        check.fault(f"account {account_id}: {account.accrued} is not the rebate of {account.position}")
