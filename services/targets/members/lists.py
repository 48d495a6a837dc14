"""List of members."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.members.models import MemberRow

MEMBERSHIPS = (
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('unit_id', s.unit_id, 'path', u.path, 'valid_from', s.valid_from, "
    "'valid_to', s.valid_to, 'role', coalesce(s.role, m.role), 'capacity', s.capacity) "
    "ORDER BY s.valid_from), '[]') FROM membership s JOIN unit u ON u.id = s.unit_id "
    "WHERE s.member_id = m.id)"
)
"""Memberships of member `m`, oldest first."""

_IN_UNIT = (
    "EXISTS (SELECT 1 FROM membership s JOIN unit u ON u.id = s.unit_id WHERE s.member_id = m.id AND u.path && {})"
)

MEMBERS = ListSpec(
    source="member m",
    fields={
        **fields_of(MemberRow, "m", sortable=("code",), unfiltered=("version",)),
        "memberships": Field(MEMBERSHIPS, "json"),
        "unit_id": Field("m.id", "uuid", match=_IN_UNIT),
    },
    search=("m.code",),
)
