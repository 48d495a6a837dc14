"""Quotes and the orders that are made from them: whose a quote is, accepted or given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit import clock
from kit.db.rows import update_rows
from kit.events import outbox
from kit.events.envelope import Event
from kit.records import Change, Resource, changed_row, record
from kit.work import Work
from services.channels.quotes import facts, repository
from services.channels.quotes.enums import QuoteState
from services.channels.quotes.models import Quote, Whole
from services.channels.quotes.service import AUDITED, NOUN, ONE_DAY, wholes_of


class Claim(NamedTuple):
    """A quote as it was and as it is, and the event that brought it about."""

    before: Whole
    after: Quote
    cause: Event


async def lock_quotes(work: Work, quote_ids: Sequence[UUID], order_ids: Sequence[UUID]) -> dict[UUID, Whole]:
    """Quotes by id, and those that belong to orders, locked, with the lines and parts of their revision."""
    if not quote_ids and not order_ids:
        return {}
    return await wholes_of(work, await repository.lock_quotes(work.tx, quote_ids, order_ids))


async def read_quotes(work: Work, quote_ids: Sequence[UUID]) -> dict[UUID, Whole]:
    """Quotes by id with the lines and parts of their revision; for what an order has, which nobody revises."""
    return await wholes_of(work, await repository.read_quotes(work.tx, quote_ids)) if quote_ids else {}


def claimed(quote: Quote, order_id: UUID) -> Quote:
    """The quote is the order's: it does not expire until the order is cancelled."""
    return quote.model_copy(update={"order_id": order_id})


def accepted(quote: Quote, order_id: UUID) -> Quote:
    """The order has its terms."""
    return quote.model_copy(update={"order_id": order_id, "state": QuoteState.ACCEPTED, "due_at": None})


def given_back(quote: Quote, timezone: str, today: date) -> Quote:
    """The quote is nobody's: it is offered again, or over. What was never accepted keeps its state and its end."""
    if quote.state is not QuoteState.ACCEPTED:
        return quote.model_copy(update={"order_id": None})
    if quote.valid_until < today:
        return quote.model_copy(update={"order_id": None, "state": QuoteState.EXPIRED})
    due = clock.start_of_day(timezone, quote.valid_until + ONE_DAY)
    return quote.model_copy(update={"order_id": None, "state": QuoteState.ISSUED, "due_at": due})


async def save_claims(work: Work, claims: Sequence[Claim]) -> None:
    """Write locked quotes (each once); who reads quotes hears when one is accepted, offered again, or over. A fixed
    number of statements."""
    changes = [(one, changed_row(one.before.quote, _moved(one))) for one in claims]
    changes = [(one, change) for one, change in changes if change.changed]
    if not changes:
        return
    await update_rows(work.tx, Quote, [change.after for _one, change in changes])
    events = [event for one, change in changes if (event := _said(work, one, change)) is not None]
    await outbox.add(work.tx, work.service, events)
    silent = Resource(NOUN, Quote, lambda _change: None, audited=AUDITED)
    await record(work, silent, [change for _one, change in changes], action="claim")


def _moved(claim: Claim) -> Mapping[str, object]:
    return claim.after.model_dump(include={"order_id", "state", "due_at"})


def _said(work: Work, claim: Claim, change: Change[Quote]) -> Event | None:
    if "state" not in change.changed:
        return None
    caused, whole = work.caused_by(claim.cause), claim.before
    said = facts.said(change, whole.lines, whole.parts, work.base_currency, caused.today)
    return None if said is None else outbox.compose(caused, said, change.after.version)
