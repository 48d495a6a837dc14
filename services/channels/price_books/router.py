"""Price books: what things cost by currency, day and quantity."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.fields import shown_list
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.channels.price_books import service
from services.channels.price_books.access import BOOK_FIELDS, ENTRY_FIELDS
from services.channels.price_books.lists import BOOKS, ENTRIES
from services.channels.price_books.rules import MOVES
from services.channels.price_books.schemas import (
    EntriesPut,
    EntryRead,
    PriceBookCreate,
    PriceBookRead,
    PriceBookRevise,
    PriceBookUpdate,
)

router = routes.router("price-books")
PATH = "/v1/price-books"

Reader = Annotated[Context, Depends(Allow("prices:read"))]
Writer = Annotated[Context, Depends(Allow("prices:write"))]
Publisher = Annotated[Context, Depends(Allow("prices:publish"))]
_CHANGE, _REPLACE, _PUBLISH = (shown_move(service.NOUN, MOVES, action) for action in ("change", "replace", "publish"))


async def _answer(work: Context, book_id: UUID, *, is_new: bool = False) -> Response:
    spec = shown_list(BOOKS, BOOK_FIELDS, work.actor)
    return await item_answer(work, spec, book_id, service.NOUN, made_at=f"{PATH}/{book_id}" if is_new else None)


@router.post(PATH, response_model=PriceBookRead, status_code=201)
async def draft_price_book(body: PriceBookCreate, work: Writer) -> Response:
    """Draft a price book; its entries follow by PUT."""
    return await _answer(work, (await service.draft_book(work, body)).id, is_new=True)


@router.get(PATH, response_model=page_of(PriceBookRead), openapi_extra=documented(BOOKS))
async def list_price_books(work: Reader) -> Response:
    """Versions of price books, latest day first."""
    return await list_answer(work, shown_list(BOOKS, BOOK_FIELDS, work.actor))


@router.get(PATH + "/{book_id}", response_model=PriceBookRead)
async def get_price_book(book_id: UUID, work: Reader) -> Response:
    """One version of a price book."""
    return await _answer(work, book_id)


@router.patch(PATH + "/{book_id}", response_model=PriceBookRead, openapi_extra=_CHANGE)
async def change_price_book(book_id: UUID, body: PriceBookUpdate, version: IfMatch, work: Writer) -> Response:
    """Change what a draft says of itself."""
    await service.change_book(work, book_id, version, body)
    return await _answer(work, book_id)


@router.put(PATH + "/{book_id}/entries", response_model=PriceBookRead, openapi_extra=_REPLACE)
async def replace_price_entries(book_id: UUID, body: EntriesPut, version: IfMatch, work: Writer) -> Response:
    """Set all entries of a draft, up to 5,000; their order does not matter."""
    await service.replace_entries(work, book_id, version, body.entries)
    return await _answer(work, book_id)


@router.get(PATH + "/{book_id}/entries", response_model=page_of(EntryRead), openapi_extra=documented(ENTRIES))
async def list_price_entries(book_id: UUID, work: Reader) -> Response:
    """Entries of a version, by code."""
    await service.require_book(work, book_id)
    return await list_answer(work, shown_list(ENTRIES, ENTRY_FIELDS, work.actor), "e.book_id = $1", [book_id])


@router.post(PATH + "/{book_id}/publish", response_model=PriceBookRead, openapi_extra=_PUBLISH)
async def publish_price_book(book_id: UUID, work: Publisher) -> Response:
    """Let a draft count from its day on, for good; the version before ends the day before.

    Refused (422) are `price-overlap` (an entry of this or another published book is for the same product, selector and
    currency on a day of it), `break-gap` (no price for one piece), `break-price-rises` (more pieces cost more each) and
    `below-floor` (a fixed price or a markup under the book's least markup on full cost).
    """
    await service.publish_book(work, book_id)
    return await _answer(work, book_id)


@router.post(PATH + "/{book_id}/revise", response_model=PriceBookRead, status_code=201)
async def revise_price_book(book_id: UUID, body: PriceBookRevise, work: Writer) -> Response:
    """Draft the next version with the entries of this one, which is published (else 409 `price-book-state`).

    A book has one draft at a time (409 `draft-open`).
    """
    return await _answer(work, (await service.revise_book(work, book_id, body)).id, is_new=True)
