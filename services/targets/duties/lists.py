"""List of roles."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.duties.models import Role

MEMBERS = "(SELECT count(*) FROM member m WHERE m.role = r.role)"
"""How many members have role `r`, as the list of members says."""

ROLES = ListSpec(
    source="member_role r",
    fields={
        **fields_of(Role, "r", sortable=("role",), unfiltered=("version",)),
        "members": Field(MEMBERS, "int", filterable=False),
        "permissions": Field("r.role", filterable=False),
    },
    search=("r.role",),
    default_sort="role",
)
"""`permissions` are the role here; the door says what it allows."""
