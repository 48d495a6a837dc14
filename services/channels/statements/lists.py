"""Lists of statements and of what stands in them."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.channels.statements.enums import RebateLineKind
from services.channels.statements.models import RebateStatement

STATEMENTS = ListSpec(
    source="rebate_statement s",
    fields=fields_of(RebateStatement, "s", sortable=("posting_date",), unfiltered=("reason", "calculated_at")),
    search=("s.number",),
    default_sort="-posting_date",
)
LINES = ListSpec(
    source="rebate_statement_line l",
    fields={
        "id": Field("l.source_id", "uuid"),
        "kind": Field("l.kind", enum=tuple(RebateLineKind)),
        "posting_date": Field("l.posting_date", "date", sortable=True),
        "order_id": Field("l.order_id", "uuid", nullable=True),
        "programme_id": Field("l.programme_id", "uuid", nullable=True),
        "amount": Field("l.amount", "int"),
        "is_live": Field("l.is_live", "bool"),
    },
    default_sort="posting_date",
)
