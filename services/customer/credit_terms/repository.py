"""SQL of days to pay."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.customer.credit_terms.models import CreditTerms

_LATER = (
    "ON CONFLICT (account_id) DO UPDATE SET terms_days = excluded.terms_days, version = excluded.version "
    "WHERE credit_terms.version < excluded.version"
)


async def put_terms(tx: Tx, rows: Sequence[CreditTerms]) -> None:
    """Insert or replace the days of accounts by a later version; each account once, sorted."""
    await insert_rows(tx, CreditTerms, rows, _LATER)
