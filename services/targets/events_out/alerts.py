"""Targets that fall behind. Key: the id of the root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id
from services.targets.events_out.targets import TARGET

Level = Literal["green", "amber", "red"]


class AlertSnapshot(Part):
    """An alert of a target: `figure` of `measure` brought it to its level, whose `threshold` this is; millionths.

    On the way to the better a level is left at a margin above it."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"

    id: UUID
    target_id: UUID
    root_id: UUID
    owner_id: UUID | None
    level: Level
    previous: Level
    measure: Literal["pace", "p_hit"]
    figure: int | None
    threshold: int
    version: int
    business_date: date


_ALERT: dict[str, Any] = {
    "id": sample_id("ca"),
    "target_id": TARGET["id"],
    "root_id": TARGET["root_id"],
    "owner_id": sample_id("a3"),
    "level": "amber",
    "previous": "green",
    "measure": "pace",
    "figure": 949000,
    "threshold": 950000,
    "version": 1,
    "business_date": "2026-02-14",
}


class AlertRaised(Published, AlertSnapshot):
    """An alert was opened, or its level changed and is not green."""

    TYPE: ClassVar[str] = "targets.alert.raised.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _ALERT


class AlertCleared(Published, AlertSnapshot):
    """An alert is over: the target is green again, or closed."""

    TYPE: ClassVar[str] = "targets.alert.cleared.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_ALERT,
        "level": "green",
        "previous": "amber",
        "figure": 970000,
        "version": 2,
        "business_date": "2026-02-20",
    }


PUBLISHED: tuple[type[Published], ...] = (AlertRaised, AlertCleared)
AGREED: tuple[type[Published], ...] = ()
