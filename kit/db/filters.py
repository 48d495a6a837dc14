"""What a list offers: its fields, their kinds, and how a query parameter becomes a typed SQL parameter.

Every value is checked here, before it reaches PostgreSQL: a malformed one is the caller's error (400),
never a database error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, cast, get_args
from uuid import UUID

from pydantic.fields import FieldInfo
from sqlalchemy import ARRAY
from sqlmodel import SQLModel

from kit.db.text_keys import SearchKey, TextKey, keys_of

Kind = Literal["uuid", "text", "currency", "int", "decimal", "float", "date", "datetime", "bool", "json"]
Operator = Literal["eq", "ne", "in", "gt", "gte", "lt", "lte", "null", "notnull", "each", "none"]
"""`each` and `none` are no caller's words: any of several that are one, or none of them."""

RESERVED = ("q", "sort", "fields", "limit", "cursor", "count")
MAX_TEXT = 500
MAX_VALUES = 200
INT64 = 2**63

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_INT = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,18})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9-]{10}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COMPARE = {"ne": "<>", "eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Refused(ValueError):
    """One parameter is at fault: a stable code and a sentence for the caller."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _matched(pattern: re.Pattern[str], value: str, expected: str) -> str:
    if not pattern.fullmatch(value):
        raise Refused("malformed", f"expected {expected}")
    return value


def parse_text(value: str) -> str:
    """Text that PostgreSQL can store: valid Unicode without NUL, at most 500 characters; in NFC, as text is stored."""
    if len(value) > MAX_TEXT:
        raise Refused("too-long", f"at most {MAX_TEXT} characters")
    if "\x00" in value or (not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value)):
        raise Refused("malformed", "expected text without NUL or unpaired surrogates")
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def parse_int(value: str) -> int:
    """A decimal integer within int64."""
    number = int(_matched(_INT, value, "an integer"))
    if not -INT64 <= number < INT64:
        raise Refused("out-of-range", "expected an integer of 64 bits")
    return number


def _parse_date(value: str) -> date:
    try:
        return date.fromisoformat(_matched(_DATE, value, "a date, YYYY-MM-DD"))
    except ValueError as error:
        raise Refused("malformed", "expected a date, YYYY-MM-DD") from error


def _parse_datetime(value: str) -> datetime:
    expected = "an RFC 3339 date-time with offset, such as 2026-01-31T08:00:00Z (a + is sent as %2B)"
    try:
        return datetime.fromisoformat(_matched(_DATETIME, value, expected).upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("malformed", f"expected {expected}") from error


def parse_bool(value: str) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise Refused("malformed", "expected true or false")
    return value == "true"


def _refuse(_value: str) -> object:
    raise Refused("not-filterable", "this field cannot be filtered")


@dataclass(frozen=True, slots=True)
class KindRules:
    """One kind: its PostgreSQL type, strict parser, reader of cursor values, JSON Schema, whether < and > apply."""

    cast: str
    parse: Callable[[str], object]
    load: Callable[[Any], object]
    schema: Mapping[str, Any]
    ordered: bool = False


_NUMBER = r"^-?[0-9]{1,20}(\.[0-9]{1,18})?$"
KINDS: Mapping[Kind, KindRules] = {
    "uuid": KindRules("uuid", lambda v: UUID(_matched(_UUID, v, "a UUID")), UUID, {"type": "string", "format": "uuid"}),
    "text": KindRules(
        "text", parse_text, str, {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^[^\x00]*$"}, ordered=True
    ),
    "currency": KindRules(
        "text",
        lambda v: _matched(_CURRENCY, v, "an ISO 4217 code"),
        str,
        {"type": "string", "pattern": "^[A-Z]{3}$"},
    ),
    "int": KindRules(
        "bigint", parse_int, int, {"type": "integer", "minimum": -INT64, "maximum": INT64 - 1}, ordered=True
    ),
    "decimal": KindRules(
        "numeric",
        lambda v: Decimal(_matched(_DECIMAL, v, "a decimal number")),
        Decimal,
        {"type": "string", "pattern": _NUMBER},
        ordered=True,
    ),
    "float": KindRules(
        "double precision",
        lambda v: float(_matched(_DECIMAL, v, "a decimal number")),
        float,
        {"type": "string", "pattern": _NUMBER},
        ordered=True,
    ),
    "date": KindRules("date", _parse_date, date.fromisoformat, {"type": "string", "format": "date"}, ordered=True),
    "datetime": KindRules(
        "timestamptz", _parse_datetime, datetime.fromisoformat, {"type": "string", "format": "date-time"}, ordered=True
    ),
    "bool": KindRules("boolean", parse_bool, bool, {"type": "boolean"}),
    "json": KindRules("jsonb", _refuse, str, {}),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a list.

    `sql` is its expression in `ListSpec.source`. `nullable` must be true when it can be NULL (also through
    an outer join): paging depends on it. `match` replaces the comparison of a filter-only field by a
    predicate over an array parameter written `{}`:
    `EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND l.product_id = ANY({}))`. With a `key` a text is compared
    by what it reads, not as it is spelt. `members` is what follows FROM so that `m.id` are
    all ids that are one with those of `$1`: a filter by one of them finds all, in the column `filed`.
    """

    sql: str
    kind: Kind = "text"
    nullable: bool = False
    sortable: bool = False
    filterable: bool = True
    enum: tuple[str, ...] | None = None
    output: bool = True
    match: str = ""
    key: TextKey | None = None
    filed: str = ""
    members: str = ""

    @property
    def order(self) -> str:
        """The expression by which the field sorts."""
        return self.key.order if self.key is not None and self.key.order else self.sql

    def operators(self) -> tuple[str, ...]:
        """Operators as they are written in a parameter's brackets; `eq` is written without."""
        if not self.filterable or self.kind == "json":
            return ()
        if self.match:
            return ("eq", "in")
        ordered = ("gte", "gt", "lte", "lt") if KINDS[self.kind].ordered and self.enum is None else ()
        several = ("in",) if self.kind != "bool" else ()
        return ("eq", "ne", *several, *ordered, *(("null",) if self.nullable else ()))

    def parse(self, value: str) -> object:
        """One typed value; raises Refused."""
        if self.enum is not None and value not in self.enum:
            raise Refused("unknown-value", f"expected one of: {', '.join(self.enum)}")
        return KINDS[self.kind].parse(value)

    def parameter(self, operator: Operator, values: Sequence[object]) -> object:
        """What `predicate` compares with, of parsed values: several for `in`, one for every other operator."""
        if self.key is not None and operator in ("eq", "ne", "in"):
            spelt = cast(Sequence[str], values)
            return list(dict.fromkeys(key for value in spelt for key in (*self.key.fold(value), value)))
        if self.key is not None and self.key.order:
            return self.key.place(str(values[0]))
        return list(values) if operator == "in" or self.match else values[0]

    def predicate(self, operator: Operator, number: int) -> str:
        """The SQL condition, its parameter being `$number`.

        `ne` keeps the rows that have no value: they differ.
        """
        cast = KINDS[self.kind].cast
        if self.filed:
            return replace(self, sql=self.filed, filed="").predicate(operator, number)
        if self.match:
            return "(" + self.match.replace("{}", f"${number}::{cast}[]") + ")"
        if operator in ("null", "notnull"):
            return f"{self.sql} IS {'NOT ' if operator == 'notnull' else ''}NULL"
        if self.key is not None and operator in ("eq", "ne", "in"):
            return self._same(self.key, number, operator == "ne")
        if operator in ("in", "each"):
            return f"{self.sql} = ANY(${number}::{cast}[])"
        if operator == "none":
            return f"({self.sql} = ANY(${number}::{cast}[])) IS NOT TRUE"
        if operator == "ne" and self.nullable:
            return f"{self.sql} IS DISTINCT FROM ${number}::{cast}"
        return f"{self.order} {_COMPARE[operator]} ${number}::{cast}"

    def _same(self, key: TextKey, number: int, others: bool) -> str:
        values = f"ANY(${number}::text[])"
        same = f"{key.sql} = {values}"
        if key.waiting:
            same = f"({same} OR ({key.waiting} AND {self.sql} = {values}))"
        return f"({same}) IS NOT TRUE" if others else same


@dataclass(frozen=True, slots=True, eq=False)
class ListSpec:
    """A list: `source` is what follows FROM (joins included), `fields` its fields by name.

    `key` names the unique, never null field that ends every sort; `search` are text expressions for `q`;
    `search_key` is where the folded texts of them stand (`search_of` gives it); `default_sort` is written as the `sort`
    parameter. Make one at import: SQL is cached per object.
    """

    source: str
    fields: Mapping[str, Field]
    search: tuple[str, ...] = ()
    default_sort: str = "id"
    key: str = "id"
    search_key: SearchKey | None = None

    def __post_init__(self) -> None:
        key = self.fields[self.key]
        if key.nullable or key.match:
            raise ValueError("the key of a list is a column that is never null")
        for name, field in self.fields.items():
            if name in RESERVED and field.operators():
                raise ValueError(f"{name!r} is a parameter of every list and cannot be a filter")
            if field.sortable and (field.kind == "json" or field.match):
                raise ValueError(f"{name!r} cannot be sorted by")

    def outputs(self) -> tuple[str, ...]:
        """Names of the fields that an item has."""
        return tuple(name for name, field in self.fields.items() if field.output and not field.match)

    def sortable(self) -> tuple[str, ...]:
        """Names that `sort` accepts."""
        return tuple(name for name, field in self.fields.items() if field.sortable or name == self.key)


_KIND_OF: Mapping[type, Kind] = {
    UUID: "uuid",
    str: "text",
    int: "int",
    float: "float",
    Decimal: "decimal",
    datetime: "datetime",
    date: "date",
    bool: "bool",
}


def fields_of(
    row: type[SQLModel],
    alias: str,
    *,
    sortable: Collection[str] = (),
    unfiltered: Collection[str] = (),
    without: Collection[str] = (),
) -> dict[str, Field]:
    """A field for each column of a row type; arrays and documents are shown and cannot be filtered by. Names and codes
    are compared by their keys."""
    fields = {
        name: _field_of(info, f"{alias}.{name}", is_sortable=name in sortable)
        for name, info in row.model_fields.items()
        if name not in without
    }
    keys = keys_of(row)
    if keys is not None:
        of = keys.fields(alias)
        fields |= {name: replace(fields[name], key=key) for name, key in of.items() if name in fields}
    return {**fields, **{name: replace(fields[name], filterable=False) for name in unfiltered}}


def _field_of(info: FieldInfo, sql: str, *, is_sortable: bool) -> Field:
    kinds = [kind for kind in get_args(info.annotation) if kind is not type(None)]
    is_nullable = type(None) in get_args(info.annotation)
    kind = kinds[0] if is_nullable and len(kinds) == 1 else info.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Field(sql, enum=tuple(kind), nullable=is_nullable, sortable=is_sortable)
    if kind in _KIND_OF:
        return Field(sql, _KIND_OF[cast(type, kind)], nullable=is_nullable, sortable=is_sortable)
    # a helper in the annotation leaves its type in the metadata, one as the value in the field itself
    is_array = any(isinstance(getattr(each, "sa_type", None), ARRAY) for each in (info, *info.metadata))
    return Field(f"to_jsonb({sql})" if is_array else sql, "json", nullable=is_nullable)


def search_of(row: type[SQLModel], alias: str) -> SearchKey | None:
    """Where the folded texts of a row type stand that `q` searches."""
    keys = keys_of(row)
    return keys.search(alias) if keys is not None else None
