"""Walking lists on PostgreSQL: any sort, any filter, rows that come and go, hostile values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.db.database import Database
from kit.db.lists import Field, ListSpec, Page, fetch_page, next_link, openapi_parameters, page_body, parse_query
from kit.errors import BadQuery
from kit.ids import new_id

SECRET = b"a secret of the test"
SPEC = ListSpec(
    source="items i LEFT JOIN owners o ON o.id = i.owner_id",
    fields={
        "id": Field("i.id", "uuid"),
        "name": Field("i.name", "text", nullable=True, sortable=True),
        "number": Field("i.number", "int", nullable=True, sortable=True),
        "rate": Field("i.rate", "decimal", nullable=True, sortable=True),
        "score": Field("i.score", "float", nullable=True, sortable=True),
        "day": Field("i.day", "date", sortable=True),
        "seen_at": Field("i.seen_at", "datetime", nullable=True, sortable=True),
        "done": Field("i.done", "bool", nullable=True, sortable=True),
        "owner": Field("o.name", "text", nullable=True, sortable=True),
        "details": Field("i.details", "json", nullable=True),
        "tag": Field("", "text", match="EXISTS (SELECT 1 FROM tags t WHERE t.item_id = i.id AND t.tag = ANY({}))"),
    },
    search=("i.name", "o.name"),
    default_sort="-day",
)
TABLES = """
CREATE TABLE owners (id int PRIMARY KEY, name text COLLATE "C");
CREATE TABLE items (id uuid PRIMARY KEY, name text COLLATE "C", number bigint, rate numeric, score float8,
  day date NOT NULL, seen_at timestamptz, done boolean, owner_id int, details jsonb);
CREATE TABLE tags (item_id uuid, tag text);
INSERT INTO owners VALUES (1, 'ann'), (2, 'Bob'), (3, NULL);
"""
OWNERS = {1: "ann", 2: "Bob", 3: None, None: None}
COLUMNS = ("id", "name", "number", "rate", "score", "day", "seen_at", "done", "owner_id")
SORTABLE = ("id", "name", "number", "rate", "score", "day", "seen_at", "done", "owner")
Item = dict[str, Any]
INSTANTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 1, UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
]
# Few distinct values, so that ties and NULLs are common; extremes, so that cursors carry them.
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids(),
            "name": st.none() | st.sampled_from(["", "a", "B", "50%", "a_b", "雪", '"\\']),
            "number": st.none() | st.sampled_from([-(2**63), -1, 0, 7, 2**63 - 1]),
            "rate": st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.10"), Decimal("-12345678901234567890.5")]),
            "score": st.none() | st.sampled_from([0.1, 1 / 3, -1e300, float("inf")]),
            "day": st.sampled_from([date.min, date(2026, 1, 31), date(2026, 2, 1), date(9999, 12, 30)]),
            "seen_at": st.none() | st.sampled_from(INSTANTS),
            "done": st.none() | st.booleans(),
            "owner_id": st.sampled_from([None, 1, 2, 3]),
        }
    ),
    max_size=14,
    unique_by=lambda item: item["id"],
)
SORTS = st.lists(st.sampled_from(SORTABLE), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
)
FILTERS: dict[tuple[tuple[str, str], ...], Callable[[Item], bool]] = {
    (): lambda _item: True,
    (("number[gte]", "0"),): lambda item: item["number"] is not None and item["number"] >= 0,
    (("number[ne]", "7"),): lambda item: item["number"] != 7,
    (("name[in]", "a,B"), ("done", "true")): lambda item: item["name"] in ("a", "B") and item["done"] is True,
    (("owner[null]", "true"),): lambda item: item["owner"] is None,
    (("owner[null]", "false"), ("day[lt]", "2026-02-01")): lambda item: (
        item["owner"] is not None and item["day"] < date(2026, 2, 1)
    ),
    (("q", "B"),): lambda item: any("b" in (item[name] or "").lower() for name in ("name", "owner")),
    (("q", "%"),): lambda item: "%" in (item["name"] or ""),
    (("q", "_"),): lambda item: "_" in (item["name"] or ""),
    (("q", "\\"),): lambda item: "\\" in (item["name"] or ""),
    (("seen_at[gt]", "2026-01-01T08:00:00+08:00"),): lambda item: (
        item["seen_at"] is not None and item["seen_at"] > datetime(2026, 1, 1, tzinfo=UTC)
    ),
    (("rate", "0.100"),): lambda item: item["rate"] == Decimal("0.1"),
}


@pytest.fixture
async def db(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute(TABLES)
    return database


async def put(db: Database, items: Sequence[Item], *, clear: bool = True) -> list[Item]:
    async with db.transaction() as tx:
        if clear:
            await tx.execute("DELETE FROM items")
        await tx.copy("items", COLUMNS, [[item[name] for name in COLUMNS] for item in items])
    return [{**item, "owner": OWNERS[item["owner_id"]]} for item in items]


async def get(db: Database, *params: tuple[str, str], where: str = "TRUE", args: Sequence[object] = ()) -> Page:
    async with db.reading() as tx:
        return await fetch_page(tx, SPEC, parse_query(SPEC, params), where=where, args=args, secret=SECRET)


async def walk(db: Database, *params: tuple[str, str], limit: int = 3, **scope: Any) -> list[Item]:
    found: list[Item] = []
    page = await get(db, *params, ("limit", str(limit)), **scope)
    found += page.items
    while page.next_cursor:
        assert len(page.items) == limit
        page = await get(db, *params, ("limit", str(limit)), ("cursor", page.next_cursor), **scope)
        found += page.items
    return found


def in_order(items: Sequence[Item], sort: Sequence[str]) -> list[UUID]:
    """Ids sorted in Python: no value is larger than every value, the id ends the order."""
    keys = [*sort, "-id" if sort[-1].startswith("-") else "id"]
    ordered = list(items)
    for key in reversed(keys):
        name = key.removeprefix("-")
        ordered.sort(
            key=lambda item, name=name: (item[name] is None, 0 if item[name] is None else item[name]),  # type: ignore[misc]
            reverse=key.startswith("-"),
        )
    return [item["id"] for item in ordered]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=ITEMS, sort=SORTS, chosen=st.sampled_from(list(FILTERS)), limit=st.integers(1, 5))
async def test_walk_equals_the_list_sorted_in_python(
    db: Database, items: list[Item], sort: tuple[str, ...], chosen: tuple[tuple[str, str], ...], limit: int
) -> None:
    stored = await put(db, items)
    expected = in_order([item for item in stored if FILTERS[chosen](item)], sort)
    found = await walk(db, *chosen, ("sort", ",".join(sort)), limit=limit)
    assert [item["id"] for item in found] == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=ITEMS, more=ITEMS, sort=SORTS, remove=st.integers(0, 3))
async def test_rows_that_come_and_go_between_pages_neither_repeat_nor_hide_others(
    db: Database, items: list[Item], more: list[Item], sort: tuple[str, ...], remove: int
) -> None:
    ids = {item["id"] for item in items}
    more = [item for item in more if item["id"] not in ids]
    await put(db, items)
    order = ("sort", ",".join(sort))
    first = await get(db, order, ("limit", "2"))
    await put(db, more, clear=False)
    gone = [item["id"] for item in items[:remove]]
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM items WHERE id = ANY($1::uuid[])", gone)
    seen = [item["id"] for item in first.items]
    page = first
    while page.next_cursor:
        page = await get(db, order, ("limit", "2"), ("cursor", page.next_cursor))
        seen += [item["id"] for item in page.items]
    assert len(seen) == len(set(seen))
    assert (ids - set(gone)) <= set(seen)
    everything = in_order([{**item, "owner": OWNERS[item["owner_id"]]} for item in [*items, *more]], sort)
    assert seen == [found for found in everything if found in set(seen)]


def item(**values: object) -> Item:
    base = dict.fromkeys(COLUMNS) | {"id": new_id(), "day": date(2026, 1, 1)}
    return base | values


async def test_scope_holds_on_every_page_and_is_not_part_of_the_cursor(db: Database) -> None:
    await put(db, [item(number=n, owner_id=n % 3 + 1) for n in range(30)])
    scope: dict[str, Any] = {"where": "i.owner_id = $1 OR i.number = $2", "args": (1, 4)}
    found = await walk(db, ("sort", "number"), ("number[lt]", "20"), **scope)
    assert [one["number"] for one in found] == [0, 3, 4, 6, 9, 12, 15, 18]
    page = await get(db, ("sort", "number"), ("limit", "2"), **scope)
    assert page.next_cursor is not None
    moved = await get(
        db,
        ("sort", "number"),
        ("limit", "2"),
        ("cursor", page.next_cursor),
        where="i.owner_id = ANY($1::int[])",
        args=([2],),
    )
    assert [one["number"] for one in moved.items] == [4, 7]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("number[ne]", "7"), [0, 1, 2, 3, None, None, None, None]),
        (("number[gte]", "2"), [2, 3, 7]),
        (("number[null]", "true"), [None] * 4),
        (("number[null]", "false"), [0, 1, 2, 3, 7]),
        (("number[in]", "1,2,3"), [1, 2, 3]),
    ],
)
async def test_filter_on_the_nullable_sort_column(
    db: Database, condition: tuple[str, str], expected: list[int | None]
) -> None:
    await put(db, [item(number=n) for n in (0, 1, 2, 3, 7, None, None, None, None)])
    for limit in (1, 2, 3):
        found = await walk(db, condition, ("sort", "number"), limit=limit)
        assert [one["number"] for one in found] == expected
        found = await walk(db, condition, ("sort", "-number"), limit=limit)
        assert [one["number"] for one in found] == expected[::-1]


async def test_match_filters_through_another_table(db: Database) -> None:
    items = await put(db, [item(number=n) for n in range(4)])
    async with db.transaction() as tx:
        await tx.copy("tags", ["item_id", "tag"], [(items[0]["id"], "x"), (items[0]["id"], "y"), (items[2]["id"], "y")])
    assert [one["number"] for one in await walk(db, ("sort", "number"), ("tag", "x"))] == [0]
    assert [one["number"] for one in await walk(db, ("sort", "number"), ("tag[in]", "x,y"))] == [0, 2]


async def test_sparse_fields_hide_the_sort_values(db: Database) -> None:
    await put(db, [item(number=n, name=str(n)) for n in range(5)])
    found = await walk(db, ("fields", "name,number"), ("sort", "-day,number"), limit=2)
    assert found == [{"name": str(n), "number": n} for n in range(5)]
    assert set((await get(db)).items[0]) == set(SPEC.fields) - {"tag"}


async def test_counts(db: Database) -> None:
    await put(db, [item(number=n) for n in range(3000)])
    async with db.transaction() as tx:
        await tx.execute("ANALYZE items")
    few = ("number[lt]", "12")
    assert (await get(db, few)).count is None
    assert (await get(db, few, ("count", "exact"), ("limit", "1"))).count == 12
    assert (await get(db, few, ("count", "estimated"))).count == 12
    assert (await get(db, ("count", "exact"))).count == 3000
    assert (await get(db, ("count", "estimated"))).count == pytest.approx(3000, rel=0.2)


async def test_body_is_json_of_the_page(db: Database) -> None:
    seen = datetime(2026, 1, 1, 8, tzinfo=UTC)
    one = item(rate=Decimal("0.10"), seen_at=seen, number=2**63 - 1)
    await put(db, [one])
    async with db.transaction() as tx:
        await tx.execute("""UPDATE items SET details = '{"a": [1, null]}'""")
    body = orjson.loads(page_body(await get(db, ("count", "exact"))))
    assert body["next_cursor"] is None
    assert body["count"] == 1
    (found,) = body["items"]
    assert found["id"] == str(one["id"])
    assert (found["rate"], found["seen_at"], found["number"]) == ("0.10", "2026-01-01T08:00:00Z", 2**63 - 1)
    assert (found["details"], found["owner"], found["day"]) == ({"a": [1, None]}, None, "2026-01-01")


async def test_cursor_of_another_query_or_tampered_is_refused(db: Database) -> None:
    await put(db, [item(number=n, name="a") for n in range(9)])
    query = (("sort", "number"), ("name", "a"), ("limit", "2"))
    cursor = (await get(db, *query)).next_cursor
    assert cursor is not None
    others = [
        (("sort", "-number"), ("name", "a")),
        (("sort", "number,id"), ("name[ne]", "a")),
        (("sort", "number"), ("name", "b")),
        (("sort", "number"),),
        (("sort", "number"), ("name", "a"), ("q", "a")),
    ]
    for other in others:
        with pytest.raises(BadQuery) as caught:
            await get(db, *other, ("cursor", cursor))
        assert [(error.pointer, error.code) for error in caught.value.errors] == [("cursor", "invalid-cursor")]
    again = await get(db, ("count", "exact"), ("fields", "number"), *query[:2], ("limit", "7"), ("cursor", cursor))
    assert [one["number"] for one in again.items] == [2, 3, 4, 5, 6, 7, 8]
    async with db.reading() as tx:
        parsed = parse_query(SPEC, [*query, ("cursor", cursor)])
        with pytest.raises(BadQuery):
            await fetch_page(tx, SPEC, parsed, secret=b"another secret")


HOSTILE = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        *(
            "\x00",
            "a\x00b",
            "\ud800",
            "9" * 19,
            "-" + "9" * 19,
            "9223372036854775808",
            "0001-01-01T00:00:00+14:00",
            "٣",
        ),
        *(
            "9999-12-31T23:59:59-14:00",
            "2026-02-30",
            "10000-01-01",
            "1e400",
            "nan",
            "infinity",
            "{}",
            "'; --",
            "%",
            ",",
        ),
        *("00000000-0000-0000-0000-00000000000g", "{00000000-0000-0000-0000-000000000000}", "9" * 20 + "." + "9" * 18),
    ]
)
NAMES = [entry["name"] for entry in openapi_parameters(SPEC)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(params=st.lists(st.tuples(st.sampled_from(NAMES) | HOSTILE, HOSTILE), max_size=3))
async def test_hostile_values_are_answered_or_refused_never_a_database_error(
    db: Database, params: list[tuple[str, str]]
) -> None:
    try:
        page = await get(db, *params)
    except BadQuery as error:
        refused = error.errors
    else:
        assert page.items == []
        return
    assert refused
    orjson.dumps([(error.pointer, error.detail) for error in refused])


async def test_link_leads_through_the_list(db: Database) -> None:
    await put(db, [item(number=n, name="50% & é") for n in range(3)])
    params = [("name", "50% & é"), ("sort", "number"), ("limit", "2")]
    link = next_link("/v1/ite ms", params, await get(db, *params))
    assert link is not None
    assert link.isascii()
    url, _, relation = link.partition("; ")
    assert relation == 'rel="next"'
    parts = urlsplit(url.strip("<>"))
    assert parts.path == "/v1/ite%20ms"
    following = parse_qsl(parts.query)
    page = await get(db, *following)
    assert [one["number"] for one in page.items] == [2]
    assert next_link("/v1/items", following, page) is None
