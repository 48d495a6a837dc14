"""List of contacts of partners."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.partner_contacts.models import PartnerContactColumns
from services.channels.partner_contacts.sealing import SEALED

FOUND_BY = "(c.{kind}_index_1 = ${first} OR c.{kind}_index_2 = ${second})"
"""Contacts that have an e-mail address or phone number with these hashes."""

PARTNER_CONTACTS = ListSpec(
    source="partner_contact c",
    fields={
        **fields_of(PartnerContactColumns, "c", sortable=("name",)),
        # with the id by which they are opened, whichever fields are asked for
        **{name: Field(f"(c.id, c.{name})", filterable=False) for name in SEALED},
    },
    search=("c.name",),
    search_key=search_of(PartnerContactColumns, "c"),
    default_sort="name",
)
