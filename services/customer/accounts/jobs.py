"""Makes the keys of tax ids that have none: those from before the keys, and those that an older release writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.db.database import Tx
from kit.tax_ids import formatted_tax_id
from services.customer.accounts import repository
from services.customer.accounts.repository import TaxId


async def fill_tax_ids(tx: Tx, after: UUID, count: int) -> UUID | None:
    """Key and format at most so many tax ids behind an id; returns the last id, None when none is left.

    An organisation whose number another one has keeps its spelling and is marked as its twin: the number stays the
    other's, and `crmesh doctor` names it.
    """
    rows = await repository.tax_ids_to_key(tx, after, count)
    if not rows:
        return None
    if not await _made(tx, [_keyed(row) for row in rows]):
        for row in rows:
            # the spelling may be another's that is spelt so already, the number may be another's
            spelt = row.tax_id
            for one in (_keyed(row), _keyed(row, spelt), _keyed(row, spelt, is_twin=True)):
                if await _made(tx, [one]):
                    break
    return rows[-1].id


def _keyed(row: TaxId, shown: str = "", *, is_twin: bool = False) -> dict[str, Any]:
    """The columns of a row's tax id, by default as its country writes it."""
    shown = shown or formatted_tax_id(row.country, row.tax_id) or row.tax_id
    keys = repository.keys_of_tax_id(row.country, shown)
    return {"id": row.id, "tax_id": shown, **keys, "is_tax_id_twin": is_twin}


async def _made(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Write keys; False, and nothing written, when one is another's."""
    try:
        async with tx.savepoint():
            await repository.put_tax_keys(tx, rows)
    except asyncpg.UniqueViolationError:
        return False
    return True
