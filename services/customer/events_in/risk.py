"""What customer hears of credit, alerts, contracts, obligations and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal
from uuid import UUID

from kit.events.contract import Heard


class CreditReservedHeard(Heard):
    """risk.credit.reserved.v1: the placement's amount is reserved."""

    order_id: UUID
    placement: int
    decision: Literal["automatic", "override"] = "automatic"


class CreditRefusedHeard(Heard):
    """risk.credit.refused.v1: nothing is reserved; `shortfall` in base currency."""

    order_id: UUID
    placement: int
    reason: str
    shortfall: int
    cause: str | None = None


class CreditProfileHeard(Heard):
    """Grade, terms and standing holds of an account or partner; `terms_days` are the default of its orders."""

    subject_kind: Literal["account", "partner"]
    account_id: UUID | None
    partner_id: UUID | None
    grade: str
    terms_days: int
    hold_reasons: list[str]
    version: int
    business_date: date


class AlertHeard(Heard):
    """An indicator that left its bounds, or came back."""

    id: UUID
    indicator_id: UUID
    account_id: UUID | None
    measure: str
    state: str
    level: str
    is_escalation: bool
    business_date: date


class ContractHeard(Heard):
    """A contract that orders may name."""

    id: UUID
    number: str
    account_id: UUID | None
    partner_id: UUID | None
    state: str
    starts_on: date
    ends_on: date | None
    version: int
    business_date: date


class ObligationHeard(Heard):
    """An obligation of a contract."""

    id: UUID
    contract_id: UUID
    account_id: UUID | None
    kind: str
    side: str
    state: str
    due_on: date
    amount: int | None
    business_date: date


class DisputeHeard(Heard):
    """A dispute of an account."""

    id: UUID
    number: str
    account_id: UUID | None
    state: str
    claim_base: int
    business_date: date


HEARD: Mapping[str, type[Heard]] = {
    "risk.credit.reserved.v1": CreditReservedHeard,
    "risk.credit.refused.v1": CreditRefusedHeard,
    "risk.credit.grade_changed.v1": CreditProfileHeard,
    "risk.credit.limit_changed.v1": CreditProfileHeard,
    "risk.credit.hold_placed.v1": CreditProfileHeard,
    "risk.credit.hold_lifted.v1": CreditProfileHeard,
    "risk.alert.raised.v1": AlertHeard,
    "risk.alert.acknowledged.v1": AlertHeard,
    "risk.alert.resolved.v1": AlertHeard,
    "risk.contract.signed.v1": ContractHeard,
    "risk.contract.in_force.v1": ContractHeard,
    "risk.contract.amended.v1": ContractHeard,
    "risk.contract.renewal_due.v1": ContractHeard,
    "risk.contract.expired.v1": ContractHeard,
    "risk.contract.terminated.v1": ContractHeard,
    "risk.obligation.due.v1": ObligationHeard,
    "risk.obligation.met.v1": ObligationHeard,
    "risk.obligation.late.v1": ObligationHeard,
    "risk.dispute.opened.v1": DisputeHeard,
    "risk.dispute.closed.v1": DisputeHeard,
}
