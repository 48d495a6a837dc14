"""List of entries about partners."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.partner_logs.models import PartnerLog

PARTNER_LOGS = ListSpec(
    source="partner_log l",
    fields=fields_of(PartnerLog, "l", sortable=("happened_on", "follow_up_on"), unfiltered=("note", "outcome")),
    default_sort="-happened_on",
)
