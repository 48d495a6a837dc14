"""List of certificates of partners."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.certificates.models import PartnerCertificate

CERTIFICATES = ListSpec(
    source="partner_certificate c",
    fields=fields_of(PartnerCertificate, "c", sortable=("valid_from", "valid_to")),
    search=("c.number",),
    default_sort="-valid_from",
)
