"""Use cases of tasks of partners: entered, changed, done. Nobody else is told of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.partner_tasks import repository
from services.channels.partner_tasks.enums import PartnerTaskState
from services.channels.partner_tasks.models import PartnerTask
from services.channels.partner_tasks.rules import MOVES, TasksOpen
from services.channels.partner_tasks.schemas import PartnerTaskCreate, PartnerTaskUpdate
from services.channels.partners import service as partners

NOUN = "partner-task"
PARTNER_TASKS = Resource(
    NOUN, PartnerTask, lambda _one: None, audited=("partner_id", "subject", "is_mandatory", "due_on", "note")
)


async def create_task(work: Work, data: PartnerTaskCreate) -> PartnerTask:
    """Enter a task; raises UnknownReference."""
    await partners.check_known(work, data.partner_id)
    return await add(work, PARTNER_TASKS, PartnerTask(**fresh(), **data.model_dump(), state=PartnerTaskState.OPEN))


async def require_task(work: Work, task_id: UUID) -> PartnerTask:
    """A task by id; raises NotFound."""
    return await require(work, PARTNER_TASKS, task_id)


async def update_task(work: Work, task_id: UUID, version: Versions, data: PartnerTaskUpdate) -> PartnerTask:
    """Change the fields given; raises NotFound, VersionMismatch."""
    before = await require(work, PARTNER_TASKS, task_id, version=version)
    return await change(work, PARTNER_TASKS, before, data.given())


async def move_task(work: Work, task_id: UUID, action: str) -> PartnerTask:
    """Complete or reopen; raises NotFound, StateConflict."""
    before: PartnerTask = await require(work, PARTNER_TASKS, task_id, lock=True)
    state = next_state(NOUN, MOVES, action, before.state)
    is_done = state is PartnerTaskState.DONE
    changes: dict[str, Any] = {
        "state": state,
        "done_on": work.today if is_done else None,
        "done_by": work.actor.subject if is_done else None,
    }
    return await change(work, PARTNER_TASKS, before, changes, action=action)


async def check_done(work: Work, partner_id: UUID) -> None:
    """Raises TasksOpen while a mandatory task of a partner is open."""
    if count := await repository.open_mandatory(work.tx, partner_id):
        raise TasksOpen(extra={"open": count})
