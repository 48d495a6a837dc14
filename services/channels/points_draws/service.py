"""Use cases of draws: drafted, opened by a second person, drawn ticket by ticket, closed; then the seed is told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotFound, StateConflict, UnknownReference
from kit.records import Change, Resource, add, audit_added, change, fresh, require
from kit.security.cipher import Place
from kit.security.data_keys import data_keys, sealing_keys
from kit.security.rings import ring_of
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.channel_policies import service as policies
from services.channels.events_out.draws import PointsDrawClosed, PointsDrawOpened
from services.channels.points import service as points
from services.channels.points.books import Ticket
from services.channels.points_draws import repository
from services.channels.points_draws.enums import DrawState
from services.channels.points_draws.models import PointsDraw, PointsTicket
from services.channels.points_draws.rules import (
    MOVES,
    DrawNotOpen,
    PrizeTooLarge,
    SamePerson,
    ValidityInvalid,
    digest_of,
    drawn,
    is_within,
    won,
)
from services.channels.points_draws.schemas import PointsDrawCreate, PointsDrawReplace
from services.channels.price_books.pricing import minor_rate
from services.channels.price_books.publication import ExchangeRateMissing
from services.channels.sales import service as sales

NOUN = "points-draw"
TICKET = "points-ticket"
ONE_DAY = timedelta(days=1)
TERMS = ("name", "points_programme_id", "price", "currency", "prizes", "blanks", "valid_from", "valid_to")


def _said(one: Change[PointsDraw]) -> PointsDrawOpened | PointsDrawClosed | None:
    if "state" not in one.changed or one.before is None:
        return None
    kind = PointsDrawOpened if one.after.state is DrawState.OPEN else PointsDrawClosed
    return kind.of(one.after)


DRAWS = Resource(NOUN, PointsDraw, _said, audited=("code", *TERMS, "seed_hash"), unique=("code",))


async def draft_draw(work: Work, data: PointsDrawCreate) -> PointsDraw:
    """A draft, with a seed that nobody sees and its digest. Raises Taken, UnknownReference, PrizeTooLarge,
    ValidityInvalid, ExchangeRateMissing."""
    try:
        await points.require_programme(work, data.points_programme_id)
    except NotFound:
        raise _unknown("/points_programme_id", "no such programme") from None
    terms, row = await _checked(work, data), fresh()
    seed = secrets.token_hex(32)
    keys = await sealing_keys(work.tx, ring_of(work.settings), [row["id"]])
    draw = PointsDraw.model_validate(
        {
            **row,
            **terms,
            "state": DrawState.DRAFT,
            "seed_hash": digest_of(seed),
            "sealed_seed": keys[row["id"]].seal(seed, _place(row["id"])).hex(),
            "written_by": work.actor.subject,
            "won": {},
        }
    )
    return await add(work, DRAWS, draw, action="draft")


async def require_draw(work: Work, draw_id: UUID) -> PointsDraw:
    """A draw by id; raises NotFound."""
    return await require(work, DRAWS, draw_id)


async def replace_draw(work: Work, draw_id: UUID, version: Versions, data: PointsDrawReplace) -> PointsDraw:
    """Set all terms of a draft but its code and its programme; raises NotFound, VersionMismatch,
    StateConflict and what a draft raises."""
    before = await require(work, DRAWS, draw_id, version=version)
    next_state(NOUN, MOVES, "replace", before.state)
    changes = {**await _checked(work, data), "written_by": work.actor.subject}
    return await change(work, DRAWS, before, changes, action="replace")


async def open_draw(work: Work, draw_id: UUID) -> PointsDraw:
    """Let tickets be drawn of what somebody else wrote; its digest is published. Raises NotFound, StateConflict,
    SamePerson, PrizeTooLarge, ValidityInvalid, ExchangeRateMissing."""
    before = await require(work, DRAWS, draw_id, lock=True)
    state = next_state(NOUN, MOVES, "open", before.state)
    if work.actor.subject == before.written_by:
        raise SamePerson()
    _check_days(work, before.valid_from, before.valid_to)
    await _check_prizes(work, before.currency, [prize.value for prize in before.prizes])
    due = clock.start_of_day(work.settings.timezone, before.valid_to + ONE_DAY)
    return await change(work, DRAWS, before, {"state": state, "due_at": due}, action="open")


async def close_draw(work: Work, draw_id: UUID) -> PointsDraw:
    """Draw no more; the seed is told. Raises NotFound, StateConflict."""
    return await _close(work, await require(work, DRAWS, draw_id, lock=True))


async def close_draws(work: Work, rows: Sequence[PointsDraw]) -> None:
    """Draws whose last day has passed; rows are locked by whoever found them due."""
    for row in sorted(rows, key=lambda row: row.id):
        await _close(work, row)


async def _close(work: Work, before: PointsDraw) -> PointsDraw:
    state = next_state(NOUN, MOVES, "close", before.state)
    seed = await _seed_of(work, before)
    changes = {"state": state, "seed": seed, "sealed_seed": None, "due_at": None}
    return await change(work, DRAWS, before, changes, action="close")


async def _seed_of(work: Work, draw: PointsDraw) -> str:
    """The seed of an open draw; raises UnknownKey, CannotOpen."""
    keys = await data_keys(work.tx, ring_of(work.settings), [draw.id])
    assert draw.sealed_seed is not None, "an open draw has a sealed seed"
    seed: str = keys[draw.id].open(bytes.fromhex(draw.sealed_seed), _place(draw.id))
    assert digest_of(seed) == draw.seed_hash, "what was sealed is what was published"
    return seed


def _place(draw_id: UUID) -> Place:
    return Place("points_draw", "sealed_seed", draw_id)


async def draw_ticket(work: Work, draw_id: UUID, points_account_id: UUID) -> PointsTicket:
    """The next ticket of a draw, paid by a member with what expires first; members are locked before the draw. Raises
    NotFound, StateConflict, DrawNotOpen, UnknownReference, PointsShort."""
    draw = await require(work, DRAWS, draw_id)
    purse = await _purse(work, draw, points_account_id)
    draw = await require(work, DRAWS, draw_id, lock=True)
    if draw.state is not DrawState.OPEN:
        raise StateConflict(NOUN, "draw", draw.state, (DrawState.OPEN,))
    if not is_within(work.today, draw.valid_from, draw.valid_to):
        raise DrawNotOpen(f"tickets are drawn from {draw.valid_from} to {draw.valid_to}")
    number = draw.tickets + 1
    code = drawn(await _seed_of(work, draw), number, draw.chances, draw.blanks)
    prize = won(code, draw.chances, draw.won.get(code or "", 0))
    ticket = PointsTicket(
        **fresh(),
        draw_id=draw.id,
        number=number,
        points_account_id=points_account_id,
        points=draw.price,
        prize_code=prize,
        drawn_by=work.actor.subject,
        business_date=work.today,
    )
    await purse.pay(draw.price, Ticket(draw.id, ticket.id, number, prize))
    await repository.add_ticket(work.tx, ticket)
    counted = draw.won if prize is None else {**draw.won, prize: draw.won.get(prize, 0) + 1}
    await repository.count_ticket(work.tx, draw.id, counted, ticket.created_at)
    said = {"draw_id": str(draw.id), "number": number, "points_account_id": str(points_account_id), "prize": prize}
    await audit_added(work, TICKET.replace("-", "_"), ticket.id, said)
    return ticket


async def _purse(work: Work, draw: PointsDraw, points_account_id: UUID) -> points.Purse:
    """The locked member that pays; raises UnknownReference."""
    try:
        purse = await points.open_purse(work, points_account_id)
    except NotFound:
        raise _unknown("/points_account_id", "no such member") from None
    if purse.programme_id != draw.points_programme_id:
        raise _unknown("/points_account_id", "a member of another programme")
    return purse


async def require_ticket(work: Work, ticket_id: UUID) -> PointsTicket:
    """A ticket of a member of the caller's scope; raises NotFound."""
    ticket = await repository.find_ticket(work.tx, work.visible, ticket_id)
    if ticket is None:
        raise NotFound(what=TICKET)
    return ticket


async def _checked(work: Work, data: PointsDrawReplace) -> dict[str, Any]:
    """Terms as they are kept."""
    _check_days(work, data.valid_from, data.valid_to)
    await _check_prizes(work, data.currency, [prize.value for prize in data.prizes])
    return data.model_dump()


def _unknown(pointer: str, detail: str) -> UnknownReference:
    return UnknownReference(detail, errors=[FieldError(pointer, UnknownReference.code, detail)])


def _check_days(work: Work, first: date, last: date) -> None:
    if last < first or last < work.today:
        detail = "ends before it begins" if last < first else f"today is {work.today}"
        raise ValidityInvalid(detail, errors=[FieldError("/valid_to", ValidityInvalid.code, detail)])


async def _check_prizes(work: Work, currency: str, values: Sequence[int]) -> None:
    """No prize is worth more than the policy of today allows, in its currency at the rate of today."""
    limit = await policies.draws_on(work, work.today)
    in_limit = Fraction(1)
    if currency != limit.currency:
        texts = await sales.rates_on(work, sorted({currency, limit.currency}), work.today)
        for code in (currency, limit.currency):
            if code not in texts:
                detail = f"none of {code} on {work.today}"
                raise ExchangeRateMissing(detail, errors=[FieldError("/currency", ExchangeRateMissing.code, detail)])
        own, of_limit = (minor_rate(texts[code], code, work.base_currency) for code in (currency, limit.currency))
        in_limit = own / of_limit
    detail = f"at most {limit.max_prize} minor units of {limit.currency}"
    wrong = [number for number, value in enumerate(values) if value * in_limit > limit.max_prize]
    if wrong:
        errors = [FieldError(f"/prizes/{number}/value", PrizeTooLarge.code, detail) for number in wrong]
        raise PrizeTooLarge(detail, errors=errors)
