"""What targets hears of accounts, orders and other results of selling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from kit.events.contract import Heard


class CreditingShare(Heard):
    """A credited seller; shares of an order sum to 1,000,000."""

    member_id: UUID
    share: int


class OrderLine(Heard):
    """Net amount of a line in base currency."""

    line_no: int
    product_line: str | None
    net_base: int
    sku: str | None = None
    quantity: int | None = None
    gross_base: int | None = None
    margin_base: int | None = None


class OrderHeard(Heard):
    """What crediting needs of an order."""

    id: UUID
    stream_key: UUID
    account_id: UUID
    region: str | None
    customer_type: str | None
    order_date: date
    base_currency: str
    credits: list[CreditingShare]
    channel_id: UUID | None = None
    is_first_order: bool | None = None
    due_on: date | None = None


class OrderConfirmed(OrderHeard):
    """An order counts."""

    TYPE: ClassVar[str] = "customer.order.confirmed.v1"

    lines: list[OrderLine]
    net_base: int


class ReturnedLine(Heard):
    """Net base amount of a line returned so far, before and after this return (positive), as are its pieces; the gross
    is that of this return (negative)."""

    line_no: int
    returned_net_base_before: int
    returned_net_base_after: int
    product_line: str | None = None
    returned_before: int | None = None
    returned_after: int | None = None
    gross_base: int | None = None


class OrderReturned(OrderHeard):
    """Pieces of an order came back."""

    TYPE: ClassVar[str] = "customer.order.returned.v1"

    return_date: date
    returned_lines: list[ReturnedLine]
    return_net_base: int
    lines: Sequence[OrderLine] = ()


class OrderCancelledHeard(Heard):
    """An order that will not be confirmed: money kept for it is nobody's."""

    id: UUID
    stream_key: UUID
    account_id: UUID


class IndustryHeard(Heard):
    """A code of a classification: a section's letter, or digits of a division, group or class."""

    scheme: str
    code: str


class AccountHeard(Heard):
    """An account: scope and dimensions."""

    id: UUID
    stream_key: UUID
    owner_id: UUID | None
    region: str | None
    customer_type: str | None
    is_archived: bool
    version: int
    business_type: str | None = None
    country: str | None = None
    industry: IndustryHeard | None = None


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


class PaidOrderHeard(Heard):
    """What of a payment pays an order, tax included; `amount_base` telescopes to the order's gross."""

    order_id: UUID
    amount_base: int
    days_late: int | None = None


class PaymentHeard(Heard):
    """A movement of money; amounts are positive, `allocations` those of this movement."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    base_currency: str
    allocations: list[PaidOrderHeard]
    version: int


class PaymentReceivedHeard(PaymentHeard):
    """Money came in."""

    received_on: date
    for_order_id: UUID | None = None


class PaymentAllocatedHeard(PaymentReceivedHeard):
    """Money on account pays orders; it counts on `received_on`."""

    allocated_on: date


class PaymentRefundedHeard(PaymentHeard):
    """Money went back."""

    payment_id: UUID
    refunded_on: date


class PaymentVoidedHeard(PaymentReceivedHeard):
    """A payment did not happen."""

    voided_on: date


class LeadHeard(Heard):
    """A lead, by its source."""

    id: UUID
    owner_id: UUID | None
    state: str
    source: str | None
    business_date: date


class LeadConvertedHeard(LeadHeard):
    """A lead became an account."""

    account_id: UUID
    days_to_convert: int


class OpportunityHeard(Heard):
    """An opportunity, for results, conversion and forecasts."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    state: Literal["open", "won", "lost"]
    pipeline: str
    stage: str
    previous_stage: str | None
    days_in_stage: int | None
    amount_base: int
    opened_on: date
    expected_close: date | None
    closed_on: date | None
    forecast_category: str
    lost_reason: str | None
    version: int
    business_date: date


class ActivityHeard(Heard):
    """An activity that was done; visits are credited."""

    id: UUID
    account_id: UUID | None
    stream_key: UUID
    owner_id: UUID | None
    opportunity_id: UUID | None
    kind: str
    purpose: str | None
    outcome: str
    business_date: date


class CaseHeard(Heard):
    """A case, for KPIs."""

    id: UUID
    account_id: UUID | None
    owner_id: UUID | None
    kind: str
    severity: str
    state: str
    days_open: int
    business_date: date


class CaseMovedHeard(CaseHeard):
    """A case that stands in another state."""

    previous_state: str


class SurveyAnsweredHeard(Heard):
    """An answer; credited to `owner_id`, or by the shares of its order."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    order_id: UUID | None
    kind: Literal["nps", "csat", "ces", "custom"]
    score: int | None
    product_line: str | None
    business_date: date


class LifecycleHeard(Heard):
    """The stage of an account since a day."""

    account_id: UUID
    owner_id: UUID | None
    from_stage: str
    to_stage: str
    business_date: date


HEARD: Mapping[str, type[Heard]] = {
    OrderConfirmed.TYPE: OrderConfirmed,
    OrderReturned.TYPE: OrderReturned,
    "customer.order.cancelled.v1": OrderCancelledHeard,
    "customer.account.created.v1": AccountHeard,
    "customer.account.updated.v1": AccountHeard,
    "customer.account.merged.v1": AccountRedirectHeard,
    "customer.account.unmerged.v1": AccountRedirectHeard,
    "customer.account.erased.v1": AccountErasedHeard,
    "customer.payment.received.v1": PaymentReceivedHeard,
    "customer.payment.allocated.v1": PaymentAllocatedHeard,
    "customer.payment.refunded.v1": PaymentRefundedHeard,
    "customer.payment.voided.v1": PaymentVoidedHeard,
    "customer.lead.created.v1": LeadHeard,
    "customer.lead.disqualified.v1": LeadHeard,
    "customer.lead.converted.v1": LeadConvertedHeard,
    "customer.opportunity.opened.v1": OpportunityHeard,
    "customer.opportunity.updated.v1": OpportunityHeard,
    "customer.opportunity.stage_changed.v1": OpportunityHeard,
    "customer.opportunity.won.v1": OpportunityHeard,
    "customer.opportunity.lost.v1": OpportunityHeard,
    "customer.opportunity.reopened.v1": OpportunityHeard,
    "customer.activity.completed.v1": ActivityHeard,
    "customer.case.opened.v1": CaseHeard,
    "customer.case.state_changed.v1": CaseMovedHeard,
    "customer.case.sla_breached.v1": CaseHeard,
    "customer.case.closed.v1": CaseHeard,
    "customer.survey.answered.v1": SurveyAnsweredHeard,
    "customer.lifecycle.changed.v1": LifecycleHeard,
    "customer.churn.warned.v1": LifecycleHeard,
    "customer.churn.cleared.v1": LifecycleHeard,
}
