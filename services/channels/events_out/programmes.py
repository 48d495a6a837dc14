"""Rebate programmes. Key: the programme's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published


class RebateTier(Part):
    """Rate (millionths) of volume from `start` on; of a lump plan its `amount`. In growth and mix plans `start` is a
    share (millionths)."""

    start: int
    rate: int
    amount: int | None = None


class RebateBaseline(Part):
    """The volume over which the growth of a partner counts."""

    partner_id: UUID
    amount: int


class RebateProgrammePublished(Published):
    """A rebate programme counts from now on; with `catch_up` also for orders that were confirmed before.
    A later version (`revision`) of the programme `lineage_id` counts from its day on."""

    id: UUID
    name: str
    kind: str
    tiers: list[RebateTier]
    valid_from: date
    valid_to: date
    period: str
    product_lines: list[str]
    partner_ids: list[UUID]
    version: int
    basis: str | None = None
    baselines: list[RebateBaseline] | None = None
    focus_lines: list[str] | None = None
    catch_up: bool | None = None
    revision: int | None = None
    lineage_id: UUID | None = None

    TYPE: ClassVar[str] = "channels.rebate_programme.published.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000f9",
        "name": "Volume 2026",
        "kind": "marginal",
        "tiers": [{"start": 0, "rate": 10000, "amount": None}, {"start": 10000, "rate": 20000, "amount": None}],
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "period": "quarter",
        "product_lines": [],
        "partner_ids": [],
        "version": 1,
        "basis": None,
        "baselines": None,
        "focus_lines": None,
        "catch_up": False,
        "revision": 1,
        "lineage_id": None,
    }


PUBLISHED: tuple[type[Published], ...] = (RebateProgrammePublished,)
AGREED: tuple[type[Published], ...] = ()
