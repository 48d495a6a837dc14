"""PostgreSQL reads the common lists from an index, in order, whatever the page."""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson
import pytest

from kit.db.database import Database, Tx
from kit.db.lists import Field, ListSpec, fetch_page, parse_query

SPEC = ListSpec(
    source="orders o",
    fields={
        "id": Field("o.id", "uuid"),
        "day": Field("o.day", "date", sortable=True),
        "account_id": Field("o.account_id", "uuid"),
        "amount": Field("o.amount", "int", nullable=True, sortable=True),
    },
    default_sort="-day",
)
TABLE = """
CREATE TABLE orders (id uuid PRIMARY KEY, account_id uuid NOT NULL, day date NOT NULL, amount bigint);
INSERT INTO orders SELECT uuidv7(), md5((n % 20)::text)::uuid, date '2020-01-01' + n % 900,
  CASE WHEN n % 10 > 0 THEN n % 5000 END FROM generate_series(1, 50000) n;
CREATE INDEX ON orders (day, id);
CREATE INDEX ON orders (account_id, day, id);
CREATE INDEX ON orders (amount, id);
ANALYZE orders;
"""


class Explained(Tx):
    """Answers a query and keeps its plan and the number of rows read to answer it."""

    plan: str
    read: float

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        text = await self.connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *args)
        self.plan = text
        self.read = _rows_read(orjson.loads(text)[0]["Plan"])
        return await super().fetch(sql, *args)


def _rows_read(node: dict[str, Any]) -> float:
    below = sum(_rows_read(child) for child in node.get("Plans", ()))
    own = 0 if "Plans" in node else node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(own + below)


@pytest.fixture
async def db(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute(TABLE)
    return database


async def walk(db: Database, *params: tuple[str, str], pages: int) -> list[tuple[str, float]]:
    """Plan and rows read of each page; far pages too, as each page starts at 1/`pages` of the list."""
    seen: list[tuple[str, float]] = []
    async with db.reading() as plain:
        tx = Explained(plain.connection)
        cursor: list[tuple[str, str]] = []
        for _ in range(pages):
            page = await fetch_page(tx, SPEC, parse_query(SPEC, [*params, *cursor]), secret=b"secret")
            seen.append((tx.plan, tx.read))
            assert page.next_cursor is not None
            cursor = [("cursor", page.next_cursor)]
    return seen


@pytest.mark.parametrize(
    "params",
    [
        (),
        (("sort", "day"),),
        (("account_id", "c4ca4238-a0b9-2382-0dcc-509a6f75849b"),),
        (("account_id", "c4ca4238-a0b9-2382-0dcc-509a6f75849b"), ("sort", "day"), ("limit", "20")),
        (("day[gte]", "2020-06-01"), ("day[lt]", "2020-09-01")),
        (("sort", "amount"), ("amount[null]", "false")),
    ],
)
async def test_common_lists_are_read_in_index_order_and_only_their_page(
    db: Database, params: tuple[tuple[str, str], ...]
) -> None:
    for plan, read in await walk(db, *params, pages=8):
        assert '"Sort"' not in plan
        assert "Index" in plan
        assert "Seq Scan" not in plan
        assert read <= 60


async def test_nullable_column_descending_reads_no_sort_and_starts_at_the_cursor_past_the_nulls(db: Database) -> None:
    pages = await walk(db, ("sort", "-amount"), ("limit", "200"), pages=30)
    assert all('"Sort"' not in plan for plan, _ in pages)
    assert [read <= 210 for _, read in pages[26:]] == [True] * 4


async def test_one_text_serves_every_value_of_a_shape(db: Database) -> None:
    texts: set[str] = set()

    class Noting(Tx):
        async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
            texts.add(sql)
            return await super().fetch(sql, *args)

    async with db.reading() as plain:
        for day in range(1, 29):
            query = parse_query(SPEC, [("day", f"2020-02-{day:02}"), ("limit", str(10 + day))])
            await fetch_page(Noting(plain.connection), SPEC, query, secret=b"secret")
    assert len(texts) == 1


PARENTS = """
CREATE TABLE account (id uuid PRIMARY KEY, root_id uuid REFERENCES account, name text NOT NULL);
INSERT INTO account SELECT md5(n::text)::uuid, NULL, 'account ' || n FROM generate_series(0, 999) n;
CREATE INDEX ON account (root_id);
ANALYZE account;
"""
MEMBERS = """
SELECT m.id FROM account g CROSS JOIN LATERAL (
  SELECT coalesce(g.root_id, g.id) AS id
  UNION ALL SELECT b.id FROM account b WHERE b.root_id = coalesce(g.root_id, g.id)
) m WHERE g.id = ANY($1::uuid[])
"""


async def test_a_look_up_by_keys_is_not_planned_anew_for_every_value(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(PARENTS)
        ids = await tx.column(str, "SELECT id FROM account LIMIT 20")
    async with db.reading() as tx:
        for each in ids:
            await tx.fetch(MEMBERS, [each])
        plans = await tx.fetchrow(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1", MEMBERS
        )
    assert plans is not None
    assert plans["generic_plans"] >= 10
    assert plans["custom_plans"] <= 10
