"""SQL of incidents."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.risk.incidents.models import Incident, IncidentVersion

_BY_EXTERNAL = select_sql(Incident, "external_id = ANY($1::text[])")


async def list_by_external(tx: Tx, external_ids: Collection[str]) -> list[Incident]:
    """Incidents with these external ids."""
    return await tx.rows(Incident, _BY_EXTERNAL, sorted(external_ids))


async def keep_versions(tx: Tx, versions: Sequence[IncidentVersion]) -> None:
    """Keep versions; one that is kept already stays as it is."""
    await insert_rows(tx, IncidentVersion, versions, "ON CONFLICT DO NOTHING")
