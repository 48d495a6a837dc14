"""List of custom fields, and the filters by which other lists ask for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.filters import Field, Kind, ListSpec, Operator, Refused, fields_of
from kit.money import MAX_AMOUNT, is_currency
from services.customer.custom_fields.enums import CustomType
from services.customer.custom_fields.models import CustomField
from services.customer.custom_fields.rules import PREFIX

CUSTOM_FIELDS = ListSpec(
    source="custom_field f",
    fields={
        **fields_of(
            CustomField,
            "f",
            sortable=("key", "created_at"),
            without=("archived_at", "index_no", "indexed_at"),
        ),
        "is_filterable": Field(
            "(f.indexed AND f.indexed_at IS NOT NULL AND f.archived_at IS NULL)", "bool", filterable=False
        ),
        "is_archived": Field("(f.archived_at IS NOT NULL)", "bool"),
    },
    default_sort="-created_at",
)


class Asked(NamedTuple):
    """A field that a list is asked for; `options` are all that it ever had."""

    id: UUID
    key: str
    type: CustomType
    options: tuple[str, ...]


_KINDS: Final[Mapping[CustomType, Kind]] = {
    CustomType.INT: "int",
    CustomType.DECIMAL: "decimal",
    CustomType.DATE: "date",
    CustomType.BOOL: "bool",
}
_COLUMNS: Final[Mapping[CustomType, str]] = {
    **dict.fromkeys((CustomType.INT, CustomType.DECIMAL), "v.text_value IS NULL AND v.number_value"),
    CustomType.DATE: "v.date_value",
}
_CASTS: Final[Mapping[CustomType, str]] = {
    **dict.fromkeys((CustomType.INT, CustomType.DECIMAL), "numeric"),
    CustomType.DATE: "date",
}
_SIGNS: Final = {"eq": "=", "ne": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MONEY = re.compile(r"([A-Z]{3}):(-?[0-9]{1,14})")


@dataclass(frozen=True, slots=True)
class CustomFilter(Field):
    """A filter by a custom field: a semi join with its values, which the index of the type serves.

    Texts are compared by their characters, as they are spelt. Money is written `CNY:100000`, in minor units, and
    compared with amounts of its currency alone. Of several options any may be meant; `ne` keeps the rows without.
    """

    field_id: UUID | None = None
    type: CustomType = CustomType.TEXT
    row: str = ""

    def parse(self, value: str) -> object:
        """One typed value; raises Refused."""
        if self.type is not CustomType.MONEY:
            return Field.parse(self, value)
        found = _MONEY.fullmatch(value)
        if found is None or not is_currency(found[1]) or abs(int(found[2])) > MAX_AMOUNT:
            raise Refused("malformed", "expected a currency and an amount in minor units, such as CNY:100000")
        return value

    def predicate(self, operator: Operator, number: int) -> str:
        """The SQL condition, its parameter being `$number`."""
        keyword = "NOT EXISTS" if operator in ("ne", "null") else "EXISTS"
        compared = "" if operator in ("null", "notnull") else f" AND {self._compared(operator, number)}"
        of_row = f"v.field_id = '{self.field_id}'::uuid AND v.row_id = {self.row}"
        return f"{keyword} (SELECT FROM custom_value v WHERE {of_row}{compared})"

    def _compared(self, operator: Operator, number: int) -> str:
        if self.type is CustomType.MONEY:
            return _money(operator, number)
        if self.type is CustomType.BOOL:
            return f"v.text_value = ${number}::boolean::text"
        column = _COLUMNS.get(self.type, "v.text_value")
        cast = _CASTS.get(self.type, "text")
        if operator == "in":
            return f"{column} = ANY(${number}::{cast}[])"
        return f"{column} {_SIGNS[operator]} ${number}::{cast}"


def _money(operator: Operator, number: int) -> str:
    if operator == "in":
        return (
            "(v.text_value, v.number_value) IN (SELECT split_part(m, ':', 1), split_part(m, ':', 2)::numeric "
            f"FROM unnest(${number}::text[]) m)"
        )
    currency, amount = (f"split_part(${number}::text, ':', {part})" for part in (1, 2))
    return f"v.text_value = {currency} AND v.number_value {_SIGNS[operator]} {amount}::numeric"


@lru_cache(maxsize=512)
def with_custom(spec: ListSpec, asked: tuple[Asked, ...]) -> ListSpec:
    """A list that can be asked for these fields; the same object for the same fields, since lists keep their SQL."""
    return replace(spec, fields={**spec.fields, **{PREFIX + one.key: _filter(spec, one) for one in asked}})


def _filter(spec: ListSpec, one: Asked) -> CustomFilter:
    row = spec.fields[spec.key].sql
    return CustomFilter(
        f"{row.partition('.')[0]}.custom -> '{one.key}'",
        _KINDS.get(one.type, "text"),
        nullable=True,
        enum=one.options or None,
        output=False,
        field_id=one.id,
        type=one.type,
        row=row,
    )


def asked_of(fields: Sequence[CustomField]) -> tuple[Asked, ...]:
    """What lists need to know of fields, in order of their keys."""
    found = [Asked(one.id, one.key, one.type, tuple(each.value for each in one.options)) for one in fields]
    return tuple(sorted(found, key=lambda one: one.key))
