"""SQL of accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_sql, keyed, update_rows, written
from kit.records import Change
from kit.security.principals import ScopeQuery
from kit.tax_ids import TAX_ID_VERSION, tax_id_key
from services.customer.accounts.lists import EXTERNAL_IDS, SEEN_BY
from services.customer.accounts.models import TAX_ID_TO_KEY, Account, AccountColumns, AccountExternalId, TypeCheck

Pair = tuple[str, str]
"""Source and id there, or country and key of a tax id."""

_SELECT = (
    f"SELECT {columns_of(AccountColumns, 'a')}, {EXTERNAL_IDS} AS external_ids, {SEEN_BY} AS root_owner_id "
    "FROM account a WHERE"
)
_LOAD = f"{_SELECT} a.id = ANY($1::uuid[])"
_LOCK = "SELECT id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_WRITTEN = (*written(AccountColumns), "tax_id_key", "tax_id_of")
_ADD = f"""
WITH a AS ({insert_sql("account", _WRITTEN, "ON CONFLICT DO NOTHING RETURNING 1")}), e AS (
  {insert_sql("account_external_id", tuple(AccountExternalId.model_fields), "ON CONFLICT DO NOTHING RETURNING 1", "$2")}
) SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM e)
"""
_BY_EXTERNAL = (
    "SELECT e.source, e.external_id, e.account_id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN account_external_id e USING (source, external_id)"
)
_BY_TAX_ID = (
    "SELECT country, tax_id_key, id FROM account WHERE kind = 'organization' AND tax_id_key = ANY($1::text[]) "
    "ORDER BY is_tax_id_twin DESC, id DESC"
)
_CLAIM = """
UPDATE account a SET tax_id_key = r.tax_id_key, tax_id_of = r.tax_id_of, is_tax_id_twin = false
FROM json_populate_recordset(NULL::account, $1::json) r WHERE a.id = r.id
"""


_TO_KEY = f"""
SELECT id, country, tax_id FROM account WHERE {TAX_ID_TO_KEY} AND id > $1 ORDER BY id LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""
_PUT_KEYS = """
UPDATE account a SET tax_id = r.tax_id, tax_id_key = r.tax_id_key, tax_id_of = r.tax_id_of,
  is_tax_id_twin = r.is_tax_id_twin
FROM json_populate_recordset(NULL::account, $1::json) r WHERE a.id = r.id
"""


_LAST_ORDERS = """
SELECT k.account_id, b.order_date AS before, l.order_date AS latest FROM unnest($1::uuid[]) AS k(account_id)
LEFT JOIN LATERAL (
  SELECT o.order_date FROM orders o
  WHERE o.account_id = k.account_id AND o.order_date < $2 AND o.state IN ('confirmed', 'fulfilled', 'closed')
  ORDER BY o.order_date DESC LIMIT 1
) b ON true
LEFT JOIN LATERAL (
  SELECT o.order_date FROM orders o
  WHERE o.account_id = k.account_id AND o.state IN ('confirmed', 'fulfilled', 'closed')
  ORDER BY o.order_date DESC LIMIT 1
) l ON true
"""
_PUT_LAST_ORDERS = """
UPDATE account a SET last_order_date = r.latest FROM unnest($1::uuid[], $2::date[]) AS r(id, latest) WHERE a.id = r.id
"""
_CHECK_LATER = """
INSERT INTO customer_type_check (id, account_id, due_at)
SELECT r.id, r.account_id, r.due_at FROM json_populate_recordset(NULL::customer_type_check, $1::json) r
WHERE NOT EXISTS (
  SELECT FROM customer_type_check c WHERE c.account_id = r.account_id AND c.due_at > $2 AND c.due_at <= r.due_at)
"""


_JUDGE = """
WITH p AS (
  SELECT a.id,
    10 + 20 * (a.tax_id IS NOT NULL)::int + 15 * (a.region IS NOT NULL)::int + 15 * (a.industry IS NOT NULL)::int
      + 5 * (a.domain IS NOT NULL)::int + 5 * (a.owner_id IS NOT NULL)::int AS lasting,
    CASE WHEN a.size_class IS NOT NULL
      THEN greatest(0, $2::date - coalesce(a.size_on, (a.updated_at AT TIME ZONE $3)::date)) END AS size_age,
    CASE WHEN a.phone IS NOT NULL OR a.sealed_phone IS NOT NULL
      THEN greatest(0, $2::date - coalesce(a.phone_on, (a.updated_at AT TIME ZONE $3)::date)) END AS phone_age,
    (SELECT min(greatest(0, $2::date - (c.updated_at AT TIME ZONE $3)::date)) FROM contact c
     WHERE c.account_id = a.id AND c.archived_at IS NULL AND 'decision_maker' = ANY (c.roles)) AS contact_age,
    coalesce(a.invalid_weight, 0) AS invalid, a.quality_score
  FROM account a WHERE a.id = ANY ($1::uuid[])
), w AS (
  SELECT p.*, lasting + 10 * num_nonnulls(size_age, phone_age, contact_age) AS present, lasting + 10 * (
    coalesce(power(0.5, size_age / 365.0), 0) + coalesce(power(0.5, phone_age / 365.0), 0)
    + coalesce(power(0.5, contact_age / 365.0), 0)) AS fresh
  FROM p
), s AS (
  SELECT id, quality_score, round((10 * (0.6 * present + 10.0 * (present - least(present, invalid)) / present
    + 0.3 * fresh))::double precision) / 10 AS score
  FROM w
), u AS (
  UPDATE account a SET quality_score = s.score FROM s
  WHERE a.id = s.id AND s.score IS DISTINCT FROM s.quality_score
)
SELECT id, score FROM s
"""
"""Weights and half-lives of quality: 0.6 of how much is there, 0.1 of what of that is valid, 0.3 of how fresh it is."""
_NEXT_TO_JUDGE = "SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE"
_DATE = """
UPDATE account a SET phone_on = r.phone_on, size_on = r.size_on
FROM json_populate_recordset(NULL::account, $1::json) r WHERE a.id = r.id
"""
_UNWEIGHED = """
SELECT id, kind, country, tax_id, region FROM account WHERE invalid_weight IS NULL AND id > $1 ORDER BY id LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""
_WEIGH = """
UPDATE account a SET invalid_weight = r.invalid_weight
FROM json_populate_recordset(NULL::account, $1::json) r WHERE a.id = r.id
"""


_GROUPS = """
SELECT f.id, array_agg(m.id) AS members
FROM account f JOIN account m ON coalesce(m.root_id, m.id) = coalesce(f.root_id, f.id)
WHERE f.id = ANY($1::uuid[]) GROUP BY f.id
"""
_TELL_OWNERS = """
UPDATE account_owner w SET recorded_by = r.recorded_by, transfer_id = r.transfer_id
FROM json_populate_recordset(NULL::account_owner, $1::json) r
WHERE w.account_id = r.account_id AND w.account_version = r.account_version
"""


class Unweighed(NamedTuple):
    """What of an account the validators judge."""

    id: UUID
    kind: str
    country: str | None
    tax_id: str | None
    region: str | None


class LastOrders(NamedTuple):
    """Dates of the confirmed orders of an account: the latest before a day, and the latest of all."""

    account_id: UUID
    before: date | None
    latest: date | None


class TaxId(NamedTuple):
    """The tax id of an account."""

    id: UUID
    country: str
    tax_id: str


async def find_account(tx: Tx, visible: ScopeQuery, account_id: UUID) -> Account | None:
    """One account, None when there is none in the scope."""
    return await tx.row(Account, f"{_SELECT} a.id = $1 AND {visible.sees(SEEN_BY, 2)}", account_id, *visible.args)


async def load_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Accounts by id; unknown ids are missing."""
    return {account.id: account for account in await tx.rows(Account, _LOAD, list(ids))}


async def lock_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Accounts by id, locked until the transaction ends, as they are once the lock is held."""
    if not ids:
        return {}
    await tx.fetch(_LOCK, list(ids))
    return await load_accounts(tx, ids)


async def add_accounts(tx: Tx, accounts: Sequence[Account], external_ids: Sequence[AccountExternalId]) -> bool:
    """Insert accounts and their external ids, in key order, by one statement.

    False when something clashed with another's tax id or external id: the caller then rolls back.
    """
    if not accounts and not external_ids:
        return True
    ordered = sorted(accounts, key=lambda account: (account.tax_id or "", account.country or ""))
    rows = [*keyed(AccountColumns, [{**account.__dict__, **tax_keys(account)} for account in ordered])]
    named = sorted(external_ids, key=lambda row: (row.source, row.external_id))
    return int(await tx.fetchval(_ADD, dumps(rows), dumps(named))) == len(rows) + len(named)


async def drop_external_ids(tx: Tx, account_id: UUID) -> None:
    """Remove the external ids of an account."""
    await tx.execute("DELETE FROM account_external_id WHERE account_id = $1", account_id)


async def save_accounts(tx: Tx, changes: Sequence[Change[Account]]) -> None:
    """Write changed accounts that carry their new version; raises VersionMismatch when one has moved on.

    The key of a tax id is written only with the tax id: that of an old row may be another's, which is told of when it
    is made and not by a change of something else.
    """
    await update_rows(tx, AccountColumns, [one.after for one in changes])
    claims = [one.after for one in changes if {"tax_id", "country"} & set(one.changed)]
    if claims:
        await tx.execute(_CLAIM, dumps([{"id": account.id, **tax_keys(account)} for account in claims]))


def tax_keys(account: AccountColumns) -> dict[str, str | None]:
    """The columns of an account's tax id."""
    country, tax_id = account.country, account.tax_id
    if country is None or tax_id is None:
        return {"tax_id_key": None, "tax_id_of": None}
    return {**keys_of_tax_id(country, tax_id)}


def keys_of_tax_id(country: str, tax_id: str) -> dict[str, str]:
    """Its key, and what that was made of."""
    return {"tax_id_key": tax_id_key(country, tax_id), "tax_id_of": f"{TAX_ID_VERSION} {country} {tax_id}"}


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Account ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.rows(AccountExternalId, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row.source, row.external_id): row.account_id for row in rows}


async def find_by_tax_id(tx: Tx, keys: Collection[str]) -> dict[Pair, UUID]:
    """Organisations with these keys of tax ids: (country, key) -> account id; of twins the one that counts."""
    rows = await tx.fetch(_BY_TAX_ID, list(keys)) if keys else []
    return {(country, key): account_id for country, key, account_id in rows}


async def tax_ids_to_key(tx: Tx, after: UUID, count: int) -> list[TaxId]:
    """Tax ids without a key of what they say, behind an id, locked; those that others lock are left out."""
    return await tx.rows(TaxId, _TO_KEY, after, count)


async def put_tax_keys(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write tax ids and their keys; raises UniqueViolationError for one that another organisation has."""
    await tx.execute(_PUT_KEYS, dumps(rows))


async def last_orders(tx: Tx, ids: Collection[UUID], day: date) -> list[LastOrders]:
    """When accounts last ordered, before a day and ever; by one index probe each, whatever they ordered."""
    return await tx.rows(LastOrders, _LAST_ORDERS, list(ids), day)


async def put_last_orders(tx: Tx, found: Sequence[LastOrders]) -> None:
    """Note when accounts last ordered: no change of theirs, so without a version."""
    await tx.execute(_PUT_LAST_ORDERS, [one.account_id for one in found], [one.latest for one in found])


async def check_types_later(tx: Tx, checks: Sequence[TypeCheck], now: datetime) -> None:
    """Have types decided at the times named, unless that happens sooner anyway."""
    await tx.execute(_CHECK_LATER, dumps(checks), now)


async def drop_type_checks(tx: Tx, ids: Collection[UUID]) -> None:
    """Take checks of types off the list."""
    await tx.execute("DELETE FROM customer_type_check WHERE id = ANY($1::uuid[])", list(ids))


async def judge(tx: Tx, ids: Collection[UUID], today: date, timezone: str) -> dict[UUID, float]:
    """Refresh the quality of accounts, which the caller has locked; returns it. No change of theirs: no version."""
    rows = await tx.fetch(_JUDGE, list(ids), today, timezone) if ids else []
    return {row["id"]: row["score"] for row in rows}


async def next_to_judge(tx: Tx, after: UUID, count: int) -> list[UUID]:
    """Accounts behind an id, in order of id, locked."""
    return await tx.column(UUID, _NEXT_TO_JUDGE, after, count)


async def put_dates(tx: Tx, account: Account) -> None:
    """Note as of when phone and size are known: no change of the account's, so without a version."""
    dates = {"id": account.id, "phone_on": account.phone_on, "size_on": account.size_on}
    await tx.execute(_DATE, dumps([dates]))


async def unweighed(tx: Tx, after: UUID, count: int) -> list[Unweighed]:
    """Accounts that the validators have not judged, behind an id, locked; those that others lock are left out."""
    return await tx.rows(Unweighed, _UNWEIGHED, after, count)


async def put_weights(tx: Tx, weights: Mapping[UUID, int]) -> None:
    """Note what of accounts is not valid."""
    await tx.execute(_WEIGH, dumps([{"id": one, "invalid_weight": weight} for one, weight in weights.items()]))


def tell_owners(tx: Tx, rows: Sequence[Mapping[str, object]]) -> None:
    """Note with the transaction who made whom the owner, and by which hand-over, of versions that were written."""
    if rows:
        tx.append(_TELL_OWNERS, rows)


async def merged_into(tx: Tx, root_id: UUID) -> list[UUID]:
    """Accounts that lead to this one, in order of id."""
    return await tx.column(UUID, "SELECT id FROM account WHERE root_id = $1 ORDER BY id", root_id)


async def groups_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Accounts with all that read as the same one, themselves included."""
    rows = await tx.fetch(_GROUPS, list(ids)) if ids else []
    return {row["id"]: frozenset(row["members"]) for row in rows}


async def root_of(tx: Tx, account_id: UUID) -> UUID | None:
    """What a merged account leads to; None for others."""
    found: UUID | None = await tx.fetchval("SELECT root_id FROM account WHERE id = $1", account_id)
    return found


async def put_nightly(tx: Tx, row_id: UUID, due_at: datetime) -> None:
    """When a job of every night is begun next."""
    await tx.execute("UPDATE nightly SET due_at = $2 WHERE id = $1", row_id, due_at)
