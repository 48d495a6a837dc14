"""SQL of rebate programmes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import columns_of, insert_rows
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.models import RebateProgramme
from services.channels.rebates.repository import PROGRAMMES_LOCK
from services.channels.rebates.rules import Period, PlanKind

SPEC = ListSpec(
    source="rebate_programme r",
    fields={
        "id": Field("r.id", "uuid"),
        "name": Field("r.name", sortable=True),
        "kind": Field("r.kind", enum=tuple(PlanKind)),
        "tiers": Field("r.tiers", "json"),
        "period": Field("r.period", enum=tuple(Period)),
        "valid_from": Field("r.valid_from", "date"),
        "valid_to": Field("r.valid_to", "date"),
        "product_lines": Field("to_jsonb(r.product_lines)", "json"),
        "partner_ids": Field("to_jsonb(r.partner_ids)", "json"),
        "partner_id": Field("r.partner_ids", "uuid", match="r.partner_ids && {}"),
        "state": Field("r.state", enum=tuple(ProgrammeState)),
        "published_at": Field("r.published_at", "datetime", nullable=True),
        "version": Field("r.version", "int"),
        "created_at": Field("r.created_at", "datetime"),
        "updated_at": Field("r.updated_at", "datetime"),
    },
    search=("r.name",),
    default_sort="name",
)

_GET = f"SELECT {columns_of(RebateProgramme)} FROM rebate_programme WHERE id = $1"


async def add_programme(tx: Tx, row: Mapping[str, Any]) -> None:
    """Insert a draft."""
    await insert_rows(tx, RebateProgramme, [row])


async def get_programme(tx: Tx, programme_id: UUID) -> dict[str, Any] | None:
    """A programme by id, its tiers decoded."""
    row = await tx.fetchrow(_GET, programme_id)
    return None if row is None else decoded(row)


def decoded(row: Row) -> dict[str, Any]:
    """A row with its tiers as values."""
    return {**row, "tiers": orjson.loads(row["tiers"])}


async def hold_accruals(tx: Tx) -> None:
    """Wait for the accruals under way and keep new ones out until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", PROGRAMMES_LOCK)
