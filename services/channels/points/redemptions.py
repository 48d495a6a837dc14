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
from kit.money import allocate, ratio
from kit.work import Work
from services.channels.events_out.points import PointsTaken, PointsUsed
from services.channels.points import repository
from services.channels.points.books import Book, open_book
from services.channels.points.models import PointsLot, PointsUse, PointsUseLot
from services.channels.points.rules import back_of, given_back
from services.channels.sales import service as sales

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
    """Locked members, and what placements redeem, as they stand in the batch."""

    book: Book
    uses: dict[UUID, list[PointsUse]]
    taken: dict[UUID, list[PointsUseLot]]
    ends: dict[UUID, date]

    def has(self, member_id: UUID, points: int, cause: Event) -> bool:
        """Whether a member may use so many points on the day of an event."""
        member = self.book.members.get(member_id)
        return member is not None and member.usable(self.book.work.caused_by(cause).today) >= points

    def redeem(
        self, cause: Event, member_id: UUID, order: Order, asked: Sequence[Asked], points: int, value_base: int
    ) -> None:
        """A placement reserves points of a member, shared among its lines."""
        shares = _shares(asked, points)
        lines = [
            PointsUsed(line_no=one.line_no, quantity=one.quantity, points=part)
            for one, part in zip(asked, shares, strict=True)
            if part
        ]
        lots = self.book.redeem(cause, self.book.members[member_id], order, lines, value_base)
        order_id, _key, redemption_id = order
        self.uses[redemption_id] = [
            PointsUse(
                redemption_id=redemption_id,
                order_id=order_id,
                points_account_id=member_id,
                **line.model_dump(),
                returned=0,
            )
            for line in lines
        ]
        self.taken[redemption_id] = [
            PointsUseLot(redemption_id=redemption_id, ordinal=number, **lot.model_dump())
            for number, lot in enumerate(lots, 1)
        ]
        self.ends |= {lot.lot_id: lot.expires_on for lot in lots if lot.expires_on is not None}

    def again(self, cause: Event, order: Order, value_base: int) -> None:
        """A placement that has given its points back uses them all the same, as far as they are there."""
        uses = self.uses.get(order[2], [])
        if not uses:
            return
        member = self.book.members[uses[0].points_account_id]
        wanted = sum(use.points for use in uses)
        points = min(wanted, member.usable(self.book.work.caused_by(cause).today))
        if points:
            asked = [Asked(use.line_no, "", use.quantity, use.points) for use in uses]
            self.redeem(cause, member.account.id, order, asked, points, ratio(value_base, points, wanted))

    def kept(self, redemption_id: UUID) -> UsedPoints | None:
        """What a placement has of points."""
        uses = self.uses.get(redemption_id, [])
        points = sum(use.points - use.returned for use in uses)
        if not points:
            return None
        account = self.book.members[uses[0].points_account_id].account
        return UsedPoints(account.id, account.programme_id, points)

    def give_back(self, cause: Event, order: Order, reason: ReasonCode) -> None:
        """A placement keeps none of its points."""
        self._back(cause, order, {use.line_no: use.points for use in self.uses.get(order[2], [])}, reason)

    def take_return(self, cause: Event, order: Order, pieces: Mapping[int, int], reason: ReasonCode) -> None:
        """Pieces in all that came back, by line, bring their share back."""
        uses = self.uses.get(order[2], [])
        back = {use.line_no: back_of(use.points, use.quantity, pieces.get(use.line_no, 0)) for use in uses}
        self._back(cause, order, back, reason)

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
        day, rows = self.book.work.caused_by(cause).today, {row.lot_id: row for row in self.taken[order[2]]}
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
        for row in await repository.use_lots_of(work.tx, sorted(redemption_ids)):
            taken.setdefault(row.redemption_id, []).append(row)
    ids = sorted({*member_ids, *(rows[0].points_account_id for rows in uses.values())})
    if not ids:
        return Redeemer(Book(work, {}), uses, taken, {})
    accounts = await repository.lock_accounts(work.tx, ids)
    owners = await sales.owners_of(work, sorted({row.account_id for row in accounts}))
    lot_ids = sorted({row.lot_id for rows in taken.values() for row in rows})
    ends = {lot.id: lot.expires_on for lot in await repository.lots_by_id(work.tx, lot_ids)}
    return Redeemer(await open_book(work, accounts, owners), uses, taken, ends)
