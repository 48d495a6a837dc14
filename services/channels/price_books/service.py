"""Use cases of price books: draft, fill, publish, revise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import orjson

from kit.errors import Conflict, FieldError, Invalid, NotHeardYet, StateConflict, UnknownReference
from kit.ids import new_id
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out import PriceChanged
from services.channels.partners import service as partners
from services.channels.price_books import repository
from services.channels.price_books.enums import BookState
from services.channels.price_books.models import PriceBook, PriceEntry
from services.channels.price_books.publication import check_publication
from services.channels.price_books.rules import MOVES, Selector, cell_of, faults_of_shape
from services.channels.price_books.schemas import EntryBody, PriceBookCreate, PriceBookRevise, PriceBookUpdate
from services.channels.products import service as products
from services.channels.sales import service as sales

NOUN = "price-book"
TERMS = ("code", "book_version", "name", "currency", "round_to", "ending", "min_markup", "valid_from")
PARAMETERS = ("breaks", "markup", "position", "min_sources", "adjustment")
NO_ENTRIES = hashlib.sha256(b"[]").hexdigest()


class EntryInvalid(Invalid):
    code, title = "entry-invalid", "An entry cannot be as it is written"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The dates are not in order"


class DraftOpen(Conflict):
    code, title = "draft-open", "The book has a draft already"


def _said(one: Change[PriceBook]) -> PriceChanged | None:
    if one.after.state is not BookState.PUBLISHED:
        return None
    return PriceChanged.of(one.after, changed=one.changed, business_date=one.after.published_on)


BOOKS = Resource(NOUN, PriceBook, _said, audited=TERMS, unique=("code",))


async def draft_book(work: Work, data: PriceBookCreate) -> PriceBook:
    """Version 1 of a book; raises Taken."""
    book = PriceBook(**fresh(), **data.model_dump(), book_version=1, state=BookState.DRAFT, entries_sha256=NO_ENTRIES)
    return await add(work, BOOKS, book, action="draft")


async def require_book(work: Work, book_id: UUID) -> PriceBook:
    """A version by id; raises NotFound."""
    return await require(work, BOOKS, book_id)


async def change_book(work: Work, book_id: UUID, version: Versions, data: PriceBookUpdate) -> PriceBook:
    """Change fields of a draft; raises NotFound, VersionMismatch, StateConflict."""
    before = await require(work, BOOKS, book_id, version=version)
    next_state(NOUN, MOVES, "change", before.state)
    return await change(work, BOOKS, before, data.given())


async def replace_entries(work: Work, book_id: UUID, version: Versions, bodies: Sequence[EntryBody]) -> PriceBook:
    """Set all entries of a draft; the same ones again, in whatever order, change nothing.

    Raises NotFound, VersionMismatch, StateConflict, EntryInvalid, UnknownReference.
    """
    before = await require(work, BOOKS, book_id, version=version, lock=True)
    next_state(NOUN, MOVES, "replace", before.state)
    _check_shapes(bodies)
    known = await _known(work, bodies)
    entries = [_entry(before, body) for body in sorted(known, key=lambda body: body.code)]
    changes = {"entry_count": len(entries), "entries_sha256": _digest(entries)}
    if changes["entries_sha256"] == before.entries_sha256:
        return before
    await repository.replace_entries(work.tx, before.id, entries)
    return await change(work, BOOKS, before, changes, action="replace")


async def publish_book(work: Work, book_id: UUID) -> PriceBook:
    """Let a draft count from its day on; raises NotFound, StateConflict, ValidityInvalid and what
    `check_publication` raises."""
    await repository.hold_lock(work.tx)
    before = await require(work, BOOKS, book_id, lock=True)
    state = next_state(NOUN, MOVES, "publish", before.state)
    _check_start(before.valid_from, await repository.latest_start(work.tx, before.code))
    await check_publication(work, before, await repository.entries_of(work.tx, before.id))
    changes = {"state": state, "published_by": work.actor.subject, "published_on": work.today}
    return await change(work, BOOKS, before, changes, action="publish")


async def revise_book(work: Work, book_id: UUID, data: PriceBookRevise) -> PriceBook:
    """The draft of the next version, with the entries of this one; raises NotFound, StateConflict, DraftOpen,
    ValidityInvalid."""
    found = await require(work, BOOKS, book_id)
    if found.state is not BookState.PUBLISHED:
        raise StateConflict(NOUN, "revise", found.state, (BookState.PUBLISHED,))
    versions = await repository.lock_versions(work.tx, found.code)
    if any(one.state is BookState.DRAFT for one in versions):
        raise DraftOpen()
    _check_start(data.valid_from, await repository.latest_start(work.tx, found.code))
    changes = {
        **fresh(),
        "book_version": versions[-1].book_version + 1,
        "valid_from": data.valid_from,
        "state": BookState.DRAFT,
        "published_by": None,
        "published_on": None,
    }
    book = found.model_copy(update=changes)
    await add(work, BOOKS, book, action="revise")
    entries = await repository.entries_of(work.tx, found.id)
    await repository.replace_entries(work.tx, book.id, [_copied(entry, book) for entry in entries])
    return book


def _check_start(valid_from: date, latest: date | None) -> None:
    if latest is not None and valid_from <= latest:
        detail = f"a version counts from {latest} on, the next one from a later day"
        raise ValidityInvalid(detail, errors=[FieldError("/valid_from", ValidityInvalid.code, detail)])


def _check_shapes(bodies: Sequence[EntryBody]) -> None:
    faults: list[FieldError] = []
    codes: set[str] = set()
    for number, body in enumerate(bodies):
        at = f"/entries/{number}"
        if body.code in codes:
            faults.append(FieldError(f"{at}/code", "repeated", "each code once"))
        codes.add(body.code)
        if (body.sku is None) == (body.product_line is None):
            faults.append(FieldError(f"{at}/sku", "missing", "a product or a product line, not both"))
        if body.valid_from and body.valid_to and body.valid_to < body.valid_from:
            faults.append(FieldError(f"{at}/valid_to", "before-start", "ends before it begins"))
        given = {name for name in PARAMETERS if getattr(body, name) not in (None, [])}
        faults += faults_of_shape(body.method, given, _selector(body), at)
    if faults:
        raise EntryInvalid(errors=faults[:100])


async def _known(work: Work, bodies: Sequence[EntryBody]) -> list[EntryBody]:
    """The entries with skus and lines in their own spelling. Products, lines, partners and accounts must be known; the
    others match nothing until they are."""
    skus = await products.products_by_sku(work, [body.sku for body in bodies if body.sku])
    lines = await products.known_lines(work, [body.product_line for body in bodies if body.product_line])
    partner_ids = await partners.known_partners(work, [b.selector.partner_id for b in bodies if b.selector.partner_id])
    accounts = await sales.known_accounts(work, [b.selector.account_id for b in bodies if b.selector.account_id])
    faults = []
    for number, body in enumerate(bodies):
        named = (
            ("sku", body.sku, skus),
            ("product_line", body.product_line, lines),
            ("selector/partner_id", body.selector.partner_id, partner_ids),
            ("selector/account_id", body.selector.account_id, accounts),
        )
        faults += [
            FieldError(f"/entries/{number}/{name}", UnknownReference.code, "unknown here")
            for name, value, known in named
            if value is not None and value not in known
        ]
    if faults:
        may_come = all(fault.pointer.endswith("account_id") for fault in faults)
        raise (NotHeardYet if may_come else UnknownReference)(errors=faults[:100])
    own = {sku: product.sku for sku, product in skus.items()}
    return [_respelled(body, own, lines) for body in bodies]


def _respelled(body: EntryBody, skus: Mapping[str, str], lines: Mapping[str, str]) -> EntryBody:
    named = {"sku": skus[body.sku]} if body.sku else {"product_line": lines[body.product_line or ""]}
    return body.model_copy(update=named)


def _selector(body: EntryBody) -> Selector:
    return Selector(**body.selector.model_dump())


def _entry(book: PriceBook, body: EntryBody) -> PriceEntry:
    breaks = sorted((one.model_dump() for one in body.breaks), key=lambda one: one["min_quantity"])
    return PriceEntry.model_validate(
        {
            **body.model_dump(exclude={"selector", "breaks"}),
            **body.selector.model_dump(),
            "breaks": breaks,
            "min_sources": None if body.position is None else body.min_sources or 1,
            "id": new_id(),
            "book_id": book.id,
            "currency": book.currency,
            "cell": cell_of(body.sku, body.product_line, _selector(body)),
        }
    )


def _copied(entry: PriceEntry, book: PriceBook) -> PriceEntry:
    return entry.model_copy(update={"id": new_id(), "book_id": book.id})


def _digest(entries: Sequence[PriceEntry]) -> str:
    plain = [entry.model_dump(mode="json", exclude={"id", "book_id"}) for entry in entries]
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
