"""Risks of the register. Key: the risk's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class RiskLink(Part):
    """What a risk is about: an id, or the code of a product line or a region."""

    kind: Literal["account", "partner", "contract", "target", "indicator", "product_line", "region", "unit"]
    id: str


class RiskSnapshot(Part):
    """A risk; `reassess_cause` says why it must be assessed again."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    code: str
    risk_class: Literal["market", "customer", "competition", "policy", "operation", "credit", "supply", "compliance"]
    source: str
    state: Literal["identified", "assessed", "treated", "monitored", "closed"]
    reassess_cause: str | None
    owner_id: UUID | None
    links: list[RiskLink]
    review_on: date | None
    version: int
    changed: list[str]
    business_date: date


_RISK: dict[str, Any] = {
    "id": sample_id("95"),
    "code": "R-017",
    "risk_class": "credit",
    "source": "credit_review",
    "state": "identified",
    "reassess_cause": None,
    "owner_id": sample_id("a3"),
    "links": [{"kind": "account", "id": sample_id("1")}],
    "review_on": "2026-06-30",
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}


class RiskIdentified(Published, RiskSnapshot):
    """A risk was entered, was opened again, or must be assessed again."""

    TYPE: ClassVar[str] = "risk.risk.identified.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _RISK


class RiskAssessed(Published, RiskSnapshot):
    """A risk was assessed under a version of the matrix; likelihood and impact from 1 to 5."""

    assessment_id: UUID
    kind: Literal["inherent", "current", "residual"]
    likelihood: int
    impact: int
    band: Literal["low", "medium", "high", "extreme"]
    matrix_version: int

    TYPE: ClassVar[str] = "risk.risk.assessed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_RISK,
        "state": "assessed",
        "version": 2,
        "changed": ["state"],
        "assessment_id": sample_id("99"),
        "kind": "inherent",
        "likelihood": 3,
        "impact": 4,
        "band": "high",
        "matrix_version": 1,
    }


class RiskClosed(Published, RiskSnapshot):
    """A risk is over."""

    TYPE: ClassVar[str] = "risk.risk.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_RISK, "state": "closed", "version": 5, "changed": ["state"]}


PUBLISHED: tuple[type[Published], ...] = (RiskIdentified, RiskAssessed, RiskClosed)
AGREED: tuple[type[Published], ...] = ()
