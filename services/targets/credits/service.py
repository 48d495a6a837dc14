"""Crediting: decides the credit lines of confirmed and returned orders, and of corrected memberships.

Members are locked first, then orders, everywhere: credits and corrections of one order take turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.ids import derived_id, new_id
from kit.jobs.jobs import enqueue
from kit.work import Work
from services.targets.credits import repository
from services.targets.credits.enums import CreditKind
from services.targets.credits.ledger import apply_credits
from services.targets.credits.models import CreditedOrder
from services.targets.credits.repository import Misplaced, Standing
from services.targets.credits.rules import RULE, Cells, credit, take_back
from services.targets.events_in import OrderConfirmed, OrderHeard, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited

CORRECT = "credits.correct"
"""Kind of the job that corrects many lines."""
AT_ONCE = 1_000
"""Most lines that a change of a member corrects in its own transaction."""
ORDERS_A_STEP = 50

Paths = Mapping[tuple[UUID, date], Sequence[UUID]]
Decided = tuple[Work, int, OrderCredited]
"""The work that a decision answers, its sequence among the facts of the order, and the decision."""


class ReturnWithoutCredit(Exception):
    """A return of an order that was never credited: the log of its key is damaged, so the key is parked."""


async def credit_orders(work: Work, confirmed: Sequence[Fact[OrderConfirmed]]) -> None:
    """Credit confirmed orders to their sellers, in the units of the order date; an order is credited once."""
    credited = await _lock(work, [fact.data for fact in confirmed])
    new = list({fact.data.id: fact for fact in reversed(confirmed) if fact.data.id not in credited}.values())[::-1]
    wanted = {(one.member_id, fact.data.order_date) for fact in new for one in fact.data.credits}
    paths = await repository.list_paths(work.tx, wanted)
    await _post(work, [(work.caused_by(fact.event), 1, _confirmed(fact, paths)) for fact in new])


async def reverse_orders(work: Work, returned: Sequence[Fact[OrderReturned]]) -> None:
    """Take returned amounts from what stands credited of the order, where it stands, whatever rule credited it.

    Raises ReturnWithoutCredit, ReturnPastCredit.
    """
    credited = await _lock(work, [fact.data for fact in returned])
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
        decision = _returned(fact, shares, standing[order_id], cells[order_id])
        for line in decision.lines:
            cells[order_id][line.line_no, line.member_id] += line.amount
        decided.append((work.caused_by(fact.event), sequences[order_id], decision))
    await _post(work, decided)


async def count_misplaced(work: Work, member_id: UUID, since: date) -> int:
    """How many posted balances of orders from `since` on lie outside the member's unit of their order date."""
    return len(await repository.list_misplaced(work.tx, member_id, since))


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
    await _post(work, decided)
    return len(found)


async def _lock(work: Work, orders: Sequence[OrderHeard]) -> dict[UUID, CreditedOrder]:
    await repository.lock_members(work.tx, {one.member_id for order in orders for one in order.credits})
    return await repository.lock_orders(work.tx, {order.id for order in orders})


async def _post(work: Work, decided: Sequence[Decided]) -> None:
    """Announce decisions and apply them to the ledger."""
    if not decided:
        return
    facts = [Fact(outbox.compose(cause, said, sequence), said) for cause, sequence, said in decided]
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await apply_credits(work.tx, facts)


def _confirmed(fact: Fact[OrderConfirmed], paths: Paths) -> OrderCredited:
    order = fact.data
    shares = {one.member_id: one.share for one in order.credits}
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
    return _fact(fact.event.id, order, CreditKind.CONFIRMED, order.order_date, shares, lines)


def _returned(
    fact: Fact[OrderReturned],
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
    return _fact(fact.event.id, order, CreditKind.RETURNED, order.return_date, shares, lines)


def _fact(
    source: UUID, order: OrderHeard, kind: CreditKind, day: date, shares: dict[UUID, int], lines: list[CreditLine]
) -> OrderCredited:
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
    )


def _corrected(source: UUID, order: CreditedOrder, day: date, rows: Sequence[Misplaced]) -> OrderCredited:
    # Reversals come first: the newest line of a (line, member) tells a later return where the credit stands.
    lines = [_line(row.standing, row.standing.unit_path, -row.standing.amount) for row in rows]
    lines += [_line(row.standing, row.rightful_path, row.standing.amount) for row in rows]
    said = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": lines, "source_event_id": source}
    return OrderCredited.of(order, **said, amount=0)


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
