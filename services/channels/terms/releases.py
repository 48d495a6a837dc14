"""What a placement on hold has reserved is asked back: after a time, or by hand.

Asking frees nothing: only the order itself gives up its terms, under its own lock, and says so. Freed earlier, an order
that is confirmed at that moment would have no reservation. Locked in this order: placements on hold that are due,
reservations of their orders; who notes a placement on hold never waits for one that is being worked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.errors import Conflict, NotFound, StateConflict
from kit.events.contract import ReasonCode
from kit.security import audit
from kit.work import Work
from services.channels.events_out.terms import TermsReleased
from services.channels.terms import repository
from services.channels.terms.books import Book, open_book
from services.channels.terms.enums import ReservationState
from services.channels.terms.models import TermsHold, TermsReservation

NOUN = "terms-reservation"
LONGEST_HOLD = timedelta(hours=72)
TOO_LONG: ReasonCode = "hold_too_long"
BY_HAND: ReasonCode = "by_hand"


class OrderNotOnHold(Conflict):
    """Only what is on hold gives up its terms."""

    code, title = "order-not-on-hold", "The order was not heard to be on hold"


def hold_of(row: TermsReservation, held_at: datetime) -> TermsHold:
    """A placement that is on hold from a moment on."""
    due = held_at + LONGEST_HOLD
    return TermsHold(id=row.id, order_id=row.order_id, placement=row.placement, held_at=held_at, due_at=due)


async def release_by_hand(work: Work, row_id: UUID) -> TermsReservation:
    """Ask the order to give up what a placement on hold has reserved; one that was asked already is not asked again.
    Raises NotFound, StateConflict, OrderNotOnHold."""
    found = await repository.find_reservation(work.tx, work.visible, row_id)
    if found is None:
        raise NotFound(what=NOUN)
    book = await open_book(work, [found.order_id])
    before = book.of(found.order_id)[found.placement]
    if before.state is not ReservationState.RESERVED:
        raise StateConflict(NOUN, "release", before.state, (ReservationState.RESERVED,))
    if before.released_at is not None:
        return before
    if await repository.find_hold(work.tx, row_id) is None:
        raise OrderNotOnHold()
    _ask(book, before, BY_HAND)
    await book.write()
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="release",
        resource="terms_reservation",
        resource_id=str(row_id),
        before=None,
        after={"order_id": str(before.order_id), "placement": before.placement},
        key=work.secret,
    )
    return (await open_book(work, [found.order_id])).of(found.order_id)[found.placement]


async def release_overdue(work: Work, rows: Sequence[TermsHold]) -> None:
    """Ask orders that have been on hold for too long, each once; those that have moved on meanwhile are left alone."""
    book = await open_book(work, [row.order_id for row in rows])
    for hold in rows:
        row = book.of(hold.order_id).get(hold.placement)
        if row is not None and row.state is ReservationState.RESERVED and row.released_at is None:
            _ask(book, row, TOO_LONG)
    await repository.settle_holds(work.tx, [row.id for row in rows])
    await book.write()


def _ask(book: Book, row: TermsReservation, reason: ReasonCode) -> None:
    said = TermsReleased.of(row, business_date=book.work.today, reason=reason)
    book.say(None, row.order_id, said)
