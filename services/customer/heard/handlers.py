"""What channels and risk say of accounts -> entries of timelines (a projection: a pure function of the events)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from kit.db.database import Tx
from kit.events.contract import Heard
from kit.events.handlers import Fact
from services.customer.events_in.channels import DealHeard, PointsHeard, QuoteHeard
from services.customer.events_in.risk import (
    AlertHeard,
    ContractHeard,
    CreditProfileHeard,
    DisputeHeard,
    ObligationHeard,
)
from services.customer.heard import repository
from services.customer.heard.models import HeardFact

OfAccount = (
    AlertHeard
    | ContractHeard
    | CreditProfileHeard
    | DealHeard
    | DisputeHeard
    | ObligationHeard
    | PointsHeard
    | QuoteHeard
)
TOLD: Final[Mapping[type[Heard], tuple[str, ...]]] = {
    AlertHeard: ("indicator_id", "measure", "state", "level", "is_escalation"),
    ContractHeard: ("number", "state", "starts_on", "ends_on"),
    CreditProfileHeard: ("grade", "terms_days", "hold_reasons"),
    DealHeard: ("number", "partner_id", "state", "protected_until"),
    DisputeHeard: ("number", "state", "claim_base"),
    ObligationHeard: ("contract_id", "kind", "side", "state", "due_on", "amount"),
    PointsHeard: ("order_id", "points", "balance_after"),
    QuoteHeard: ("number", "partner_id", "state", "currency", "valid_until"),
}
"""What a timeline shows of a fact."""


async def project_heard(tx: Tx, facts: Sequence[Fact[OfAccount]]) -> None:
    """Keep each fact that is one of an account; those of partners alone are none."""
    await repository.add_heard(tx, [_entry(fact, of) for fact in facts if (of := fact.data.account_id) is not None])


def _entry(fact: Fact[OfAccount], account_id: UUID) -> HeardFact:
    said, event = fact.data, fact.event
    return HeardFact(
        id=event.id,
        account_id=account_id,
        subject_id=_subject(said, account_id),
        business_date=said.business_date,
        data={"type": event.type, **said.model_dump(mode="json", include=set(TOLD[type(said)]))},
        at=event.time,
    )


def _subject(said: OfAccount, account_id: UUID) -> UUID:
    if isinstance(said, CreditProfileHeard):
        return account_id
    return said.points_account_id if isinstance(said, PointsHeard) else said.id
