"""The double-entry ledger as rows and as tables: whatever leaves one account comes to another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, one_of, text
from services.channels.db import Base
from services.channels.ledgers.enums import Bucket, Unit


class LedgerAccount(FrozenRow):
    """What a holder has in a bucket of a book (`promotion:<id>`): the sum of its entries."""

    __tablename__ = "ledger_account"

    id: Annotated[UUID, identifier(primary_key=True)]
    book: Annotated[str, text(nullable=False)]
    holder: Annotated[UUID, identifier(nullable=False)]
    bucket: Annotated[Bucket, text(nullable=False)]
    unit: Annotated[Unit, text(nullable=False)]
    balance: Annotated[int, big_int(nullable=False)]


class LedgerAccountTable(LedgerAccount, Base, table=True):
    """Accounts of all books."""

    __table_args__ = (
        sa.UniqueConstraint("book", "holder", "unit", "bucket"),
        one_of("bucket", Bucket),
        one_of("unit", Unit),
    )


class LedgerEntry(FrozenRow):
    """A line of a transaction; `txn` is the id of the fact that moves it. The lines of a transaction sum to zero in
    each unit: the database refuses others."""

    __tablename__ = "ledger_entry"

    txn: Annotated[UUID, identifier(primary_key=True)]
    ordinal: Annotated[int, Field(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False, index=True)]
    unit: Annotated[Unit, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class LedgerEntryTable(LedgerEntry, Base, table=True):
    """Entries of all books."""

    __table_args__ = (one_of("unit", Unit), sa.CheckConstraint("amount <> 0", name="amount"))
