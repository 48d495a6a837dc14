"""List of reservations."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import ListSpec, fields_of
from services.channels.terms.models import TermsReservation

_FIELDS = fields_of(
    TermsReservation, "t", sortable=("decided_at",), without=("stream_key",), unfiltered=("detail", "line_no")
)
RESERVATIONS = ListSpec(
    source="terms_reservation t LEFT JOIN account_fact a ON a.id = t.account_id",
    fields={**_FIELDS, "currency": replace(_FIELDS["currency"], kind="currency")},
    default_sort="-decided_at",
)
