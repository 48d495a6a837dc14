"""SQL of the observations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.targets.observations.lists import CURRENT
from services.targets.observations.models import Observation

_BY_EXTERNAL = select_sql(Observation, 'external_id COLLATE "C" = ANY($1::text[])')
_BY_ID = select_sql(Observation, "id = ANY($1::uuid[])")
_SIZES = f"""
SELECT n.key, (
    SELECT o.value FROM observation o
    WHERE o.kind = 'size' AND o.observed_on <= $2 AND o.channel_id IS NOT DISTINCT FROM n.channel_id AND {CURRENT}
      AND o.unit_id IS NOT DISTINCT FROM n.unit_id AND o.region IS NOT DISTINCT FROM n.region
      AND o.product_line IS NOT DISTINCT FROM n.product_line
    ORDER BY o.observed_on DESC, o.period_end DESC, o.id DESC LIMIT 1
) AS value
FROM json_to_recordset($1::json) AS n(key text, unit_id uuid, region text, product_line text, channel_id uuid)
"""
_CORRECTED = "SELECT corrects_id FROM observation WHERE corrects_id = ANY($1::uuid[])"


class Market(NamedTuple):
    """A market: of a unit or the whole company, of a region or everywhere, of a product line and of a channel or of
    all."""

    key: str
    unit_id: UUID | None
    region: str | None
    product_line: str | None
    channel_id: UUID | None = None


async def list_by_external(tx: Tx, external_ids: Collection[str]) -> dict[str, Observation]:
    """Observations by their external ids."""
    return {row.external_id: row for row in await tx.rows(Observation, _BY_EXTERNAL, sorted(external_ids))}


async def list_by_id(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Observation]:
    """Observations by id."""
    return {row.id: row for row in await tx.rows(Observation, _BY_ID, list(ids))}


async def list_corrected(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those among `ids` that another one corrects."""
    return set(await tx.column(UUID, _CORRECTED, list(ids)))


async def add_observations(tx: Tx, rows: Sequence[Observation]) -> None:
    """Insert observations by one statement; a unique value that another transaction has just taken is an error."""
    await insert_rows(tx, Observation, rows)


async def list_sizes(tx: Tx, markets: Sequence[Market], on: date) -> dict[str, int]:
    """Of markets by key the newest size that was observed by a day; those without one are absent."""
    rows = await tx.fetch(_SIZES, dumps([one._asdict() for one in markets]), on)
    return {row["key"]: int(row["value"]) for row in rows if row["value"] is not None}
