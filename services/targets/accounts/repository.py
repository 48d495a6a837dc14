"""SQL of the account directory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.targets.accounts.models import AccountEntry, Located

_LATER = """
ON CONFLICT (id) DO UPDATE SET
    owner_id = excluded.owner_id, places = excluded.places, branches = excluded.branches,
    is_archived = excluded.is_archived, version = excluded.version
WHERE account_directory.version < excluded.version
"""
_KNOWN = "SELECT id FROM account_directory WHERE id = ANY($1::uuid[])"
_GET = "SELECT id, owner_id, places, branches FROM account_directory WHERE id = $1"


async def put_accounts(tx: Tx, rows: Sequence[AccountEntry]) -> None:
    """Insert or replace accounts by a later version; each id once, sorted."""
    await insert_rows(tx, AccountEntry, rows, _LATER)


async def list_known(tx: Tx, account_ids: Collection[UUID]) -> set[UUID]:
    """Those among `account_ids` that customer has told of."""
    return set(await tx.column(UUID, _KNOWN, sorted(account_ids)))


async def get_located(tx: Tx, account_id: UUID) -> Located | None:
    """An account, or None."""
    return await tx.row(Located, _GET, account_id)
