"""SQL of credit profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import dumps, insert_rows
from services.risk.profiles.models import CreditProfile

SPEC = ListSpec(
    source="credit_profile p LEFT JOIN exposure_account e ON e.account_id = p.id "
    "LEFT JOIN account_directory d ON d.id = p.id",
    fields={
        "id": Field("p.id", "uuid"),
        "account_id": Field("p.id", "uuid"),
        "name": Field("d.name", nullable=True),
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "credit_limit": Field("p.credit_limit", "int", sortable=True),
        "is_on_hold": Field("p.is_on_hold", "bool"),
        "exposure": Field("coalesce(e.balance, 0)", "int"),
        "use": Field("greatest(0, coalesce(e.balance, 0))", "int"),
        "headroom": Field("greatest(0, p.credit_limit - greatest(0, coalesce(e.balance, 0)))", "int"),
        "version": Field("p.version", "int"),
        "created_at": Field("p.created_at", "datetime", sortable=True),
        "updated_at": Field("p.updated_at", "datetime"),
    },
    search=("d.name",),
    default_sort="created_at",
)

_SELECT = "SELECT " + ", ".join(f'{field.sql} AS "{name}"' for name, field in SPEC.fields.items())
_LIMITS = "SELECT id, credit_limit FROM credit_profile WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"
_LOCK = "SELECT id, credit_limit, version FROM credit_profile WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_SET = """
UPDATE credit_profile p SET credit_limit = r.credit_limit, version = p.version + 1, updated_at = now()
FROM json_populate_recordset(NULL::credit_profile, $1::json) r WHERE p.id = r.id
"""


async def get_profile(tx: Tx, account_id: UUID, where: str, args: Sequence[object]) -> Row | None:
    """The profile with its use, if `where` (parameters from $1 on) shows it."""
    sql = f"{_SELECT} FROM {SPEC.source} WHERE ({where}) AND p.id = ${len(args) + 1}"
    return await tx.fetchrow(sql, *args, account_id)


async def add_profiles(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert profiles that are not there yet."""
    await insert_rows(tx, CreditProfile, rows, "ON CONFLICT DO NOTHING")


async def limits_of(tx: Tx, account_ids: Sequence[object]) -> dict[str, int]:
    """Limits by account id; they cannot change until the transaction ends."""
    return {str(row["id"]): row["credit_limit"] for row in await tx.fetch(_LIMITS, account_ids)}


async def lock_profiles(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Profiles by account id, locked against others."""
    return {row["id"]: row for row in await tx.fetch(_LOCK, account_ids)}


async def set_limits(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the limits of locked profiles (columns id, credit_limit)."""
    if rows:
        await tx.execute(_SET, dumps(rows))
