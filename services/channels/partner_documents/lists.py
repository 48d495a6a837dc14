"""List of documents of partners."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.partner_documents.models import PartnerDocument

PARTNER_DOCUMENTS = ListSpec(
    source="partner_document d",
    fields=fields_of(
        PartnerDocument,
        "d",
        sortable=("created_at", "valid_to"),
        unfiltered=("reference", "sha256"),
        without=("due_at",),
    ),
    search=("d.number",),
    default_sort="-created_at",
)
