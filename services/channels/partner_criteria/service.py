"""Use cases of criteria: drafted, replaced, published by a second person. Nobody else is told of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.partner_criteria import repository
from services.channels.partner_criteria.enums import PartnerCriteriaState
from services.channels.partner_criteria.models import PartnerCriteria
from services.channels.partner_criteria.rules import MOVES, check_criteria
from services.channels.partner_criteria.schemas import PartnerCriteriaCreate, PartnerCriteriaReplace
from services.channels.promotions.rules import SamePerson

NOUN = "partner-criteria"
PARTNER_CRITERIA = Resource(
    NOUN, PartnerCriteria, lambda _one: None, audited=("criteria", "group_minimums", "pass_mark", "written_by")
)


async def draft_criteria(work: Work, data: PartnerCriteriaCreate) -> PartnerCriteria:
    """A version, as a draft; raises CriteriaInvalid."""
    row = PartnerCriteria.model_validate({**fresh(), **_terms(work, data), "state": PartnerCriteriaState.DRAFT})
    return await add(work, PARTNER_CRITERIA, row, action="draft")


async def require_criteria(work: Work, criteria_id: UUID) -> PartnerCriteria:
    """A version by id; raises NotFound."""
    return await require(work, PARTNER_CRITERIA, criteria_id)


async def in_force(work: Work) -> PartnerCriteria | None:
    """The version that counts; None before the first one."""
    return await repository.in_force(work.tx)


async def numbered(work: Work, number: int) -> PartnerCriteria:
    """A published version by its number; it is there, as none is ever taken away."""
    found = await repository.by_number(work.tx, number)
    assert found is not None, "what is published stays"
    return found


async def replace_criteria(
    work: Work, criteria_id: UUID, version: Versions, data: PartnerCriteriaReplace
) -> PartnerCriteria:
    """Set all of a draft, which is then of whoever wrote it last; raises NotFound, VersionMismatch, StateConflict,
    CriteriaInvalid."""
    before = await require(work, PARTNER_CRITERIA, criteria_id, version=version)
    next_state(NOUN, MOVES, "replace", before.state)
    return await change(work, PARTNER_CRITERIA, before, _terms(work, data), action="replace")


async def publish_criteria(work: Work, criteria_id: UUID) -> PartnerCriteria:
    """Let a draft of somebody else count from now on; raises NotFound, StateConflict, SamePerson."""
    await repository.hold_lock(work.tx)
    before: PartnerCriteria = await require(work, PARTNER_CRITERIA, criteria_id, lock=True)
    state = next_state(NOUN, MOVES, "publish", before.state)
    if work.actor.subject == before.written_by:
        raise SamePerson()
    former = await repository.in_force(work.tx)
    changes = {
        "state": state,
        "criteria_version": 1 if former is None else (former.criteria_version or 0) + 1,
        "published_by": work.actor.subject,
        "published_on": work.today,
    }
    return await change(work, PARTNER_CRITERIA, before, changes, action="publish")


def _terms(work: Work, data: PartnerCriteriaReplace) -> dict[str, Any]:
    check_criteria(data.criteria, [one.group for one in data.group_minimums])
    return {**data.model_dump(), "written_by": work.actor.subject}
