"""List of tasks of partners."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.partner_tasks.models import PartnerTask

PARTNER_TASKS = ListSpec(
    source="partner_task t",
    fields=fields_of(PartnerTask, "t", sortable=("created_at", "due_on"), unfiltered=("subject", "note")),
    default_sort="-created_at",
)
