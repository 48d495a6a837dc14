"""Bodies of what cases say of a partner."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from kit.web.schema import BusinessDate, Schema


class PartnerCasesQuery(Schema):
    """On which days the cases were opened."""

    first: BusinessDate = Field(alias="from", description="first day")
    last: BusinessDate = Field(alias="to", description="last day")


class PartnerCasesRead(Schema):
    """Cases about orders that a partner sold, by the day they were opened on.

    - `cases`, of which `open` are not closed and `breached` had a clock run out; by kind, severity and root cause.
    - `mean_days`: calendar days that the closed ones were open for, in hundredths; null while none is closed.
    - `complaint_share`: complaints / `orders` (of these days, not wholly returned) in millionths; null without orders.
    - `remedy_base`: what was given to make good, in base currency; null without `costs:read`.
    """

    partner_id: UUID
    period_from: date
    period_to: date
    orders: int
    cases: int
    open: int
    breached: int
    by_kind: dict[str, int]
    by_severity: dict[str, int]
    by_root_cause: dict[str, int]
    mean_days: int | None
    complaint_share: int | None
    remedy_base: int | None
