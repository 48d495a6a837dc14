"""Appeals against results: somebody disagrees, another person decides; what was published already is corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import FieldError, StateConflict, UnknownReference
from kit.events import outbox
from kit.records import Change, Resource, change, require
from kit.transitions import next_state
from kit.work import Work
from services.channels.events_out.tiers import TierChanged
from services.channels.promotions.rules import SamePerson
from services.channels.tier_evaluations import repository
from services.channels.tier_evaluations.enums import TierEvaluationState, TierMove
from services.channels.tier_evaluations.models import TierEvaluation, TierResult
from services.channels.tier_evaluations.publication import ONE_DAY, check_later
from services.channels.tier_evaluations.rules import (
    APPEALS,
    AppealTooLate,
    EvaluationOutdated,
    EvaluationPublishing,
    lacks,
    next_above,
)
from services.channels.tier_evaluations.schemas import TierAppealCreate, TierAppealDecide
from services.channels.tier_evaluations.service import EVALUATIONS, figures_in, require_result
from services.channels.tier_evaluations.service import NOUN as EVALUATION
from services.channels.tier_programmes import service as programmes
from services.channels.tier_programmes.models import TierProgramme
from services.channels.tier_programmes.rules import Level

NOUN = "tier-appeal"
APPEALABLE = (TierEvaluationState.PREVIEWED, TierEvaluationState.PUBLISHED)


def _unsaid(_one: Change[TierResult]) -> None:
    """What is decided is told as a change of the level."""


RESULTS = Resource("tier-result", TierResult, _unsaid, audited=())


async def appeal(work: Work, evaluation_id: UUID, partner_id: UUID, data: TierAppealCreate) -> TierResult:
    """Disagree with a result of a preview, or of what was published up to ten working days ago.

    Raises NotFound, StateConflict, AppealTooLate.
    """
    evaluation = await _appealable(work, evaluation_id, "appeal")
    before = await require_result(work, evaluation_id, partner_id, lock=True)
    state = next_state(NOUN, APPEALS, "appeal", before.appeal_state)
    if evaluation.appeal_until is not None and work.today > evaluation.appeal_until:
        raise AppealTooLate(extra={"appeal_until": evaluation.appeal_until.isoformat()})
    changes = {
        "appeal_state": state,
        "appeal_reason": data.reason,
        "appealed_by": work.actor.subject,
        "appealed_on": work.today,
    }
    return await change(work, RESULTS, before, changes, action="appeal")


async def decide_appeal(work: Work, evaluation_id: UUID, partner_id: UUID, data: TierAppealDecide) -> TierResult:
    """Decide what somebody else has appealed against; who is right has the level that is decided, and begins anew.

    Raises NotFound, StateConflict, SamePerson, UnknownReference, ValidityInvalid, EvaluationOutdated,
    EvaluationPublishing.
    """
    await repository.hold_lock(work.tx)
    evaluation = await _appealable(work, evaluation_id, "decide")
    before = await require_result(work, evaluation_id, partner_id, lock=True)
    state = next_state(NOUN, APPEALS, "uphold" if data.is_upheld else "reject", before.appeal_state)
    if work.actor.subject == before.appealed_by:
        raise SamePerson()
    changes: dict[str, Any] = {
        "appeal_state": state,
        "decided_by": work.actor.subject,
        "decided_on": work.today,
        "decision_note": data.note,
    }
    if data.is_upheld:
        programme = await programmes.require_programme(work, evaluation.programme_id)
        level = _decided(programme, before, data)
        changes |= _moved(programme, before, level)
        if evaluation.state is TierEvaluationState.PUBLISHED:
            await _correct(work, evaluation, before, level, data)
    after = await change(work, RESULTS, before, changes, action="decide", reason=data.note)
    if evaluation.state is TierEvaluationState.PREVIEWED:
        counted = {"ups": _counted(evaluation.ups, before, after, TierMove.UP)}
        counted["downs"] = _counted(evaluation.downs, before, after, TierMove.DOWN)
        await change(work, EVALUATIONS, evaluation, counted, action="decide")
    return after


async def _appealable(work: Work, evaluation_id: UUID, action: str) -> TierEvaluation:
    evaluation = await require(work, EVALUATIONS, evaluation_id, lock=True)
    if evaluation.state not in APPEALABLE:
        raise StateConflict(EVALUATION, action, evaluation.state, APPEALABLE)
    return evaluation


def _decided(programme: TierProgramme, before: TierResult, data: TierAppealDecide) -> Level | None:
    code = data.level if "level" in data.model_fields_set else before.old_level
    if code is None:
        return None
    found = next((level for level in programme.ladder if level.code == code), None)
    if found is None:
        raise UnknownReference(errors=[FieldError("/level", UnknownReference.code, "no level of the programme")])
    return found


def _moved(programme: TierProgramme, before: TierResult, level: Level | None) -> dict[str, Any]:
    old = next((one.rank for one in programme.ladder if one.code == before.old_level), 0)
    rank = level.rank if level else 0
    move = TierMove.UP if rank > old else TierMove.DOWN if rank < old else TierMove.STAY
    above = next_above(programme.ladder, level)
    return {
        "new_level": level.code if level else None,
        "new_rank": level.rank if level else None,
        "move": move,
        "failures": 0,
        "next_level": above.code if above else None,
        "missing": [one._asdict() for one in lacks(above, figures_in(before))] if above else [],
    }


def _counted(count: int | None, before: TierResult, after: TierResult, move: TierMove) -> int:
    return (count or 0) - (before.move is move) + (after.move is move)


async def _correct(
    work: Work, evaluation: TierEvaluation, before: TierResult, level: Level | None, data: TierAppealDecide
) -> None:
    """Another level from a later day on, unless a later evaluation has judged meanwhile."""
    if await repository.is_publishing(work.tx, evaluation.programme_code):
        raise EvaluationPublishing()
    latest = await repository.last_published(work.tx, evaluation.programme_code)
    if latest is None or latest.id != evaluation.id or evaluation.effective_from is None:
        raise EvaluationOutdated()
    effective_from = data.effective_from or max(evaluation.effective_from, work.today + ONE_DAY)
    check_later(work, effective_from)
    code, rank = (level.code, level.rank) if level else (None, None)
    if code == before.new_level:
        return
    row = await repository.correct_tier(work.tx, evaluation, before.partner_id, code, rank, effective_from)
    said = TierChanged(
        partner_id=row.partner_id,
        owner_id=None,
        programme_id=row.programme_id,
        evaluation_id=row.evaluation_id,
        old=before.new_level,
        new=row.level,
        effective_from=effective_from,
        version=row.tier_version,
        business_date=work.today,
    )
    await outbox.say(work, [(said, row.tier_version)])
