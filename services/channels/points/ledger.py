"""Lots, lines, entries and the books of programmes as a fold over our own facts; live and rebuild run the same.

Facts of an order come by its key, those of a member by another: what they do to a lot only adds, in whatever order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.events.contract import ReasonCode
from kit.events.handlers import Fact, waves
from services.channels.events_out.points import (
    PointsAdjusted,
    PointsDrawn,
    PointsEarned,
    PointsExpired,
    PointsRedeemed,
    PointsReversed,
)
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.ledgers.service import Leg, Transaction
from services.channels.points import repository
from services.channels.points.enums import PointsKind
from services.channels.points.models import PointsEntry, PointsLine, PointsLot, PointsUse, PointsUseLot
from services.channels.points.repository import Taken, UseBack

PointsFact = PointsEarned | PointsRedeemed | PointsReversed | PointsExpired | PointsAdjusted | PointsDrawn


RETURNED: ReasonCode = "returned"
"""Why a confirmed order gives points back; what is given back for another reason was reserved."""


def book_of(programme_id: UUID) -> str:
    """The book of a programme."""
    return f"points:{programme_id}"


async def apply(tx: Tx, facts: Sequence[Fact[PointsFact]]) -> None:
    """Write facts; a fixed number of statements for each kind of fact."""
    data = {fact.event.id: fact for fact in facts}
    for kind, wave in waves([fact.event for fact in facts]):
        await FOLDS[kind](tx, [data[event.id] for event in wave])


async def apply_earned(tx: Tx, facts: Sequence[Fact[PointsEarned]]) -> None:
    """Members have what orders earned."""
    lines = [
        PointsLine(order_id=order_id, points_account_id=fact.data.points_account_id, **line.model_dump())
        for fact in facts
        if (order_id := fact.data.order_id) is not None
        for line in fact.data.lines or ()
    ]
    await repository.add_lines(tx, lines)
    await _write(tx, [(fact, PointsKind.EARNED, 1) for fact in facts], Bucket.ISSUED)


async def apply_redeemed(tx: Tx, facts: Sequence[Fact[PointsRedeemed]]) -> None:
    """Points wait for their orders to be confirmed."""
    named = [(fact.data.redemption_id, fact.data.order_id, fact) for fact in facts]
    latest = {one: (order_id, fact) for one, order_id, fact in named if one is not None and order_id is not None}
    uses = [
        PointsUse(
            redemption_id=one,
            order_id=order_id,
            points_account_id=fact.data.points_account_id,
            **line.model_dump(),
            returned=0,
            main_id=fact.data.main_redemption_id,
        )
        for one, (order_id, fact) in latest.items()
        for line in fact.data.lines or ()
    ]
    lots = [
        PointsUseLot(redemption_id=one, ordinal=number, **lot.model_dump())
        for one, (_order_id, fact) in latest.items()
        for number, lot in enumerate(fact.data.lots, 1)
    ]
    await repository.add_uses(tx, uses, lots)
    await _write(tx, [(fact, PointsKind.REDEEMED, -1) for fact in facts], Bucket.RESERVED)


async def apply_reversed(tx: Tx, facts: Sequence[Fact[PointsReversed]]) -> None:
    """Programmes have back what orders earned that came back, members what such orders had redeemed."""
    await _take_earned(tx, [fact for fact in facts if fact.data.is_earned])
    back: dict[tuple[UUID, int], int] = {}
    given = [fact for fact in facts if not fact.data.is_earned]
    for fact in given:
        for line in fact.data.lines or ():
            if fact.data.redemption_id is not None:
                key = (fact.data.redemption_id, line.line_no)
                back[key] = back.get(key, 0) + line.points
    await repository.give_back_uses(tx, [UseBack(*key, points) for key, points in back.items()])
    for bucket in (Bucket.REDEEMED, Bucket.RESERVED):
        of = [fact for fact in given if (fact.data.reason == RETURNED) is (bucket is Bucket.REDEEMED)]
        if of:
            await _write(tx, [(fact, PointsKind.REVERSED, 1) for fact in of], bucket)


async def _take_earned(tx: Tx, facts: Sequence[Fact[PointsReversed]]) -> None:
    if not facts:
        return
    sums: dict[tuple[UUID, UUID, int], int] = {}
    for fact in facts:
        if (order_id := fact.data.order_id) is None:
            continue
        for line in fact.data.lines or ():
            key = (order_id, fact.data.points_account_id, line.line_no)
            sums[key] = sums.get(key, 0) + line.points
    await repository.take_lines(tx, [Taken(*key, points) for key, points in sums.items()])
    await _write(tx, [(fact, PointsKind.REVERSED, -1) for fact in facts], Bucket.ISSUED)


async def apply_expired(tx: Tx, facts: Sequence[Fact[PointsExpired]]) -> None:
    """What remained of lots is gone."""
    await _write(tx, [(fact, PointsKind.EXPIRED, -1) for fact in facts], Bucket.EXPIRED)


async def apply_adjusted(tx: Tx, facts: Sequence[Fact[PointsAdjusted]]) -> None:
    """Two people gave or took points."""
    await _write(tx, [(f, PointsKind.ADJUSTED, 1 if f.data.is_added else -1) for f in facts], Bucket.ISSUED)


async def apply_drawn(tx: Tx, facts: Sequence[Fact[PointsDrawn]]) -> None:
    """Tickets of draws were paid for."""
    await _write(tx, [(fact, PointsKind.DRAWN, -1) for fact in facts], Bucket.DRAWN)


async def _write(tx: Tx, facts: Sequence[tuple[Fact[Any], PointsKind, int]], other: Bucket) -> None:
    await repository.move_lots(tx, _lots((fact, sign) for fact, _kind, sign in facts))
    await repository.add_entries(tx, [_entry(*one) for one in facts])
    await ledgers.post(tx, [_moved(fact, sign, other) for fact, _kind, sign in facts])


def _lots(facts: Iterable[tuple[Fact[Any], int]]) -> list[PointsLot]:
    """What facts do to lots, each lot once, in the order of their ids."""
    found: dict[UUID, PointsLot] = {}
    for fact, sign in facts:
        for lot in fact.data.lots:
            before = found[lot.lot_id].remaining if lot.lot_id in found else 0
            found[lot.lot_id] = PointsLot(
                id=lot.lot_id,
                points_account_id=fact.data.points_account_id,
                earned_on=lot.earned_on,
                usable_from=lot.usable_from,
                expires_on=max(lot.expires_on, found[lot.lot_id].expires_on if lot.lot_id in found else lot.expires_on),
                remaining=before + sign * lot.points,
            )
    return [row for _id, row in sorted(found.items(), key=lambda item: item[0])]


def _entry(fact: Fact[Any], kind: PointsKind, sign: int) -> PointsEntry:
    said = fact.data
    return PointsEntry(
        id=fact.event.id,
        points_account_id=said.points_account_id,
        kind=kind,
        points=sign * said.points,
        balance_after=said.balance_after,
        order_id=said.order_id,
        business_date=said.business_date,
        recorded_at=fact.event.time,
    )


def _moved(fact: Fact[Any], sign: int, other: Bucket) -> Transaction:
    said = fact.data
    book, points = book_of(said.programme_id), sign * said.points
    holder = said.programme_id if other is Bucket.ISSUED else said.points_account_id
    legs = (
        Leg(book, holder, other, Unit.POINT, -points),
        Leg(book, said.points_account_id, Bucket.AVAILABLE, Unit.POINT, points),
    )
    return Transaction(fact.event.id, fact.event.time, legs)


FOLDS: Mapping[str, Callable[[Tx, Sequence[Fact[Any]]], Awaitable[None]]] = {
    PointsEarned.TYPE: apply_earned,
    PointsRedeemed.TYPE: apply_redeemed,
    PointsReversed.TYPE: apply_reversed,
    PointsExpired.TYPE: apply_expired,
    PointsAdjusted.TYPE: apply_adjusted,
    PointsDrawn.TYPE: apply_drawn,
}
"""What each fact writes."""
