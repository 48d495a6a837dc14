"""Price books and their entries as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.price_books.enums import BookState, PriceMethod


class PriceBook(OwnedRow):
    """A version of a price book: it counts from `valid_from` until the next version's day.

    `round_to` and `ending` are minor units of its currency, `min_markup` the least markup on cost, in millionths.
    `entries_sha256` is over its entries by code.
    """

    __tablename__ = "price_book"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False)]
    book_version: Annotated[int, Field(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    round_to: Annotated[int, big_int(nullable=False)]
    ending: Annotated[int, big_int(nullable=False)]
    min_markup: Annotated[int, Field(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    state: Annotated[BookState, text(nullable=False)]
    entry_count: Annotated[int, Field(nullable=False)] = 0
    entries_sha256: Annotated[str, text(nullable=False)] = ""
    published_by: Annotated[str | None, text(nullable=True)] = None
    published_on: Annotated[date | None, Field(nullable=True)] = None


class PriceBookTable(PriceBook, TextKeyed, CodeKeyed, Base, table=True):
    """Price books."""

    __table_args__ = (
        *key_indexes("price_book", PriceBook.__text_keys__),
        *code_indexes("price_book", "code", "book_version = 1"),
        one_of("state", BookState),
        sa.CheckConstraint(
            "(state = 'published') = (published_by IS NOT NULL AND published_on IS NOT NULL)", name="published"
        ),
        sa.UniqueConstraint("code", "book_version"),
        sa.Index("uq_price_book_draft", "code", unique=True, postgresql_where="state = 'draft'"),
        sa.Index("uq_price_book_valid_from", "code", "valid_from", unique=True, postgresql_where="state = 'published'"),
        sa.Index("ix_price_book_valid_from_id", "valid_from", "id"),
    )


class PriceBreak(FrozenRow):
    """The price of every unit (minor units of the book's currency) from a quantity on."""

    min_quantity: int
    unit_price: int


class PriceEntry(FrozenRow):
    """A price of a product or product line for those that its selector names; shares in millionths.

    `cell` is product and selector as one text.
    """

    __tablename__ = "price_entry"

    id: Annotated[UUID, identifier(primary_key=True)]
    book_id: Annotated[UUID, identifier(nullable=False)]
    code: Annotated[str, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    sku: Annotated[str | None, text(nullable=True)]
    product_line: Annotated[str | None, text(nullable=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    tier: Annotated[str | None, text(nullable=True)]
    segment_id: Annotated[UUID | None, identifier(nullable=True)]
    grade: Annotated[str | None, text(nullable=True)]
    channel_id: Annotated[UUID | None, identifier(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    method: Annotated[PriceMethod, text(nullable=False)]
    breaks: Annotated[Annotated[tuple[PriceBreak, ...], DECODED], document(nullable=False)]
    markup: Annotated[int | None, Field(nullable=True)]
    position: Annotated[int | None, Field(nullable=True)]
    min_sources: Annotated[int | None, Field(nullable=True)]
    adjustment: Annotated[int | None, Field(nullable=True)]
    final: Annotated[bool, Field(nullable=False)]
    valid_from: Annotated[date | None, Field(nullable=True)]
    valid_to: Annotated[date | None, Field(nullable=True)]
    cell: Annotated[str, text(nullable=False)]


class PriceEntryTable(PriceEntry, Base, table=True):
    """Entries of price books."""

    __table_args__ = (
        one_of("method", PriceMethod),
        sa.CheckConstraint("(sku IS NULL) <> (product_line IS NULL)", name="product"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.UniqueConstraint("book_id", "code"),
        sa.Index("ix_price_entry_cell", "cell"),
        sa.Index("ix_price_entry_sku_currency", "sku", "currency"),
        sa.Index("ix_price_entry_product_line_currency", "product_line", "currency"),
    )
