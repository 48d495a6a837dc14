"""Schemas of risks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, BusinessDate, Code, Label, LongText, PositiveShare, Schema
from services.risk.risks.enums import LinkKind, ReassessCause, RiskClass, RiskSource, RiskState
from services.risk.risks.rules import BY_ID

EXAMPLE: dict[str, Any] = {
    "code": "R-017",
    "title": "A large customer does not pay",
    "class": "credit",
    "source": "credit_review",
    "cause": "Their own customers pay later every quarter",
    "event": "Invoices of more than a month's revenue stay open",
    "consequence": "The amount is lost, and the limit with the bank",
    "causes": [
        {"code": "cash", "title": "They run out of cash", "share": 700000},
        {"code": "claim", "title": "They claim defects", "share": 300000},
    ],
    "consequences": [{"code": "loss", "title": "The amount is lost", "share": 1000000}],
    "links": [{"kind": "region", "id": "EAST"}],
    "review_on": "2099-03-31",
}


class LinkBody(Schema):
    """What a risk is about: the id of an account, partner, contract, target, indicator or unit, or the code of a
    product line or a region."""

    kind: LinkKind
    id: Code

    @model_validator(mode="after")
    def _known_form(self) -> Self:
        if self.kind in BY_ID:
            try:
                self.id = str(UUID(self.id))
            except ValueError:
                raise PydanticCustomError("malformed", "expected a UUID") from None
        return self


class BranchBody(Schema):
    """A cause or a consequence; the shares of all are 1,000,000 together."""

    code: Code
    title: Label
    share: PositiveShare


Branches = Annotated[list[BranchBody], Field(max_length=50)]
Links = Annotated[list[LinkBody], Field(max_length=100)]
_CLASS: Any = Field(alias="class")


class RiskCreate(Schema):
    """What may happen, whose it is and when it is reviewed; without an owner it is seen by those who see everything."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    code: Code
    external_id: Code | None = None
    title: Label
    risk_class: Annotated[RiskClass, _CLASS]
    source: RiskSource
    cause: LongText = ""
    event: LongText = ""
    consequence: LongText = ""
    causes: Branches = Field(default_factory=list)
    consequences: Branches = Field(default_factory=list)
    owner_id: UUID | None = None
    links: Links = Field(default_factory=list)
    review_on: BusinessDate | None = None


class RiskRow(RiskCreate):
    """A row of a batch: `external_id` names it."""

    model_config = ConfigDict(json_schema_extra={"example": {**EXAMPLE, "external_id": "grc-4711"}})

    external_id: Code


class RiskBatch(BatchBody):
    """Risks by external id."""

    row_model = RiskRow


class RiskUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "A customer does not pay", "cause": "Cash"}})

    title: Label = ABSENT
    risk_class: Annotated[RiskClass, _CLASS] = ABSENT
    source: RiskSource = ABSENT
    cause: LongText = ABSENT
    event: LongText = ABSENT
    consequence: LongText = ABSENT
    causes: Branches = ABSENT
    consequences: Branches = ABSENT
    owner_id: UUID | None = ABSENT
    links: Links = ABSENT
    review_on: BusinessDate | None = ABSENT


class RiskMove(Schema):
    """Why a risk is closed, or opened again."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The customer has paid"}})

    reason: Label


class RiskRead(Schema):
    """A risk; `reassess_cause` says why it must be assessed again."""

    id: UUID
    code: str
    external_id: str | None
    title: str
    risk_class: Annotated[RiskClass, _CLASS]
    source: RiskSource
    cause: str
    event: str
    consequence: str
    causes: list[BranchBody]
    consequences: list[BranchBody]
    owner_id: UUID | None
    links: list[LinkBody]
    review_on: date | None
    state: RiskState
    reassess_cause: ReassessCause | None
    assessments: int
    version: int
    created_at: datetime
    updated_at: datetime
