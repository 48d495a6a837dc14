"""List of a contact's consents."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.consents.models import Consent

CONSENTS = ListSpec(
    source="contact_consent s",
    fields={
        **fields_of(Consent, "s", sortable=("at",), without=("contact_id", "evidence")),
        "evidence": Field("(s.id, s.evidence)", filterable=False),
    },
    default_sort="-at",
)
