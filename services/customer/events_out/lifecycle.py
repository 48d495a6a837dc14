"""Where an account stands in its life as a customer, and who may be leaving."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

Stage = Literal["potential", "new", "active", "at_risk", "churned", "won_back"]


class Factor(Part):
    """One reason and its weight in points of the score."""

    factor: ReasonCode
    weight: int


class StageFact(Part):
    """Common part: the stages before and after (equal when only a warning changed), and why."""

    SUBJECT: ClassVar[str] = "account_id"
    KEY: ClassVar[str] = "stream_key"

    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    from_stage: Stage
    to_stage: Stage
    factors: list[Factor]
    policy_version: int
    business_date: date


_FACT: dict[str, Any] = {
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "from_stage": "active",
    "to_stage": "at_risk",
    "factors": [{"factor": "rhythm", "weight": 24}, {"factor": "silence", "weight": 38}],
    "policy_version": 1,
    "business_date": "2026-02-14",
}


class LifecycleChanged(Published, StageFact):
    """An account stands in another stage since `business_date`."""

    TYPE: ClassVar[str] = "customer.lifecycle.changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _FACT


class ChurnWarned(Published, StageFact):
    """An account may be leaving: `score`, 0 to 100, is the sum of the weights, cut there."""

    score: int

    TYPE: ClassVar[str] = "customer.churn.warned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "score": 62}


class ChurnCleared(Published, StageFact):
    """A warning is over."""

    score: int

    TYPE: ClassVar[str] = "customer.churn.cleared.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "from_stage": "at_risk",
        "to_stage": "active",
        "factors": [{"factor": "rhythm", "weight": 6}],
        "score": 6,
    }


PUBLISHED: tuple[type[Published], ...] = (LifecycleChanged, ChurnWarned, ChurnCleared)
AGREED: tuple[type[Published], ...] = ()
