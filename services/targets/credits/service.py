"""Crediting: decides the credit lines of confirmed and returned orders, and of corrected memberships.

Members are locked first, then orders, everywhere: credits and corrections of one order take turns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id, new_id
from kit.jobs.jobs import enqueue
from kit.work import Work
from services.targets.crediting_splits.models import CreditingSplit
from services.targets.credits import repository
from services.targets.credits.enums import CreditKind
from services.targets.credits.models import CreditedOrder
from services.targets.credits.posting import Decided, post
from services.targets.credits.repository import Misplaced, Standing
from services.targets.credits.rules import RULE, Cells, credit, take_back
from services.targets.credits.splits import splits_of
from services.targets.events_in import OrderConfirmed, OrderHeard, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited

CORRECT = "credits.correct"
"""Kind of the job that corrects many lines."""
AT_ONCE = 1_000
"""Most lines that a change of a member corrects in its own transaction."""
ORDERS_A_STEP = 50

Paths = Mapping[tuple[UUID, date], Sequence[UUID]]


class ReturnWithoutCredit(Exception):
    """A return of an order that was never credited: the log of its key is damaged, so the key is parked."""


async def credit_orders(work: Work, confirmed: Sequence[Fact[OrderConfirmed]]) -> None:
    """Credit confirmed orders to their sellers, in the units of the order date; an order is credited once."""
    orders = [fact.data for fact in confirmed]
    splits = await splits_of(work, [(one.id, one.account_id, one.order_date) for one in orders])
    sharers = {member for split in splits.values() for member in split.shares}
    credited = await _lock(work, orders, sharers)
    new = list({fact.data.id: fact for fact in reversed(confirmed) if fact.data.id not in credited}.values())[::-1]
    wanted = {(member, f.data.order_date) for f in new for member in _shares(f.data, splits.get(f.data.id))}
    paths = await repository.list_paths(work.tx, wanted)
    decided = [(work.caused_by(fact.event), 1, _confirmed(fact, paths, splits.get(fact.data.id))) for fact in new]
    await post(work, decided)


async def reverse_orders(work: Work, returned: Sequence[Fact[OrderReturned]]) -> None:
    """Take returned amounts from what stands credited of the order, where it stands, whatever rule credited it.

    Raises ReturnWithoutCredit, ReturnPastCredit.
    """
    orders = [fact.data for fact in returned]
    credited = await _lock(work, orders, await repository.list_sharers(work.tx, {one.id for one in orders}))
    handled = await repository.list_handled(work.tx, [fact.event.id for fact in returned])
    standing = await repository.list_standing(work.tx, {fact.data.id for fact in returned})
    cells = {order_id: {key: row.amount for key, row in rows.items()} for order_id, rows in standing.items()}
    sequences = {order.order_id: order.sequence for order in credited.values()}
    decided: list[Decided] = []
    for fact in returned:
        order_id = fact.data.id
        if fact.event.id in handled:
            continue
        if order_id not in credited:
            raise ReturnWithoutCredit(str(order_id))
        sequences[order_id] += 1
        shares = {UUID(member): share for member, share in credited[order_id].shares.items()}
        decision = _returned(fact, credited[order_id].reason, shares, standing[order_id], cells[order_id])
        for line in decision.lines:
            cells[order_id][line.line_no, line.member_id] += line.amount
        decided.append((work.caused_by(fact.event), sequences[order_id], decision))
    await post(work, decided)


async def count_misplaced(work: Work, member_id: UUID, since: date) -> int:
    """How many posted balances of orders from `since` on lie outside the member's unit of their order date."""
    return len(await repository.list_misplaced(work.tx, member_id, since))


async def misplaced_members(work: Work, since: Mapping[UUID, date]) -> set[UUID]:
    """Those among members for whom `count_misplaced` since their day is not 0."""
    return await repository.list_misplaced_members(work.tx, since) if since else set()


async def correct_lines(work: Work, member_id: UUID, since: date) -> UUID | None:
    """Reverse misplaced balances and post them in the rightful unit, each on its own posting date.

    The caller has locked the member and written the memberships. More than AT_ONCE are left to a job, whose id is
    returned: until it is done they stand where they stood.
    """
    found = await repository.list_misplaced(work.tx, member_id, since)
    if len(found) > AT_ONCE:
        asked = {"member_id": str(member_id), "since": since.isoformat()}
        return await enqueue(work.tx, CORRECT, asked, work.actor.subject)
    await _correct(work, member_id, since, [row.standing.order_id for row in found])
    return None


async def correct_members(work: Work, since: Mapping[UUID, date]) -> Sequence[UUID]:
    """As `correct_lines`, of members since their days; when they have more than AT_ONCE together, each is left to a job
    of its own."""
    counts = await count_misplaced_of(work, since)
    if sum(counts.values()) <= AT_ONCE:
        for member_id in counts:
            await correct_lines(work, member_id, since[member_id])
        return ()
    asked = [{"member_id": str(member_id), "since": since[member_id].isoformat()} for member_id in counts]
    return [await enqueue(work.tx, CORRECT, one, work.actor.subject) for one in asked]


async def count_misplaced_of(work: Work, since: Mapping[UUID, date]) -> dict[UUID, int]:
    """As `count_misplaced`, by member in the order of the ids; who has none is absent."""
    found = sorted(await misplaced_members(work, since))
    return {member_id: await count_misplaced(work, member_id, since[member_id]) for member_id in found}


async def correct_some(work: Work, member_id: UUID, since: date) -> int:
    """One step of the job of `correct_lines`, by the memberships that hold now: returns how many lines it moved, 0 at
    the end."""
    await repository.lock_members(work.tx, [member_id])
    found = await repository.list_misplaced(work.tx, member_id, since)
    orders = list(dict.fromkeys(row.standing.order_id for row in found))[:ORDERS_A_STEP]
    return await _correct(work, member_id, since, orders)


async def _correct(work: Work, member_id: UUID, since: date, named: Sequence[UUID]) -> int:
    """One fact per order and posting date; the lines are looked at again under the lock of their orders."""
    orders = await repository.lock_orders(work.tx, set(named))
    found = await repository.list_misplaced(work.tx, member_id, since, named)
    correction = new_id()
    sequences = {order_id: order.sequence for order_id, order in orders.items()}
    decided: list[Decided] = []
    for (order_id, day), rows in groupby(found, key=lambda row: (row.standing.order_id, row.posting_date)):
        sequences[order_id] += 1
        decision = _corrected(derived_id(correction, order_id, day), orders[order_id], day, list(rows))
        decided.append((work, sequences[order_id], decision))
    await post(work, decided)
    return len(found)


async def _lock(work: Work, orders: Sequence[OrderHeard], sharers: Collection[UUID]) -> dict[UUID, CreditedOrder]:
    own = {one.member_id for order in orders for one in order.credits}
    await repository.lock_members(work.tx, own | set(sharers))
    return await repository.lock_orders(work.tx, {order.id for order in orders})


def _shares(order: OrderHeard, split: CreditingSplit | None) -> dict[UUID, int]:
    """Those of a split in the place of the order's own."""
    return {one.member_id: one.share for one in order.credits} if split is None else split.shares


def _confirmed(fact: Fact[OrderConfirmed], paths: Paths, split: CreditingSplit | None) -> OrderCredited:
    order, shares = fact.data, _shares(fact.data, split)
    product_lines = {line.line_no: line.product_line for line in order.lines}
    amounts = credit(order.id, {line.line_no: line.net_base for line in order.lines}, shares)
    lines = [
        CreditLine(
            line_no=line,
            member_id=member,
            unit_path=list(paths.get((member, order.order_date), ())),
            product_line=product_lines[line],
            region=order.region,
            customer_type=order.customer_type,
            amount=amount,
        )
        for (line, member), amount in amounts.items()
    ]
    reason = split.reason if split is not None else None
    return _fact(fact.event.id, order, CreditKind.CONFIRMED, order.order_date, shares, lines, reason)


def _returned(
    fact: Fact[OrderReturned],
    reason: str | None,
    shares: dict[UUID, int],
    standing: Mapping[tuple[int, UUID], Standing],
    cells: Cells,
) -> OrderCredited:
    order = fact.data
    steps = {
        line.line_no: line.returned_net_base_after - line.returned_net_base_before for line in order.returned_lines
    }
    moved = take_back(order.id, steps, shares, cells)
    if missing := moved.keys() - standing.keys():
        raise ReturnWithoutCredit(f"{order.id} line {min(missing)[0]}")
    lines = [_line(standing[key], standing[key].unit_path, amount) for key, amount in moved.items()]
    return _fact(fact.event.id, order, CreditKind.RETURNED, order.return_date, shares, lines, reason)


def _fact(
    source: UUID,
    order: OrderHeard,
    kind: CreditKind,
    day: date,
    shares: dict[UUID, int],
    lines: list[CreditLine],
    reason: str | None,
) -> OrderCredited:
    more: dict[str, Any] = {} if reason is None else {"reason": reason}
    return OrderCredited(
        order_id=order.id,
        account_id=order.account_id,
        stream_key=order.stream_key,
        kind=kind.value,
        order_date=order.order_date,
        posting_date=day,
        currency=order.base_currency,
        amount=sum(line.amount for line in lines),
        shares=shares,
        lines=lines,
        source_event_id=source,
        rule=RULE,
        **more,
    )


def _corrected(source: UUID, order: CreditedOrder, day: date, rows: Sequence[Misplaced]) -> OrderCredited:
    # Reversals come first: the newest line of a (line, member) tells a later return where the credit stands.
    lines = [_line(row.standing, row.standing.unit_path, -row.standing.amount) for row in rows]
    lines += [_line(row.standing, row.rightful_path, row.standing.amount) for row in rows]
    said = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": lines, "source_event_id": source}
    more = {} if order.reason is None else {"reason": order.reason}
    return OrderCredited.of(order, **said, amount=0, **more)


def _line(place: Standing, unit_path: Sequence[UUID], amount: int) -> CreditLine:
    return CreditLine(
        line_no=place.line_no,
        member_id=place.member_id,
        unit_path=list(unit_path),
        product_line=place.product_line,
        region=place.region,
        customer_type=place.customer_type,
        amount=amount,
    )
