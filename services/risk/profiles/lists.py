"""List of credit profiles with their use."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.directory.models import AccountEntry
from services.risk.profiles.models import CreditProfile

PROFILES = ListSpec(
    source="credit_profile p LEFT JOIN exposure_account e ON e.account_id = p.id "
    "LEFT JOIN account_directory d ON d.id = p.id",
    fields={
        **fields_of(CreditProfile, "p", sortable=("credit_limit", "created_at"), without=("stream_key",)),
        "account_id": Field("p.id", "uuid"),
        "name": fields_of(AccountEntry, "d")["name"],
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "exposure": Field("coalesce(e.balance, 0)", "int"),
        "use": Field("greatest(0, coalesce(e.balance, 0))", "int"),
        "headroom": Field("greatest(0, p.credit_limit - greatest(0, coalesce(e.balance, 0)))", "int"),
    },
    search=("d.name",),
    search_key=search_of(AccountEntry, "d"),
    default_sort="created_at",
)
