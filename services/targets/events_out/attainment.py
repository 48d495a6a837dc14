"""How far targets are. Key: the id of the root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, sample_id
from services.targets.events_out.targets import TARGET, AmountUnit


class AttainmentUpdated(Published):
    """A target's value; at most once a minute (the last value wins), and at the start of each working day.

    `amount` and `value` are in `amount_unit`; `percent`, `pace` and `p_hit` in millionths, None where the data is too
    thin. `p_hit` is the stored one of `p_hit_as_of`, from `sample_size` observations.
    """

    target_id: UUID
    root_id: UUID
    owner_id: UUID | None
    metric: str
    amount_unit: AmountUnit
    amount: int
    value: int
    percent: int | None
    pace: int | None
    p_hit: int | None
    p_hit_as_of: date | None
    sample_size: int | None
    as_of: date
    business_date: date

    TYPE: ClassVar[str] = "targets.attainment.updated.v1"
    SUBJECT: ClassVar[str] = "target_id"
    KEY: ClassVar[str] = "root_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "target_id": TARGET["id"],
        "root_id": TARGET["root_id"],
        "owner_id": sample_id("a3"),
        "metric": "revenue",
        "amount_unit": "minor_unit",
        "amount": 10000001,
        "value": 4500000,
        "percent": 450000,
        "pace": 900000,
        "p_hit": 420000,
        "p_hit_as_of": "2026-02-13",
        "sample_size": 84,
        "as_of": "2026-02-14",
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (AttainmentUpdated,)
AGREED: tuple[type[Published], ...] = ()
