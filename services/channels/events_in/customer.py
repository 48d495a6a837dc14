"""What channels hears of accounts, orders and whatever decides who may buy at which terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator

from kit.events.contract import Heard
from kit.text import fold_text


class LineHeard(Heard):
    """One line's net amount in base currency (negative in a return)."""

    product_line: str | None
    net_base: int
    line_no: int | None = None
    sku: str | None = None
    quantity: int | None = None


class SoldLineHeard(LineHeard):
    """A line of an order: pieces ordered, and returned so far; full cost of a piece where it is known."""

    line_no: int
    returned: int = 0
    unit_price: int | None = None
    list_price: int | None = None
    discount: int | None = None
    unit_cost_base: int | None = None


class UsedPromotionHeard(Heard):
    """What a promotion takes off a line."""

    promotion_id: UUID
    line_no: int
    discount: int
    discount_base: int


class ReturnedLineHeard(LineHeard):
    """A return of a line: pieces and net in base currency (positive) that came back in all, this return included."""

    line_no: int
    returned_after: int
    returned_net_base_after: int


class SoldHeard(Heard):
    """An order as it stands after a fact."""

    id: UUID
    version: int
    partner_id: UUID | None
    order_date: date
    base_currency: str
    lines: list[SoldLineHeard]
    account_id: UUID | None = None
    stream_key: UUID | None = None
    owner_id: UUID | None = None
    region: str | None = None
    state: str | None = None
    placement: int | None = None
    channel_id: UUID | None = None
    deal_id: UUID | None = None
    quote_id: UUID | None = None
    promotions: list[UsedPromotionHeard] | None = None
    points: int | None = None
    price_policy: str | None = None
    currency: str | None = None
    exchange_rate: str | None = None
    placed_by: str | None = None


class OrderHeard(SoldHeard):
    """An order that counts from now on, or was delivered."""


class OrderReturnedHeard(SoldHeard):
    """Pieces of an order that came back."""

    return_date: date
    returned_lines: list[ReturnedLineHeard]


class AccountHeard(Heard):
    """An account: scope, identity and dimensions; the hashes and `name_key` of organisations only.

    A key that an earlier release told is folded as those of today are."""

    id: UUID
    stream_key: UUID
    owner_id: UUID | None
    region: str | None
    customer_type: str | None
    is_archived: bool
    version: int
    country: str | None = None
    business_type: str | None = None
    name_key: Annotated[str, AfterValidator(fold_text)] | None = None
    tax_id_hash: str | None = None
    domain_hash: str | None = None


class AccountRedirectHeard(Heard):
    """A merge, or its end: once under the key of each of the two accounts, equal in both but for `account_id`."""

    merge_id: UUID
    account_id: UUID
    survivor_id: UUID
    merged_id: UUID
    merged_at: datetime


class AccountErasedHeard(Heard):
    """The personal data of an account is gone."""

    id: UUID
    erased_at: datetime


class ConsentHeard(Heard):
    """A standing consent."""

    channel: str
    purpose: str


class ContactHeard(Heard):
    """Whom of an account one may write to, where and for which purpose."""

    id: UUID
    account_id: UUID
    roles: list[str]
    channels: list[ConsentHeard]
    is_archived: bool
    version: int


class PlacedLineHeard(Heard):
    """A line as the terms are judged by."""

    line_no: int
    sku: str
    quantity: int
    unit_price: int
    discount: int
    net: int
    net_base: int


class OrderPlacedHeard(Heard):
    """An order that asks for its checks; absent `checks` are credit alone."""

    id: UUID
    stream_key: UUID
    account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    placement: int
    order_date: date
    placed_at: datetime | None
    payment_terms_days: int
    currency: str
    base_currency: str
    exchange_rate: str
    lines: list[PlacedLineHeard]
    checks: list[str] | None = None
    channel_id: UUID | None = None
    quote_id: UUID | None = None
    promotions: list[UsedPromotionHeard] | None = None
    points: int | None = None
    price_policy: Literal["free", "enforced"] | None = None
    placed_by: str | None = None


class OrderHeldHeard(Heard):
    """A check of a placement was refused or dropped; check `terms` frees what the placement has reserved."""

    id: UUID
    placement: int
    reason: str
    check: str | None = None
    cause: str | None = None
    quote_id: UUID | None = None
    price_policy: str | None = None


class OrderCancelledHeard(Heard):
    """An order was given up: whatever any of its placements has reserved goes back."""

    id: UUID
    placement: int
    quote_id: UUID | None = None
    price_policy: str | None = None


class OpportunityHeard(Heard):
    """An opportunity, for deals and conflicts."""

    id: UUID
    account_id: UUID
    owner_id: UUID | None
    state: Literal["open", "won", "lost"]
    stage: str
    partner_id: UUID | None
    deal_id: UUID | None
    opened_on: date
    closed_on: date | None
    version: int
    business_date: date


class ActivityHeard(Heard):
    """Somebody of the company was active at an account."""

    id: UUID
    account_id: UUID | None
    opportunity_id: UUID | None
    kind: str
    business_date: date


class RemedyHeard(Heard):
    """What was given to make good; cost in base currency."""

    kind: str
    cost_base: int


class CaseHeard(Heard):
    """A case, for the score of the partner of its order."""

    id: UUID
    account_id: UUID | None
    order_id: UUID | None
    kind: str
    severity: str
    state: str
    sku: str | None = None
    remedy: RemedyHeard | None = None
    root_cause: str | None = None
    opened_on: date
    days_open: int
    version: int
    business_date: date


class CaseBreachedHeard(CaseHeard):
    """A case that was not answered in time: this clock ran out."""

    clock: str


class SurveyAnsweredHeard(Heard):
    """An answer, for evaluations."""

    id: UUID
    account_id: UUID
    order_id: UUID | None
    kind: Literal["nps", "csat", "ces", "custom"]
    score: int | None
    level: str | None
    promotion_id: UUID | None
    business_date: date


class GradeHeard(Heard):
    """The grade of an account; None is none."""

    account_id: UUID
    new: str | None
    as_of: date


class SatisfactionHeard(GradeHeard):
    """The class of an account's answers; None is none."""


class LifecycleHeard(Heard):
    """The stage of an account."""

    account_id: UUID
    to_stage: str
    business_date: date


class SegmentHeard(Heard):
    """A part of what a refresh of a segment changed."""

    id: UUID
    resource: Literal["account", "contact"]
    refresh_id: UUID
    chunk: int
    chunks: int
    joined: list[UUID]
    left: list[UUID]
    version: int = 0


class ExchangeRateHeard(Heard):
    """Base units per unit of `currency` from a day on, as decimal text."""

    currency: str
    base_currency: str
    rate: str
    valid_from: date


HEARD: Mapping[str, type[Heard]] = {
    "customer.order.confirmed.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
    "customer.account.created.v1": AccountHeard,
    "customer.account.updated.v1": AccountHeard,
    "customer.account.merged.v1": AccountRedirectHeard,
    "customer.account.unmerged.v1": AccountRedirectHeard,
    "customer.account.erased.v1": AccountErasedHeard,
    "customer.contact.created.v1": ContactHeard,
    "customer.contact.updated.v1": ContactHeard,
    "customer.contact.consent_changed.v1": ContactHeard,
    "customer.order.placed.v1": OrderPlacedHeard,
    "customer.order.held.v1": OrderHeldHeard,
    "customer.order.cancelled.v1": OrderCancelledHeard,
    "customer.order.fulfilled.v1": OrderHeard,
    "customer.opportunity.opened.v1": OpportunityHeard,
    "customer.opportunity.updated.v1": OpportunityHeard,
    "customer.opportunity.stage_changed.v1": OpportunityHeard,
    "customer.opportunity.won.v1": OpportunityHeard,
    "customer.opportunity.lost.v1": OpportunityHeard,
    "customer.opportunity.reopened.v1": OpportunityHeard,
    "customer.activity.completed.v1": ActivityHeard,
    "customer.case.opened.v1": CaseHeard,
    "customer.case.state_changed.v1": CaseHeard,
    "customer.case.sla_breached.v1": CaseBreachedHeard,
    "customer.case.closed.v1": CaseHeard,
    "customer.survey.answered.v1": SurveyAnsweredHeard,
    "customer.grade.changed.v1": GradeHeard,
    "customer.satisfaction.changed.v1": SatisfactionHeard,
    "customer.lifecycle.changed.v1": LifecycleHeard,
    "customer.churn.warned.v1": LifecycleHeard,
    "customer.churn.cleared.v1": LifecycleHeard,
    "customer.segment.changed.v1": SegmentHeard,
    "customer.exchange_rate.set.v1": ExchangeRateHeard,
}
