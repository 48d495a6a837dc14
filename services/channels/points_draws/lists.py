"""Lists of draws and of their tickets."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.points_draws.models import PointsDraw, PointsTicket
from services.channels.redirects.lists import root_of

DRAWS = ListSpec(
    source="points_draw d",
    fields=fields_of(
        PointsDraw,
        "d",
        sortable=("code", "name", "valid_from"),
        unfiltered=("price", "prizes", "blanks", "tickets", "won", "seed_hash", "seed"),
        without=("sealed_seed", "due_at"),
    ),
    search=("d.code", "d.name"),
    search_key=search_of(PointsDraw, "d"),
    default_sort="-valid_from",
)
TICKETS = ListSpec(
    source="points_ticket t JOIN points_account p ON p.id = t.points_account_id "
    f"LEFT JOIN account_fact a ON a.id = {root_of('p.account_id')}",
    fields=fields_of(PointsTicket, "t", sortable=("created_at", "number"), unfiltered=("points",)),
    default_sort="-created_at",
)
