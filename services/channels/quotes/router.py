"""Quotes: what an account is offered, with the reasons of every price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.security.fields import shown, shown_list
from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.price_books.pricing import margin
from services.channels.quotes import service
from services.channels.quotes.access import LINE_FIELDS, LIST_FIELDS, QUOTE_FIELDS
from services.channels.quotes.lists import QUOTES
from services.channels.quotes.models import Content, QuoteLine, QuotePart, Whole
from services.channels.quotes.rules import MOVES
from services.channels.quotes.schemas import (
    LineRead,
    PartRead,
    QuoteApprove,
    QuoteCreate,
    QuotePreview,
    QuotePreviewRead,
    QuoteRead,
    QuoteReject,
    QuoteReplace,
    QuoteSummary,
    QuoteTraceRead,
    TracedLineRead,
    TraceQuery,
)
from services.channels.traits.service import PROJECTIONS

router = routes.router("quotes")
PATH = "/v1/quotes"
READS = ("account_fact", "account_redirect", "exchange_rate", "sales", "terms", *PROJECTIONS)

Reader = Annotated[Context, Depends(Allow("quotes:read"))]
Writer = Annotated[Context, Depends(Allow("quotes:write"))]
Seller = Annotated[Context, Depends(Allow("quotes:write", reads=READS))]
Approver = Annotated[Context, Depends(Allow("quotes:approve"))]
_APPROVE, _REJECT, _WITHDRAW = (shown_move(service.NOUN, MOVES, action) for action in ("approve", "reject", "withdraw"))


def _shown_lines(
    work: Context, kind: type[LineRead], lines: Sequence[QuoteLine], parts: Sequence[QuotePart]
) -> list[LineRead]:
    """Lines with what promotions give of each, as the caller may see them."""
    given: dict[int, list[PartRead]] = {}
    for part in parts:
        given.setdefault(part.line_no, []).append(PartRead.model_validate(part))
    found = []
    for line in lines:
        cost = None if line.unit_cost_base is None else line.unit_cost_base * line.quantity
        body = {name: getattr(line, name) for name in kind.model_fields if hasattr(line, name)}
        body |= {"margin": _margin(line.net_base, cost), "promotions": given.get(line.line_no, [])}
        found.append(kind.model_validate(shown(body, LINE_FIELDS, work.actor)))
    return found


def _margin(net: int, cost: int | None) -> int | None:
    return None if cost is None else margin(net, cost)


def _shown_quote(work: Context, terms: Mapping[str, Any]) -> dict[str, Any]:
    return shown({**terms, "margin": _margin(terms["net_base"], terms["cost_base"])}, QUOTE_FIELDS, work.actor)


def _answer(work: Context, whole: Whole, *, is_new: bool = False) -> Response:
    quote = whole.quote
    terms = {name: getattr(quote, name) for name in QuoteSummary.model_fields}
    lines = _shown_lines(work, LineRead, whole.lines, whole.parts)
    body = QuoteRead.model_validate({**_shown_quote(work, terms), "lines": lines})
    made_at = f"{PATH}/{quote.id}" if is_new else None
    return json_answer(body, 201 if is_new else 200, version=quote.version, location=made_at)


def _traced(work: Context, content: Content) -> dict[str, Any]:
    return {
        "lines": _shown_lines(work, TracedLineRead, content.lines, content.parts),
        "not_applied": content.trace.not_applied,
        "offered": content.trace.offered,
    }


@router.post(PATH, response_model=QuoteRead, status_code=201)
async def create_quote(body: QuoteCreate, work: Seller) -> Response:
    """Offer an account what it asks for, at the prices and with the promotions of the day.

    Prices are the service's own. The quote is issued, or waits for a second person (`approvals` say why): a price or a
    manual discount lies under the floor, or a manual discount is above what the caller's role may give alone. It holds
    until `valid_until`: the earliest of its `valid_days` and the ends of all prices and promotions it was found from. A
    quote reserves nothing. What promotions of each kind give is shown by `POST /v1/promotions`.

    Refused are 409 `exchange-rate-missing`, `price-missing` and `account-archived`; 422 `unknown-reference` (an account
    that was not heard of yet may come: `retryable`), `sku-inactive`, `partner-inactive`, `channel-archived`,
    `gift-not-offered`, `coupon-invalid`, `points-short`, `points-unfit`,
    `discount-too-large`, `too-many-parts`, `amount-overflow` and `validity-invalid`.
    """
    return _answer(work, await service.create_quote(work, body), is_new=True)


@router.post(PATH + "/preview", response_model=QuotePreviewRead)
async def preview_quote(body: QuotePreview, work: Seller) -> Response:
    """What a quote would be at any moment, with its trace; nothing is stored. Refused as a quote is."""
    preview = await service.preview_quote(work, body)
    names = QuotePreviewRead.model_fields.keys() & preview.terms.keys()
    terms = _shown_quote(work, {name: preview.terms[name] for name in names})
    return json_answer(QuotePreviewRead.model_validate({**terms, **_traced(work, preview.content)}))


@router.get(PATH, response_model=page_of(QuoteSummary), openapi_extra=documented(QUOTES))
async def list_quotes(work: Reader) -> Response:
    """Quotes that are the caller's to see, by their own owner or their account's, the latest day first."""
    own, args = await owned_rows(work.tx, work.visible, "q.owner_id")
    accounts, _ = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, shown_list(QUOTES, LIST_FIELDS, work.actor), f"({own} OR {accounts})", args)


@router.get(PATH + "/{quote_id}", response_model=QuoteRead)
async def get_quote(quote_id: UUID, work: Reader) -> Response:
    """One quote with its lines."""
    return _answer(work, await service.read_quote(work, quote_id))


@router.get(PATH + "/{quote_id}/trace", response_model=QuoteTraceRead)
async def read_quote_trace(quote_id: UUID, query: Annotated[TraceQuery, Query()], work: Reader) -> Response:
    """How a version of a quote was found: every step of every line, and why the other promotions gave nothing."""
    quote, content = await service.read_trace(work, quote_id, query.revision)
    named = {"id": quote.id, "number": quote.number, "revision": content.trace.revision}
    return json_answer(QuoteTraceRead.model_validate({**named, **_traced(work, content)}))


@router.put(PATH + "/{quote_id}", response_model=QuoteRead)
async def replace_quote(quote_id: UUID, body: QuoteReplace, version: IfMatch, work: Seller) -> Response:
    """The next version of a quote that waits, is issued or was rejected (else 409 `quote-state`): evaluated anew, then
    issued or waiting for approval as a new quote is. An approval of the former version does not count for it, and an
    issued quote that waits now is withdrawn until then.
    """
    return _answer(work, await service.replace_quote(work, quote_id, version, body))


@router.post(PATH + "/{quote_id}/approve", response_model=QuoteRead, openapi_extra=_APPROVE)
async def approve_quote(quote_id: UUID, body: QuoteApprove, work: Approver) -> Response:
    """Agree to a version that somebody else wrote (409 `same-person`); one that has been replaced meanwhile is refused
    (409 `quote-revised`), as is one whose last day has passed (409 `quote-expired`)."""
    return _answer(work, await service.approve_quote(work, quote_id, body.revision))


@router.post(PATH + "/{quote_id}/reject", response_model=QuoteRead, openapi_extra=_REJECT)
async def reject_quote(quote_id: UUID, body: QuoteReject, work: Approver) -> Response:
    """Do not agree to a version that somebody else wrote (409 `same-person`); its author may write another."""
    return _answer(work, await service.reject_quote(work, quote_id, body.note))


@router.post(PATH + "/{quote_id}/withdraw", response_model=QuoteRead, openapi_extra=_WITHDRAW)
async def withdraw_quote(quote_id: UUID, work: Writer) -> Response:
    """Take a quote back: no order may be made from it any more."""
    return _answer(work, await service.withdraw_quote(work, quote_id))
