"""Answers on terms; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.schema import Schema
from services.channels.terms.enums import Refusal, ReservationState


class TermsReservationRead(Schema):
    """The answer to a placement, and what became of it. `amount_base` is what the order takes of promotions,
    `returned_base` what of it came back, `points` those that it redeems; `is_overdrawn`: it was confirmed when nothing
    was reserved any more; `released_at`: the order was asked to give up what is reserved, and does so while it is on
    hold."""

    id: UUID
    order_id: UUID
    placement: int
    account_id: UUID
    owner_id: UUID | None
    quote_id: UUID | None
    currency: str
    state: ReservationState
    reason: Refusal | None
    detail: str | None
    line_no: int | None
    amount_base: int
    returned_base: int
    points: int
    is_overdrawn: bool
    is_returned: bool
    business_date: date
    source_event_id: UUID
    decided_at: datetime
    released_at: datetime | None
    version: int


class BudgetRead(Schema):
    """What of a promotion orders have reserved and committed, in base currency and in uses; `left_*` is null without a
    limit, and negative where a limit was lowered or overdrawn. `threshold_broken` counts orders that keep a discount
    whose threshold they do not reach any more after a return; `exhausted_at`: since when the budget has had no room for
    what orders ask of it, until something comes back or the budget changes."""

    promotion_id: UUID
    budget_base: int | None
    reserved_base: int
    committed_base: int
    left_base: int | None
    uses: int | None
    reserved_uses: int
    committed_uses: int
    left_uses: int | None
    threshold_broken: int
    exhausted_at: datetime | None
