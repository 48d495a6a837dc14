"""Members of a batch as they stand, locked, and the facts that the batch adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.events import outbox
from kit.events.contract import ReasonCode
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_out.points import (
    PointsAdjusted,
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
from services.channels.points.ledger import PointsFact
from services.channels.points.models import PointsAccount, PointsAdjustment, PointsLot, PointsProgramme
from services.channels.points.rules import PointsShort, months_later, take

ONE_DAY = timedelta(days=1)


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

    def usable(self, day: date) -> int:
        """What may be used on a day."""
        return min(max(0, self.available), sum(lot.remaining for lot in self._usable(day)))

    def redeem(self, points: int, day: date) -> list[SaidLot]:
        """So many usable points go, of what expires first."""
        return self._remove(take(self._usable(day), points), points)

    def _usable(self, day: date) -> list[PointsLot]:
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
    facts: list[Fact[PointsFact]] = field(default_factory=list)

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
    ) -> list[SaidLot]:
        """A placement, (order, its stream key, id of what it redeems), uses points on its day; the lots, as taken."""
        order_id, stream_key, redemption_id = order
        points = sum(line.points for line in lines)
        lots = member.redeem(points, self.work.caused_by(cause).today)
        more = {"order_id": order_id, "stream_key": stream_key, "redemption_id": redemption_id, "lines": lines}
        self._say(cause, member, PointsRedeemed, points, lots, **more, value_base=value_base)
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
        if row.points < 0 and member.available < -row.points:
            raise PointsShort(f"{member.available} are available")
        is_added, points = row.points > 0, abs(row.points)
        lots = member.add(row.id, points, self.work.today) if is_added else member.take(points)
        more = {"is_added": is_added, "adjustment_id": row.id}
        self._say(None, member, PointsAdjusted, points, lots, **more)

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


async def open_book(work: Work, accounts: Sequence[PointsAccount], owners: Mapping[UUID, UUID | None]) -> Book:
    """Locked members with what they have; `owners` are those of their accounts, as known now."""
    ids = [row.id for row in accounts]
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
    return Book(work, members)
