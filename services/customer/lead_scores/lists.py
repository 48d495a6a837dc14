"""What rules of a lead's score may ask for: how it came and what is known of it, no value of a person."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec

SCORED = ListSpec(
    source="lead l",
    fields={
        "id": Field("l.id", "uuid", filterable=False),
        "source": Field("l.source", nullable=True),
        "campaign": Field("l.campaign", nullable=True),
        "country": Field("l.country", nullable=True),
        "owner_id": Field("l.owner_id", "uuid", nullable=True),
        "created_on": Field("l.created_on", "date", sortable=True),
        "has_company": Field("(l.company IS NOT NULL)", "bool"),
        "has_person": Field("(l.person_name IS NOT NULL)", "bool"),
        "has_email": Field("(l.email IS NOT NULL)", "bool"),
        "has_phone": Field("(l.phone IS NOT NULL)", "bool"),
    },
    default_sort="created_on",
)
