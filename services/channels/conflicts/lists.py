"""List of conflicts."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.conflicts.models import Conflict

CONFLICTS = ListSpec(
    source="conflict c",
    fields=fields_of(
        Conflict,
        "c",
        sortable=("opened_on", "number", "value_base"),
        unfiltered=("assessment", "proposal", "decision_note", "member_shares", "partner_shares"),
        without=("due_at", "parties", "place"),
    ),
    search=("c.number",),
    default_sort="-opened_on",
)
