"""Credit: what was reserved, refused, released and charged for an order. Key: the order's stream key."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

_ORDER_ID = "01989f2e-0000-7000-8000-000000000002"


_ACCOUNT_ID = "01989f2e-0000-7000-8000-000000000001"


_CAUSE = "01989f2e-0000-7000-8000-0000000000e1"


RefusalCause = Literal[
    "no_profile",
    "on_hold",
    "terms_exceeded",
    "deposit_missing",
    "limit_exceeded",
    "partner_on_hold",
    "partner_limit_exceeded",
]
"""Why nothing was reserved; the closed words of `reason` say `limit_exceeded` for all but `no_profile`."""


class CreditFact(Part):
    """Common part: the order, the placement it answers, what caused it (event id, ordinal within it).

    `payment_id` is the payment whose allocation moved it, `decided_under` the account whose limit decided, where that
    is not the order's own.
    """

    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "stream_key"

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    amount: int
    currency: str
    source_event_id: UUID
    source_ordinal: int
    payment_id: UUID | None = None
    decided_under: UUID | None = None


_FACT: dict[str, Any] = {
    "order_id": _ORDER_ID,
    "account_id": _ACCOUNT_ID,
    "stream_key": _ACCOUNT_ID,
    "placement": 1,
    "amount": 464,
    "currency": "USD",
    "source_event_id": _CAUSE,
    "source_ordinal": 0,
    "payment_id": None,
    "decided_under": None,
}


class CreditReserved(Published, CreditFact):
    """`amount` of exposure was reserved for a placement; an officer's decision is an override. `deposit_share`
    (millionths, absent: 0) of it had to lie on account, `terms_days` to pay were allowed (absent: any). Of the money
    on account `named` waited for this order (in its currency), `named_elsewhere` for others (absent: 0). `placed_by`
    is the token subject of who placed it (absent: it was not said). An order that names a partner counts for its
    exposure; `partner_limit` (None: none binds), `partner_exposure` are those before."""

    decision: Literal["automatic", "override"]
    approved_by: str | None
    reason: ReasonCode | None
    limit: int
    exposure_before: int
    partner_id: UUID | None = None
    partner_limit: int | None = None
    partner_exposure: int | None = None
    deposit_share: int | None = None
    terms_days: int | None = None
    named: int | None = None
    named_elsewhere: int | None = None
    placed_by: str | None = None

    TYPE: ClassVar[str] = "risk.credit.reserved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "decision": "automatic",
        "approved_by": None,
        "reason": None,
        "limit": 100000,
        "exposure_before": 0,
        "partner_id": sample_id("b1"),
        "partner_limit": None,
        "partner_exposure": 0,
        "deposit_share": 0,
        "terms_days": 30,
        "named": 0,
        "named_elsewhere": 0,
        "placed_by": "rep-01",
    }


class CreditRefused(Published, CreditFact):
    """Nothing was reserved; `shortfall` is what is missing. `cause` is the first failing check, `causes` all."""

    reason: Literal["limit_exceeded", "no_profile"]
    shortfall: int
    limit: int | None
    exposure_before: int
    cause: RefusalCause | None = None
    causes: list[RefusalCause] | None = None
    partner_id: UUID | None = None
    partner_limit: int | None = None
    partner_exposure: int | None = None
    deposit_share: int | None = None
    terms_days: int | None = None
    named: int | None = None
    named_elsewhere: int | None = None
    placed_by: str | None = None

    TYPE: ClassVar[str] = "risk.credit.refused.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "reason": "limit_exceeded",
        "shortfall": 64,
        "limit": 400,
        "exposure_before": 0,
        "cause": "limit_exceeded",
        "causes": ["limit_exceeded"],
        "partner_id": None,
        "partner_limit": None,
        "partner_exposure": None,
        "deposit_share": 0,
        "terms_days": 30,
        "named": 0,
        "named_elsewhere": 0,
        "placed_by": "rep-01",
    }


class CreditReleased(Published, CreditFact):
    """Exposure went down by `amount` (>= 0); never changes an order. `cause` is `check_refused` where its terms were
    refused or dropped."""

    reason: Literal["paid", "returned", "cancelled", "superseded"]
    cause: ReasonCode | None = None

    TYPE: ClassVar[str] = "risk.credit.released.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "amount": 137,
        "payment_id": sample_id("4"),
        "reason": "paid",
        "cause": None,
    }


class CreditCharged(Published, CreditFact):
    """Exposure went up again by `amount`: money that had paid the order went back."""

    reason: Literal["refunded"]
    cause: ReasonCode | None = None

    TYPE: ClassVar[str] = "risk.credit.charged.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "amount": 137,
        "payment_id": sample_id("4"),
        "reason": "refunded",
        "cause": "voided",
    }


class DepositFact(Part):
    """Money on account: a fact of the account, of one payment; `amount` (>= 0) at the rate of its receipt. `order_id`
    is the one order that an allocation paid."""

    SUBJECT: ClassVar[str] = "account_id"
    KEY: ClassVar[str] = "stream_key"

    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    payment_id: UUID
    order_id: UUID | None
    amount: int
    currency: str
    source_event_id: UUID
    source_ordinal: int
    business_date: date


_DEPOSIT: dict[str, Any] = {
    "account_id": _ACCOUNT_ID,
    "stream_key": _ACCOUNT_ID,
    "owner_id": sample_id("a1"),
    "payment_id": sample_id("4"),
    "order_id": None,
    "amount": 137,
    "currency": "USD",
    "source_event_id": _CAUSE,
    "source_ordinal": 1,
    "business_date": "2026-02-20",
}


class CreditDeposited(Published, DepositFact):
    """A part of a payment pays no order yet: the account's balance falls by `amount`."""

    TYPE: ClassVar[str] = "risk.credit.deposited.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _DEPOSIT


class CreditDepositUsed(Published, DepositFact):
    """Money on account was allocated (to `order_id`), refunded or voided: the balance rises by `amount`."""

    reason: Literal["allocated", "refunded", "voided"]

    TYPE: ClassVar[str] = "risk.credit.deposit_used.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_DEPOSIT,
        "order_id": _ORDER_ID,
        "business_date": "2026-02-21",
        "reason": "allocated",
    }


PUBLISHED: tuple[type[Published], ...] = (
    CreditReserved,
    CreditRefused,
    CreditReleased,
    CreditCharged,
    CreditDeposited,
    CreditDepositUsed,
)
AGREED: tuple[type[Published], ...] = ()
