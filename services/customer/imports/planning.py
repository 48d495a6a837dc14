"""How the file of an import is read, out of what its start said."""

from __future__ import annotations

from services.customer.imports.columns import Plan, check_constants, check_required, columns_of, key_column
from services.customer.imports.models import Import
from services.customer.imports.records import CsvRecords
from services.customer.imports.rules import BOM, RowTooWide, check_header, delimiter_of, encoding_of


def plan_of(run: Import, base_currency: str) -> Plan:
    """The plan of an import whose columns are known; raises ColumnUnknown, FieldUnknown, RequiredColumn."""
    options = run.options
    check_header(run.columns)
    check_constants(run.kind, run.constants)
    columns = columns_of(run.kind, run.columns, run.mapping)
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
        base_currency=base_currency,
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
