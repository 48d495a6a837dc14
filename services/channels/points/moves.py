"""What orders and dates do to points: earned when delivered, taken back with returns, expired.

Members are locked by id before anything else of points, and what they have is read under that lock: an order earns once
for a member, whatever comes twice or at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id
from kit.redirects import Groups
from kit.work import Work
from services.channels.events_in.customer import OrderHeard, OrderReturnedHeard
from services.channels.events_out.points import PointsLine as SaidLine
from services.channels.events_out.points import PointsTaken
from services.channels.points import repository
from services.channels.points.books import open_book
from services.channels.points.groups import Joined, lock_joined
from services.channels.points.models import PointsAccount, PointsLine, PointsProgramme
from services.channels.points.rules import Factor, Rate, Sold, back_of, earned, factor_of

Key = tuple[UUID, UUID]
"""Order and member."""


def lot_of(order_id: UUID, member_id: UUID) -> UUID:
    """Id of the lot that an order earned for a member."""
    return derived_id("points_lot", order_id, member_id)


def counts_on(programme: PointsProgramme, day: date) -> bool:
    """Whether orders that are delivered on a day earn."""
    return programme.valid_from <= day and (programme.valid_to is None or day <= programme.valid_to)


def lines_earned(programme: PointsProgramme, order: OrderHeard) -> list[SaidLine]:
    """What lines of an order earn, with all that it follows from; of what has come back already it is taken back."""
    factors = [Factor(frozenset(f.skus), frozenset(f.product_lines), f.factor) for f in programme.factors]
    sold = [
        Sold(
            line.line_no,
            line.sku or "",
            line.quantity or 0,
            line.net_base,
            factor_of(factors, line.sku or "", line.product_line),
        )
        for line in order.lines
    ]
    points = earned(sold, Rate(programme.points, programme.per_base))
    returned = {line.line_no: line.returned for line in order.lines}
    return [
        SaidLine(**one._asdict(), points=amount, taken=back_of(amount, one.quantity, returned[one.line_no]))
        for one, amount in zip(sold, points, strict=True)
    ]


async def earn(work: Work, fulfilled: Sequence[Fact[OrderHeard]]) -> None:
    """Orders that were delivered earn for what their accounts, or those that are one with them, were members of by
    then: once in each programme."""
    concerned = [(fact, fact.data.account_id) for fact in fulfilled if fact.data.account_id is not None]
    joined = await lock_joined(work, {account_id for _fact, account_id in concerned})
    if not joined.rows:
        return
    book = await open_book(work, joined)
    known = await repository.earned_in(work.tx, sorted({fact.data.id for fact, _account_id in concerned}))
    for fact, account_id in concerned:
        day, by_then = work.caused_by(fact.event).today, [r for r in joined.rows if r.joined_at <= fact.event.time]
        for row in joined._replace(rows=by_then).of(account_id):
            member, key = book.members[row.id], (fact.data.id, row.programme_id)
            if key in known or not counts_on(member.programme, day):
                continue
            lines = lines_earned(member.programme, fact.data)
            if sum(line.points - line.taken for line in lines):
                known.add(key)
                stream_key = fact.data.stream_key or row.id
                book.earn(fact.event, member, stream_key, fact.data.id, lot_of(fact.data.id, row.id), lines)
    await book.write()


async def take_back(work: Work, returned: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back of orders, in all so far, takes back what it earned."""
    order_ids = sorted({fact.data.id for fact in returned})
    accounts = await repository.lock_earners(work.tx, order_ids)
    if not accounts:
        return
    book = await open_book(work, Joined(accounts, Groups({}, {})))
    lines: dict[Key, list[PointsLine]] = {}
    for row in await repository.lines_of(work.tx, order_ids):
        lines.setdefault((row.order_id, row.points_account_id), []).append(row)
    for fact in returned:
        pieces = {line.line_no: line.returned for line in fact.data.lines}
        for key in sorted(key for key in lines if key[0] == fact.data.id):
            now = [(line, back_of(line.points, line.quantity, pieces.get(line.line_no, 0))) for line in lines[key]]
            taken = [
                PointsTaken(line_no=line.line_no, points=all_ - line.taken) for line, all_ in now if all_ > line.taken
            ]
            if not taken:
                continue
            lines[key] = [_taken(line, all_) for line, all_ in now]
            book.reverse(fact.event, book.members[key[1]], fact.data.stream_key or key[1], key[0], lot_of(*key), taken)
    await book.write()


def _taken(line: PointsLine, points: int) -> PointsLine:
    return line.model_copy(update={"taken": max(line.taken, points)})


async def expire(work: Work, rows: Sequence[PointsAccount]) -> None:
    """What remains of lots whose last day has passed; rows are locked by whoever found them due."""
    book = await open_book(work, Joined(list(rows), Groups({}, {})))
    for row in sorted(rows, key=lambda row: row.id):
        book.expire(book.members[row.id], work.today)
    await book.write([row.id for row in rows])
