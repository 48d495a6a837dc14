"""SQL of the directories."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.directory.models import AccountEntry

_REPLACE = "ON CONFLICT (id) DO UPDATE SET name = excluded.name, owner_id = excluded.owner_id"


async def replace_accounts(tx: Tx, rows: Sequence[AccountEntry]) -> None:
    """Set label and owner of accounts (one row each)."""
    await insert_rows(tx, AccountEntry, rows, _REPLACE)
