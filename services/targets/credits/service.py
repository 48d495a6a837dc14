"""Crediting: decides the credit lines of confirmed and returned orders, and of corrected memberships.

Members are locked first, then orders, everywhere: credits and corrections of one order take turns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id, new_id
from kit.jobs.jobs import enqueue
from kit.money import SHARE_WHOLE
from kit.work import Work
from services.targets.crediting_splits.models import CreditingSplit
from services.targets.credits import repository
from services.targets.credits.enums import CreditKind, Measure
from services.targets.credits.launches import Launches, launches_of, mark_unlaunched
from services.targets.credits.ledger import Credited
from services.targets.credits.measures import (
    Measured,
    add,
    came_back,
    credit_all,
    is_new,
    keys_of,
    measured_of,
    said_of,
    sold,
    take_back_all,
    values_of,
)
from services.targets.credits.models import CreditedOrder
from services.targets.credits.posting import Decided, post
from services.targets.credits.repository import Misplaced, Standing
from services.targets.credits.rules import RULE
from services.targets.credits.splits import splits_of
from services.targets.events_in import OrderConfirmed, OrderHeard, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited, ResultCredited

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
    launches = await launches_of(work, orders)
    splits = await splits_of(work, [(one.id, one.account_id, one.order_date) for one in orders])
    sharers = {member for split in splits.values() for member in split.shares}
    credited = await _lock(work, orders, sharers)
    new = list({fact.data.id: fact for fact in reversed(confirmed) if fact.data.id not in credited}.values())[::-1]
    wanted = {(member, f.data.order_date) for f in new for member in _shares(f.data, splits.get(f.data.id))}
    paths = await repository.list_paths(work.tx, wanted)
    decided: list[Decided] = [
        (work.caused_by(fact.event), 1, _confirmed(fact, paths, splits.get(fact.data.id), launches)) for fact in new
    ]
    await post(work, decided)
    await mark_unlaunched(work, [fact.data for fact in new], launches)


async def reverse_orders(work: Work, returned: Sequence[Fact[OrderReturned]]) -> None:
    """Take returned amounts from what stands credited of the order, where it stands, whatever rule credited it.

    Raises ReturnWithoutCredit, ReturnPastCredit.
    """
    orders = [fact.data for fact in returned]
    credited = await _lock(work, orders, await repository.list_sharers(work.tx, {one.id for one in orders}))
    handled = await repository.list_handled(work.tx, [fact.event.id for fact in returned])
    standing = await repository.list_standing(work.tx, {fact.data.id for fact in returned})
    measured = {order_id: _measured(rows) for order_id, rows in standing.items()}
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
        moved = _taken(fact.data, shares, standing[order_id], measured[order_id])
        add(measured[order_id], moved)
        decision = _returned(fact, credited[order_id].reason, shares, standing[order_id], moved)
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
    await _correct(work, member_id, since, found)
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
    await repository.lock_members(work.tx, [member_id], alone=True)
    found = await repository.list_misplaced(work.tx, member_id, since)
    some = set(list(dict.fromkeys(row.standing.order_id for row in found))[:ORDERS_A_STEP])
    return await _correct(work, member_id, since, [row for row in found if row.standing.order_id in some])


async def _correct(work: Work, member_id: UUID, since: date, misplaced: Sequence[Misplaced]) -> int:
    """One fact per order or result and posting date; the lines are looked at again under the lock of their orders, with
    the cash that came meanwhile."""
    orders = await repository.lock_orders(work.tx, {row.order_id for row in misplaced if row.order_id})
    found = await repository.list_misplaced(work.tx, member_id, since, {row.standing.order_id for row in misplaced})
    correction = new_id()
    sequences = {order_id: order.sequence for order_id, order in orders.items()}
    sequences |= await repository.list_sequences(work.tx, {row.subject_id for row in found if row.subject_id})
    decided: list[Decided] = []
    for (order_id, subject_id, day), same in groupby(found, key=_fact_of):
        rows, about = list(same), subject_id or order_id
        source = derived_id(correction, order_id, subject_id, day)
        sequences[about] += 1
        decision: Credited = (
            _put_right(source, orders.get(order_id), day, rows)
            if subject_id
            else _corrected(source, orders[order_id], day, rows)
        )
        decided.append((work, sequences[about], decision))
    await post(work, decided)
    return len(found)


async def _lock(work: Work, orders: Sequence[OrderHeard], sharers: Collection[UUID]) -> dict[UUID, CreditedOrder]:
    own = {one.member_id for order in orders for one in order.credits}
    await repository.lock_members(work.tx, own | set(sharers))
    return await repository.lock_orders(work.tx, {order.id for order in orders})


def _shares(order: OrderHeard, split: CreditingSplit | None) -> dict[UUID, int]:
    """Those of a split in the place of the order's own."""
    return {one.member_id: one.share for one in order.credits} if split is None else split.shares


def _confirmed(
    fact: Fact[OrderConfirmed], paths: Paths, split: CreditingSplit | None, launches: Launches
) -> OrderCredited:
    order, shares = fact.data, _shares(fact.data, split)
    product_lines = {line.line_no: line.product_line for line in order.lines}
    new = {line.line_no for line in order.lines if is_new(launches.get(line.sku or ""), order.order_date)}
    measured = credit_all(order.id, sold(order, new), shares)
    lines = [
        CreditLine(
            line_no=line,
            member_id=member,
            unit_path=list(paths.get((member, order.order_date), ())),
            product_line=product_lines[line],
            region=order.region,
            customer_type=order.customer_type,
            **said_of(values_of(measured, (line, member))),
        )
        for line, member in keys_of(measured)
    ]
    more = _known(reason=split.reason if split is not None else None, channel_id=order.channel_id)
    return _fact(fact.event.id, order, CreditKind.CONFIRMED.value, order.order_date, shares, lines, more)


def _measured(rows: Mapping[tuple[int, UUID], Standing]) -> Measured:
    return measured_of({key: row.values() for key, row in rows.items()})


def _taken(
    order: OrderReturned,
    shares: Mapping[UUID, int],
    standing: Mapping[tuple[int, UUID], Standing],
    measured: Measured,
) -> Measured:
    moved = take_back_all(order.id, came_back(order, measured), shares, measured)
    if missing := set(keys_of(moved)) - standing.keys():
        raise ReturnWithoutCredit(f"{order.id} line {min(missing)[0]}")
    return moved


def _returned(
    fact: Fact[OrderReturned],
    reason: str | None,
    shares: dict[UUID, int],
    standing: Mapping[tuple[int, UUID], Standing],
    moved: Measured,
) -> OrderCredited:
    order = fact.data
    lines = [_line(standing[key], standing[key].unit_path, values_of(moved, key)) for key in keys_of(moved)]
    channel_id = next((row.channel_id for row in standing.values()), None)
    more = _known(reason=reason, channel_id=channel_id)
    return _fact(fact.event.id, order, CreditKind.RETURNED.value, order.return_date, shares, lines, more)


def _known(**said: Any) -> dict[str, Any]:
    """What a fact says only where there is something to say."""
    return {name: value for name, value in said.items() if value is not None}


def _fact(
    source: UUID,
    order: OrderHeard,
    kind: Literal["confirmed", "returned"],
    day: date,
    shares: dict[UUID, int],
    lines: list[CreditLine],
    more: Mapping[str, Any],
) -> OrderCredited:
    return OrderCredited(
        order_id=order.id,
        account_id=order.account_id,
        stream_key=order.stream_key,
        kind=kind,
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
    said = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": _moved_lines(rows), "source_event_id": source}
    more = _known(reason=order.reason, channel_id=rows[0].standing.channel_id)
    return OrderCredited.of(order, **said, amount=0, **more)


def _fact_of(row: Misplaced) -> tuple[UUID, UUID | None, date]:
    return row.standing.order_id, row.subject_id, row.posting_date


def _put_right(source: UUID, order: CreditedOrder | None, day: date, rows: Sequence[Misplaced]) -> ResultCredited:
    """A result in the rightful unit; what is an order's keeps the order's key and shares."""
    first = rows[0]
    subject_id = first.subject_id or first.standing.order_id
    shares = {UUID(member): share for member, share in order.shares.items()} if order else {}
    return ResultCredited(
        subject_id=subject_id,
        order_id=first.order_id,
        account_id=first.account_id,
        stream_key=order.stream_key if order else first.account_id or subject_id,
        kind="corrected",
        order_date=first.order_date,
        posting_date=day,
        currency=first.currency,
        amount=0,
        shares=shares or {first.standing.member_id: SHARE_WHOLE},
        lines=_moved_lines(rows),
        source_event_id=source,
        source_ordinal=0,
        rule=RULE,
        channel_id=first.standing.channel_id,
        reason=order.reason if order else None,
        business_date=day,
    )


def _moved_lines(rows: Sequence[Misplaced]) -> list[CreditLine]:
    # Reversals come first: the newest line of a (line, member) tells a later return where the credit stands.
    lines = [_line(row.standing, row.standing.unit_path, row.standing.values(-1)) for row in rows]
    return lines + [_line(row.standing, row.rightful_path, row.standing.values()) for row in rows]


def _line(place: Standing, unit_path: Sequence[UUID], values: Mapping[Measure, int | None]) -> CreditLine:
    return CreditLine(
        line_no=place.line_no,
        member_id=place.member_id,
        unit_path=list(unit_path),
        product_line=place.product_line,
        region=place.region,
        customer_type=place.customer_type,
        **said_of(values),
    )
