"""SQL of accounts. An account is a dict of its columns plus `external_ids` {source: id}."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.db.filters import Field
from kit.db.lists import ListSpec
from kit.db.rows import columns_of, dumps, insert_sql
from kit.security.principals import ScopeQuery
from services.customer.accounts.enums import AccountKind
from services.customer.accounts.models import Account, AccountExternalId

Pair = tuple[str, str]

_EXTERNAL = (
    "(SELECT coalesce(json_object_agg(e.source, e.external_id ORDER BY e.source), '{}') "
    "FROM account_external_id e WHERE e.account_id = a.id)"
)
ACCOUNTS = ListSpec(
    source="account a",
    fields={
        "id": Field("a.id", "uuid"),
        "version": Field("a.version", "int"),
        "stream_key": Field("a.stream_key", "uuid", filterable=False),
        "kind": Field("a.kind", enum=tuple(AccountKind)),
        "name": Field("a.name", sortable=True),
        "local_name": Field("a.local_name", nullable=True),
        "tax_id": Field("a.tax_id", nullable=True),
        "country": Field("a.country", nullable=True),
        "region": Field("a.region", nullable=True),
        "customer_type": Field("a.customer_type", nullable=True),
        "website": Field("a.website", nullable=True, filterable=False),
        "owner_id": Field("a.owner_id", "uuid", nullable=True),
        "external_ids": Field(_EXTERNAL, "json"),
        "external_id": Field(
            "''",
            match="EXISTS (SELECT 1 FROM account_external_id x WHERE x.account_id = a.id AND x.external_id = ANY({}))",
        ),
        "tags": Field("to_jsonb(a.tags)", "json"),
        "tag": Field("''", match="a.tags && {}"),
        "is_archived": Field("(a.archived_at IS NOT NULL)", "bool"),
        "created_at": Field("a.created_at", "datetime", sortable=True),
        "updated_at": Field("a.updated_at", "datetime"),
    },
    search=("a.name", "a.local_name"),
    default_sort="-created_at",
)

COLUMNS = (
    "kind", "name", "local_name", "tax_id", "country", "region", "customer_type", "website", "owner_id", "tags",
)  # fmt: skip
_SELECT = f"SELECT {columns_of(Account, 'a')}, {_EXTERNAL} AS external_ids FROM account a WHERE"
_LOAD = f"{_SELECT} a.id = ANY($1::uuid[])"
_LOCK = "SELECT id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_NEW = ("id", "version", "created_at", "updated_at", "stream_key", "archived_at", *COLUMNS)
_ADD = f"""
WITH a AS ({insert_sql("account", _NEW, "ON CONFLICT DO NOTHING RETURNING 1")}), e AS (
  {insert_sql("account_external_id", tuple(AccountExternalId.model_fields), "ON CONFLICT DO NOTHING RETURNING 1", "$2")}
) SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM e)
"""
_SAVE = (
    f"UPDATE account t SET {', '.join(f'{c} = r.{c}' for c in COLUMNS)}, archived_at = r.archived_at, "
    "version = r.version, updated_at = r.updated_at FROM json_populate_recordset(NULL::account, $1::json) r "
    "WHERE t.id = r.id AND t.version = r.version - 1"
)
_BY_EXTERNAL = (
    "SELECT e.source, e.external_id, e.account_id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN account_external_id e USING (source, external_id)"
)
_BY_TAX_ID = "SELECT country, tax_id, id FROM account WHERE kind = 'organization' AND tax_id = ANY($1::text[])"


def _account(row: Row) -> dict[str, Any]:
    return {**row, "external_ids": orjson.loads(row["external_ids"])}


async def find_account(tx: Tx, visible: ScopeQuery, account_id: UUID) -> dict[str, Any] | None:
    """One account, None when there is none in the scope."""
    row = await tx.fetchrow(f"{_SELECT} a.id = $1 AND {visible.sees('a.owner_id', 2)}", account_id, *visible.args)
    return None if row is None else _account(row)


async def load_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Accounts by id; unknown ids are missing."""
    return {row["id"]: _account(row) for row in await tx.fetch(_LOAD, list(ids))}


async def lock_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Accounts by id, locked until the transaction ends, as they are once the lock is held."""
    if not ids:
        return {}
    await tx.fetch(_LOCK, list(ids))
    return await load_accounts(tx, ids)


async def add_accounts(
    tx: Tx, accounts: Sequence[Mapping[str, Any]], external_ids: Sequence[tuple[UUID, str, str]]
) -> bool:
    """Insert accounts and (account, source, id), in key order, by one statement.

    False when something clashed with another's tax id or external id: the caller then rolls back.
    """
    if not accounts and not external_ids:
        return True
    ordered = sorted(accounts, key=lambda account: (account["tax_id"] or "", account["country"] or ""))
    rows = [{name: account[name] for name in _NEW} for account in ordered]
    named = sorted(external_ids, key=lambda row: row[1:])
    records = [{"source": source, "external_id": name, "account_id": account} for account, source, name in named]
    added = await tx.fetchval(_ADD, dumps(rows), dumps(records))
    return int(added) == len(rows) + len(records)


async def drop_external_ids(tx: Tx, account_id: UUID) -> None:
    """Remove the external ids of an account."""
    await tx.execute("DELETE FROM account_external_id WHERE account_id = $1", account_id)


async def save_accounts(tx: Tx, accounts: Sequence[Mapping[str, Any]]) -> int:
    """Write changed accounts that carry their new version; returns how many were as expected."""
    return await tx.execute(_SAVE, dumps(accounts)) if accounts else 0


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Account ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.fetch(_BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row["source"], row["external_id"]): row["account_id"] for row in rows}


async def find_by_tax_id(tx: Tx, tax_ids: Collection[str]) -> dict[Pair, UUID]:
    """Organisations with these tax ids: (country, tax id) -> account id."""
    rows = await tx.fetch(_BY_TAX_ID, list(tax_ids)) if tax_ids else []
    return {(row["country"], row["tax_id"]): row["id"] for row in rows}
