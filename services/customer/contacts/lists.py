"""List of contacts."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.contacts.enums import ContactRole
from services.customer.contacts.models import ContactColumns
from services.customer.contacts.sealing import SEALED

EXTERNAL_IDS = (
    "(SELECT coalesce(json_object_agg(e.source, e.external_id ORDER BY e.source), '{}') "
    "FROM contact_external_id e WHERE e.contact_id = c.id)"
)
"""The ids of contact `c` in other systems, {source: id}."""
FOUND_BY = (
    "c.id IN (SELECT p.contact_id FROM contact_point p WHERE p.kind = '{kind}' "
    "AND (p.value_index_1 = ${first} OR p.value_index_2 = ${second}))"
)
"""Contacts that have an e-mail address or phone number with these hashes."""

CONTACTS = ListSpec(
    source=f"contact c {joined_root('c.account_id', 'LEFT JOIN')}",
    fields={
        **fields_of(ContactColumns, "c", sortable=("name", "created_at"), without=("archived_at",)),
        **filed_fields("c.account_id"),
        # with the id by which they are opened, whichever fields are asked for
        **{name: Field(f"(c.id, c.{name})", filterable=False) for name in SEALED},
        "owner_id": Field("a.owner_id", "uuid", nullable=True),
        "role": Field("''", match="c.roles && {}", enum=tuple(ContactRole)),
        "external_ids": Field(EXTERNAL_IDS, "json"),
        "external_id": Field(
            "''",
            match="EXISTS (SELECT 1 FROM contact_external_id x WHERE x.contact_id = c.id AND x.external_id = ANY({}))",
        ),
        "is_archived": Field("(c.archived_at IS NOT NULL)", "bool"),
    },
    search=("c.name",),
    search_key=search_of(ContactColumns, "c"),
    default_sort="-created_at",
)
