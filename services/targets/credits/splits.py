"""Splits of resolved conflicts: whose shares take the place of an order's own, and orders that were credited before.

Crediting holds the accounts of its orders shared, a resolution holds them alone: accounts first, then members, then
orders. So either order of arrival ends in the same balances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id
from kit.redirects import Groups
from kit.work import Work
from services.targets.crediting_splits import service as crediting_splits
from services.targets.crediting_splits.models import CreditingSplit
from services.targets.credits import posting, repository
from services.targets.credits.enums import CreditKind, Measure
from services.targets.credits.measures import (
    OF_ORDERS,
    Amounts,
    Measured,
    add,
    credit_all,
    keys_of,
    said_of,
    take_back_all,
    values_of,
)
from services.targets.credits.models import CreditedOrder
from services.targets.credits.posting import Decided
from services.targets.credits.repository import Posted, Step
from services.targets.credits.rules import RULE
from services.targets.events_in.channels import ConflictResolvedHeard
from services.targets.events_out import CreditLine, OrderCredited
from services.targets.redirects import service as redirects

Splits = Mapping[UUID, CreditingSplit]


async def splits_of(work: Work, orders: Iterable[tuple[UUID, UUID, date]]) -> Splits:
    """The split that holds for each order (id, account, date): of those of its customer that are valid on its date the
    newest resolution's. Until the commit none is resolved for these accounts."""
    asked = list(orders)
    groups = await hold_accounts(work, {account for _order, account, _day in asked}, alone=False)
    return await _newest(work, groups, asked)


async def recredit(work: Work, resolved: Sequence[Fact[ConflictResolvedHeard]]) -> None:
    """Orders that were credited before a split was heard of are reversed and posted anew, each on its own posting date;
    what a newer resolution rules stays."""
    for fact in resolved:
        split, account_id, first = fact.data, fact.data.account_id, fact.data.valid_from
        if split.outcome != "split" or account_id is None or first is None:
            continue
        groups = await hold_accounts(work, {account_id}, alone=True)
        members = groups.members(account_id)
        orders = await repository.orders_between(work.tx, members, first, split.valid_to)
        asked = [(one.order_id, one.account_id, one.order_date) for one in orders]
        holding = await _newest(work, groups, asked)
        await repository.lock_members(work.tx, {UUID(each) for one in holding.values() for each in one.member_shares})
        locked = await repository.lock_orders(work.tx, holding)
        await _move(work.caused_by(fact.event), holding, locked)


async def hold_accounts(work: Work, account_ids: Collection[UUID], *, alone: bool) -> Groups:
    """Keep others from resolving (alone: also from crediting) these accounts and what they lead to; the groups then."""
    held: set[UUID] = set()
    groups = await redirects.groups_of(work, account_ids)
    while True:
        wanted = {*account_ids, *(groups.root(each) for each in account_ids)}
        if alone:
            wanted |= {member for each in account_ids for member in groups.members(each)}
        if not (wanted := wanted - held):
            return groups
        await repository.hold_accounts(work.tx, wanted, alone=alone)
        held |= wanted
        groups = await redirects.groups_of(work, account_ids)


async def _newest(work: Work, groups: Groups, asked: Sequence[tuple[UUID, UUID, date]]) -> dict[UUID, CreditingSplit]:
    members = {member for _order, account, _day in asked for member in groups.members(account)}
    splits = await crediting_splits.splits_of(work, members)
    found: dict[UUID, CreditingSplit] = {}
    for order_id, account_id, day in asked if splits else ():
        own = groups.members(account_id)
        holding = (one for one in splits if one.account_id in own and one.holds_on(day))
        if split := next(holding, None):
            found[order_id] = split
    return found


async def _move(work: Work, holding: Splits, orders: Mapping[UUID, CreditedOrder]) -> None:
    moved = [one for order_id, one in sorted(orders.items()) if one.reason != holding[order_id].reason]
    if not moved:
        return
    ids = [one.order_id for one in moved]
    wanted = {(UUID(each), one.order_date) for one in moved for each in holding[one.order_id].member_shares}
    paths = await repository.list_paths(work.tx, wanted)
    steps, posted = await repository.list_steps(work.tx, ids), await repository.list_posted(work.tx, ids)
    decided: list[Decided] = []
    for order in moved:
        split = holding[order.order_id]
        own = [step for step in steps if step.order_id == order.order_id]
        stood = [row for row in posted if row.standing.order_id == order.order_id]
        channel_id = next((row.standing.channel_id for row in stood), None)
        sequence = order.sequence
        for day, measured in split_anew(order.order_id, own, split.shares).items():
            sequence += 1
            lines = _reversed(stood, day) + _posted(order, stood, measured, paths)
            decided.append((work, sequence, _fact(work, order, split, day, lines, channel_id)))
    await posting.post(work, decided)


def split_anew(order_id: UUID, steps: Sequence[Step], shares: Mapping[UUID, int]) -> dict[date, Measured]:
    """What each posting date of an order comes to under other shares: its facts are decided again, one after the other,
    as they would have been."""
    days: dict[date, Measured] = defaultdict(dict)
    standing: Measured = {}
    by_fact: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        by_fact[step.sequence].append(step)
    for _sequence, lines in sorted(by_fact.items()):
        moved = _again(order_id, lines, shares, standing)
        add(standing, moved)
        add(days[lines[0].posting_date], moved)
    return dict(days)


def _again(order_id: UUID, lines: Sequence[Step], shares: Mapping[UUID, int], standing: Measured) -> Measured:
    """What a fact credits is credited, and what it takes is taken; what a product's launch has corrected may do both,
    for other lines."""
    amounts = _amounts(lines)
    if lines[0].kind == CreditKind.CONFIRMED:
        return credit_all(order_id, amounts, shares)
    if lines[0].kind == CreditKind.RETURNED:
        return take_back_all(order_id, _negated(amounts), shares, standing)
    new = amounts.get(Measure.NEW_PRODUCT, {})
    given = {line: amount for line, amount in new.items() if amount > 0}
    taken = {line: amount for line, amount in new.items() if amount < 0}
    moved: Measured = {}
    if given:
        add(moved, credit_all(order_id, {Measure.NEW_PRODUCT: given}, shares))
    if taken:
        add(moved, take_back_all(order_id, _negated({Measure.NEW_PRODUCT: taken}), shares, standing))
    return moved


def _amounts(lines: Sequence[Step]) -> Amounts:
    found: Amounts = {}
    for measure in OF_ORDERS:
        cells = {line.line_no: value for line in lines if (value := getattr(line, measure)) is not None}
        if measure is Measure.AMOUNT or (cells and (measure is Measure.MARGIN or any(cells.values()))):
            found[measure] = cells
    return found


def _negated(amounts: Amounts) -> Amounts:
    return {measure: {line: -amount for line, amount in lines.items()} for measure, lines in amounts.items()}


def _reversed(stood: Sequence[Posted], day: date) -> list[CreditLine]:
    return [
        CreditLine(
            line_no=row.line_no,
            member_id=row.member_id,
            unit_path=list(row.unit_path),
            product_line=row.product_line,
            region=row.region,
            customer_type=row.customer_type,
            **said_of(row.values(-1)),
        )
        for row, posting_date in stood
        if posting_date == day and any(row.values().values())
    ]


def _posted(
    order: CreditedOrder, stood: Sequence[Posted], measured: Measured, paths: Mapping[tuple[UUID, date], Sequence[UUID]]
) -> list[CreditLine]:
    """The dimensions of a line are those it was credited under."""
    places = {row.line_no: row for row, _day in stood}
    return [
        CreditLine(
            line_no=line,
            member_id=member,
            unit_path=list(paths.get((member, order.order_date), ())),
            product_line=places[line].product_line,
            region=places[line].region,
            customer_type=places[line].customer_type,
            **said_of(values_of(measured, (line, member))),
        )
        for line, member in keys_of(measured)
    ]


def _fact(
    work: Work, order: CreditedOrder, split: CreditingSplit, day: date, lines: list[CreditLine], channel: UUID | None
) -> OrderCredited:
    assert work.cause is not None, "a resolution is the cause"
    said = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": lines, "shares": split.shares, "rule": RULE}
    source = derived_id(work.cause.id, order.order_id, day)
    more = {} if channel is None else {"channel_id": channel}
    return OrderCredited.of(order, **said, amount=0, reason=split.reason, source_event_id=source, **more)
