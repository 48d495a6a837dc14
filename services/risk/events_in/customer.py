"""What risk hears of accounts, orders, payments, service and the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from kit.events.contract import Heard


class AccountHeard(Heard):
    """An account; `name` only of organisations."""

    id: UUID
    stream_key: UUID
    name: str | None
    owner_id: UUID | None
    region: str | None = None
    customer_type: str | None = None


class OrderHeard(Heard):
    """An order that asks for credit, or is cancelled."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    currency: str
    base_currency: str
    gross_base: int
    owner_id: UUID | None = None
    partner_id: UUID | None = None
    region: str | None = None
    order_date: date | None = None
    payment_terms_days: int | None = None
    net_base: int | None = None
    channel_id: UUID | None = None
    contract_id: UUID | None = None
    due_on: date | None = None
    placed_by: str | None = None


class OrderLineHeard(Heard):
    """A line of an order; `discount_base` is what was taken off its price (None: it was not said)."""

    discount_base: int | None = None
    product_line: str | None = None
    net_base: int = 0


class ReturnedLineHeard(Heard):
    """What came back of a line; its amount is negative."""

    product_line: str | None = None
    net_base: int = 0


class OrderConfirmedHeard(OrderHeard):
    """An order that is owed."""

    order_date: date
    payment_terms_days: int
    lines: tuple[OrderLineHeard, ...] = ()

    @property
    def discount_base(self) -> int | None:
        """What was taken off the prices of all lines; None where it was not said of one."""
        found = [line.discount_base for line in self.lines if line.discount_base is not None]
        return sum(found) if found and len(found) == len(self.lines) else None


class OrderReturnedHeard(OrderHeard):
    """A return; its amount is negative."""

    return_gross_base: int
    return_net_base: int | None = None
    return_date: date
    settled_base: int | None = None
    returned_lines: tuple[ReturnedLineHeard, ...] = ()

    @property
    def settled(self) -> int:
        """What is no longer owed by the return, not negative."""
        return -self.return_gross_base if self.settled_base is None else self.settled_base


class AllocationHeard(Heard):
    """What of a payment belongs to an order."""

    order_id: UUID
    amount_base: int
    days_late: int | None = None


class PaymentHeard(Heard):
    """Money of a payment that moved. `PAYS`: its allocations settle what is owed, else that is owed again; `STEP` is
    what money on account went to by it."""

    PAYS: ClassVar[bool] = True
    STEP: ClassVar[Literal["allocated", "refunded", "voided"]] = "allocated"

    account_id: UUID
    stream_key: UUID
    currency: str
    base_currency: str
    allocations: list[AllocationHeard]
    version: int
    unallocated_base: int | None = None

    @property
    def on_account(self) -> int:
        """What of the payment belongs to no order after the event."""
        return self.unallocated_base or 0

    def moved(self) -> tuple[UUID, date]:
        """Which payment, and on which business day."""
        raise NotImplementedError(type(self).__name__)


class PaymentReceivedHeard(PaymentHeard):
    """Money that came in."""

    id: UUID
    for_order_id: UUID | None = None
    received_on: date

    def moved(self) -> tuple[UUID, date]:
        """Its payment, and the day on which money moved."""
        return self.id, self.received_on


class PaymentRefundedHeard(PaymentHeard):
    """Money that went back."""

    PAYS: ClassVar[bool] = False
    STEP: ClassVar[Literal["allocated", "refunded", "voided"]] = "refunded"

    payment_id: UUID
    refunded_on: date

    def moved(self) -> tuple[UUID, date]:
        """Its payment, and the day on which money moved."""
        return self.payment_id, self.refunded_on


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


class OrderHeldHeard(OrderHeard):
    """A check of a placement was refused or dropped; check `terms` frees an automatic reservation."""

    reason: str
    check: str | None = None
    cause: str | None = None


class ExchangeRateHeard(Heard):
    """Base units per unit of `currency` from a day on, as decimal text."""

    currency: str
    base_currency: str
    rate: str
    valid_from: date


class PaymentAllocatedHeard(PaymentHeard):
    """Money on account pays orders from `allocated_on` on."""

    id: UUID
    for_order_id: UUID | None = None
    received_on: date
    allocated_on: date

    def moved(self) -> tuple[UUID, date]:
        """Its payment, and the day on which money moved."""
        return self.id, self.allocated_on


class PaymentVoidedHeard(PaymentHeard):
    """A payment did not happen."""

    PAYS: ClassVar[bool] = False
    STEP: ClassVar[Literal["allocated", "refunded", "voided"]] = "voided"

    id: UUID
    for_order_id: UUID | None = None
    received_on: date
    voided_on: date

    def moved(self) -> tuple[UUID, date]:
        """Its payment, and the day on which money moved."""
        return self.id, self.voided_on


class OpportunityHeard(Heard):
    """An opportunity, for forward exposure."""

    id: UUID
    account_id: UUID
    state: Literal["open", "won", "lost"]
    amount_base: int
    expected_close: date | None
    forecast_category: Literal["pipeline", "best_case", "commit", "closed", "omitted"]
    partner_id: UUID | None
    version: int
    business_date: date


class RemedyHeard(Heard):
    """What making good did cost."""

    kind: str
    cost_base: int


class CaseHeard(Heard):
    """A case, for indicators."""

    id: UUID
    account_id: UUID | None
    order_id: UUID | None
    sku: str | None
    kind: str
    severity: str
    state: str
    remedy: RemedyHeard | None
    opened_on: date
    business_date: date
    version: int = 0


class SurveyAnsweredHeard(Heard):
    """An answer, for indicators."""

    id: UUID
    account_id: UUID
    kind: Literal["nps", "csat", "ces", "custom"]
    score: int | None
    product_line: str | None = None
    business_date: date


class LifecycleHeard(Heard):
    """The stage of an account; a warning stands from `churn.warned` to `churn.cleared`."""

    account_id: UUID
    from_stage: str
    to_stage: str
    business_date: date


HEARD: Mapping[str, type[Heard]] = {
    "customer.account.created.v1": AccountHeard,
    "customer.account.updated.v1": AccountHeard,
    "customer.order.placed.v1": OrderHeard,
    "customer.order.cancelled.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
    "customer.payment.received.v1": PaymentReceivedHeard,
    "customer.payment.refunded.v1": PaymentRefundedHeard,
    "customer.account.merged.v1": AccountRedirectHeard,
    "customer.account.unmerged.v1": AccountRedirectHeard,
    "customer.account.erased.v1": AccountErasedHeard,
    "customer.order.held.v1": OrderHeldHeard,
    "customer.order.confirmed.v1": OrderConfirmedHeard,
    "customer.order.fulfilled.v1": OrderHeard,
    "customer.order.overdue.v1": OrderHeard,
    "customer.exchange_rate.set.v1": ExchangeRateHeard,
    "customer.payment.allocated.v1": PaymentAllocatedHeard,
    "customer.payment.voided.v1": PaymentVoidedHeard,
    "customer.opportunity.opened.v1": OpportunityHeard,
    "customer.opportunity.updated.v1": OpportunityHeard,
    "customer.opportunity.stage_changed.v1": OpportunityHeard,
    "customer.opportunity.won.v1": OpportunityHeard,
    "customer.opportunity.lost.v1": OpportunityHeard,
    "customer.opportunity.reopened.v1": OpportunityHeard,
    "customer.case.opened.v1": CaseHeard,
    "customer.case.state_changed.v1": CaseHeard,
    "customer.case.sla_breached.v1": CaseHeard,
    "customer.case.closed.v1": CaseHeard,
    "customer.survey.answered.v1": SurveyAnsweredHeard,
    "customer.lifecycle.changed.v1": LifecycleHeard,
    "customer.churn.warned.v1": LifecycleHeard,
    "customer.churn.cleared.v1": LifecycleHeard,
}
