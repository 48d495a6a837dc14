"""SQL of pipelines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, select_sql
from services.customer.pipelines.models import Pipeline

_IN_FORCE = f"""
SELECT DISTINCT ON (pipeline) {columns_of(Pipeline)} FROM pipeline WHERE pipeline = ANY($1::text[]) AND valid_from <= $2
ORDER BY pipeline, valid_from DESC, number DESC
"""


async def next_number(tx: Tx, pipeline: str) -> int:
    """The number of the next version of a pipeline; nobody else draws one until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('pipeline'), hashtext($1))", pipeline)
    return int(await tx.fetchval("SELECT coalesce(max(number), 0) + 1 FROM pipeline WHERE pipeline = $1", pipeline))


async def in_force(tx: Tx, pipelines: Collection[str], day: date) -> list[Pipeline]:
    """Of each pipeline the version that is in force on a day; unknown ones are missing."""
    return await tx.rows(Pipeline, _IN_FORCE, list(pipelines), day)


async def load_pipelines(tx: Tx, ids: Collection[UUID]) -> list[Pipeline]:
    """Versions by id."""
    return await tx.rows(Pipeline, select_sql(Pipeline, "id = ANY($1::uuid[])"), list(ids))
