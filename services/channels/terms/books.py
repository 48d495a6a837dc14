"""Reservations of the orders of a batch as they stand, and the facts that the batch adds to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.events import outbox
from kit.events.contract import Published
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_out.terms import TermsGivenBack, TermsPart
from services.channels.terms import ledger, repository
from services.channels.terms.enums import Cause, ReservationState
from services.channels.terms.models import TermsPart as Part
from services.channels.terms.models import TermsReservation


@dataclass(slots=True)
class Book:
    """Locked reservations, and the facts of the batch so far."""

    work: Work
    rows: dict[UUID, dict[int, TermsReservation]]
    facts: list[Fact[Any]] = field(default_factory=list)
    said: dict[UUID, int] = field(default_factory=dict)

    def of(self, order_id: UUID) -> dict[int, TermsReservation]:
        """Answers to the placements of an order."""
        return self.rows.setdefault(order_id, {})

    def say(self, cause: Event | None, order_id: UUID, payload: Published) -> None:
        """A further fact of an order; they are numbered. Without a cause it is a command's, or a date's."""
        known = sum(row.version for row in self.of(order_id).values())
        self.said[order_id] = self.said.get(order_id, known) + 1
        work = self.work if cause is None else self.work.caused_by(cause)
        self.facts.append(Fact(outbox.compose(work, payload, self.said[order_id]), payload))

    def give_back(self, cause: Event, row: TermsReservation, parts: Sequence[Part], why: Cause) -> None:
        """Free what a placement has reserved."""
        back = [said_part(part, part.amount_base) for part in parts]
        used = sorted({part.promotion_id for part in parts})
        self.say(cause, row.order_id, given_back(self.work, cause, row, back, used, why))
        self.of(row.order_id)[row.placement] = row.model_copy(update={"state": ReservationState.FREED})

    async def write(self) -> None:
        """Everything at once."""
        await outbox.add(self.work.tx, self.work.service, [fact.event for fact in self.facts])
        await ledger.apply(self.work.tx, self.facts)


async def open_book(work: Work, order_ids: Iterable[UUID]) -> Book:
    """The first statement of every writer of reservations: those of orders, locked."""
    rows: dict[UUID, dict[int, TermsReservation]] = {}
    for row in await repository.lock_reservations(work.tx, sorted(set(order_ids))):
        rows.setdefault(row.order_id, {})[row.placement] = row
    return Book(work, rows)


async def parts_in(
    book: Book, states: Iterable[ReservationState] = (ReservationState.RESERVED,)
) -> dict[UUID, list[Part]]:
    """Parts of the reservations in these states."""
    wanted = set(states)
    ids = [row.id for rows in book.rows.values() for row in rows.values() if row.state in wanted]
    found: dict[UUID, list[Part]] = {one: [] for one in ids}
    for part in await repository.parts_of(book.work.tx, ids):
        found[part.reservation_id].append(part)
    return found


def promotions_of(parts: Iterable[Iterable[Part]]) -> list[UUID]:
    """Promotions that parts are of, in the order of their ids."""
    return sorted({part.promotion_id for some in parts for part in some})


def said_part(part: Part, amount: int) -> TermsPart:
    """A part as a fact says it."""
    return TermsPart(line_no=part.line_no, promotion_id=part.promotion_id, quantity=part.quantity, amount_base=amount)


def common(work: Work, cause: Event) -> dict[str, Any]:
    """What facts say of the event that brings them about."""
    return {"business_date": work.caused_by(cause).today, "source_event_id": cause.id}


def given_back(
    work: Work, cause: Event, row: TermsReservation, parts: list[TermsPart], used: list[UUID], why: Cause, **more: Any
) -> TermsGivenBack:
    """What an order does not keep."""
    is_committed = row.state is ReservationState.COMMITTED
    said = {**common(work, cause), "reason": why, "is_committed": is_committed, **more}
    return TermsGivenBack.of(row, **said, parts=parts, promotions_used=used)
