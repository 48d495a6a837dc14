"""List of agreements."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.channels.agreements.models import Agreement
from services.channels.products.lists import lines_field

AGREEMENTS = ListSpec(
    source="agreement a",
    fields={
        **fields_of(
            Agreement,
            "a",
            sortable=("valid_from", "number"),
            unfiltered=("max_discount", "minimum_volume_base", "notice_days", "document_reference", "document_sha256"),
            without=("due_at",),
        ),
        "region": Field("a.territory", match="a.territory && {}"),
        "product_line": lines_field("a.product_lines"),
    },
    search=("a.number",),
    default_sort="-valid_from",
)
