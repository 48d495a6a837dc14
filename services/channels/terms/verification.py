"""Shows that every placement that asked for terms was answered once, that each reservation stands where customer's log
leads it, and that the books of promotions hold what reservations say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from kit.db.database import Tx
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from kit.events.verify import Check, Finding, read_all
from kit.money import ratio
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard
from services.channels.events_in.customer import OrderCancelledHeard, OrderHeldHeard, OrderPlacedHeard
from services.channels.ledgers import service as ledgers
from services.channels.points.verification import Used, verify_uses
from services.channels.terms import repository
from services.channels.terms.enums import ReservationState
from services.channels.terms.models import TermsReservation
from services.channels.terms.service import TERMS, asks_for_terms

_TYPES = tuple(f"customer.order.{word}.v1" for word in ("placed", "confirmed", "held", "cancelled", "returned"))


@dataclass(slots=True)
class Story:
    """What customer's log says of an order that asked for terms: placements that were held for them, or wait on hold
    for something else; pieces that came back by line."""

    asked: set[int] = field(default_factory=set)
    latest: int = 0
    confirmed: int | None = None
    is_cancelled: bool = False
    held: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    returned: dict[int, int] = field(default_factory=dict)

    def state(self, placement: int) -> ReservationState:
        """Where a reservation of a placement must stand."""
        if self.confirmed == placement:
            return ReservationState.COMMITTED
        is_over = self.is_cancelled or placement < self.latest or placement in self.held
        return ReservationState.FREED if is_over else ReservationState.RESERVED


async def read_stories(bus: EventBus, gone: Collection[UUID]) -> dict[UUID, Story]:
    """Orders that asked for terms at least once."""
    stories: dict[UUID, Story] = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        order = HEARD[event.type].model_validate(event.payload)
        if isinstance(order, OrderPlacedHeard):
            if asks_for_terms(order):
                stories.setdefault(order.id, Story()).asked.add(order.placement)
            if order.id in stories:
                stories[order.id].latest = max(stories[order.id].latest, order.placement)
            continue
        order_id: UUID | None = getattr(order, "id", None)
        story = stories.get(order_id) if order_id is not None else None
        if story is None:
            continue
        if isinstance(order, OrderReturnedHeard):
            story.returned |= {
                line.line_no: max(line.returned, story.returned.get(line.line_no, 0)) for line in order.lines
            }
        elif isinstance(order, OrderHeard):
            story.confirmed = order.placement
        elif isinstance(order, OrderCancelledHeard):
            story.is_cancelled = True
        elif isinstance(order, OrderHeldHeard):
            (story.held if order.check == TERMS else story.waiting).add(order.placement)
    return stories


async def verify_terms(tx: Tx, stories: dict[UUID, Story]) -> list[Finding]:
    """Findings on reservations, their parts and the ledger."""
    asked = {(order_id, placement) for order_id, story in stories.items() for placement in story.asked}
    once = Check("channels", "one answer to every placement that asks for terms", len(asked))
    states = Check("channels", "reservations stand where their orders do")
    watched = Check("channels", "what is reserved on hold is asked back in time")
    known = await repository.watched(tx)
    answered: Counter[tuple[UUID, int]] = Counter()
    committed: dict[UUID, Story] = {}
    placements: dict[UUID, Used] = {}
    async for row in repository.all_reservations(tx):
        answered[row.order_id, row.placement] += 1
        story = stories.get(row.order_id)
        if story is None:
            once.fault(f"order {row.order_id} never asked")
            continue
        _compare(row, story, states)
        if row.state is ReservationState.RESERVED and row.placement in story.waiting:
            watched.add(row.id in known, f"order {row.order_id} placement {row.placement}: on hold unseen")
        if row.state is ReservationState.COMMITTED:
            committed[row.id] = story
        if row.points:
            is_kept = row.state is not ReservationState.FREED
            is_sold = row.state is ReservationState.COMMITTED
            placements[row.id] = Used(is_kept, story.returned if is_sold else {}, row.is_overdrawn)
    for key in asked ^ answered.keys():
        once.fault(f"order {key[0]} placement {key[1]}: {answered[key]} answers")
    back = await _returned(tx, committed)
    books = Check("channels", "books of promotions hold what reservations do")
    for what in [*await ledgers.off_balance(tx), *await repository.off_the_books(tx)]:
        books.fault(what)
    books.count = len(answered)
    for what in [*await repository.off_the_points(tx), *await repository.off_the_coupons(tx)]:
        books.fault(what)
    points = await verify_uses(tx, placements)
    return [check.finding() for check in (once, states, watched, back, points, books)]


def _compare(row: TermsReservation, story: Story, check: Check) -> None:
    if row.state is ReservationState.REFUSED:
        check.add(story.confirmed != row.placement, f"order {row.order_id}: confirmed though its terms were refused")
        return
    expected = story.state(row.placement)
    check.add(row.state is expected, f"order {row.order_id} placement {row.placement}: {row.state}, not {expected}")


async def _returned(tx: Tx, committed: dict[UUID, Story]) -> Check:
    check = Check("channels", "promotions have back their share of what came back")
    for part in await repository.parts_of(tx, sorted(committed)):
        pieces = min(committed[part.reservation_id].returned.get(part.line_no, 0), part.quantity)
        expected = ratio(part.amount_base, pieces, part.quantity)
        check.add(
            part.returned_base == expected,
            f"reservation {part.reservation_id} line {part.line_no}: {part.returned_base}, not {expected}",
        )
    return check
