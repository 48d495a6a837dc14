"""SQL of the observations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.observations.models import Observation

_BY_EXTERNAL = select_sql(Observation, 'external_id COLLATE "C" = ANY($1::text[])')
_BY_ID = select_sql(Observation, "id = ANY($1::uuid[])")
_CORRECTED = "SELECT corrects_id FROM observation WHERE corrects_id = ANY($1::uuid[])"


async def list_by_external(tx: Tx, external_ids: Collection[str]) -> dict[str, Observation]:
    """Observations by their external ids."""
    return {row.external_id: row for row in await tx.rows(Observation, _BY_EXTERNAL, sorted(external_ids))}


async def list_by_id(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Observation]:
    """Observations by id."""
    return {row.id: row for row in await tx.rows(Observation, _BY_ID, list(ids))}


async def list_corrected(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those among `ids` that another one corrects."""
    return {row["corrects_id"] for row in await tx.fetch(_CORRECTED, list(ids))}


async def add_observations(tx: Tx, rows: Sequence[Observation]) -> None:
    """Insert observations by one statement; a unique value that another transaction has just taken is an error."""
    await insert_rows(tx, Observation, rows)
