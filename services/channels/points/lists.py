"""Lists of points."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.points.models import PointsAccount, PointsAdjustment, PointsEntry, PointsProgramme
from services.channels.redirects.lists import filed_fields, root_of

_OWNER = f"LEFT JOIN account_fact a ON a.id = {root_of('p.account_id')}"
PROGRAMMES = ListSpec(
    source="points_programme p",
    fields=fields_of(
        PointsProgramme,
        "p",
        sortable=("code", "name"),
        unfiltered=("factors", "points", "per_base", "validity_months", "lock_days", "worth", "max_share"),
    ),
    search=("p.code", "p.name"),
    search_key=search_of(PointsProgramme, "p"),
    default_sort="code",
)
ACCOUNTS = ListSpec(
    source=f"points_account p {_OWNER}",
    fields={
        **fields_of(PointsAccount, "p", sortable=("joined_at",), without=("due_at",)),
        **filed_fields("p.account_id"),
    },
    default_sort="-joined_at",
)
ENTRIES = ListSpec(
    source="points_entry e",
    fields=fields_of(PointsEntry, "e", sortable=("recorded_at",), unfiltered=("points", "balance_after")),
    default_sort="-recorded_at",
)
ADJUSTMENTS = ListSpec(
    source=f"points_adjustment d JOIN points_account p ON p.id = d.points_account_id {_OWNER}",
    fields=fields_of(PointsAdjustment, "d", sortable=("created_at",), unfiltered=("points", "reason")),
    default_sort="-created_at",
)
