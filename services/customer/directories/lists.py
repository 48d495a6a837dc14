"""List of sellers."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec
from kit.db.text_keys import code_key

SELLERS = ListSpec(
    source="(SELECT DISTINCT ON (id) id, code, path[cardinality(path)] AS unit_id, valid_from, valid_to "
    "FROM principal ORDER BY id, valid_from DESC) s",
    fields={
        "id": Field("s.id", "uuid"),
        "code": Field("s.code", sortable=True, key=code_key("s.code")),
        "unit_id": Field("s.unit_id", "uuid", nullable=True),
        "valid_from": Field("s.valid_from", "date", sortable=True),
        "valid_to": Field("s.valid_to", "date", nullable=True),
    },
    search=("s.code",),
    default_sort="code",
)
