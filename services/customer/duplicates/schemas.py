"""Bodies and answers of identity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import Label, Schema
from services.customer.identity.enums import CandidateState, IdentityVerdict, TaxIds

Likeness = Annotated[float, Field(ge=0, le=1)]


class FactorsRead(Schema):
    """Why a score is what it is. `name` = `brand` * `trade` * `place`, of the two names that are most alike; the score
    is 1 - (1 - name)(1 - 0.5 phone)(1 - 0.6 domain)(1 - 0.3 address), with the same tax id 1, with another one at most
    0.3."""

    name: Likeness
    brand: Likeness
    trade: Likeness
    place: Likeness
    is_same_phone: bool
    is_same_domain: bool
    is_same_address: bool
    tax_ids: TaxIds


class MatchRead(Schema):
    """An account that may be the one that was compared."""

    account_id: UUID
    name: str
    owner_id: UUID | None
    score: Likeness
    verdict: IdentityVerdict
    factors: FactorsRead


class MatchPage(Schema):
    """The accounts most like the one that was compared, at most 50, the most alike first."""

    items: list[MatchRead]


class CandidateDismiss(Schema):
    """Two accounts are not one, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Two firms of one family"}})

    reason: Label


class CandidateRead(Schema):
    """Two accounts that may be one; `first_id` is the lesser id."""

    id: UUID
    version: int
    first_id: UUID
    first_name: str
    second_id: UUID
    second_name: str
    score: Likeness
    verdict: IdentityVerdict
    factors: FactorsRead
    state: CandidateState
    dismissed_by: str | None
    dismissed_at: datetime | None
    reason: str | None
    created_at: datetime
    updated_at: datetime


CandidatePage = page_of(CandidateRead)
