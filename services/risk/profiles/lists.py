"""List of credit profiles with their use, as of the business day `$1`."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.directory.models import AccountEntry
from services.risk.profiles.models import CreditProfile
from services.risk.redirects.lists import root_sql

_EXPOSURE = (
    "(coalesce(e.balance, 0) + coalesce((SELECT sum(m.balance) FROM account_root r "
    "JOIN exposure_account m ON m.account_id = r.account_id WHERE r.root_id = p.id), 0) "
    "+ coalesce(t.balance, 0))::bigint"
)
"""With what is owed of accounts that lead to it; a merged one has its own. Of a partner: of the orders that name it."""

_SECURED = (
    "coalesce((SELECT sum((s->>'amount')::bigint) FROM jsonb_array_elements(p.securities) s "
    "WHERE s->>'valid_until' IS NULL OR (s->>'valid_until')::date >= $1::date), 0)"
)
_LOSS = f"(greatest(0, greatest(0, {_EXPOSURE}) - {_SECURED})::numeric * p.pd * p.lgd)"
_EXPECTED_LOSS = (
    f"(div({_LOSS}, 1000000000000) + CASE WHEN 2 * mod({_LOSS}, 1000000000000) "
    f"+ mod(div({_LOSS}, 1000000000000), 2) > 1000000000000 THEN 1 ELSE 0 END)::bigint"
)
"""What is used and not secured x probability of default x loss given default (millionths), rounded half-even."""
OWNER = "coalesce(d.owner_id, a.owner_id)"
"""Who owns the account or the partner."""
AS_OF = "$1::date IS NOT NULL"
"""The day is always among the parameters of the list."""

PROFILES = ListSpec(
    source="credit_profile p LEFT JOIN exposure_account e ON e.account_id = p.id "
    "LEFT JOIN account_directory d ON d.id = p.id LEFT JOIN exposure_partner t ON t.partner_id = p.id "
    "LEFT JOIN partner_directory a ON a.id = p.id LEFT JOIN partner_payable y ON y.partner_id = p.id",
    fields={
        **fields_of(
            CreditProfile, "p", sortable=("credit_limit", "created_at"), without=("stream_key", "lgd", "due_at")
        ),
        "account_id": Field("CASE WHEN p.subject_kind = 'account' THEN p.id END", "uuid", nullable=True),
        "partner_id": Field("CASE WHEN p.subject_kind = 'partner' THEN p.id END", "uuid", nullable=True),
        "hold_reason": Field("p.hold_reasons", match="p.hold_reasons && {}"),
        "name": replace(fields_of(AccountEntry, "d")["name"], sql="coalesce(d.name, a.name)"),
        "owner_id": Field(OWNER, "uuid", nullable=True),
        "merged_into": Field(root_sql("p.id"), "uuid", nullable=True),
        "exposure": Field(_EXPOSURE, "int"),
        "use": Field(f"greatest(0, {_EXPOSURE})", "int"),
        "secured": Field(f"{_SECURED}::bigint", "int"),
        "expected_loss": Field(_EXPECTED_LOSS, "int"),
        "payable": Field(
            "CASE WHEN p.subject_kind = 'partner' AND NOT EXISTS ("
            "SELECT FROM projection_state WHERE name = 'payable' AND state = 'building'"
            ") THEN coalesce(y.amount, 0) END",
            "int",
            nullable=True,
        ),
        "headroom": Field(
            f"CASE WHEN p.credit_limit IS NOT NULL THEN greatest(0, p.credit_limit - greatest(0, {_EXPOSURE})) END",
            "int",
            nullable=True,
        ),
    },
    search=("d.name", "a.name"),
    search_key=search_of(AccountEntry, "d"),
    default_sort="created_at",
)
