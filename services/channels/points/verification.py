"""Shows that every delivered order of a member earned once, that it follows from its inputs and from what came back,
and that lots, entries and the ledger of each member say the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, read_all
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.points import repository
from services.channels.points.models import PointsAccount, PointsLine, PointsProgramme
from services.channels.points.moves import Key, counts_on, lines_earned
from services.channels.points.rules import Rate, Sold, back_of, earned
from services.channels.redirects import service as redirects

_TYPES = ("customer.order.fulfilled.v1", "customer.order.returned.v1")
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Expected:
    """What customer's log says that an order earned for a member: line -> pieces, points, what has come back of them.

    `is_sure`: whatever the time zone, its day lies within the programme.
    """

    is_sure: bool
    lines: dict[int, tuple[int, int, int]]

    def returned(self, pieces: Mapping[int, int]) -> None:
        """Pieces in all that came back, by line."""
        for number, (quantity, points, taken) in self.lines.items():
            back = back_of(points, quantity, pieces.get(number, 0))
            self.lines[number] = (quantity, points, max(taken, back))


class Members(NamedTuple):
    """Programmes by id, members by account."""

    programmes: dict[UUID, PointsProgramme]
    of: dict[UUID, list[PointsAccount]]
    merged: Mapping[UUID, Collection[UUID]]

    def earning(self, account_id: UUID) -> list[tuple[PointsAccount, bool]]:
        """Members that may earn with an order of an account, and whether they must: its own do, those of what was ever
        one with it may while they were (when that was heard of is in no log)."""
        own = [(row, True) for row in self.of.get(account_id, ())]
        others = [one for one in self.merged.get(account_id, ()) if one != account_id]
        return own + [(row, False) for one in others for row in self.of.get(one, ())]


async def read_members(tx: Tx) -> Members:
    """Who earns what."""
    members: dict[UUID, list[PointsAccount]] = {}
    for row in await repository.all_members(tx):
        members.setdefault(row.account_id, []).append(row)
    programmes = {row.id: row for row in await repository.all_programmes(tx)}
    return Members(programmes, members, await redirects.ever_merged(tx))


async def expect_points(members: Members, bus: EventBus, gone: Collection[UUID]) -> dict[Key, Expected]:
    """What orders earned, and what came back of it."""
    found: dict[Key, Expected] = {}
    if not members.of:
        return found
    keys: dict[UUID, list[Key]] = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        order = HEARD[event.type].model_validate(event.payload)
        if isinstance(order, OrderReturnedHeard):
            for key in keys.get(order.id, ()):
                found[key].returned({line.line_no: line.returned for line in order.lines})
        elif isinstance(order, OrderHeard) and order.account_id is not None:
            earning = members.earning(order.account_id)
            own = {row.programme_id for row, is_own in earning if is_own and row.joined_at <= event.time}
            for row, is_own in earning:
                key = (order.id, row.id)
                expected = _expect(event, order, row, members.programmes[row.programme_id])
                if key not in found and expected is not None and (is_own or row.programme_id not in own):
                    expected.is_sure = expected.is_sure and is_own
                    found[key] = expected
                    keys.setdefault(order.id, []).append(key)
    return found


def _expect(event: Event, order: OrderHeard, row: PointsAccount, programme: PointsProgramme) -> Expected | None:
    day = event.time.date()
    near = [counts_on(programme, one) for one in (day - ONE_DAY, day, day + ONE_DAY)]
    if row.joined_at > event.time or not any(near):
        return None
    lines = lines_earned(programme, order)
    if not sum(line.points - line.taken for line in lines):
        return None
    return Expected(all(near), {line.line_no: (line.quantity, line.points, line.taken) for line in lines})


async def verify_points(tx: Tx, expected: Mapping[Key, Expected]) -> list[Finding]:
    """Findings on lines, lots, entries and the ledger."""
    once = Check("channels", "delivered orders of members earn once, and lose what comes back", len(expected))
    derived = Check("channels", "points follow from their inputs")
    stands = Check("channels", "lots and entries of members are what the ledger says")
    programmes = {row.id: row for row in await repository.all_programmes(tx)}
    rates = {row.id: programmes[row.programme_id] for row in await repository.all_members(tx)}
    rows = [row async for row in repository.all_lines(tx)]
    seen = set()
    for key, some in groupby(rows, key=lambda row: (row.order_id, row.points_account_id)):
        lines = list(some)
        seen.add(key)
        stored = {line.line_no: (line.quantity, line.points, line.taken) for line in lines}
        if key not in expected or expected[key].lines != stored:
            once.fault(f"order {key[0]} member {key[1]}: {stored}, not {expected.get(key)}")
        derived.add(_follows(lines, rates[key[1]]), f"order {key[0]} member {key[1]}")
    for key in [key for key, one in expected.items() if one.is_sure and key not in seen]:
        once.fault(f"order {key[0]} member {key[1]}: earned nothing")
    for what in await repository.off_the_lots(tx):
        stands.fault(what)
    stands.count = len(rates)
    return [check.finding() for check in (once, derived, stands)]


class Used(NamedTuple):
    """What became of a placement that redeems points: whether it keeps them; pieces that came back, by line; whether it
    was confirmed when they were free again, and may have found none."""

    is_kept: bool
    pieces: Mapping[int, int]
    is_overdrawn: bool = False


async def verify_uses(tx: Tx, placements: Mapping[UUID, Used]) -> Check:
    """Whether members have back what orders do not keep of the points that they redeem, and no more."""
    check = Check("channels", "members have back the points that orders do not keep")
    seen = set()
    for use in await repository.all_uses(tx):
        redemption_id = use.main_id or use.redemption_id
        seen.add(redemption_id)
        of = placements.get(redemption_id)
        if of is None:
            check.fault(f"redemption {use.redemption_id} is of no placement")
            continue
        back = back_of(use.points, use.quantity, of.pieces.get(use.line_no, 0)) if of.is_kept else use.points
        is_right = use.returned == back or (of.is_overdrawn and use.returned == use.points)
        check.add(is_right, f"redemption {use.redemption_id} line {use.line_no}: {use.returned}, not {back}")
    for one in placements.keys() - seen:
        check.fault(f"placement {one} redeems nothing")
    return check


def _follows(lines: Iterable[PointsLine], programme: PointsProgramme) -> bool:
    rows = list(lines)
    sold = [Sold(line.line_no, line.sku, line.quantity, line.net_base, line.factor) for line in rows]
    return earned(sold, Rate(programme.points, programme.per_base)) == [line.points for line in rows]
