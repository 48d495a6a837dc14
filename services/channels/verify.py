"""Shows that channels accrued for everything it heard exactly once, and that each accrual follows from its inputs;
and that it answered on terms once, and keeps what its answers say (`terms/verification.py`); that points, draws, deals
and levels of partners follow from what was heard and kept (`verification.py` of their slices).

What should have been accrued is read from customer's log, not from channels' own facts. In memory is a volume per
order event and programme, never a row or an event of each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from kit.db.database import Database, Tx
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, at_one_moment, given_up, read_all
from services.channels.deals.repository import all_orders
from services.channels.deals.verification import read_orders, verify_deals
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.points.verification import expect_points, read_members, verify_points
from services.channels.points_draws.verification import verify_draws
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.repository import list_published
from services.channels.programmes.rules import Layer, TierPlan, layered
from services.channels.programmes.service import by_lineage
from services.channels.rebates import repository
from services.channels.rebates.accruals import counting, moved_in, plan_in, stack_in, volume_in
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
        programmes = by_lineage(await list_published(tx))
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
        terms += [*await verify_deals(tx, told), *await verify_tiers(tx), *await verify_draws(tx)]
    sides.count = derived.count
    return [*(check.finding() for check in (once, derived, chained, sides, stated)), *terms]


def _expect(
    event: Event,
    programmes: list[list[RebateProgramme]],
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
        for versions in programmes:
            found = {each: counting(versions, each, order.order_date, event.time) for each in own}
            volume = volume_in(versions[0], order.lines)
            for one in versions:
                ids = tuple(each for each, version in found.items() if version is one)
                if ids:
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
    periods: of several versions of a programme each on top of what the earlier ones hold."""
    once = Check(SERVICE, "one accrual per order event, programme and partner", len(expected))
    derived = Check(SERVICE, "accruals follow from their inputs")
    chained = Check(SERVICE, "positions chain, rebate is F(position)")
    accounts = {row.id: row for row in await repository.all_accounts(tx)}
    chained.count = len(accounts)
    rows = await repository.all_layers(tx)
    later = {(row.account_id, row.programme_id): (row.volume, row.focus or 0) for row in rows}
    walk: _Walk | None = None
    async for row in repository.all_accruals(tx):
        if walk is None or row.account_id != walk.account_id:
            _close(walk, accounts, later, chained)
            walk = _Walk(row.account_id)
        walk.add(row)
        _count(row, expected, once)
        _derive(row, derived)
    _close(walk, accounts, later, chained)
    for left_over, programme_id in later:
        chained.fault(f"account {left_over}: nothing was counted in version {programme_id}")
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
    before, after = row.position_before, row.position_after
    stack, moved = stack_in(row)
    amount, record = moved_in(stack, moved, row.volume, row.focus_volume or 0)
    if row.taken_back is not None:
        amount, record = row.taken_back.moves, []
    parts = [(part.start, part.end, part.rate) for part in record]
    agrees = (row.amount, [(part.start, part.end, part.rate) for part in row.slices]) == (amount, parts)
    check.add(agrees, f"order {row.order_id}: {row.amount}, the plan says {amount}")
    if sum(layer.volume for layer in stack) != before:
        check.fault(f"order {row.order_id}: the versions do not hold {before} together")
    if after != before + row.volume or (row.taken_back is not None and row.volume):
        check.fault(f"order {row.order_id}: the position moves by another amount than the volume")


@dataclass(slots=True)
class _Walk:
    """The accruals of an account so far, in any order: its moves, what they took back of closed periods, and by version
    the plan, the volume and what of it is in focus lines."""

    account_id: UUID
    moves: Counter[int] = field(default_factory=Counter)
    taken: int = 0
    order: list[UUID] = field(default_factory=list)
    plans: dict[UUID, TierPlan] = field(default_factory=dict)
    volumes: Counter[UUID] = field(default_factory=Counter)
    focus: Counter[UUID] = field(default_factory=Counter)

    def add(self, row: RebateAccrual) -> None:
        """Count an accrual in."""
        self.moves[row.position_before] += 1
        self.moves[row.position_after] -= 1
        self.taken += 0 if row.taken_back is None else row.amount
        order = [row.programme_id] if row.lineage is None else [one.programme_id for one in row.lineage.layers]
        self.order = max(self.order, order, key=len)
        self.plans[row.programme_id] = plan_in(row, row.baseline)
        self.volumes[row.programme_id] += row.volume
        self.focus[row.programme_id] += row.focus_volume or 0

    def stack(self) -> list[Layer]:
        """What each version holds in the end."""
        return [Layer(self.plans[one], self.volumes[one], self.focus[one]) for one in self.order if one in self.plans]


def _close(
    walk: _Walk | None,
    accounts: dict[UUID, RebateAccount],
    later: dict[tuple[UUID, UUID], tuple[int, int]],
    check: Check,
) -> None:
    """All accruals of an account have passed; it is taken out of `accounts`, what its later versions hold out of
    `later`."""
    if walk is None:
        return
    account = accounts.pop(walk.account_id, None)
    if account is None:
        check.fault(f"account {walk.account_id} is missing")
        return
    walk.moves[account.position] += 1
    walk.moves[0] -= 1
    focus = sum(walk.focus.values())
    own = {one: later.pop((account.id, one), None) for one in walk.plans if one != account.programme_id}
    if any(walk.moves.values()):
        check.fault(f"account {account.id}: positions do not follow each other")
    elif account.accrued != layered(walk.stack()) + walk.taken or (account.focus or 0) != focus:
        check.fault(f"account {account.id}: {account.accrued} is not the rebate of {account.position}")
    elif any(held != (walk.volumes[one], walk.focus[one]) for one, held in own.items()):
        check.fault(f"account {account.id}: its versions do not hold what was counted in them")
