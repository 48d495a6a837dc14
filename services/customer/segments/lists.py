"""Lists of segments and of their members."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.customer.accounts.lists import joined_root
from services.customer.segments.models import Segment

SEGMENTS = ListSpec(
    source="segment s",
    fields=fields_of(Segment, "s", sortable=("name", "created_at"), without=("due_at",)),
    search=("s.name",),
    search_key=search_of(Segment, "s"),
    default_sort="-created_at",
)


def _members(source: str, name: str) -> ListSpec:
    return ListSpec(
        source=source,
        fields={
            "id": Field("m.member_id", "uuid"),
            "name": Field(name, filterable=False),
            "owner_id": Field("a.owner_id", "uuid", nullable=True),
            "joined_at": Field("m.joined_at", "datetime", sortable=True),
        },
        default_sort="-joined_at",
    )


ACCOUNT_MEMBERS = _members("segment_member m JOIN account a ON a.id = m.member_id AND a.merged_into IS NULL", "a.name")
CONTACT_MEMBERS = _members(
    f"segment_member m JOIN contact c ON c.id = m.member_id {joined_root('c.account_id')}", "c.name"
)
