"""Members of a batch as they stand, locked, and the facts that the batch adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.events import outbox
from kit.events.contract import ReasonCode
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_out.points import (
    PointsAdjusted,
    PointsDrawn,
    PointsEarned,
    PointsExpired,
    PointsLine,
    PointsRedeemed,
    PointsReversed,
    PointsTaken,
    PointsUsed,
)
from services.channels.events_out.points import PointsLot as SaidLot
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.points import ledger, repository
from services.channels.points.groups import Joined, usable_of
from services.channels.points.ledger import PointsFact
from services.channels.points.models import PointsAccount, PointsAdjustment, PointsLot, PointsProgramme
from services.channels.points.rules import PointsShort, months_later, take
from services.channels.sales import service as sales

ONE_DAY = timedelta(days=1)


class Ticket(NamedTuple):
    """A ticket of a draw, by its number there, and what it won."""

    draw_id: UUID
    ticket_id: UUID
    number: int
    prize_code: str | None


@dataclass(slots=True)
class Member:
    """A member with its lots of which something remains. What is taken back beyond them is owed: `available` is
    negative then, and what comes next settles it first."""

    account: PointsAccount
    programme: PointsProgramme
    owner_id: UUID | None
    lots: dict[UUID, PointsLot]
    available: int

    def add(self, lot_id: UUID, points: int, day: date) -> list[SaidLot]:
        """Points of a day come in a lot, but for what is owed."""
        left = points - min(points, max(0, -self.available))
        self.available += points
        if not left:
            return []
        lot = PointsLot(
            id=lot_id,
            points_account_id=self.account.id,
            earned_on=day,
            usable_from=day + timedelta(days=self.programme.lock_days),
            expires_on=months_later(day, self.programme.validity_months),
            remaining=left,
        )
        self.lots[lot.id] = lot
        return [_said(lot, left)]

    def take(self, points: int, first: UUID | None = None) -> list[SaidLot]:
        """So many points go, from lots as far as there are some."""
        return self._remove(take(list(self.lots.values()), points, first), points)

    def redeem(self, points: int, day: date) -> list[SaidLot]:
        """So many usable points go, of what expires first."""
        return self._remove(take(self.usable_lots(day), points), points)

    def usable_lots(self, day: date) -> list[PointsLot]:
        """Lots that may be used on a day."""
        return [lot for lot in self.lots.values() if lot.usable_from <= day <= lot.expires_on]

    def restore(self, parts: Sequence[tuple[PointsLot, int]]) -> list[SaidLot]:
        """Points go back to lots (until when each lives from now on), but for what is owed."""
        owed = max(0, -self.available)
        self.available += sum(points for _lot, points in parts)
        said = []
        for lot, points in parts:
            settled = min(owed, points)
            owed -= settled
            if points == settled:
                continue
            known = self.lots.get(lot.id)
            left = points - settled + (known.remaining if known else 0)
            self.lots[lot.id] = _with(lot, left)
            said.append(_said(lot, points - settled))
        return said

    def expire(self, day: date) -> list[SaidLot]:
        """What remains of lots whose last day lies before a day."""
        over = [(lot.id, lot.remaining) for lot in self.lots.values() if lot.expires_on < day]
        return self._remove(sorted(over), sum(points for _id, points in over))

    def _remove(self, parts: Sequence[tuple[UUID, int]], points: int) -> list[SaidLot]:
        self.available -= points
        said = []
        for lot_id, part in parts:
            lot: PointsLot = self.lots[lot_id]
            said.append(_said(lot, part))
            self.lots[lot_id] = lot.model_copy(update={"remaining": lot.remaining - part})
            if lot.remaining == part:
                del self.lots[lot_id]
        return said


def _with(lot: PointsLot, remaining: int) -> PointsLot:
    return lot.model_copy(update={"remaining": remaining})


def _said(lot: PointsLot, points: int) -> SaidLot:
    return SaidLot(
        lot_id=lot.id,
        points=points,
        expires_on=lot.expires_on,
        earned_on=lot.earned_on,
        usable_from=lot.usable_from,
    )


@dataclass(slots=True)
class Book:
    """Locked members by id, and the facts of the batch so far."""

    work: Work
    members: Mapping[UUID, Member]
    joined: Joined
    facts: list[Fact[PointsFact]] = field(default_factory=list)

    def beside(self, member: Member) -> list[Member]:
        """The members that are one with a member, itself first."""
        return [self.members[row.id] for row in self.joined.beside(member.account)]

    def usable(self, member: Member, day: date) -> int:
        """What a member may use on a day with all that are one with it."""
        all_ = self.beside(member)
        lots = (lot for one in all_ for lot in one.lots.values())
        return usable_of(sum(one.available for one in all_), lots, day)

    def shares(self, member: Member, lots: Mapping[UUID, list[PointsLot]], points: int) -> list[tuple[Member, int]]:
        """What each of those that are one with a member gives: of these lots, what expires first goes first."""
        of = {lot.id: owner for owner, some in lots.items() for lot in some}
        sums: dict[UUID, int] = {}
        for lot_id, part in take([lot for some in lots.values() for lot in some], points):
            sums[of[lot_id]] = sums.get(of[lot_id], 0) + part
        return [(one, sums[one.account.id]) for one in self.beside(member) if one.account.id in sums]

    def earn(
        self, cause: Event, member: Member, stream_key: UUID, order_id: UUID, lot_id: UUID, lines: list[PointsLine]
    ) -> None:
        """An order earned points; what of it has come back already never counts."""
        day, points = self.work.caused_by(cause).today, sum(line.points - line.taken for line in lines)
        lots = member.add(lot_id, points, day)
        usable = day + timedelta(days=member.programme.lock_days)
        more = {"order_id": order_id, "stream_key": stream_key, "usable_from": usable, "lines": lines}
        self._say(cause, member, PointsEarned, points, lots, **more)

    def reverse(
        self, cause: Event, member: Member, stream_key: UUID, order_id: UUID, lot_id: UUID, lines: list[PointsTaken]
    ) -> None:
        """Something of an order came back, and with it what it earned: of its own lot, of others, or owed."""
        points = sum(line.points for line in lines)
        lots = member.take(points, lot_id)
        more = {"order_id": order_id, "stream_key": stream_key, "is_earned": True, "reason": "returned", "lines": lines}
        self._say(cause, member, PointsReversed, points, lots, **more)

    def redeem(
        self,
        cause: Event,
        member: Member,
        order: tuple[UUID, UUID, UUID],
        lines: list[PointsUsed],
        value_base: int,
        main_id: UUID | None = None,
    ) -> list[SaidLot]:
        """A placement, (order, its stream key, id of what it redeems), uses points on its day; the lots, as taken."""
        order_id, stream_key, redemption_id = order
        points = sum(line.points for line in lines)
        lots = member.redeem(points, self.work.caused_by(cause).today)
        more = {"order_id": order_id, "stream_key": stream_key, "redemption_id": redemption_id, "lines": lines}
        more |= {"main_redemption_id": main_id, "value_base": value_base}
        self._say(cause, member, PointsRedeemed, points, lots, **more)
        return lots

    def give_back(
        self,
        cause: Event,
        member: Member,
        order: tuple[UUID, UUID, UUID],
        lines: list[PointsTaken],
        back: Sequence[tuple[PointsLot, int]],
        reason: ReasonCode,
    ) -> None:
        """What an order does not keep goes back to its lots. What of them has ended goes first: it does not live on."""
        order_id, stream_key, redemption_id = order
        self.expire(member, self.work.caused_by(cause).today)
        points = sum(line.points for line in lines)
        lots = member.restore(back)
        more = {"order_id": order_id, "stream_key": stream_key, "redemption_id": redemption_id, "lines": lines}
        self._say(cause, member, PointsReversed, points, lots, **more, is_earned=False, reason=reason)

    def expire(self, member: Member, day: date) -> None:
        """What remains of lots ends with their last day."""
        if lots := member.expire(day):
            self._say(None, member, PointsExpired, sum(lot.points for lot in lots), lots)

    def adjust(self, member: Member, row: PointsAdjustment) -> None:
        """Give or take what two people agreed to; raises PointsShort: nobody takes what is not there."""
        if row.points > 0:
            lots = member.add(row.id, row.points, self.work.today)
            self._say(None, member, PointsAdjusted, row.points, lots, is_added=True, adjustment_id=row.id)
            return
        all_ = self.beside(member)
        available = sum(one.available for one in all_)
        if available < -row.points:
            raise PointsShort(f"{available} are available")
        there = {one.account.id: list(one.lots.values()) for one in all_}
        for one, points in self.shares(member, there, -row.points):
            lots = one.take(points)
            self._say(None, one, PointsAdjusted, points, lots, is_added=False, adjustment_id=row.id)

    def pay(self, member: Member, points: int, ticket: Ticket) -> None:
        """A ticket of a draw costs points of a member and those that are one with it, of what expires first; raises
        PointsShort."""
        day = self.work.today
        usable = self.usable(member, day)
        if usable < points:
            raise PointsShort(f"{usable} may be used")
        there = {one.account.id: one.usable_lots(day) for one in self.beside(member)}
        for one, part in self.shares(member, there, points):
            self._say(None, one, PointsDrawn, part, one.redeem(part, day), **ticket._asdict())

    def _say(
        self, cause: Event | None, member: Member, kind: type[Any], points: int, lots: list[SaidLot], **more: Any
    ) -> None:
        account: PointsAccount = member.account
        work = self.work if cause is None else self.work.caused_by(cause)
        said = {
            "points_account_id": account.id,
            "programme_id": account.programme_id,
            "account_id": account.account_id,
            "owner_id": member.owner_id,
            "stream_key": account.id,
            "order_id": None,
            "points": points,
            "lots": lots,
            "balance_after": member.available,
            "source_event_id": None if cause is None else cause.id,
            "source_ordinal": 0,
            "business_date": work.today,
            **more,
        }
        changes: dict[str, object] = {"version": account.version + 1, "updated_at": clock.now()}
        member.account = account.model_copy(update=changes)
        payload: PointsFact = kind(**said)
        self.facts.append(Fact(outbox.compose(work, payload, member.account.version), payload))

    async def write(self, also: Iterable[UUID] = ()) -> None:
        """Everything at once; members that something happened to, and `also` these, wait for their next expiry."""
        tx, zone = self.work.tx, self.work.settings.timezone
        await outbox.add(tx, self.work.service, [fact.event for fact in self.facts])
        await ledger.apply(tx, self.facts)
        touched = sorted({fact.data.points_account_id for fact in self.facts} | set(also))
        rows = []
        for one in touched:
            account: PointsAccount = self.members[one].account
            ends = [lot.expires_on for lot in self.members[one].lots.values()]
            due = clock.start_of_day(zone, min(ends) + ONE_DAY) if ends else None
            rows.append(account.model_copy(update={"due_at": due}))
        await repository.save_accounts(tx, rows)


async def open_book(work: Work, joined: Joined) -> Book:
    """Locked members with what they have."""
    accounts = joined.rows
    ids = [row.id for row in accounts]
    owners = await sales.owners_of(work, sorted({row.account_id for row in accounts}))
    found = {row.id: row for row in await repository.programmes(work.tx, sorted({a.programme_id for a in accounts}))}
    lots: dict[UUID, dict[UUID, PointsLot]] = {one: {} for one in ids}
    for lot in await repository.lots_of(work.tx, ids):
        lots[lot.points_account_id][lot.id] = lot
    known = await ledgers.balances(work.tx, [ledger.book_of(one) for one in sorted(found)], ids)
    members = {}
    for row in accounts:
        place = (ledger.book_of(row.programme_id), row.id, Bucket.AVAILABLE, Unit.POINT)
        owner = owners.get(row.account_id)
        members[row.id] = Member(row, found[row.programme_id], owner, lots[row.id], known.get(place, 0))
    return Book(work, members, joined)
