"""Posting to the ledger: every movement is a fact of ours, the ledger its fold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.ids import derived_id
from services.channels.ledgers import repository
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.ledgers.models import LedgerAccount, LedgerEntry

Place = tuple[str, UUID, Bucket, Unit]
"""Book, holder, bucket, unit: an account."""


class Leg(NamedTuple):
    """What comes to an account (negative: leaves it)."""

    book: str
    holder: UUID
    bucket: Bucket
    unit: Unit
    amount: int


class Transaction(NamedTuple):
    """What a fact moves; in each unit it sums to zero."""

    id: UUID
    recorded_at: datetime
    legs: tuple[Leg, ...]


@lru_cache(maxsize=4096)
def account_id(book: str, holder: UUID, bucket: Bucket, unit: Unit) -> UUID:
    """Id of an account."""
    return derived_id("ledger_account", book, holder, bucket, unit)


async def post(tx: Tx, transactions: Sequence[Transaction]) -> None:
    """Write transactions: accounts in the order of their ids, then entries; two statements for any number."""
    sums: dict[UUID, LedgerAccount] = {}
    entries: list[LedgerEntry] = []
    for txn in transactions:
        for ordinal, leg in enumerate(leg for leg in txn.legs if leg.amount):
            account = account_id(leg.book, leg.holder, leg.bucket, leg.unit)
            before = sums[account].balance if account in sums else 0
            sums[account] = LedgerAccount(
                id=account,
                book=leg.book,
                holder=leg.holder,
                bucket=leg.bucket,
                unit=leg.unit,
                balance=before + leg.amount,
            )
            entries.append(
                LedgerEntry(
                    txn=txn.id,
                    ordinal=ordinal,
                    account_id=account,
                    unit=leg.unit,
                    amount=leg.amount,
                    recorded_at=txn.recorded_at,
                )
            )
    if entries:
        await repository.add_to_accounts(tx, [row for _id, row in sorted(sums.items())])
        await repository.add_entries(tx, entries)


async def balances(tx: Tx, books: Sequence[str], holders: Sequence[UUID]) -> dict[Place, int]:
    """Balances of these holders in these books; accounts that nothing ever moved are left out."""
    if not books:
        return {}
    rows = await repository.accounts_of(tx, books, holders)
    return {(row.book, row.holder, row.bucket, row.unit): row.balance for row in rows}


async def totals(tx: Tx, book: str) -> dict[tuple[Unit, Bucket], int]:
    """What a book has in its buckets, of all holders."""
    return {(Unit(row.unit), Bucket(row.bucket)): row.balance for row in await repository.totals_of(tx, book)}


async def off_balance(tx: Tx) -> list[str]:
    """What does not add up: transactions whose entries do not sum to zero, accounts that are not their entries."""
    return await repository.off_balance(tx)
