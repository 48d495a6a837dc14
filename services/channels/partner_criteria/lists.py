"""List of criteria."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.partner_criteria.models import PartnerCriteria

PARTNER_CRITERIA = ListSpec(
    source="partner_criteria c",
    fields=fields_of(PartnerCriteria, "c", sortable=("created_at",)),
    default_sort="-created_at",
)
