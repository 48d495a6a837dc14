"""SQL of identity: keys, who shares them, and pairs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_sql
from services.customer.identity.models import Compared, DuplicateCandidate
from services.customer.identity.rules import Key

HOLDERS = 200
"""A key that more accounts hold tells nobody apart: it is skipped."""

_DROP_STALE_KEYS = """
DELETE FROM identity_key k WHERE k.account_id = ANY($1::uuid[]) AND NOT EXISTS (
  SELECT FROM unnest($2::uuid[], $3::bigint[], $4::int[]) AS n(account_id, key, words)
  WHERE n.account_id = k.account_id AND n.key = k.key AND n.words = k.words)
"""
_PUT_KEYS = """
INSERT INTO identity_key (account_id, key, words)
SELECT n.account_id, n.key, n.words FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS n(account_id, key, words)
ORDER BY n.key, n.account_id ON CONFLICT DO NOTHING
"""
_SHARERS = f"""
WITH k AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS k(account_id, key, words)
), held AS MATERIALIZED (
  SELECT d.key FROM (SELECT DISTINCT key FROM k) d CROSS JOIN LATERAL (
    SELECT count(*) AS holders FROM (SELECT FROM identity_key o WHERE o.key = d.key LIMIT {HOLDERS + 1}) x OFFSET 0) c
  WHERE c.holders <= {HOLDERS}
), p AS (
  SELECT k.account_id, o.account_id AS other_id FROM k JOIN held USING (key) CROSS JOIN LATERAL (
    SELECT i.account_id, i.words FROM identity_key i
    WHERE i.key = k.key AND i.account_id <> k.account_id AND ($4 OR i.account_id < k.account_id) OFFSET 0) o
  GROUP BY k.account_id, o.account_id
  HAVING bool_or(k.words = 0 OR o.words = 0) OR 10 * count(*) >= 3 * (max(k.words) + max(o.words))
) SELECT account_id, array_agg(other_id) AS others FROM p GROUP BY account_id
"""
"""Of Latin words so many are shared that the names may be alike: with fewer the score is less than `possible`."""
_COMPARED = """
SELECT id, kind, name, local_name, country, tax_id_key, domain, phone, address, phone_index_1, phone_index_2, owner_id
FROM account WHERE archived_at IS NULL AND merged_into IS NULL AND id = ANY($1::uuid[])
"""
_LOCK = "SELECT FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_KNOWN = """
SELECT first_id, second_id FROM duplicate_candidate
WHERE second_id = ANY($1::uuid[]) OR ($2 AND first_id = ANY($1::uuid[]))
"""
_COLUMNS = tuple(DuplicateCandidate.model_fields)
_PUT_PAIRS = f"""
{insert_sql("duplicate_candidate", _COLUMNS)}
ON CONFLICT (first_id, second_id) DO UPDATE SET
  score = excluded.score, verdict = excluded.verdict, factors = excluded.factors, basis = excluded.basis,
  state = CASE WHEN c.basis = excluded.basis THEN c.state ELSE 'open' END,
  dismissed_by = CASE WHEN c.basis = excluded.basis THEN c.dismissed_by END,
  dismissed_at = CASE WHEN c.basis = excluded.basis THEN c.dismissed_at END,
  reason = CASE WHEN c.basis = excluded.basis THEN c.reason END,
  version = c.version + 1, updated_at = excluded.updated_at
WHERE (c.basis, c.factors) IS DISTINCT FROM (excluded.basis, excluded.factors)
""".replace("INSERT INTO duplicate_candidate", "INSERT INTO duplicate_candidate AS c")
"""A dismissed pair is open again when the keys of one of the two are others than those that were compared."""
_DROP_PAIRS = """
DELETE FROM duplicate_candidate c USING unnest($1::uuid[], $2::uuid[]) AS n(first_id, second_id)
WHERE c.first_id = n.first_id AND c.second_id = n.second_id AND c.state = 'open' AND NOT EXISTS (
  SELECT FROM account m WHERE m.id IN (c.first_id, c.second_id) AND m.merged_into IS NOT NULL)
"""
_SKIPPED = f"SELECT count(*) FROM (SELECT FROM identity_key GROUP BY key HAVING count(*) > {HOLDERS}) k"
_CHECK = "INSERT INTO identity_check (id, account_id, due_at) SELECT gen_random_uuid(), unnest($1::uuid[]), $2"
_NEXT = "SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT $2"

Keys = Mapping[UUID, Sequence[Key]]
"""Keys by account."""
Pair = tuple[UUID, UUID]
"""Ids of two accounts, the lesser first."""


class _Sharers(NamedTuple):
    account_id: UUID
    others: list[UUID]


class _Known(NamedTuple):
    first_id: UUID
    second_id: UUID


async def one_at_a_time(tx: Tx) -> None:
    """Let nobody else look for pairs until the transaction ends: two that wrote keys at once would miss each other."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('duplicate_candidate'), 0)")


async def lock(tx: Tx, ids: Collection[UUID]) -> None:
    """Let nobody change these accounts until the transaction ends."""
    await tx.fetch(_LOCK, list(ids))


async def load(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Compared]:
    """Accounts by id, without archived and merged ones."""
    return {row.id: row for row in await tx.rows(Compared, _COMPARED, list(ids))} if ids else {}


async def put_keys(tx: Tx, keys: Keys) -> None:
    """Let accounts have these keys and no others."""
    columns = _columns(keys)
    await tx.execute(_DROP_STALE_KEYS, list(keys), *columns)
    await tx.execute(_PUT_KEYS, *columns)


def _columns(keys: Keys) -> tuple[list[UUID], list[int], list[int]]:
    rows = [(account_id, key) for account_id, own in keys.items() for key in own]
    return [row[0] for row in rows], [row[1].key for row in rows], [row[1].words for row in rows]


async def sharers(tx: Tx, keys: Keys, *, lesser_only: bool) -> dict[UUID, set[UUID]]:
    """Which other accounts share a key with each that not too many hold; `lesser_only`: those of lesser ids."""
    rows = await tx.rows(_Sharers, _SHARERS, *_columns(keys), not lesser_only)
    return {row.account_id: set(row.others) for row in rows}


async def known_pairs(tx: Tx, ids: Collection[UUID], *, lesser_only: bool) -> list[Pair]:
    """Pairs of accounts found before; `lesser_only`: with those of lesser ids."""
    return [(row.first_id, row.second_id) for row in await tx.rows(_Known, _KNOWN, list(ids), not lesser_only)]


async def put_pairs(tx: Tx, pairs: Sequence[DuplicateCandidate]) -> None:
    """Write pairs that may be one."""
    if pairs:
        ordered = sorted(pairs, key=lambda pair: (pair.first_id, pair.second_id))
        await tx.execute(_PUT_PAIRS, dumps(ordered))


async def drop_pairs(tx: Tx, pairs: Collection[Pair]) -> None:
    """Take pairs off the list that nobody has dismissed; those of merged accounts are only not shown."""
    if pairs:
        await tx.execute(_DROP_PAIRS, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


async def drop_checks(tx: Tx, ids: Collection[UUID]) -> None:
    """Take accounts off those to be compared."""
    await tx.execute("DELETE FROM identity_check WHERE id = ANY($1::uuid[])", list(ids))


async def put_checks(tx: Tx, ids: Collection[UUID], now: datetime) -> None:
    """Have accounts compared with all others."""
    await tx.execute(_CHECK, list(ids), now)


async def next_accounts(tx: Tx, after: UUID, count: int) -> list[UUID]:
    """Accounts behind an id, in order of id."""
    return await tx.column(UUID, _NEXT, after, count)


async def skipped_keys(tx: Tx) -> int:
    """How many keys too many accounts hold."""
    return int(await tx.fetchval(_SKIPPED))
