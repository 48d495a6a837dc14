"""What a database holds, read from its catalog, and rows to fill its tables with."""

from __future__ import annotations

import re
from typing import Any

import asyncpg

_COLUMNS = """
SELECT format('%s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attidentity,
              CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, ' ' || pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version'
"""
_CONSTRAINTS = """
SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')
  AND conrelid <> coalesce(to_regclass('alembic_version'), 0)
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_PROGRAMS = """
SELECT format('%s: %s', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
_FIELDS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS required, a.attidentity = 'a' AS drawn,
       (SELECT format('(SELECT %I FROM %s LIMIT 1)', f.attname, k.confrelid::regclass)
        FROM pg_constraint k
        JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[array_position(k.conkey, a.attnum)]
        WHERE k.contype = 'f' AND k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey) LIMIT 1) AS reference
FROM pg_attribute a
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""
_CHECKS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::regclass"
_VALUES = {
    "uuid": "gen_random_uuid()",
    "text": "'x'",
    "character varying": "'x'",
    "boolean": "false",
    "date": "DATE '2026-01-01'",
    "timestamp with time zone": "now()",
    "jsonb": "'{}'",
    "json": "'{}'",
    "daterange": "daterange('2026-01-01', '2026-04-01')",
    "bytea": "'\\x00'",
}


async def schema_of(connection: asyncpg.Connection) -> set[str]:
    """Every column, constraint and index, as text."""
    queries = (_COLUMNS, _CONSTRAINTS, _INDEXES)
    return {row[0] for query in queries for row in await connection.fetch(query)}


async def programs_of(connection: asyncpg.Connection) -> set[str]:
    """Every trigger, function and sequence, as text."""
    return {row[0] for row in await connection.fetch(_PROGRAMS)}


async def tables_of(connection: asyncpg.Connection) -> list[str]:
    return [row[0] for row in await connection.fetch(_TABLES)]


async def counts_of(connection: asyncpg.Connection) -> dict[str, int]:
    """Rows per table."""
    return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in await tables_of(connection)}


async def fill(connection: asyncpg.Connection) -> set[str]:
    """Put one row into every table that takes a plain one; returns their names."""
    filled: set[str] = set()
    todo = await tables_of(connection)
    while True:
        taken = {table for table in todo if await _insert(connection, table)}
        filled |= taken
        todo = [table for table in todo if table not in taken]
        if not taken:
            return filled


async def _insert(connection: asyncpg.Connection, table: str) -> bool:
    checks = " ".join(row[0] for row in await connection.fetch(_CHECKS, table))
    fields = [row for row in await connection.fetch(_FIELDS, table) if not row["drawn"]]
    for number in ("1", "0", "100", "1000000"):
        values = [_value(row, checks, number) for row in fields]
        names = ", ".join(f'"{row["name"]}"' for row in fields)
        try:
            async with connection.transaction():
                await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(values)})")
                await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return True
        except asyncpg.PostgresError:
            continue
    return False


def _value(field: Any, checks: str, number: str) -> str:
    kind = field["type"]
    if field["reference"] is not None:
        return str(field["reference"])
    if kind in {"text", "character varying"}:
        allowed = re.search(rf"\b{field['name']}\b\)?(?:::text)? (?:= ANY \(.*?|= |~ )'([^']*)'", checks)
        return f"'{allowed.group(1)}'" if allowed and not re.search(r"[\[\]^$]", allowed.group(1)) else "'x'"
    if kind.endswith("[]"):
        return "'{}'"
    return _VALUES.get(kind, number)
