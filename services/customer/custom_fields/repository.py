"""SQL of custom fields: definitions under one lock per resource, values of indexed ones apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.models import CustomField, CustomFieldUse, CustomValue

TABLES: Final[Mapping[CustomResource, str]] = {
    CustomResource.ACCOUNT: "account",
    CustomResource.CONTACT: "contact",
}
_HOLD = "SELECT pg_advisory_xact_lock{}(hashtext('custom fields'), hashtext($1))"
_KNOWN = select_sql(CustomField, "resource = $1 AND (archived_at IS NULL OR key = ANY($2::text[]))")
_BY_KEY = select_sql(CustomField, "resource = $1 AND key = ANY($2::text[])")
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE indexed) FROM custom_field
WHERE resource = $1 AND archived_at IS NULL AND id <> $2
"""
_PUT = """
WITH gone AS (
  DELETE FROM custom_value v USING unnest($1::uuid[], $2::uuid[]) AS k (field_id, row_id)
  WHERE v.field_id = k.field_id AND v.row_id = k.row_id
) SELECT
"""
_NEXT = """
SELECT id, (custom -> $1)::text FROM {} WHERE id > $2 AND custom ? $1 ORDER BY id LIMIT $3 FOR NO KEY UPDATE
"""
_CLEAR = """
DELETE FROM custom_value WHERE ctid = ANY(ARRAY(SELECT ctid FROM custom_value WHERE field_id = $1 LIMIT $2))
"""
_FREE = "DELETE FROM custom_field_use WHERE used_by = $1 AND user_id = $2"
_USERS = select_sql(CustomFieldUse, "field_id = $1 ORDER BY used_by, user_id LIMIT 100")


class Counted(NamedTuple):
    """Fields of a resource that stand, and those of them that are indexed."""

    standing: int
    indexed: int


class Held(NamedTuple):
    """A row, and its value of a field."""

    row_id: UUID
    value: Any


async def hold(tx: Tx, resource: CustomResource, *, alone: bool = False) -> None:
    """Let no definition of a resource change until the transaction ends; `alone`: it changes one, after those who write
    values or filters are done."""
    await tx.execute(_HOLD.format("" if alone else "_shared"), resource)


async def known_fields(tx: Tx, resource: CustomResource, keys: Collection[str]) -> list[CustomField]:
    """Fields of a resource that stand, and archived ones of these keys."""
    return await tx.rows(CustomField, _KNOWN, resource, list(keys))


async def fields_by_key(tx: Tx, resource: CustomResource, keys: Collection[str]) -> list[CustomField]:
    """Fields of a resource by key; unknown keys are missing."""
    return await tx.rows(CustomField, _BY_KEY, resource, list(keys)) if keys else []


async def count_fields(tx: Tx, resource: CustomResource, without: UUID) -> Counted:
    """How many fields a resource has besides one; archived ones do not count."""
    (found,) = await tx.rows(Counted, _COUNT, resource, without)
    return found


async def put_values(tx: Tx, changed: Collection[tuple[UUID, UUID]], values: Sequence[CustomValue]) -> None:
    """Let rows have these values of indexed fields; `changed` are the pairs (field, row) that had others."""
    if changed:
        await tx.execute(_PUT, [field_id for field_id, _ in changed], [row_id for _, row_id in changed])
    await insert_rows(tx, CustomValue, values)


async def add_values(tx: Tx, values: Sequence[CustomValue]) -> None:
    """Add the values that rows do not have yet."""
    await insert_rows(tx, CustomValue, values, "ON CONFLICT DO NOTHING")


async def next_rows(tx: Tx, field: CustomField, after: UUID, count: int) -> list[Held]:
    """Rows behind an id that have a value of a field, in order of id, locked."""
    rows = await tx.fetch(_NEXT.format(TABLES[field.resource]), field.key, after, count)
    return [Held(row_id, orjson.loads(value)) for row_id, value in rows]


async def clear_values(tx: Tx, field_id: UUID, count: int) -> int:
    """Drop at most so many values of a field; how many they were."""
    return await tx.execute(_CLEAR, field_id, count)


async def put_uses(tx: Tx, used_by: str, user_id: UUID, field_ids: Collection[UUID]) -> None:
    """Let what keeps a filter ask for these fields and no others."""
    await tx.execute(_FREE, used_by, user_id)
    uses = [CustomFieldUse(field_id=one, used_by=used_by, user_id=user_id) for one in sorted(field_ids)]
    await insert_rows(tx, CustomFieldUse, uses)


async def users_of(tx: Tx, field_id: UUID) -> list[CustomFieldUse]:
    """What asks for a field, the first of many."""
    return await tx.rows(CustomFieldUse, _USERS, field_id)
