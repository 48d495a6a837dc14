"""The query grammar of lists: `field=`, `field[gte]=`, `q=`, `sort=-a,b`, `fields=`, `limit=`, `cursor=`, `count=`.

A list (`sort`, `fields`, `[in]`) is one parameter with commas, or one parameter per value; a value of `[in]` that holds
a comma stands in double quotes (`split_values`). Anything else that is repeated, unknown or malformed is refused; all
faults are reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

from kit.db.filters import KINDS, MAX_VALUES, Field, ListSpec, Operator, Refused, parse_bool, parse_text
from kit.errors import BadQuery, FieldError

CountMode = Literal["none", "estimated", "exact"]
COUNT_MODES: tuple[CountMode, ...] = ("none", "estimated", "exact")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_SORT = 5
MAX_SEARCH = 200

PARAMETER = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(?:\[([a-z]+)\])?")
"""Field and operator of a filter's parameter."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition with its typed value (a list for `in`, None for `null` and `notnull`)."""

    name: str
    operator: Operator
    value: object


@dataclass(frozen=True, slots=True)
class SortKey:
    """One sort key."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A parsed query; `sort` always ends with the list's key."""

    filters: tuple[Filter, ...]
    q: str | None
    sort: tuple[SortKey, ...]
    fields: tuple[str, ...]
    limit: int
    cursor: str | None
    count: CountMode


def parse_query(spec: ListSpec, params: Iterable[tuple[str, str]], *, extra: Collection[str] = ()) -> ListQuery:
    """Parse the parameters of a list request (`request.query_params.multi_items()`).

    `extra` names parameters that the route reads itself. Raises BadQuery with one FieldError per fault,
    `pointer` being the parameter's name.
    """
    errors: list[FieldError] = []
    given: dict[str, str] = {}
    filters: list[Filter] = []
    options: dict[str, Any] = {}
    for name, value in joined(params):
        if name in extra:
            continue
        try:
            if name in given:
                raise Refused("repeated", "give this parameter once")
            given[name] = value
            if name in _OPTIONS:
                options[name] = _OPTIONS[name](spec, value)
            else:
                filters.append(_parse_filter(spec, name, value))
        except Refused as refused:
            errors.append(FieldError(name[:100].encode(errors="replace").decode(), refused.code, refused.detail))
    if errors:
        raise BadQuery(errors=errors)
    return ListQuery(
        filters=tuple(sorted(filters, key=lambda item: (item.name, item.operator))),
        q=options.get("q"),
        sort=options.get("sort") or _parse_sort(spec, spec.default_sort),
        fields=options.get("fields", spec.outputs()),
        limit=options.get("limit", DEFAULT_LIMIT),
        cursor=options.get("cursor"),
        count=options.get("count", "none"),
    )


def joined(params: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Generated clients write a list as one parameter per value, others as one with commas: the same list."""
    given = list(params)
    lists: dict[str, list[str]] = {}
    for name, value in given:
        if name in _LISTS or name.endswith("[in]"):
            lists.setdefault(name, []).append(value)
    plain = [(name, value) for name, value in given if name not in lists]
    return [*plain, *((name, ",".join(values)) for name, values in lists.items())]


def _parse_filter(spec: ListSpec, parameter: str, value: str) -> Filter:
    matched = PARAMETER.fullmatch(parameter)
    field = spec.fields.get(matched.group(1)) if matched else None
    if matched is None or field is None or not field.operators():
        raise Refused("unknown-parameter", "this list has no such parameter")
    name, operator = matched.group(1), matched.group(2) or "eq"
    if operator not in field.operators() or matched.group(2) == "eq":
        raise Refused("unknown-operator", f"operators of {name}: {', '.join(field.operators()[1:])}")
    if operator == "null":
        return Filter(name, "null" if parse_bool(value) else "notnull", None)
    operator = cast(Operator, operator)
    if operator != "in":
        return Filter(name, operator, field.parameter(operator, [field.parse(value)]))
    parts = split_values(value)
    if len(parts) > MAX_VALUES or "" in parts:
        raise Refused("malformed", f"expected 1 to {MAX_VALUES} values separated by commas")
    return Filter(name, "in", field.parameter(operator, [field.parse(part) for part in parts]))


def split_values(text: str) -> list[str]:
    """The values of a list parameter. One that holds a comma, or begins with a quote, stands in double quotes, its own
    quotes doubled: `"Blue, Red & Co.",Green` are two. Raises Refused for a quote that is not closed."""
    values, at = [], 0
    while True:
        quoted = _QUOTED.match(text, at)
        if quoted is None and text[at : at + 1] == '"':
            raise Refused("malformed", 'a value that begins with a quote ends with one, then a comma ("" is a quote)')
        if quoted is not None:
            value, end = quoted[1].replace('""', '"'), quoted.end()
        else:
            value, _, _ = text[at:].partition(",")
            end = at + len(value)
        values.append(value)
        if end == len(text):
            return values
        at = end + 1


def _parse_sort(spec: ListSpec, value: str) -> tuple[SortKey, ...]:
    keys: dict[str, SortKey] = {}
    for part in value.split(","):
        name = part.removeprefix("-")
        if name not in spec.sortable():
            raise Refused("unknown-field", f"expected fields out of: {', '.join(spec.sortable())}")
        if name in keys:
            raise Refused("repeated", f"{name} is named twice")
        keys[name] = SortKey(name, part.startswith("-"))
    if len(keys) > MAX_SORT:
        raise Refused("too-long", f"at most {MAX_SORT} fields")
    # The key ends the order in the direction of the field before it, so that one index serves both directions.
    ordered = list(keys.values())
    if spec.key in keys:
        return tuple(ordered[: list(keys).index(spec.key) + 1])
    return (*ordered, SortKey(spec.key, ordered[-1].descending))


def _parse_fields(spec: ListSpec, value: str) -> tuple[str, ...]:
    asked = value.split(",")
    for name in asked:
        if name not in spec.outputs():
            raise Refused("unknown-field", f"expected fields out of: {', '.join(spec.outputs())}")
    return tuple(name for name in spec.outputs() if name in asked)


def _parse_limit(_spec: ListSpec, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MAX_LIMIT:
        raise Refused("out-of-range", f"expected an integer from 1 to {MAX_LIMIT}")
    return int(value)


def _parse_count(_spec: ListSpec, value: str) -> CountMode:
    if value not in COUNT_MODES:
        raise Refused("unknown-value", f"expected one of: {', '.join(COUNT_MODES)}")
    return value


def _parse_search(spec: ListSpec, value: str) -> str:
    if not spec.search:
        raise Refused("unknown-parameter", "this list has no search")
    if not value.strip() or len(value) > MAX_SEARCH:
        raise Refused("malformed", f"expected 1 to {MAX_SEARCH} characters")
    return parse_text(value.strip())


def _parse_cursor(_spec: ListSpec, value: str) -> str:
    if not value:
        raise Refused("invalid-cursor", "a cursor is never empty")
    return value


_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)', re.DOTALL)
_SEARCHING = "Text contained; case, width, composition, and traditional or simplified characters do not count"
_ITEM = r'^([^\x00,"][^\x00,]*|"([^\x00"]|"")+")$'
_QUOTING = 'Any of these; a value with a comma stands in double quotes, its own quotes doubled: "Blue, Red & Co.",Green'
_LISTS = frozenset({"sort", "fields"})
_OPTIONS = {
    "q": _parse_search,
    "sort": _parse_sort,
    "fields": _parse_fields,
    "limit": _parse_limit,
    "cursor": _parse_cursor,
    "count": _parse_count,
}


def _value_schema(field: Field) -> dict[str, Any]:
    if field.enum is not None:
        return {"type": "string", "enum": list(field.enum)}
    return dict(KINDS[field.kind].schema)


def _filter_parameter(name: str, field: Field, operator: str) -> dict[str, Any]:
    schema = _value_schema(field)
    if operator == "eq":
        return {"name": name, "in": "query", "schema": schema}
    base = {"name": f"{name}[{operator}]", "in": "query"}
    if operator == "null":
        return {**base, "schema": {"type": "boolean"}}
    if operator == "in":
        if field.kind == "text" and field.enum is None:
            schema |= {"pattern": _ITEM}
            base |= {"description": _QUOTING}
        items = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_VALUES}
        return {**base, "style": "form", "explode": False, "schema": items}
    return {**base, "schema": schema}


def _listed(name: str, values: Iterable[str], description: str, **limits: object) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "string", "enum": list(values)}, "minItems": 1, **limits}
    return {
        "name": name,
        "in": "query",
        "style": "form",
        "explode": False,
        "description": description,
        "schema": schema,
    }


def openapi_parameters(spec: ListSpec) -> list[dict[str, Any]]:
    """OpenAPI parameter objects of everything that `parse_query` accepts for this list."""
    found = [_filter_parameter(name, field, op) for name, field in spec.fields.items() for op in field.operators()]
    if spec.search:
        search = {"type": "string", "minLength": 1, "maxLength": MAX_SEARCH, "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$"}
        found.append({"name": "q", "in": "query", "description": _SEARCHING, "schema": search})
    sortable = [prefix + name for name in spec.sortable() for prefix in ("", "-")]
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return [
        *found,
        _listed("sort", sortable, "Order, `-` for descending; no value counts as the largest", maxItems=MAX_SORT),
        _listed("fields", spec.outputs(), "Only these fields of each item"),
        {"name": "limit", "in": "query", "schema": limit},
        {
            "name": "cursor",
            "in": "query",
            "description": "`next_cursor` of the page before, with the same sort and filters",
            "schema": {"type": "string", "minLength": 1},
        },
        {
            "name": "count",
            "in": "query",
            "description": "Number of items of all pages; estimated is exact up to 1,000",
            "schema": {"type": "string", "enum": list(COUNT_MODES), "default": "none"},
        },
    ]
