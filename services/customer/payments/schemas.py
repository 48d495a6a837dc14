"""Bodies and answers of payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.schema import BusinessDate, Code, CurrencyCode, PositiveAmount, Schema
from services.customer.accounts.schemas import ExternalRef
from services.customer.events_out import PaymentAllocation

_ORDER = "01989f2e-0000-7000-8000-000000000002"
_EXAMPLE: dict[str, Any] = {
    "account_id": "01989f2e-0000-7000-8000-000000000001",
    "currency": "CNY",
    "amount": 1000,
    "method": "bank_transfer",
    "allocations": [{"order_id": _ORDER, "amount": 1000}],
}


class AllocationCreate(Schema):
    """What of a payment pays an order, named by `order_id` or `order_ref`."""

    order_id: UUID | None = None
    order_ref: ExternalRef | None = None
    amount: PositiveAmount

    @model_validator(mode="after")
    def _one_order(self) -> AllocationCreate:
        if (self.order_id is None) == (self.order_ref is None):
            raise ValueError("give order_id or order_ref")
        return self


class PaymentCreate(Schema):
    """Money received from an account (by `account_id` or `account_ref`); a part may stay unallocated: on account.

    Orders are paid once they are confirmed, at most up to their gross amount, returns not counted. An order that is not
    confirmed yet is named by `for_order_id` or `for_order_ref`: what is unallocated pays it when it is.
    """

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    account_id: UUID | None = None
    account_ref: ExternalRef | None = None
    external_id: ExternalRef | None = None
    currency: CurrencyCode
    amount: PositiveAmount
    received_on: BusinessDate | None = None
    method: Code
    allocations: Annotated[list[AllocationCreate], Field(max_length=200)] = Field(default_factory=list)
    for_order_id: UUID | None = None
    for_order_ref: ExternalRef | None = None

    @model_validator(mode="after")
    def _one_account(self) -> PaymentCreate:
        if (self.account_id is None) == (self.account_ref is None):
            raise ValueError("give account_id or account_ref")
        if self.for_order_id is not None and self.for_order_ref is not None:
            raise ValueError("give for_order_id or for_order_ref")
        return self


class PaymentRow(PaymentCreate):
    """A row of a batch, known again by its external id."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_EXAMPLE, "external_id": {"source": "bank", "id": "T-1"}}}
    )

    external_id: ExternalRef


class PaymentBatch(BatchBody):
    """Payments by external id."""

    row_model = PaymentRow


class RefundAllocationCreate(Schema):
    """What is taken back from an order."""

    order_id: UUID
    amount: PositiveAmount


class RefundCreate(Schema):
    """Money that goes back; what is not taken from orders comes out of the unallocated part."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"amount": 500, "allocations": [{"order_id": _ORDER, "amount": 500}]}}
    )

    amount: PositiveAmount
    refunded_on: BusinessDate | None = None
    allocations: Annotated[list[RefundAllocationCreate], Field(max_length=200)] = Field(default_factory=list)


class AllocationsCreate(Schema):
    """What of the unallocated part of a payment pays which orders; without `allocated_on` from today on."""

    model_config = ConfigDict(json_schema_extra={"example": {"allocations": [{"order_id": _ORDER, "amount": 500}]}})

    allocations: Annotated[list[AllocationCreate], Field(min_length=1, max_length=200)]
    allocated_on: BusinessDate | None = None


class PaymentVoid(Schema):
    """Why the payment did not happen, as a code; without `voided_on` it stops counting today."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "bounced"}})

    reason: Code
    voided_on: BusinessDate | None = None


class AllocationRead(Schema):
    """An allocation; `refunded` of it was taken back, by refunds or because the payment was voided.

    `allocated_on` is the day of the last allocation to the order (null: that of receipt), `days_late` counts from the
    order's due day to the receipt.
    """

    order_id: UUID
    amount: int
    amount_base: int
    refunded: int
    refunded_base: int
    allocated_on: date | None
    days_late: int | None


class RefundRead(Schema):
    """A refund with positive amounts."""

    id: UUID
    payment_id: UUID
    amount: int
    refunded_on: date
    allocations: list[PaymentAllocation]
    created_at: datetime


class PaymentSummary(Schema):
    """A payment without its allocations.

    `unallocated` of it is on account; `for_order_id` gets that when the order is confirmed. A voided payment pays
    nothing; its external id is free again, and kept as the former one.
    """

    id: UUID
    version: int
    account_id: UUID
    filed_account_id: UUID
    currency: str
    base_currency: str
    amount: int
    refunded: int
    unallocated: int
    received_on: date
    method: str
    exchange_rate: str | None
    for_order_id: UUID | None
    voided_on: date | None
    void_reason: str | None
    external_source: str | None
    external_id: str | None
    former_external_source: str | None
    former_external_id: str | None
    created_at: datetime
    updated_at: datetime


class PaymentRead(PaymentSummary):
    """A payment with allocations and refunds; `unallocated_base` is what is on account at the rate of the receipt."""

    unallocated_base: int
    allocations: list[AllocationRead]
    refunds: list[RefundRead]
