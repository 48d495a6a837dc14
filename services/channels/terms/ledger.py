"""Reservations and the books of promotions as a fold over the service's own facts; live and rebuild run the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact, waves
from kit.ids import derived_id
from services.channels.events_out.terms import (
    TermsCommitted,
    TermsGivenBack,
    TermsPoints,
    TermsRefused,
    TermsReleased,
    TermsReserved,
)
from services.channels.events_out.terms import TermsPart as SaidPart
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.ledgers.service import Leg, Transaction
from services.channels.points.ledger import book_of as points_book
from services.channels.terms import repository
from services.channels.terms.enums import Refusal, ReservationState
from services.channels.terms.models import TermsPart, TermsReservation
from services.channels.terms.repository import Broken, Moved, PartBack

TermsFact = TermsReserved | TermsRefused | TermsReleased | TermsCommitted | TermsGivenBack


def book_of(promotion_id: UUID) -> str:
    """The book of a promotion."""
    return f"promotion:{promotion_id}"


def reservation_id(order_id: UUID, placement: int) -> UUID:
    """Id of the answer to a placement."""
    return derived_id("terms_reservation", order_id, placement)


async def apply(tx: Tx, facts: Sequence[Fact[TermsFact]]) -> None:
    """Write facts, those of an order in their order; a fixed number of statements for each kind of fact."""
    data = {fact.event.id: fact for fact in facts}
    for kind, wave in waves([fact.event for fact in facts]):
        await FOLDS[kind](tx, [data[event.id] for event in wave])


async def apply_reserved(tx: Tx, facts: Sequence[Fact[TermsReserved]]) -> None:
    """Placements have their terms: what they take leaves the promotions."""
    rows, parts, moves = [], [], []
    for fact in facts:
        row = _row(fact, ReservationState.RESERVED, sum(part.amount_base for part in fact.data.parts or ()))
        row = row.model_copy(update={"points": fact.data.points})
        rows.append(row)
        parts += [
            TermsPart(reservation_id=row.id, **part.model_dump(), returned_base=0) for part in fact.data.parts or ()
        ]
        used = [one.promotion_id for one in fact.data.promotions]
        moves.append(_moves(fact, Bucket.GRANTED, Bucket.RESERVED, fact.data.parts or (), used))
    await repository.add_reservations(tx, rows, parts)
    await ledgers.post(tx, moves)


async def apply_refused(tx: Tx, facts: Sequence[Fact[TermsRefused]]) -> None:
    """Placements do not have their terms; nothing moves."""
    await repository.add_reservations(tx, [_refused(fact) for fact in facts], [])


def _refused(fact: Fact[TermsRefused]) -> TermsReservation:
    row: TermsReservation = _row(fact, ReservationState.REFUSED, 0)
    said = fact.data
    return row.model_copy(update={"reason": Refusal(said.reason), "detail": said.detail, "line_no": said.line_no})


async def apply_committed(tx: Tx, facts: Sequence[Fact[TermsCommitted]]) -> None:
    """Confirmed orders have what was reserved for them, or take it now."""
    moved, moves = [], []
    for fact in facts:
        said = fact.data
        one = reservation_id(said.order_id, said.placement)
        moved.append(Moved(one, ReservationState.COMMITTED, is_overdrawn=said.is_overdrawn))
        source = Bucket.GRANTED if said.is_overdrawn else Bucket.RESERVED
        used = sorted({part.promotion_id for part in said.parts})
        txn = _moves(fact, source, Bucket.COMMITTED, said.parts, used)
        moves.append(txn._replace(legs=(*txn.legs, *_points(said.points, *(said.points_beside or ())))))
    await repository.move_reservations(tx, moved)
    await ledgers.post(tx, moves)


async def apply_released(tx: Tx, facts: Sequence[Fact[TermsReleased]]) -> None:
    """Orders were asked to give up what they have reserved; until they say so, nothing moves."""
    said = [(reservation_id(fact.data.order_id, fact.data.placement), fact.event.time) for fact in facts]
    moved = [Moved(one, ReservationState.RESERVED, released_at=at) for one, at in said]
    await repository.move_reservations(tx, _each_once(moved))


async def apply_given_back(tx: Tx, facts: Sequence[Fact[TermsGivenBack]]) -> None:
    """Promotions have back what orders do not keep."""
    moved, back, broken, moves = [], [], [], []
    for fact in facts:
        said = fact.data
        one = reservation_id(said.order_id, said.placement)
        source = Bucket.COMMITTED if said.is_committed else Bucket.RESERVED
        moves.append(_moves(fact, source, Bucket.GRANTED, said.parts, said.promotions_used))
        if said.is_committed:
            total = sum(part.amount_base for part in said.parts)
            is_whole = bool(said.promotions_used)
            moved.append(Moved(one, ReservationState.COMMITTED, is_returned=is_whole, returned_base=total))
            back += [PartBack(one, part.line_no, part.promotion_id, part.amount_base) for part in said.parts]
            broken += [Broken(one, promotion) for promotion in said.thresholds_broken or ()]
        else:
            moved.append(Moved(one, ReservationState.FREED))
    await repository.move_reservations(tx, _each_once(moved), _parts_once(back), broken)
    await ledgers.post(tx, moves)


def _each_once(moved: Iterable[Moved]) -> list[Moved]:
    """Several returns of an order may come together: all of them on one row."""
    found: dict[UUID, Moved] = {}
    for one in moved:
        if (before := found.get(one.id)) is not None:
            one = one._replace(
                is_returned=one.is_returned or before.is_returned,
                returned_base=one.returned_base + before.returned_base,
                facts=one.facts + before.facts,
            )
        found[one.id] = one
    return list(found.values())


def _parts_once(back: Iterable[PartBack]) -> list[PartBack]:
    sums: dict[tuple[UUID, int, UUID], int] = {}
    for one in back:
        key = (one.reservation_id, one.line_no, one.promotion_id)
        sums[key] = sums.get(key, 0) + one.amount_base
    return [PartBack(*key, amount) for key, amount in sums.items()]


def _row(fact: Fact[TermsReserved] | Fact[TermsRefused], state: ReservationState, amount: int) -> TermsReservation:
    said = fact.data
    return TermsReservation(
        id=reservation_id(said.order_id, said.placement),
        order_id=said.order_id,
        placement=said.placement,
        version=1,
        stream_key=said.stream_key,
        account_id=said.account_id,
        owner_id=said.owner_id,
        quote_id=said.quote_id,
        currency=said.currency,
        state=state,
        amount_base=amount,
        business_date=said.business_date,
        source_event_id=said.source_event_id,
        decided_at=fact.event.time,
    )


def _points(*used: TermsPoints | None) -> tuple[Leg, ...]:
    """Points that were reserved are used."""
    return tuple(
        Leg(points_book(one.programme_id), one.points_account_id, bucket, Unit.POINT, signed)
        for one in used
        if one is not None
        for bucket, signed in ((Bucket.RESERVED, -one.points), (Bucket.REDEEMED, one.points))
    )


def _moves(
    fact: Fact[Any], source: Bucket, target: Bucket, parts: Iterable[SaidPart], used: Iterable[UUID]
) -> Transaction:
    """Money and uses from one bucket to another. What was granted is the promotion's, the rest the account's."""
    account: UUID = fact.data.account_id
    sums: dict[tuple[UUID, Unit], int] = {(promotion, Unit.USE): 1 for promotion in used}
    for part in parts:
        place = (part.promotion_id, Unit.MONEY)
        sums[place] = sums.get(place, 0) + part.amount_base
    legs = []
    for (promotion, unit), amount in sums.items():
        for bucket, signed in ((source, -amount), (target, amount)):
            holder = promotion if bucket is Bucket.GRANTED else account
            legs.append(Leg(book_of(promotion), holder, bucket, unit, signed))
    return Transaction(fact.event.id, fact.event.time, tuple(legs))


FOLDS: Mapping[str, Callable[[Tx, Sequence[Fact[Any]]], Awaitable[None]]] = {
    TermsReserved.TYPE: apply_reserved,
    TermsRefused.TYPE: apply_refused,
    TermsReleased.TYPE: apply_released,
    TermsCommitted.TYPE: apply_committed,
    TermsGivenBack.TYPE: apply_given_back,
}
"""What each fact writes."""
