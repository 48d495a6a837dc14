"""List of the tables of a target."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.targets.two_way.models import TwoWayRow

_SHOWN = ("target_id", "root_id", "amount", "rounds", "error", "version", "updated_at")

TABLES = ListSpec(source="two_way_table w", fields=fields_of(TwoWayRow, "w", unfiltered=_SHOWN, without=("origin_id",)))
OF_TARGET = "w.target_id = $1"
