"""Use cases of terms: the answer to a placement, and what becomes of what it reserved.

Locked in this order: reservations of the orders, quotes, promotions, coupons, members of points, accounts of the
ledger; each by id. Who takes of a
promotion's budget or uses holds the promotion until the end of the transaction, so what is left is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import NamedTuple
from uuid import UUID

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in.customer import (
    OrderCancelledHeard,
    OrderHeard,
    OrderHeldHeard,
    OrderPlacedHeard,
    OrderReturnedHeard,
)
from services.channels.events_out.terms import TermsCommitted
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.promotions import service as promotions
from services.channels.quotes import claims
from services.channels.quotes.models import Whole
from services.channels.terms import ledger, repository
from services.channels.terms.books import Book, common, given_back, open_book, parts_in, promotions_of, said_part
from services.channels.terms.checks import back_of
from services.channels.terms.claims import Holdings, open_holdings
from services.channels.terms.decisions import Budgets, Decider, known_for, lock_budgets
from services.channels.terms.enums import Cause, ReservationState
from services.channels.terms.models import TermsHold, TermsReservation
from services.channels.terms.models import TermsPart as Part
from services.channels.terms.releases import hold_of
from services.channels.terms.thresholds import broken_thresholds

TERMS = "terms"
ENFORCED = "enforced"


class Budget(NamedTuple):
    """What of a promotion is reserved and committed, in base currency and uses; `left` is None without a limit."""

    promotion_id: UUID
    budget_base: int | None
    reserved_base: int
    committed_base: int
    left_base: int | None
    uses: int | None
    reserved_uses: int
    committed_uses: int
    left_uses: int | None
    threshold_broken: int
    exhausted_at: datetime | None


def asks_for_terms(order: OrderPlacedHeard) -> bool:
    """Whether a placement waits for an answer."""
    return TERMS in (order.checks or ())


async def decide(work: Work, placed: Sequence[Fact[OrderPlacedHeard]]) -> None:
    """Answer placements, each once; a later placement gives up what an earlier one of the order has reserved."""
    concerned = [fact for fact in placed if asks_for_terms(fact.data) or fact.data.placement > 1]
    if not concerned:
        return
    book = await open_book(work, [fact.data.id for fact in concerned])
    fresh = [fact for fact in concerned if fact.data.placement > max(book.of(fact.data.id), default=0)]
    if not fresh:
        return
    parts = await parts_in(book)
    asking = [fact for fact in fresh if asks_for_terms(fact.data)]
    held = _reserved(book)
    known = await known_for(work, asking, [fact.data.id for fact in fresh], promotions_of(parts.values()), held)
    decider = Decider(work, known)
    for fact in fresh:
        order, rows = fact.data, book.of(fact.data.id)
        if order.placement <= max(rows, default=0):
            continue
        for row in [row for row in rows.values() if row.state is ReservationState.RESERVED]:
            decider.take_back(fact.event, row, parts[row.id], Cause.SUPERSEDED)
            book.give_back(fact.event, row, parts[row.id], Cause.SUPERSEDED)
        decider.leave_other_quotes(fact)
        if asks_for_terms(order):
            answer, row, taken = await decider.answer(fact)
            book.say(fact.event, order.id, answer)
            rows[order.placement], parts[row.id] = row, taken
    await claims.save_claims(work, decider.claims())
    await book.write()
    await known.holdings.write()
    await promotions.save_budgets(work, decider.budgets.before, decider.budgets.steps)


def _reserved(book: Book) -> list[TermsReservation]:
    return [row for rows in book.rows.values() for row in rows.values() if row.state is ReservationState.RESERVED]


async def commit_terms(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """Confirmed orders keep what was reserved for them; one that nothing is reserved for any more takes it now."""
    concerned = [fact for fact in confirmed if _has_terms(fact.data.quote_id, fact.data.price_policy)]
    if not concerned:
        return
    book = await open_book(work, [fact.data.id for fact in concerned])
    parts = await parts_in(book, {ReservationState.RESERVED, ReservationState.FREED})
    holdings = await _holdings_of(work, book, concerned)
    for fact in concerned:
        rows = book.of(fact.data.id)
        row: TermsReservation | None = rows.get(fact.data.placement or max(rows, default=0))
        if row is None or row.state not in (ReservationState.RESERVED, ReservationState.FREED):
            continue
        if row.state is ReservationState.FREED:
            holdings.take_all_the_same(fact.event, row, holdings.quotes.get(row.quote_id))
        points = holdings.used_points(row)
        said = TermsCommitted.of(
            row,
            **common(work, fact.event),
            points=points[0] if points else None,
            points_beside=points[1:] or None,
            parts=[said_part(part, part.amount_base) for part in parts[row.id]],
            is_overdrawn=row.state is ReservationState.FREED,
        )
        book.say(fact.event, row.order_id, said)
        rows[row.placement] = row.model_copy(update={"state": ReservationState.COMMITTED})
    await holdings.write()
    await book.write()


async def _holdings_of(work: Work, book: Book, confirmed: Sequence[Fact[OrderHeard]]) -> Holdings:
    """What confirmed orders hold; of those that nothing is reserved for any more also what their quotes name."""
    rows = [row for fact in confirmed for row in book.of(fact.data.id).values()]
    freed = [row for row in rows if row.state is ReservationState.FREED and row.quote_id is not None]
    wholes = await claims.read_quotes(work, sorted({row.quote_id for row in freed if row.quote_id is not None}))
    return await open_holdings(work, [one.quote for one in wholes.values()], (), rows)


async def cancel(work: Work, cancelled: Sequence[Fact[OrderCancelledHeard]]) -> None:
    """Orders that are given up keep nothing, and their quotes are offered again, or over."""
    concerned = [fact for fact in cancelled if _has_terms(fact.data.quote_id, fact.data.price_policy)]
    if not concerned:
        return
    book = await open_book(work, [fact.data.id for fact in concerned])
    parts = await parts_in(book)
    held = _reserved(book)
    known = await known_for(work, [], [fact.data.id for fact in concerned], promotions_of(parts.values()), held)
    decider = Decider(work, known)
    for fact in concerned:
        for row in [row for row in book.of(fact.data.id).values() if row.state is ReservationState.RESERVED]:
            decider.take_back(fact.event, row, parts[row.id], Cause.CANCELLED)
            book.give_back(fact.event, row, parts[row.id], Cause.CANCELLED)
        decider.give_quotes_back(fact.data.id, fact.event)
    await claims.save_claims(work, decider.claims())
    await book.write()
    await known.holdings.write()
    await promotions.save_budgets(work, decider.budgets.before, decider.budgets.steps)


async def hear_held(work: Work, held: Sequence[Fact[OrderHeldHeard]]) -> None:
    """A placement whose terms were refused or dropped keeps nothing: only this frees while it is on hold. One that is
    on hold for something else keeps what it has, and is asked to give it up when that takes too long."""
    held = [fact for fact in held if _has_terms(fact.data.quote_id, fact.data.price_policy)]
    if not held:
        return
    book = await open_book(work, [fact.data.id for fact in held])
    concerned = [(fact, row) for fact in held if (row := book.of(fact.data.id).get(fact.data.placement)) is not None]
    if not any(row.state is ReservationState.RESERVED for _fact, row in concerned):
        return
    parts = await parts_in(book)
    budgets = await lock_budgets(work, promotions_of(parts.values()))
    held_rows = _reserved(book)
    holdings = await open_holdings(work, (), {row.order_id for row in held_rows}, held_rows)
    waiting: dict[UUID, TermsHold] = {}
    for fact, _row in concerned:
        row = book.of(fact.data.id)[fact.data.placement]
        if row.state is not ReservationState.RESERVED:
            continue
        if fact.data.check == TERMS:
            budgets.reopen(part.promotion_id for part in parts[row.id])
            holdings.give_back(fact.event, row, Cause.HELD)
            book.give_back(fact.event, row, parts[row.id], Cause.HELD)
        else:
            waiting.setdefault(row.id, hold_of(row, fact.event.time))
    await repository.add_holds(work.tx, list(waiting.values()))
    await book.write()
    await holdings.write()
    await promotions.save_budgets(work, budgets.before, budgets.steps)


async def take_returns(work: Work, returned: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Promotions have back their share of what came back, in all so far; the uses with the whole order."""
    concerned = [fact for fact in returned if fact.data.quote_id is not None]
    if not concerned:
        return
    book = await open_book(work, [fact.data.id for fact in concerned])
    parts = await parts_in(book, {ReservationState.COMMITTED})
    if not parts:
        return
    kept = await _kept(work, book, parts)
    committed = [row for rows in book.rows.values() for row in rows.values() if row.id in parts]
    holdings = await open_holdings(work, (), (), committed)
    for fact in concerned:
        for row in [row for row in book.of(fact.data.id).values() if row.state is ReservationState.COMMITTED]:
            parts[row.id] = _return(book, fact, row, parts[row.id], kept)
            holdings.take_return(fact.event, row, {line.line_no: line.returned for line in fact.data.lines})
    await book.write()
    await holdings.write()
    await promotions.save_budgets(work, kept.budgets.before, kept.budgets.steps)


class _Kept(NamedTuple):
    """What returns are held against: budgets, locked, and what was quoted."""

    budgets: Budgets
    wholes: Mapping[UUID, Whole]


async def _kept(work: Work, book: Book, parts: Mapping[UUID, Sequence[Part]]) -> _Kept:
    rows = [row for of_order in book.rows.values() for row in of_order.values() if parts.get(row.id)]
    quote_ids = sorted({row.quote_id for row in rows if row.quote_id is not None})
    wholes = await claims.read_quotes(work, quote_ids)
    return _Kept(await lock_budgets(work, promotions_of(parts.values())), wholes)


def _return(
    book: Book, fact: Fact[OrderReturnedHeard], row: TermsReservation, parts: Sequence[Part], kept: _Kept
) -> list[Part]:
    lines = {line.line_no: line for line in fact.data.lines}
    back = {
        (part.line_no, part.promotion_id): back_of(part, lines[part.line_no].returned)
        for part in parts
        if part.line_no in lines
    }
    is_whole = all(line.quantity is not None and line.returned >= line.quantity for line in fact.data.lines)
    used = promotions_of([parts]) if is_whole and not row.is_returned else []
    said = [said_part(part, amount) for part in parts if (amount := back.get((part.line_no, part.promotion_id), 0))]
    broken = _broken(row, parts, {no: line.returned for no, line in lines.items()}, kept)
    if not said and not used and not broken:
        return list(parts)
    kept.budgets.reopen(part.promotion_id for part in said)
    more = {"thresholds_broken": sorted(broken)}
    book.say(fact.event, row.order_id, given_back(book.work, fact.event, row, said, used, Cause.RETURNED, **more))
    changes: dict[str, object] = {"is_returned": row.is_returned or bool(used)}
    book.of(row.order_id)[row.placement] = row.model_copy(update=changes)
    return [_with_back(part, back.get((part.line_no, part.promotion_id), 0), broken) for part in parts]


def _broken(row: TermsReservation, parts: Sequence[Part], returned: Mapping[int, int], kept: _Kept) -> set[UUID]:
    """Promotions whose threshold what is kept does not reach any more, and did before this return."""
    whole = kept.wholes.get(row.quote_id) if row.quote_id is not None else None
    if whole is None:
        return set()
    known = {part.promotion_id for part in parts if part.is_threshold_broken}
    return broken_thresholds(whole, kept.budgets.promotions, returned) - known


def _with_back(part: Part, amount: int, broken: Collection[UUID]) -> Part:
    is_broken = part.is_threshold_broken or part.promotion_id in broken
    changes: dict[str, object] = {"returned_base": part.returned_base + amount, "is_threshold_broken": is_broken}
    return part.model_copy(update=changes)


async def budget_of(work: Work, promotion_id: UUID) -> Budget:
    """What is left of a promotion; raises NotFound."""
    row = await promotions.require_promotion(work, promotion_id)
    found = await ledgers.totals(work.tx, ledger.book_of(promotion_id))
    held = {place: found.get(place, 0) for place in product(Unit, (Bucket.RESERVED, Bucket.COMMITTED))}
    money, uses = (
        sum(amount for (of, _bucket), amount in held.items() if of is unit) for unit in (Unit.MONEY, Unit.USE)
    )
    return Budget(
        promotion_id=promotion_id,
        budget_base=row.budget_base,
        reserved_base=held[Unit.MONEY, Bucket.RESERVED],
        committed_base=held[Unit.MONEY, Bucket.COMMITTED],
        left_base=None if row.budget_base is None else row.budget_base - money,
        uses=row.uses,
        reserved_uses=held[Unit.USE, Bucket.RESERVED],
        committed_uses=held[Unit.USE, Bucket.COMMITTED],
        left_uses=None if row.uses is None else row.uses - uses,
        threshold_broken=await repository.count_broken(work.tx, promotion_id),
        exhausted_at=row.exhausted_at,
    )


def _has_terms(quote_id: UUID | None, price_policy: str | None) -> bool:
    return quote_id is not None or price_policy == ENFORCED
