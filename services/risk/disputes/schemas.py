"""Schemas of disputes; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, Amount, BusinessDate, Code, Label, NonNegativeAmount, PositiveAmount, Schema
from services.risk.disputes.enums import DisputeDeadlineKind, DisputeState
from services.risk.obligations.enums import Side

EXAMPLE: dict[str, Any] = {
    "number": "DP-2026-000001",
    "title": "Goods of the second delivery were damaged",
    "contract_id": None,
    "orders": [{"order_id": "01989f2e-0000-7000-8000-000000000002", "amount": 155}],
    "side": "them",
    "claim": 155,
    "known_on": "2026-03-05",
    "deadlines": [{"kind": "answer", "on": "2026-03-20"}],
}


class DisputeDeadlineBody(Schema):
    """By when something is to be done, beside the limitation."""

    kind: DisputeDeadlineKind
    on: BusinessDate


class DisputedOrderBody(Schema):
    """What is disputed of a confirmed order: at most what is open of it and not disputed yet."""

    order_id: UUID
    amount: PositiveAmount


Deadlines = Annotated[list[DisputeDeadlineBody], Field(max_length=50)]


class DisputeCreate(Schema):
    """A dispute about a contract, about orders of one account (or of one partner's contract), or both.

    `side` is who claims. `opened_on` is today unless it lies back; `limitation_on` is three years after `known_on`.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    number: Code
    title: Label
    contract_id: UUID | None = None
    orders: Annotated[list[DisputedOrderBody], Field(max_length=200)] = Field(default_factory=list)
    side: Side
    claim: PositiveAmount
    known_on: BusinessDate
    opened_on: BusinessDate | None = None
    limitation_on: BusinessDate | None = None
    deadlines: Deadlines = Field(default_factory=list)


class DisputeUpdate(Schema):
    """Other words, another claim, other days, while a dispute is not closed; its orders stay."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"claim": 140, "deadlines": [{"kind": "hearing", "on": "2026-06-01"}]}}
    )

    title: Label = ABSENT
    claim: PositiveAmount = ABSENT
    limitation_on: BusinessDate = ABSENT
    deadlines: Deadlines = ABSENT


class DisputeClose(Schema):
    """What came of it: `outcome` is what the company pays (positive) or gets (negative), `costs` what it spent on the
    way. A loss on balance is recorded as an incident."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": 100, "costs": 20}})

    outcome: Amount
    costs: NonNegativeAmount = 0


class DisputeRead(Schema):
    """A dispute; `account_id` is what its account reads as, `filed_account_id` the account itself."""

    id: UUID
    number: str
    title: str
    state: DisputeState
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    contract_id: UUID | None
    orders: list[DisputedOrderBody]
    side: Side
    claim: int
    known_on: date
    opened_on: date
    limitation_on: date
    deadlines: list[DisputeDeadlineBody]
    outcome: int | None
    costs: int | None
    closed_on: date | None
    incident_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
