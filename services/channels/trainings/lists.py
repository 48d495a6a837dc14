"""List of trainings."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.trainings.models import Training

TRAININGS = ListSpec(
    source="training t",
    fields={
        **fields_of(Training, "t", sortable=("code", "name", "held_on")),
        "partner_id": Field(
            "''",
            "uuid",
            match="t.attendance @> ANY (SELECT jsonb_build_array(jsonb_build_object('partner_id', o.id)) "
            "FROM unnest({}) AS o(id))",
            output=False,
        ),
    },
    search=("t.code", "t.name"),
    search_key=search_of(Training, "t"),
    default_sort="-held_on",
)
