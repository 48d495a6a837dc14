"""Lists of imports and of their rows."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.imports.models import Import, ImportRow

IMPORTS = ListSpec(
    source="import_run i",
    fields=fields_of(
        Import, "i", sortable=("created_at",), without=("roles", "job_id", "due_at", "sha256"), unfiltered=("key",)
    ),
    default_sort="-created_at",
)
IMPORT_ROWS = ListSpec(
    source="import_row r",
    fields={
        **fields_of(ImportRow, "r", without=("import_id", "resource_version", "key_hash", "details", "codes")),
        "codes": Field("to_jsonb(r.codes)", "json"),
        "code": Field("r.codes", match="r.codes && {}"),
        "problems": Field("(r.row_no, r.outcome, r.details)", filterable=False),
    },
    default_sort="row_no",
    key="row_no",
)
