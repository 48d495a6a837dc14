"""How the file of an import is read, out of what its start said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kit.work import Work
from services.customer.custom_fields.enums import CustomResource, CustomType
from services.customer.custom_fields.rules import keys_asked
from services.customer.custom_fields.service import fields_named
from services.customer.imports.cells import CellKind
from services.customer.imports.columns import Custom, Plan, check_constants, check_required, columns_of, key_column
from services.customer.imports.enums import ImportKind
from services.customer.imports.models import Import
from services.customer.imports.records import CsvRecords
from services.customer.imports.rules import BOM, RowTooWide, check_header, delimiter_of, encoding_of

_RESOURCES: Final = {ImportKind.ACCOUNTS: CustomResource.ACCOUNT, ImportKind.CONTACTS: CustomResource.CONTACT}
_CELLS: Final[Mapping[CustomType, CellKind]] = {
    CustomType.TEXT: CellKind.TEXT,
    CustomType.INT: CellKind.COUNT,
    CustomType.DECIMAL: CellKind.DECIMAL,
    CustomType.MONEY: CellKind.MONEY,
    CustomType.DATE: CellKind.DAY,
    CustomType.BOOL: CellKind.BOOL,
    CustomType.ENUM: CellKind.TEXT,
    CustomType.MULTI_ENUM: CellKind.MANY,
}


async def _custom_of(work: Work, run: Import) -> Custom:
    """How the custom fields that an import names are read."""
    resource = _RESOURCES.get(run.kind)
    named = [*(run.columns if run.mapping is None else run.mapping.values()), *run.constants]
    keys = keys_asked([name.strip().lower() if run.mapping is None else name for name in named])
    if resource is None or not keys:
        return {}
    return {one.key: _CELLS[one.type] for one in await fields_named(work, resource, keys)}


async def plan_of(work: Work, run: Import) -> Plan:
    """The plan of an import whose columns are known; raises ColumnUnknown, FieldUnknown, RequiredColumn."""
    options = run.options
    check_header(run.columns)
    custom = await _custom_of(work, run)
    check_constants(run.kind, run.constants, custom)
    columns = columns_of(run.kind, run.columns, run.mapping, custom)
    check_required(run.kind, [*(column.field for column in columns), *run.constants])
    source = options.source or f"file:{(run.sha256 or '')[:24]}"
    return Plan(
        kind=run.kind,
        width=len(run.columns),
        columns=columns,
        constants=run.constants,
        key=key_column(run.columns, run.key),
        source=source,
        sources={
            "account_ref": options.account_source or source,
            "for_order_ref": options.order_source or source,
        },
        unit=options.amounts,
        empty=options.empty,
        base_currency=work.base_currency,
        custom=custom,
        is_placed=options.place,
    )


def header_of(head: bytes, *, is_whole: bool) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the columns of a file that begins so; raises EncodingUnknown, RowTooWide."""
    encoding = encoding_of(head, is_whole=is_whole)
    first = head.removeprefix(BOM).partition(b"\n")[0].decode(encoding, "replace")
    delimiter = delimiter_of(first)
    records = CsvRecords(encoding, delimiter)
    records.feed(head)
    if is_whole:
        records.finish()
    found = records.take(1)
    if not found or found[0].cells is None:
        if is_whole and not found:
            return delimiter, ()
        raise RowTooWide("the header ends nowhere")
    return delimiter, tuple(cell.strip() for cell in found[0].cells)
