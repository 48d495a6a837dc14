"""List of partners."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.partners.models import Partner
from services.channels.partners.sealing import HASHES, SEALED
from services.channels.products.lists import lines_field
from services.channels.redirects.lists import filed_fields

_ON_HOLD = "EXISTS (SELECT FROM partner_hold h WHERE h.partner_id = p.id AND cardinality(h.hold_reasons) > 0)"
FOUND_BY = "p.tax_id_hash = ANY($1::text[])"
"""Partners that have a tax id of one of these hashes."""

PARTNERS = ListSpec(
    source="partner p",
    fields={
        **fields_of(Partner, "p", sortable=("code", "name"), without=HASHES),
        **filed_fields("p.account_id", nullable=True),
        "credit_hold": Field(_ON_HOLD, "bool"),
        # with the id by which they are opened, whichever fields are asked for
        **{name: Field(f"(p.id, p.{name})", filterable=False) for name in SEALED},
        "region": Field("p.regions", match="p.regions && {}"),
        "product_line": lines_field("p.product_lines"),
    },
    search=("p.code", "p.name", "p.local_name"),
    search_key=search_of(Partner, "p"),
    default_sort="code",
)
