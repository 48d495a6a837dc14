"""Which fields a kind has, and how the cells of a record become the body of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kit.errors import FieldError
from services.customer.imports.cells import (
    LOST,
    CellKind,
    CellRefused,
    CellValue,
    RowProblem,
    read_cell,
    what_is_lost,
)
from services.customer.imports.enums import AmountUnit, EmptyCell, ImportKind
from services.customer.imports.rules import ColumnUnknown, FieldUnknown, RequiredColumn, RowTooWide, unescaped

_TEXT, _COUNT, _AMOUNT, _SHARE, _DAY, _MANY = (
    CellKind.TEXT,
    CellKind.COUNT,
    CellKind.AMOUNT,
    CellKind.SHARE,
    CellKind.DAY,
    CellKind.MANY,
)


class Target(NamedTuple):
    """Where in a body the cells of a field go, and how they are read. Numbers in a path are places of a list."""

    path: tuple[str, ...]
    kind: CellKind = CellKind.TEXT


Targets = Mapping[str, Target]


def _plain(kinds: Mapping[str, CellKind]) -> dict[str, Target]:
    return {name: Target((name,), kind) for name, kind in kinds.items()}


_ACCOUNT: Targets = {"account": Target(("account_ref", "id")), "account_id": Target(("account_id",))}
TARGETS: Mapping[ImportKind, Targets] = {
    ImportKind.ACCOUNTS: {
        **_plain(dict.fromkeys(("kind", "name", "local_name", "tax_id", "country", "region"), _TEXT)),
        **_plain(dict.fromkeys(("business_type", "website", "phone", "address", "owner_id"), _TEXT)),
        **_plain({"employees": _COUNT, "annual_revenue_base": CellKind.AMOUNT_BASE, "tags": _MANY}),
        "industry_scheme": Target(("industry", "scheme")),
        "industry_code": Target(("industry", "code")),
    },
    ImportKind.CONTACTS: {
        **_ACCOUNT,
        **_plain(dict.fromkeys(("name", "title", "address", "language", "preferred_channel"), _TEXT)),
        **_plain({"roles": _MANY, "birthday": _DAY}),
        "email": Target(("emails", "0", "value")),
        "email_2": Target(("emails", "1", "value")),
        "phone": Target(("phones", "0", "value")),
        "phone_2": Target(("phones", "1", "value")),
    },
    ImportKind.ORDERS: {
        **_ACCOUNT,
        **_plain({"currency": _TEXT, "order_date": _DAY, "payment_terms_days": _COUNT, "total": _AMOUNT}),
        **_plain(dict.fromkeys(("partner_id", "region", "channel_id", "contact_id", "deal_id", "contract_id"), _TEXT)),
        "sku": Target(("lines", "0", "sku")),
        "quantity": Target(("lines", "0", "quantity"), _COUNT),
        "unit_price": Target(("lines", "0", "unit_price"), _AMOUNT),
        "discount": Target(("lines", "0", "discount"), _AMOUNT),
        "tax_rate": Target(("lines", "0", "tax_rate"), _SHARE),
    },
    ImportKind.PAYMENTS: {
        **_ACCOUNT,
        **_plain({"currency": _TEXT, "amount": _AMOUNT, "received_on": _DAY, "method": _TEXT}),
        "order": Target(("allocations", "0", "order_ref", "id")),
        "for_order": Target(("for_order_ref", "id")),
    },
    ImportKind.LEADS: {
        **_plain(dict.fromkeys(("company", "person_name", "email", "phone", "country", "source", "campaign"), _TEXT)),
        "owner_id": Target(("owner_id",)),
    },
    ImportKind.OPPORTUNITIES: {
        **_ACCOUNT,
        **_plain(dict.fromkeys(("name", "currency", "pipeline", "stage", "forecast_category", "next_step"), _TEXT)),
        **_plain({"amount": _AMOUNT, "expected_close": _DAY, "probability": _SHARE, "competitors": _MANY}),
        **_plain(dict.fromkeys(("owner_id", "contact_id", "partner_id", "opened_at"), _TEXT)),
    },
}
REQUIRED: Mapping[ImportKind, tuple[tuple[str, ...], ...]] = {
    ImportKind.ACCOUNTS: (("name",),),
    ImportKind.CONTACTS: (("name",), ("account", "account_id")),
    ImportKind.ORDERS: (("account", "account_id"), ("currency",), ("sku",), ("quantity",), ("unit_price",)),
    ImportKind.PAYMENTS: (("account", "account_id"), ("currency",), ("amount",), ("method",)),
    ImportKind.LEADS: (("company", "person_name"),),
    ImportKind.OPPORTUNITIES: (("account", "account_id"), ("name",), ("amount",), ("currency",)),
}
"""Of each group a row has one."""
LISTS: Final = ("emails", "phones", "lines", "allocations")
OTHER_IDS: Final = "external_ids."
"""`external_ids.tax` is the id of an account or contact in the system `tax`."""
CUSTOM: Final = "custom."
"""`custom.tier` is the custom field `tier` of an account or contact."""
_MANY_IDS = (ImportKind.ACCOUNTS, ImportKind.CONTACTS)


Custom = Mapping[str, CellKind]
"""How the custom fields of a kind are read, by key."""


def target_of(kind: ImportKind, field: str, custom: Custom) -> Target | None:
    """Where a field goes; None where the kind has no such field."""
    if field.startswith(CUSTOM) and (key := field.removeprefix(CUSTOM)) in custom:
        return Target(("custom", key), custom[key])
    if kind in _MANY_IDS and field.startswith(OTHER_IDS):
        return Target(("external_ids", field.removeprefix(OTHER_IDS)))
    return TARGETS[kind].get(field)


class Column(NamedTuple):
    """A column of the file that is read."""

    place: int
    name: str
    field: str
    target: Target


class Line(NamedTuple):
    """A row as it was read: the body of a batch with its key, or what is wrong with it."""

    key: str
    body: dict[str, Any]
    problems: list[RowProblem]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the records of a file are read."""

    kind: ImportKind
    width: int
    columns: tuple[Column, ...]
    constants: Mapping[str, str]
    key: Column | None
    source: str
    sources: Mapping[str, str]
    unit: AmountUnit
    empty: EmptyCell
    base_currency: str
    custom: Custom
    is_placed: bool = False

    def read(self, number: int, cells: Sequence[str]) -> Line:
        """The row of a record; its number is its key where no column is."""
        key, problems = str(number), list[RowProblem]()
        if self.key is not None:
            key = self._cell(cells, self.key) or ""
            if key.startswith(LOST):
                problems.append(RowProblem(self.key.name, *what_is_lost(key)))
            elif not key:
                problems.append(RowProblem(self.key.name, "key-missing", "the row has no key"))
        if any(cell.strip() for cell in cells[self.width :]):
            problems.append(RowProblem("", RowTooWide.code, f"the header has {self.width} columns"))
        values = self._values(cells, problems)
        return Line(key, self._body(key, values), problems)

    def column_of(self, pointer: str) -> str:
        """The column of a field of the body, by the longest path that leads to it; else the pointer itself."""
        path = tuple(pointer.strip("/").split("/"))
        ranked = sorted(self.columns, key=lambda one: -len(one.target.path))
        for column in ranked:
            if path[: len(column.target.path)] == column.target.path:
                return column.name
        for column in ranked:
            if column.target.path[: len(path)] == path:
                return column.name
        if self.key is not None and path[0] in ("external_id", "external_ids"):
            return self.key.name
        return pointer.strip("/")

    def _cell(self, cells: Sequence[str], column: Column) -> str | None:
        return unescaped(cells[column.place]).strip() if column.place < len(cells) else None

    def _values(self, cells: Sequence[str], problems: list[RowProblem]) -> dict[tuple[str, ...], CellValue | None]:
        said = {one.field: (one.name, one.target, self._cell(cells, one)) for one in self.columns}
        for field, constant in self.constants.items():
            if (field not in said or not said[field][2]) and (to := target_of(self.kind, field, self.custom)):
                said[field] = field, to, constant
        currency = said["currency"][2] or "" if "currency" in said else ""
        found: dict[tuple[str, ...], CellValue | None] = {}
        for column, target, text in said.values():
            if text is None:
                continue
            if not text:
                if self.empty is EmptyCell.CLEAR and target.path[0] != "external_ids":
                    is_list = target.kind is CellKind.MANY and target.path[0] != "custom"
                    found[target.path] = [] if is_list else None
                continue
            of = self.base_currency if target.kind is CellKind.AMOUNT_BASE else currency
            try:
                found[target.path] = read_cell(text, target.kind, currency=of, unit=self.unit)
            except CellRefused as refused:
                problems.append(RowProblem(column, refused.code, refused.reason))
        return found

    def _body(self, key: str, values: Mapping[tuple[str, ...], CellValue | None]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for path, value in values.items():
            if (
                value is None and len(path) > 1 and path[0] != "custom"
            ):  # an empty part: the whole is empty where every part is
                body.setdefault(path[0], None)
                continue
            at = body
            for name in path[:-1]:
                at[name] = at.get(name) or {}
                at = at[name]
            at[path[-1]] = value
        for name in LISTS:
            if name in body:
                body[name] = [part for _, part in sorted((body[name] or {}).items())]
        return self._named(key, body)

    def _named(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """With the ids of other systems, and what a kind has besides."""
        for name, source in self.sources.items():
            if body.get(name) is not None:
                body[name]["source"] = source
        if self.kind in _MANY_IDS:
            body["external_ids"] = {**(body.get("external_ids") or {}), self.source: key}
        else:
            body["external_id"] = {"source": self.source, "id": key}
        if self.kind is ImportKind.ACCOUNTS:
            body.setdefault("kind", "organization")
        elif self.kind is ImportKind.ORDERS:
            body["place"] = self.is_placed
        elif self.kind is ImportKind.PAYMENTS and body.get("allocations"):
            body["allocations"] = [
                {"order_ref": {**part["order_ref"], "source": self.sources["for_order_ref"]}, "amount": body["amount"]}
                for part in body["allocations"]
                if "amount" in body
            ]
        return body


def columns_of(
    kind: ImportKind, header: Sequence[str], mapping: Mapping[str, str] | None, custom: Custom
) -> tuple[Column, ...]:
    """The columns that are read; without a mapping those that are called as a field is. Raises ColumnUnknown,
    FieldUnknown."""
    places = {name: place for place, name in enumerate(header) if name}
    if mapping is None:
        named = {name: name.strip().lower() for name in places}
        mapping = {name: field for name, field in named.items() if target_of(kind, field, custom) is not None}
    found, faults = list[Column](), list[FieldError]()
    for name, field in mapping.items():
        target = target_of(kind, field, custom)
        if name not in places:
            faults.append(FieldError("/mapping", ColumnUnknown.code, f"no column {name[:100]}"))
        elif target is None:
            raise _field_unknown("/mapping", kind, field)
        else:
            found.append(Column(places[name], name, field, target))
    if faults:
        raise ColumnUnknown(errors=faults)
    fields = [column.field for column in found]
    for field in fields:
        if fields.count(field) > 1:
            detail = f"two columns become {field}"
            raise FieldUnknown(detail, errors=[FieldError("/mapping", FieldUnknown.code, detail)])
    return tuple(found)


def _field_unknown(pointer: str, kind: ImportKind, field: str) -> FieldUnknown:
    detail = f"{kind} have no field {field[:100]}"
    return FieldUnknown(detail, errors=[FieldError(pointer, FieldUnknown.code, detail)])


def check_required(kind: ImportKind, fields: Sequence[str]) -> None:
    """Raises RequiredColumn for a field that each row needs and none gives."""
    missing = [" or ".join(group) for group in REQUIRED[kind] if not set(group) & set(fields)]
    if missing:
        raise RequiredColumn(errors=[FieldError("/mapping", RequiredColumn.code, f"no {one}") for one in missing])


def check_constants(kind: ImportKind, constants: Mapping[str, str], custom: Custom) -> None:
    """Raises FieldUnknown."""
    for field in constants:
        if target_of(kind, field, custom) is None:
            raise _field_unknown("/constants", kind, field)


def key_column(header: Sequence[str], key: str | None) -> Column | None:
    """The column of keys; raises ColumnUnknown."""
    if key is None:
        return None
    if key not in header or not key:
        raise ColumnUnknown(errors=[FieldError("/key", ColumnUnknown.code, f"no column {key[:100]}")])
    return Column(list(header).index(key), key, "external_id", Target(("external_id", "id")))
