"""List of screenings."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.partner_screening.models import PartnerScreening

PARTNER_SCREENINGS = ListSpec(
    source="partner_screening s",
    fields=fields_of(PartnerScreening, "s", sortable=("created_at",), unfiltered=("decision_note",)),
    default_sort="-created_at",
)
