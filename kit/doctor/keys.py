"""Keys of names, codes and tax ids: rows that wait for theirs, and old twins that keep none."""

from __future__ import annotations

from typing import Final

import asyncpg

from kit.doctor.findings import Finding, finding

SHOWN: Final = 5

_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND (column_name = 'search_key' OR column_name LIKE 'is\\_%\\_twin')
ORDER BY table_name, column_name
"""


async def check_keys(connection: asyncpg.Connection, service: str) -> list[Finding]:
    """What the tables with keys say; nothing for a service without such tables."""
    columns = [(row["table_name"], row["column_name"]) for row in await connection.fetch(_COLUMNS)]
    if not columns:
        return []
    waiting, twins = [], []
    for table, column in columns:
        if column == "search_key":
            count = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE search_key IS NULL")
            waiting += [f"{count} of {table}"] if count else []
            continue
        found = await connection.fetch(f"SELECT id FROM {table} WHERE {column} ORDER BY id LIMIT {SHOWN + 1}")
        ids = ", ".join(str(row["id"]) for row in found[:SHOWN])
        what = column.removeprefix("is_").removesuffix("_twin").replace("_", " ")
        twins += [f"{table} ({what}): {ids}{', ...' if len(found) > SHOWN else ''}"] if found else []
    return [
        finding(
            service,
            "names without keys",
            "warn" if waiting else "ok",
            "; ".join(waiting) or "none",
            "a running worker makes them; until then lists show these rows behind the others",
        ),
        finding(
            service,
            "twins",
            "warn" if twins else "ok",
            "; ".join(twins) or "none",
            "an older row has the same code or number in another spelling: merge or correct these",
        ),
    ]
