"""List of leads."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.leads.models import LeadColumns
from services.customer.leads.sealing import SEALED

FOUND_BY = "(l.{kind}_index_1 = ${first} OR l.{kind}_index_2 = ${second})"
"""Leads that have an e-mail address or phone number with these hashes."""

LEADS = ListSpec(
    source=f"lead l {joined_root('l.account_id', 'LEFT JOIN')}",
    fields={
        **fields_of(LeadColumns, "l", sortable=("name", "created_at", "score")),
        **filed_fields("l.account_id", nullable=True),
        # with the id by which they are opened, whichever fields are asked for
        **{name: Field(f"(l.id, l.{name})", filterable=False) for name in SEALED},
        "has_email": Field("(l.email IS NOT NULL)", "bool", output=False),
        "has_phone": Field("(l.phone IS NOT NULL)", "bool", output=False),
    },
    search=("l.name", "l.company", "l.person_name"),
    search_key=search_of(LeadColumns, "l"),
    default_sort="-created_at",
)
