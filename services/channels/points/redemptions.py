"""Points that orders redeem: reserved with their terms, used when they are confirmed, given back with what they do not
keep.

Members are locked by id, after all else that terms lock; what they have is read under that lock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from kit.events.contract import ReasonCode
from kit.events.envelope import Event
from kit.ids import derived_id
from kit.money import allocate, ratio
from kit.redirects import Groups
from kit.work import Work
from services.channels.events_out.points import PointsTaken, PointsUsed
from services.channels.points import repository
from services.channels.points.books import Book, Member, open_book
from services.channels.points.groups import Joined, lock_joined_to, parted
from services.channels.points.models import PointsLot, PointsUse, PointsUseLot
from services.channels.points.rules import back_of, given_back

LONGER = timedelta(days=30)
"""How long points live that go back to a lot that has ended."""
Order = tuple[UUID, UUID, UUID]
"""Order, its stream key, id of what a placement redeems."""


class Asked(NamedTuple):
    """A line that points take something off: by which weight it has its share of them."""

    line_no: int
    sku: str
    quantity: int
    weight: int


class UsedPoints(NamedTuple):
    """What an order keeps of the points of a member."""

    points_account_id: UUID
    programme_id: UUID
    points: int


@dataclass(slots=True)
class Redeemer:
    """Locked members, and what placements redeem, as they stand in the batch: `beside` are the redemptions of other
    members beside a placement's own."""

    book: Book
    uses: dict[UUID, list[PointsUse]]
    taken: dict[UUID, list[PointsUseLot]]
    ends: dict[UUID, date]
    beside: dict[UUID, list[UUID]]

    def has(self, member_id: UUID, points: int, cause: Event) -> bool:
        """Whether a member, with all that are one with it, may use so many points on the day of an event."""
        member = self.book.members.get(member_id)
        return member is not None and self.book.usable(member, self._day(cause)) >= points

    def redeem(
        self, cause: Event, member_id: UUID, order: Order, asked: Sequence[Asked], points: int, value_base: int
    ) -> None:
        """A placement reserves points of a member and those that are one with it, shared among its lines."""
        member, day, main = self.book.members[member_id], self._day(cause), order[2]
        lots = {one.account.id: one.usable_lots(day) for one in self.book.beside(member)}
        parts = self.book.shares(member, lots, points)
        amounts = [amount for _member, amount in parts]
        values = allocate(value_base, amounts, [str(one.account.account_id) for one, _amount in parts])
        self.beside[main] = []
        lines = parted(_shares(asked, points), amounts)
        for (one, _amount), value, shares in zip(parts, values, lines, strict=True):
            self._redeem(cause, one, order, [(a, n) for a, n in zip(asked, shares, strict=True) if n], value, member)

    def _redeem(
        self, cause: Event, of: Member, order: Order, asked: list[tuple[Asked, int]], value: int, member: Member
    ) -> None:
        order_id, stream_key, main = order
        is_own = of is member
        redemption_id = main if is_own else derived_id("points_use", main, of.account.id)
        lines = [PointsUsed(line_no=one.line_no, quantity=one.quantity, points=part) for one, part in asked]
        key = (order_id, stream_key, redemption_id)
        lots = self.book.redeem(cause, of, key, lines, value, None if is_own else main)
        self.uses[redemption_id] = [
            PointsUse(
                redemption_id=redemption_id,
                order_id=order_id,
                points_account_id=of.account.id,
                **line.model_dump(),
                returned=0,
                main_id=None if is_own else main,
            )
            for line in lines
        ]
        self.taken[redemption_id] = [
            PointsUseLot(redemption_id=redemption_id, ordinal=number, **lot.model_dump())
            for number, lot in enumerate(lots, 1)
        ]
        self.ends |= {lot.lot_id: lot.expires_on for lot in lots if lot.expires_on is not None}
        if not is_own:
            self.beside[main].append(redemption_id)

    def again(self, cause: Event, order: Order, value_base: int) -> None:
        """A placement that has given its points back uses them all the same, as far as they are there."""
        uses = self._uses(order[2])
        if not uses:
            return
        member = self.book.members[uses[0].points_account_id]
        wanted = sum(use.points for use in uses)
        points = min(wanted, self.book.usable(member, self._day(cause)))
        if points:
            sums: dict[int, Asked] = {}
            for use in uses:
                before = sums.get(use.line_no, Asked(use.line_no, "", use.quantity, 0))
                sums[use.line_no] = before._replace(weight=before.weight + use.points)
            asked = [one for _line_no, one in sorted(sums.items())]
            self.redeem(cause, member.account.id, order, asked, points, ratio(value_base, points, wanted))

    def kept(self, redemption_id: UUID) -> list[UsedPoints]:
        """What a placement has of points, by member."""
        found = []
        for one in self._all(redemption_id):
            uses = self.uses.get(one, [])
            points = sum(use.points - use.returned for use in uses)
            if points:
                account = self.book.members[uses[0].points_account_id].account
                found.append(UsedPoints(account.id, account.programme_id, points))
        return found

    def give_back(self, cause: Event, order: Order, reason: ReasonCode) -> None:
        """A placement keeps none of its points."""
        for one in self._all(order[2]):
            back = {use.line_no: use.points for use in self.uses.get(one, [])}
            self._back(cause, (*order[:2], one), back, reason)

    def take_return(self, cause: Event, order: Order, pieces: Mapping[int, int], reason: ReasonCode) -> None:
        """Pieces in all that came back, by line, bring their share back."""
        for one in self._all(order[2]):
            uses = self.uses.get(one, [])
            back = {use.line_no: back_of(use.points, use.quantity, pieces.get(use.line_no, 0)) for use in uses}
            self._back(cause, (*order[:2], one), back, reason)

    def _all(self, redemption_id: UUID) -> list[UUID]:
        return [redemption_id, *self.beside.get(redemption_id, ())]

    def _uses(self, redemption_id: UUID) -> list[PointsUse]:
        return [use for one in self._all(redemption_id) for use in self.uses.get(one, [])]

    def _day(self, cause: Event) -> date:
        return self.book.work.caused_by(cause).today

    def _back(self, cause: Event, order: Order, back: Mapping[int, int], reason: ReasonCode) -> None:
        """`back`: what of the points of each line is back in all from now on."""
        uses = self.uses.get(order[2], [])
        lines = [
            PointsTaken(line_no=use.line_no, points=back[use.line_no] - use.returned)
            for use in uses
            if back[use.line_no] > use.returned
        ]
        if not lines:
            return
        before, points = sum(use.returned for use in uses), sum(line.points for line in lines)
        day, rows = self._day(cause), {row.lot_id: row for row in self.taken[order[2]]}
        parts = given_back([(row.lot_id, row.points) for row in self.taken[order[2]]], before, points)
        lots = []
        for lot_id, part in parts:
            end = self.ends[lot_id]
            self.ends[lot_id] = end if end >= day else day + LONGER
            lots.append((_lot(rows[lot_id], uses[0].points_account_id, self.ends[lot_id]), part))
        self.book.give_back(cause, self.book.members[uses[0].points_account_id], order, lines, lots, reason)
        self.uses[order[2]] = [_with_back(use, back[use.line_no]) for use in uses]

    async def write(self) -> None:
        """Everything at once."""
        if self.book.facts:
            await self.book.write()


def _with_back(use: PointsUse, returned: int) -> PointsUse:
    return use.model_copy(update={"returned": max(use.returned, returned)})


def _shares(asked: Sequence[Asked], points: int) -> list[int]:
    keys = [f"{one.sku}:{one.quantity:020}:{one.weight:020}" for one in asked]
    return allocate(points, [one.weight for one in asked], keys)


def _lot(row: PointsUseLot, member_id: UUID, end: date) -> PointsLot:
    return PointsLot(
        id=row.lot_id,
        points_account_id=member_id,
        earned_on=row.earned_on,
        usable_from=row.usable_from,
        expires_on=end,
        remaining=0,
    )


async def open_redeemer(work: Work, member_ids: Collection[UUID], redemption_ids: Collection[UUID]) -> Redeemer:
    """Members that orders are to use points of, and those of what placements (locked) redeem; locked."""
    uses: dict[UUID, list[PointsUse]] = {}
    taken: dict[UUID, list[PointsUseLot]] = {}
    if redemption_ids:
        for use in await repository.uses_of(work.tx, sorted(redemption_ids)):
            uses.setdefault(use.redemption_id, []).append(use)
        for row in await repository.use_lots_of(work.tx, sorted(uses)):
            taken.setdefault(row.redemption_id, []).append(row)
    beside: dict[UUID, list[UUID]] = {}
    for redemption_id, rows in sorted(uses.items()):
        if (main := rows[0].main_id) is not None:
            beside.setdefault(main, []).append(redemption_id)
    ids = {*member_ids, *(rows[0].points_account_id for rows in uses.values())}
    if not ids:
        return Redeemer(Book(work, {}, Joined([], Groups({}, {}))), uses, taken, {}, beside)
    joined = await lock_joined_to(work, ids)
    lot_ids = sorted({row.lot_id for lots in taken.values() for row in lots})
    ends = {lot.id: lot.expires_on for lot in await repository.lots_by_id(work.tx, lot_ids)}
    return Redeemer(await open_book(work, joined), uses, taken, ends, beside)
