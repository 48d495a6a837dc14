"""What is done about targets that are not on their way, and what it brought. Key: the id of the root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id
from services.targets.events_out.targets import TARGET


class MeasurePart(Part):
    """What somebody does by a day."""

    key: str
    owner_id: UUID
    due_on: date
    state: Literal["open", "done", "dropped"]
    settled_on: date | None
    overdue_on: date | None


class AdjustmentSnapshot(Part):
    """An adjustment of a target; amounts are minor units of the base currency. Persons are token subjects."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"

    id: UUID
    target_id: UUID
    root_id: UUID
    owner_id: UUID | None
    trigger: Literal["alert", "risk_alert", "manual"]
    alert_id: UUID | None
    risk_alert_id: UUID | None
    strategy: Literal["resource", "position", "tactic", "training_incentive"]
    measures: list[MeasurePart]
    plan_id: UUID | None
    expected_effect: int | None
    state: Literal["draft", "proposed", "approved", "executing", "executed", "measured", "dropped"]
    proposed_by: str | None
    approved_by: str | None
    executed_by: str | None
    started_on: date | None
    executed_on: date | None
    overdue: int
    version: int
    changed: list[str]
    business_date: date


class SpanPart(Part):
    """Days that were compared: what they brought, and what they weigh in 1e-6 of a mean day."""

    first: date
    last: date
    actual: int
    weight: int


class MissingPart(Part):
    """Why there is no effect: what there was of what is needed."""

    reason: ReasonCode
    have: int
    need: int


class EffectPart(Part):
    """What an adjustment brought by the end of a day; `overlapping` are others executed in the days compared."""

    as_of: date
    formula_version: int
    sample_size: int
    working_days: int
    basis: ReasonCode | None
    before: SpanPart | None
    after: SpanPart | None
    expected: int | None
    effect: int | None
    p10: int | None
    p90: int | None
    draws: int | None
    overlapping: list[UUID]
    insufficient_data: MissingPart | None


_MEASURE: dict[str, Any] = {
    "key": "hire",
    "owner_id": sample_id("a3"),
    "due_on": "2026-04-30",
    "state": "open",
    "settled_on": None,
    "overdue_on": None,
}
_PROPOSED: dict[str, Any] = {
    "id": sample_id("d6"),
    "target_id": TARGET["id"],
    "root_id": TARGET["root_id"],
    "owner_id": sample_id("a3"),
    "trigger": "manual",
    "alert_id": None,
    "risk_alert_id": None,
    "strategy": "resource",
    "measures": [_MEASURE],
    "plan_id": sample_id("cf"),
    "expected_effect": 400000,
    "state": "proposed",
    "proposed_by": "manager-north",
    "approved_by": None,
    "executed_by": None,
    "started_on": None,
    "executed_on": None,
    "overdue": 0,
    "version": 2,
    "changed": ["state", "proposed_by"],
    "business_date": "2026-02-14",
}
_APPROVED: dict[str, Any] = {
    **_PROPOSED,
    **{"state": "approved", "approved_by": "director", "version": 3, "changed": ["state", "approved_by"]},
}
_STARTED: dict[str, Any] = {
    **_APPROVED,
    **{"state": "executing", "started_on": "2026-02-16", "version": 4, "changed": ["state", "started_on"]},
    "business_date": "2026-02-16",
}
_DONE: dict[str, Any] = {
    **_STARTED,
    "measures": [{**_MEASURE, "state": "done", "settled_on": "2026-02-20"}],
    **{"version": 5, "changed": ["measures"], "business_date": "2026-02-20"},
}
_EXECUTED: dict[str, Any] = {
    **_DONE,
    **{"state": "executed", "executed_by": "director", "executed_on": "2026-02-20", "version": 6},
    "changed": ["state", "executed_on", "executed_by"],
}


class AdjustmentProposed(Published, AdjustmentSnapshot):
    """An adjustment waits for a second person; drafts are not told of, nor what makes one of it again."""

    TYPE: ClassVar[str] = "targets.adjustment.proposed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _PROPOSED


class AdjustmentApproved(Published, AdjustmentSnapshot):
    """A second person approved."""

    TYPE: ClassVar[str] = "targets.adjustment.approved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _APPROVED


class AdjustmentStarted(Published, AdjustmentSnapshot):
    """The measures have begun."""

    TYPE: ClassVar[str] = "targets.adjustment.started.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _STARTED


class AdjustmentUpdated(Published, AdjustmentSnapshot):
    """A measure was done, dropped or reopened."""

    TYPE: ClassVar[str] = "targets.adjustment.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _DONE


class AdjustmentOverdue(Published, AdjustmentSnapshot):
    """The measures of these keys were not done in time; each is said once."""

    overdue_keys: list[str]

    TYPE: ClassVar[str] = "targets.adjustment.overdue.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_STARTED,
        "measures": [{**_MEASURE, "overdue_on": "2026-05-01"}],
        **{"overdue": 1, "version": 5, "changed": ["measures", "overdue"], "business_date": "2026-05-01"},
        "overdue_keys": ["hire"],
    }


class AdjustmentExecuted(Published, AdjustmentSnapshot):
    """All is done, and its plan was promoted."""

    TYPE: ClassVar[str] = "targets.adjustment.executed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _EXECUTED


class AdjustmentMeasured(Published, AdjustmentSnapshot):
    """What it brought was measured."""

    result: EffectPart

    TYPE: ClassVar[str] = "targets.adjustment.measured.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_EXECUTED,
        **{"state": "measured", "version": 7, "changed": ["state", "effect"], "business_date": "2026-05-16"},
        "result": {
            **{"as_of": "2026-05-15", "formula_version": 1, "sample_size": 410, "working_days": 60},
            "basis": "profile",
            "before": {"first": "2025-11-21", "last": "2026-02-15", "actual": 4000000, "weight": 60000000},
            "after": {"first": "2026-02-21", "last": "2026-05-15", "actual": 4600000, "weight": 63000000},
            **{"expected": 4200000, "effect": 400000, "p10": 150000, "p90": 640000, "draws": 2000},
            "overlapping": [],
            "insufficient_data": None,
        },
    }


class AdjustmentDropped(Published, AdjustmentSnapshot):
    """An adjustment was given up before its execution was over."""

    TYPE: ClassVar[str] = "targets.adjustment.dropped.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROPOSED,
        **{"state": "dropped", "version": 3, "changed": ["state"], "business_date": "2026-02-15"},
    }


PUBLISHED: tuple[type[Published], ...] = (
    AdjustmentProposed,
    AdjustmentApproved,
    AdjustmentStarted,
    AdjustmentUpdated,
    AdjustmentOverdue,
    AdjustmentExecuted,
    AdjustmentMeasured,
    AdjustmentDropped,
)
AGREED: tuple[type[Published], ...] = ()
