"""Use cases of quotes: offer, preview, revise, decide, withdraw, expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.clock import business_date
from kit.db.rows import update_rows
from kit.errors import FieldError, Forbidden, NotFound, NotHeardYet, StateConflict
from kit.records import Change, Resource, add, change, changed_row, fresh, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.promotions.rules import SamePerson
from services.channels.quotes import facts, repository
from services.channels.quotes.changes import Found, content_of, totals_of
from services.channels.quotes.enums import QuoteState
from services.channels.quotes.evaluations import Ask, find_terms
from services.channels.quotes.facts import QuoteFact
from services.channels.quotes.models import Content, Quote, QuoteLine, QuotePart, Whole
from services.channels.quotes.rules import (
    MOVES,
    REVISABLE,
    AccountArchived,
    QuoteOverdue,
    QuoteRevised,
    ValidityInvalid,
)
from services.channels.quotes.schemas import QuoteContent, QuoteCreate, QuotePreview, QuoteReplace
from services.channels.sales import service as sales
from services.channels.sales.models import AccountFact

NOUN = "quote"
NOBODY = UUID(int=0)
AUDITED = (
    "number", "revision", "account_id", "partner_id", "channel_id", "owner_id", "state", "quote_date", "valid_until",
    "payment_terms_days", "currency", "net", "approvals", "written_by",
)  # fmt: skip
ONE_DAY = timedelta(days=1)


class Preview(NamedTuple):
    """What a quote would be: its columns that follow from the terms, and its content."""

    terms: Mapping[str, Any]
    content: Content


def resource(work: Work, wholes: Mapping[UUID, Whole]) -> Resource[Quote]:
    """Quotes, with the lines that their facts tell of."""

    def said(one: Change[Quote]) -> QuoteFact | None:
        whole = wholes[one.after.id]
        return facts.said(one, whole.lines, whole.parts, work.base_currency, work.today)

    return Resource(NOUN, Quote, said, audited=AUDITED)


async def create_quote(work: Work, data: QuoteCreate) -> Whole:
    """A quote, issued or waiting for approval; raises NotHeardYet, AccountArchived, ValidityInvalid, and what
    `find_terms` and `content_of` raise."""
    account = await _buyer(work, data.account_id)
    moment = _moment(work, data.quote_date)
    found = await find_terms(work, Ask(account, data.partner_id, data, moment))
    begun = fresh()
    content = content_of(found, begun["id"], 1)
    day = business_date(work.settings.timezone)
    owner_id = await repository.member_of(work.tx, work.actor.subject, day)
    number = await repository.next_number(work.tx)
    quote = Quote(
        **begun,
        **_terms(work, data, found, content),
        number=f"QU-{found.quote_date.year}-{number:06d}",
        revision=1,
        stream_key=data.partner_id or begun["id"],
        account_id=account.id,
        partner_id=data.partner_id,
        owner_id=owner_id or account.owner_id,
    )
    _check_holds(quote, day)
    whole = Whole(quote, content.lines, content.parts)
    await repository.add_content(work.tx, content)
    await add(work, resource(work, {quote.id: whole}), quote, action="offer")
    return whole


async def preview_quote(work: Work, data: QuotePreview) -> Preview:
    """What a quote would be at a moment; nothing is stored. Raises as a quote does, but for its last day."""
    account = await _buyer(work, data.account_id)
    found = await find_terms(work, Ask(account, data.partner_id, data, data.at or clock.now()))
    content = content_of(found, NOBODY, 1)
    return Preview(_terms(work, data, found, content), content)


async def replace_quote(work: Work, quote_id: UUID, version: Versions, data: QuoteReplace) -> Whole:
    """The next revision of a quote, for the same account and partner; whoever writes it is its author, and what was
    decided on the former one is void. Raises NotFound, VersionMismatch, StateConflict and what a quote raises."""
    before = await require_quote(work, quote_id, lock=True)
    version.check(before.version)
    if before.state not in REVISABLE:
        raise StateConflict(NOUN, "replace", before.state, REVISABLE)
    account = await sales.find_account(work, before.account_id)
    if account is None or account.is_archived:
        raise AccountArchived()
    found = await find_terms(work, Ask(account, before.partner_id, data, _moment(work, data.quote_date)))
    content = content_of(found, before.id, before.revision + 1)
    changes = {
        **_terms(work, data, found, content),
        "revision": before.revision + 1,
        "decided_by": None,
        "decision_note": "",
    }
    after = changed_row(before, changes).after
    _check_holds(after, business_date(work.settings.timezone))
    await repository.add_content(work.tx, content)
    wholes = {before.id: Whole(after, content.lines, content.parts)}
    after = await change(work, resource(work, wholes), before, changes, action="replace")
    return Whole(after, content.lines, content.parts)


async def require_quote(work: Work, quote_id: UUID, *, lock: bool = False) -> Quote:
    """A quote of the caller's scope, by its own owner or its account's; raises NotFound."""
    quote = await repository.find_quote(work.tx, work.visible, quote_id, lock=lock)
    if quote is None:
        raise NotFound(what=NOUN)
    return quote


async def read_quote(work: Work, quote_id: UUID) -> Whole:
    """A quote with its lines; raises NotFound."""
    quote = await require_quote(work, quote_id)
    return (await wholes_of(work, [quote]))[quote.id]


async def read_trace(work: Work, quote_id: UUID, revision: int | None) -> tuple[Quote, Content]:
    """How a revision was found, the latest by default; raises NotFound."""
    quote = await require_quote(work, quote_id)
    content = await repository.find_content(work.tx, quote.id, revision or quote.revision)
    if content is None:
        raise NotFound(what=NOUN)
    return quote, content


async def approve_quote(work: Work, quote_id: UUID, revision: int) -> Whole:
    """Agree to the revision of somebody else; raises NotFound, StateConflict, SamePerson, QuoteRevised,
    QuoteOverdue."""
    before = await require_quote(work, quote_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    if work.actor.subject == before.written_by:
        raise SamePerson()
    if before.revision != revision:
        raise QuoteRevised(errors=[FieldError("/revision", QuoteRevised.code, f"it is {before.revision}")])
    if before.valid_until < work.today:
        raise QuoteOverdue()
    return await _move(work, before, {"state": state, "decided_by": work.actor.subject}, "approve")


async def reject_quote(work: Work, quote_id: UUID, note: str) -> Whole:
    """Do not agree to the revision of somebody else; raises NotFound, StateConflict, SamePerson."""
    before = await require_quote(work, quote_id, lock=True)
    state = next_state(NOUN, MOVES, "reject", before.state)
    if work.actor.subject == before.written_by:
        raise SamePerson()
    changes = {"state": state, "decided_by": work.actor.subject, "decision_note": note, "due_at": None}
    return await _move(work, before, changes, "reject")


async def withdraw_quote(work: Work, quote_id: UUID) -> Whole:
    """No order may be made from it any more; raises NotFound, StateConflict."""
    before = await require_quote(work, quote_id, lock=True)
    state = next_state(NOUN, MOVES, "withdraw", before.state)
    return await _move(work, before, {"state": state, "due_at": None}, "withdraw")


async def expire_quotes(work: Work, rows: Sequence[Quote]) -> None:
    """Their last day has passed; those that were never issued expire unsaid. Few statements for any number."""
    changes = [_expired(row) for row in rows]
    await update_rows(work.tx, Quote, [one.after for one in changes])
    wholes = await wholes_of(work, [one.after for one in changes])
    await record(work, resource(work, wholes), changes, action="expire")


def _expired(quote: Quote) -> Change[Quote]:
    return changed_row(quote, {"state": QuoteState.EXPIRED, "due_at": None})


async def _move(work: Work, before: Quote, changes: Mapping[str, Any], action: str) -> Whole:
    whole = (await wholes_of(work, [before]))[before.id]
    after = await change(work, resource(work, {before.id: whole}), before, changes, action=action)
    return whole._replace(quote=after)


async def wholes_of(work: Work, quotes: Sequence[Quote]) -> dict[UUID, Whole]:
    """Quotes with the lines and parts of their revision; two statements for any number."""
    lines, parts = await repository.contents_of(work.tx, [quote.id for quote in quotes])
    lines_of: dict[UUID, list[QuoteLine]] = {}
    parts_of: dict[UUID, list[QuotePart]] = {}
    for line in lines:
        lines_of.setdefault(line.quote_id, []).append(line)
    for part in parts:
        parts_of.setdefault(part.quote_id, []).append(part)
    return {one.id: Whole(one, tuple(lines_of[one.id]), tuple(parts_of.get(one.id, ()))) for one in quotes}


async def _buyer(work: Work, account_id: UUID) -> AccountFact:
    """An account of the caller's scope; one outside of it looks like one that was not heard of."""
    account = await sales.find_account(work, account_id)
    if account is None or not (await work.scope()).sees(account.owner_id):
        detail = "no such account is known here yet"
        raise NotHeardYet(detail, errors=[FieldError("/account_id", NotHeardYet.code, detail)])
    if account.is_archived:
        raise AccountArchived()
    return account


def _moment(work: Work, quote_date: date | None) -> datetime:
    """What decides about a quote of a day: now for today's, the beginning of an earlier day. That chooses other prices,
    and needs `quotes:backdate` (Forbidden). Raises ValidityInvalid."""
    now = clock.now()
    today = business_date(work.settings.timezone, now)
    if quote_date is None or quote_date == today:
        return now
    if quote_date > today:
        raise ValidityInvalid(errors=[FieldError("/quote_date", ValidityInvalid.code, "later than today")])
    if not work.actor.may("quotes:backdate"):
        raise Forbidden("past dates need the permission quotes:backdate")
    return clock.start_of_day(work.settings.timezone, quote_date)


def _check_holds(quote: Quote, today: date) -> None:
    if quote.valid_until < today:
        detail = f"it would hold until {quote.valid_until}"
        raise ValidityInvalid(detail, errors=[FieldError("/quote_date", ValidityInvalid.code, detail)])


def _terms(work: Work, data: QuoteContent, found: Found, content: Content) -> dict[str, Any]:
    """Columns of a revision."""
    totals = totals_of(content)
    end = found.end(data.valid_days, work.settings.timezone)
    return {
        "state": QuoteState.PENDING_APPROVAL if totals.approvals else QuoteState.ISSUED,
        "channel_id": data.channel_id,
        "quote_date": found.quote_date,
        "valid_until": end,
        "payment_terms_days": data.payment_terms_days,
        "currency": data.currency,
        "exchange_rate": found.rate,
        **totals._asdict(),
        "gifts": tuple(data.gifts),
        "declined": tuple(data.declined),
        "coupon_ids": found.coupon_ids,
        "points": 0 if found.redeemed is None else found.redeemed.points,
        "points_account_id": None if found.redeemed is None else found.redeemed.points_account_id,
        "points_value": 0 if found.redeemed is None else found.redeemed.value,
        "written_by": work.actor.subject,
        "due_at": clock.start_of_day(work.settings.timezone, end + ONE_DAY),
    }
