"""Plans of what is done so that targets are reached. Key: the id of the root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id
from services.targets.events_out.targets import TARGET


class ActionStepPart(Part):
    """What somebody does by a day; `weight` is its part of the progress."""

    key: str
    kind: Literal["step", "milestone"]
    owner_id: UUID
    due_on: date
    state: Literal["open", "done", "dropped"]
    weight: int
    settled_on: date | None
    overdue_on: date | None


class ActionPlanSnapshot(Part):
    """An action plan; `progress` is the weighted share of its steps that is done in 1e-6, `overdue` counts open steps
    that are late."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"

    id: UUID
    target_id: UUID
    root_id: UUID
    owner_id: UUID
    state: Literal["draft", "active", "done", "dropped"]
    steps: list[ActionStepPart]
    progress: int | None
    overdue: int
    version: int
    changed: list[str]
    business_date: date


_STEP: dict[str, Any] = {
    "key": "list",
    "kind": "step",
    "owner_id": sample_id("a3"),
    "due_on": "2026-03-06",
    "state": "open",
    "weight": 1,
    "settled_on": None,
    "overdue_on": None,
}
_PLAN: dict[str, Any] = {
    "id": sample_id("d5"),
    "target_id": TARGET["id"],
    "root_id": TARGET["root_id"],
    "owner_id": sample_id("a3"),
    "state": "active",
    "steps": [_STEP],
    "progress": 0,
    "overdue": 0,
    "version": 2,
    "changed": ["state"],
    "business_date": "2026-02-14",
}
_DONE: dict[str, Any] = {
    **_PLAN,
    "steps": [{**_STEP, "state": "done", "settled_on": "2026-03-05"}],
    "progress": 1000000,
}


class ActionPlanActivated(Published, ActionPlanSnapshot):
    """A plan is worked on from now on; drafts are not told of."""

    TYPE: ClassVar[str] = "targets.action_plan.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _PLAN


class ActionPlanUpdated(Published, ActionPlanSnapshot):
    """An active plan, or a step of it, changed."""

    TYPE: ClassVar[str] = "targets.action_plan.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_DONE,
        "version": 3,
        "changed": ["steps", "progress"],
        "business_date": "2026-03-05",
    }


class ActionPlanOverdue(Published, ActionPlanSnapshot):
    """The steps of these keys were not done in time; each is said once."""

    overdue_keys: list[str]

    TYPE: ClassVar[str] = "targets.action_plan.overdue.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PLAN,
        "steps": [{**_STEP, "overdue_on": "2026-03-07"}],
        "overdue": 1,
        "version": 3,
        "changed": ["steps", "overdue"],
        "business_date": "2026-03-07",
        "overdue_keys": ["list"],
    }


class ActionPlanCompleted(Published, ActionPlanSnapshot):
    """A plan is done."""

    TYPE: ClassVar[str] = "targets.action_plan.completed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_DONE, "state": "done", "version": 4, "business_date": "2026-03-05"}


class ActionPlanDropped(Published, ActionPlanSnapshot):
    """A plan was given up."""

    TYPE: ClassVar[str] = "targets.action_plan.dropped.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_PLAN, "state": "dropped", "version": 3, "business_date": "2026-03-02"}


PUBLISHED: tuple[type[Published], ...] = (
    ActionPlanActivated,
    ActionPlanUpdated,
    ActionPlanOverdue,
    ActionPlanCompleted,
    ActionPlanDropped,
)
AGREED: tuple[type[Published], ...] = ()
