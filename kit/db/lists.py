"""Pages of a list by keyset: each page starts after the sort values of the last row of the page before.

NULL sorts as PostgreSQL has it, as if larger than every value (last when ascending, first when
descending), so one index on (sort columns, key) serves both directions. Rows inserted or deleted
between two pages neither repeat nor hide the others; a row whose sort value changes may move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode

import orjson

from kit.db.cursors import decode_cursor, encode_cursor, invalid_cursor
from kit.db.database import Row, Tx
from kit.db.filters import KINDS, Field, ListSpec, Operator
from kit.db.filters import fields_of as fields_of
from kit.db.filters import search_of as search_of
from kit.db.list_query import CountMode, Filter, ListQuery, SortKey, openapi_parameters, parse_query
from kit.db.text_keys import grams
from kit.text import fold_text

COUNTED_EXACTLY = 1_000
# LIMIT is a literal, in few sizes: with a parameter the planner would guess a tenth of the table.
_SIZES = (10, 50, 100, 200)
_PLACE = ">"
"""What stands before a field's name where its sort value is selected, which is no part of an item."""


@dataclass(slots=True)
class Page:
    """One page; `count` is that of all pages, None when not asked for."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    count: int | None = None
    count_kind: CountMode = "none"


class Branch(NamedTuple):
    """Some rows of a list: those of each of `members` (SQL of a uuid[]), whom the condition names as `member.id`. Each
    is read by itself: an index on (what is compared, sort columns) gives the order."""

    condition: str
    members: str


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What the WHERE clause depends on; equal conditions share one SQL text."""

    where: str
    given: int
    filters: tuple[tuple[str, Operator], ...]
    searched: str = ""
    """What `q` gives: the folded text, `g` its grams, `r` the text as written where that differs; "" without `q`."""

    def number_of(self, name: str) -> int:
        """The parameter of the filter by which `name` is any of several."""
        valued = [one for one in self.filters if one[1] not in ("null", "notnull")]
        return self.given + 1 + valued.index((name, "each"))

    def sql(self, spec: ListSpec) -> tuple[str, int]:
        """The WHERE clause without the cursor, and the number of its parameters."""
        parts, number = [f"({self.where})"], self.given
        for name, operator in self.filters:
            if operator not in ("null", "notnull"):
                number += 1
            parts.append(spec.fields[name].predicate(operator, number))
        if self.searched:
            parts.append(_found(spec, self.searched, number + 1))
            number += len(self.searched)
        return " AND ".join(parts), number


def _found(spec: ListSpec, searched: str, number: int) -> str:
    """Rows that hold the text of `q`: in their folded texts, or as they are spelt where there are none yet."""
    at = {each: f"${number + offset}" for offset, each in enumerate(searched)}
    patterns = [f"{at[each]}::text" for each in searched if each != "g"]
    spelt = " OR ".join(f"{column} ILIKE {pattern}" for column in spec.search for pattern in patterns)
    if spec.search_key is None:
        return f"({spelt})"
    folded = f"{spec.search_key.sql} LIKE {patterns[0]}"
    if "g" in at:
        folded = f"text_grams({spec.search_key.sql}) @> {at['g']}::text[] AND {folded}"
    return f"({folded} OR {spec.search_key.waiting} AND ({spelt}))"


def _after(keys: Sequence[tuple[Field, bool, str | None]]) -> str:
    """Rows after the cursor; each key is (field, descending, parameter or None for a NULL)."""
    uniform = len({descending for _, descending, _ in keys}) == 1
    complete = all(parameter for *_, parameter in keys)
    if uniform and complete and (keys[0][1] or not any(field.nullable for field, *_ in keys)):
        # Descending, a NULL comes first and is behind us: a row comparison leaves it out, as it should.
        left = ", ".join(field.order for field, *_ in keys)
        right = ", ".join(cast(str, parameter) for *_, parameter in keys)
        return f"({left}) {'<' if keys[0][1] else '>'} ({right})"
    beyond = ""
    for field, descending, parameter in reversed(keys):
        later, same = _beside(field, descending, parameter)
        beyond = f"({later} OR ({same} AND {beyond}))" if beyond else f"({later})"
    field, descending, parameter = keys[0]
    if parameter and (descending or not field.nullable):
        # Implied by the rest; it gives the index scan its start.
        return f"{field.order} {'<=' if descending else '>='} {parameter} AND {beyond}"
    return beyond


def _beside(field: Field, descending: bool, parameter: str | None) -> tuple[str, str]:
    """Conditions for rows later than, and equal to, the cursor in one key."""
    if parameter is None:
        return (f"{field.order} IS NOT NULL" if descending else "FALSE"), f"{field.order} IS NULL"
    if descending:
        return f"{field.order} < {parameter}", f"{field.order} = {parameter}"
    later = f"{field.order} > {parameter}"
    return (f"({later} OR {field.order} IS NULL)" if field.nullable else later), f"{field.order} = {parameter}"


@lru_cache(maxsize=2048)
def _page_sql(
    spec: ListSpec,
    conditions: _Conditions,
    columns: tuple[str, ...],
    sort: tuple[SortKey, ...],
    nulls: tuple[bool, ...],
    size: int,
    branches: tuple[Branch, ...],
) -> str:
    """`nulls` tells which values of the cursor are NULL; empty without a cursor."""
    shown = [f'{spec.fields[name].sql} AS "{name}"' for name in columns]
    places = ", ".join(f'{spec.fields[key.name].order} AS "{_PLACE}{key.name}"' for key in sort)
    select = ", ".join([*shown, places])
    order = ", ".join(spec.fields[key.name].order + (" DESC" if key.descending else "") for key in sort)
    after = _behind(spec, conditions, sort, nulls)

    def page(selected: str, where: str) -> str:
        found = replace(conditions, where=where).sql(spec)[0]
        return f"SELECT {selected} FROM {spec.source} WHERE {found}{after} ORDER BY {order} LIMIT {size + 1}"

    each = next((name for name, operator in conditions.filters if operator == "each"), None)
    if each is not None:
        # a page of each of them by its own index, of which the first rows make the page of all
        filed = f"{spec.fields[each].filed} = member.id"
        branches = (Branch(f"({conditions.where}) AND {filed}", f"${conditions.number_of(each)}::uuid[]"),)
    if not branches:
        return page(select, conditions.where)
    keys = [f'page."{_PLACE}{key.name}"' for key in sort]
    ordered = ", ".join(key + (" DESC" if one.descending else "") for key, one in zip(keys, sort, strict=True))
    pages = " UNION ALL ".join(
        f"SELECT page.* FROM unnest({one.members}) member (id) CROSS JOIN LATERAL ({page(places, one.condition)}) page"
        for one in branches
    )
    # the key ends the places: what is in two branches is there once, and what is shown is read of this page alone
    found = f"SELECT DISTINCT ON ({', '.join(keys)}) page.* FROM ({pages}) page ORDER BY {ordered} LIMIT {size + 1}"
    shown_of = f"SELECT {select} FROM {spec.source} WHERE {spec.fields[spec.key].sql} = {keys[-1]}"
    return f"SELECT shown.* FROM ({found}) page CROSS JOIN LATERAL ({shown_of}) shown ORDER BY {ordered}"


def _behind(spec: ListSpec, conditions: _Conditions, sort: tuple[SortKey, ...], nulls: tuple[bool, ...]) -> str:
    """The condition of rows after the cursor, with its parameters after those of the conditions; "" without one."""
    if not nulls:
        return ""
    number = conditions.sql(spec)[1]
    keys: list[tuple[Field, bool, str | None]] = []
    present = {name for name, operator in conditions.filters if operator not in ("null", "ne")}
    for key, null in zip(sort, nulls, strict=True):
        field, number = spec.fields[key.name], number if null else number + 1
        if key.name in present:
            field = replace(field, nullable=False)
        keys.append((field, key.descending, None if null else f"${number}::{KINDS[field.kind].cast}"))
    return f" AND {_after(keys)}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _identity(spec: ListSpec, query: ListQuery) -> bytes:
    """What a cursor is bound to."""
    filters = [[item.name, item.operator, item.value] for item in query.filters]
    places = [(spec.fields[key.name].key is not None and [spec.fields[key.name].order]) or [] for key in query.sort]
    sort = [[key.name, key.descending, *place] for key, place in zip(query.sort, places, strict=True)]
    return orjson.dumps([spec.source, sort, filters, query.q], default=str)


def _position(spec: ListSpec, query: ListQuery, secret: bytes, identity: bytes) -> list[object]:
    if query.cursor is None:
        return []
    raw = decode_cursor(secret, identity, query.cursor)
    if len(raw) != len(query.sort):
        raise invalid_cursor()
    kinds = [KINDS[spec.fields[key.name].kind] for key in query.sort]
    return [None if value is None else kind.load(value) for kind, value in zip(kinds, raw, strict=True)]


def _conditions(
    spec: ListSpec, query: ListQuery, where: str, args: Sequence[object]
) -> tuple[_Conditions, list[object]]:
    """The WHERE clause of a query and its parameters, `args` first."""
    shape = tuple((item.name, item.operator) for item in query.filters)
    values = [*args, *(item.value for item in query.filters if item.operator not in ("null", "notnull"))]
    searched = ""
    if query.q is not None:
        folded = fold_text(query.q) or query.q  # what cannot be seen is in no folded text
        given: dict[str, object] = {"f": f"%{_escape(folded)}%"}
        if spec.search_key is not None and (found := grams(folded)):
            given["g"] = found
        if not query.q.isascii():
            given["r"] = f"%{_escape(query.q)}%"
        searched = "".join(given)
        values += given.values()
    return _Conditions(where, len(args), shape, searched), values


def condition_of(
    spec: ListSpec, query: ListQuery, where: str = "TRUE", args: Sequence[object] = ()
) -> tuple[str, list[object]]:
    """What follows WHERE for all rows of a query in `spec.source`, and its parameters, beginning with `args`."""
    conditions, values = _conditions(spec, query, where, args)
    return conditions.sql(spec)[0], values


async def fetch_page(
    tx: Tx,
    spec: ListSpec,
    query: ListQuery,
    *,
    where: str = "TRUE",
    args: Sequence[object] = (),
    branches: Sequence[Branch] = (),
    secret: bytes,
) -> Page:
    """One page of the list among the rows that satisfy `where` (its parameters `$1`.. are `args`).

    `where` is the caller's record scope: it is not part of the cursor, it holds on every page. `branches` are the same
    rows, each once or more, where that many indexes give the page sooner. jsonb fields come as `orjson.Fragment`.
    Raises BadQuery for a cursor that is not one of this query.
    """
    identity = _identity(spec, query)
    position = _position(spec, query, secret, identity)
    query = replace(query, filters=tuple([await _with_members(tx, spec, one) for one in query.filters]))
    conditions, values = _conditions(spec, query, where, args)
    size = next(size for size in _SIZES if size >= query.limit)
    nulls = tuple(value is None for value in position)
    sql = _page_sql(spec, conditions, query.fields, query.sort, nulls, size, tuple(branches))
    rows = await tx.fetch(sql, *values, *(value for value in position if value is not None))
    cursor = None
    if len(rows) > query.limit:
        del rows[query.limit :]
        cursor = encode_cursor(secret, identity, [rows[-1][_PLACE + key.name] for key in query.sort])
    count = await _count(tx, spec, conditions, values, query.count)
    return Page(_items(spec, rows, query.fields), cursor, count, query.count)


async def _with_members(tx: Tx, spec: ListSpec, one: Filter) -> Filter:
    """The filter by ids, extended to all that are one with them; `=` stays where that is nobody else."""
    members = spec.fields[one.name].members
    if not members or one.operator not in ("eq", "ne", "in"):
        return one
    asked = one.value if isinstance(one.value, list) else [one.value]
    found = sorted({*asked, *(row["id"] for row in await tx.fetch(f"SELECT m.id FROM {members}", asked))})
    if len(found) == 1 and one.operator != "in":
        return one
    operators: dict[Operator, Operator] = {"eq": "each", "ne": "none", "in": "in"}
    return Filter(one.name, operators[one.operator], found)


def _items(spec: ListSpec, rows: Sequence[Row], fields: Sequence[str]) -> list[dict[str, Any]]:
    items = [dict(zip(fields, row.values(), strict=False)) for row in rows]
    for name in [name for name in fields if spec.fields[name].kind == "json"]:
        for item in items:
            if item[name] is not None:
                item[name] = orjson.Fragment(item[name])
    return items


async def _count(
    tx: Tx, spec: ListSpec, conditions: _Conditions, values: Sequence[object], mode: CountMode
) -> int | None:
    """Estimated: exact up to 1,000 rows, the planner's figure beyond."""
    if mode == "none":
        return None
    matching = f"FROM {spec.source} WHERE {conditions.sql(spec)[0]}"
    if mode == "exact":
        return int(await tx.fetchval(f"SELECT count(*) {matching}", *values))
    few = f"SELECT count(*) FROM (SELECT 1 {matching} LIMIT {COUNTED_EXACTLY + 1}) few"
    counted = int(await tx.fetchval(few, *values))
    if counted <= COUNTED_EXACTLY:
        return counted
    plan = orjson.loads(await tx.fetchval(f"EXPLAIN (FORMAT JSON) SELECT 1 {matching}", *values))
    return max(counted, int(plan[0]["Plan"]["Plan Rows"]))


def page_body(page: Page) -> bytes:
    """The page as JSON: `{"items": [...], "next_cursor": ..., "count": ...}`; decimals are text, times end in Z."""
    body = {"items": page.items, "next_cursor": page.next_cursor, "count": page.count}
    return orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)


def next_link(path: str, params: Iterable[tuple[str, str]], page: Page) -> str | None:
    """Value of the `Link` header to the next page (RFC 8288), None on the last; `path` is the URL's path."""
    if page.next_cursor is None:
        return None
    kept = [(name, value) for name, value in params if name != "cursor"]
    return f'<{quote(path, safe="/:@~")}?{urlencode([*kept, ("cursor", page.next_cursor)])}>; rel="next"'


__all__ = [
    "Branch",
    "CountMode",
    "Field",
    "Filter",
    "ListQuery",
    "ListSpec",
    "Page",
    "SortKey",
    "condition_of",
    "fetch_page",
    "next_link",
    "openapi_parameters",
    "page_body",
    "parse_query",
    "search_of",
]


async def fetch_item(
    tx: Tx, spec: ListSpec, key: object, *, where: str = "TRUE", args: Sequence[object] = ()
) -> dict[str, Any] | None:
    """The item of a list with this key, if `where` (parameters from $1 on) shows it, as `fetch_page` gives it."""
    columns = ", ".join(f'{spec.fields[name].sql} AS "{name}"' for name in spec.outputs())
    sql = f"SELECT {columns} FROM {spec.source} WHERE ({where}) AND {spec.fields[spec.key].sql} = ${len(args) + 1}"
    row = await tx.fetchrow(sql, *args, key)
    return None if row is None else _items(spec, [row], spec.outputs())[0]
