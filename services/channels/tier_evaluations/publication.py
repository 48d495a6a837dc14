"""Publication of evaluations: levels are written step by step, for nobody to see, and shown and told all at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kit.errors import FieldError
from kit.events import outbox
from kit.ids import derived_id
from kit.jobs.jobs import enqueue
from kit.records import change, require
from kit.transitions import next_state
from kit.work import Work
from services.channels.directory import service as directory
from services.channels.events_out.tiers import TierChanged
from services.channels.promotions.rules import SamePerson
from services.channels.tier_evaluations import repository
from services.channels.tier_evaluations.enums import TierEvaluationState
from services.channels.tier_evaluations.models import TierEvaluation
from services.channels.tier_evaluations.rules import (
    APPEAL_DAYS,
    MOVES,
    AppealsOpen,
    EvaluationOutdated,
    EvaluationPublishing,
)
from services.channels.tier_evaluations.schemas import TierEvaluationPublish
from services.channels.tier_evaluations.service import EVALUATIONS, NOUN, check_order
from services.channels.tier_programmes.service import ValidityInvalid

PUBLISH: Final = "tier-evaluations.publish"
"""Kind of the job that writes the levels of an evaluation."""
STEP: Final = 500
"""So many partners are written by a transaction."""
CHUNK: Final = 2_000
"""So many changes are announced by one statement."""
NOBODY: Final = UUID(int=0)
ONE_DAY = timedelta(1)


async def publish_evaluation(work: Work, evaluation_id: UUID, data: TierEvaluationPublish) -> TierEvaluation:
    """Let levels count from a later day: a job.

    Raises NotFound, StateConflict, SamePerson, ValidityInvalid, AppealsOpen, EvaluationPublishing,
    EvaluationOutOfOrder, EvaluationOutdated.
    """
    await repository.hold_lock(work.tx)
    before = await require(work, EVALUATIONS, evaluation_id, lock=True)
    state = next_state(NOUN, MOVES, "publish", before.state)
    if work.actor.subject == before.created_by:
        raise SamePerson()
    check_later(work, data.effective_from)
    if await repository.has_open_appeals(work.tx, before.id):
        raise AppealsOpen()
    if await repository.is_publishing(work.tx, before.programme_code):
        raise EvaluationPublishing()
    await check_order(work, before.programme_code, before.period_to)
    if await repository.is_outdated(work.tx, before):
        raise EvaluationOutdated()
    changes = {"state": state, "effective_from": data.effective_from, "published_by": work.actor.subject}
    after = await change(work, EVALUATIONS, before, changes, action="publish")
    await enqueue(
        work.tx,
        PUBLISH,
        {"evaluation_id": str(before.id)},
        work.actor.subject,
        job_id=derived_id("tier-publication", before.id),
    )
    return after


def check_later(work: Work, day: date) -> None:
    """Levels count from a later day, so that nobody is told of one that it had already. Raises ValidityInvalid."""
    if day <= work.today:
        raise ValidityInvalid(errors=[FieldError("/effective_from", ValidityInvalid.code, f"later than {work.today}")])


async def write_some(work: Work, evaluation_id: UUID, after: UUID) -> repository.Put:
    """One step: levels of the next partners, for nobody to see yet. Nothing of one that was given up."""
    evaluation = await require(work, EVALUATIONS, evaluation_id, lock=True)
    if evaluation.state is not TierEvaluationState.PUBLISHING:
        return repository.Put(None, 0)
    return await repository.put_tiers(work.tx, evaluation, after, STEP)


async def finish(work: Work, evaluation_id: UUID) -> TierEvaluation:
    """Show all levels and tell which are others; where the day they were to count from has come meanwhile, they count
    from tomorrow. What is published stays as it is."""
    await repository.hold_lock(work.tx)
    before = await require(work, EVALUATIONS, evaluation_id, lock=True)
    if before.state is not TierEvaluationState.PUBLISHING or before.effective_from is None:
        return before
    effective_from = max(before.effective_from, work.today + ONE_DAY)
    await repository.show_tiers(work.tx, before.id, effective_from)
    calendar = await directory.company_calendar(work)
    changes = {
        "state": TierEvaluationState.PUBLISHED,
        "effective_from": effective_from,
        "published_on": work.today,
        "appeal_until": calendar.add_working_days(work.today, APPEAL_DAYS),
    }
    done = await change(work, EVALUATIONS, before, changes, action="finish")
    await _announce(work, done, effective_from)
    return done


async def _announce(work: Work, done: TierEvaluation, effective_from: date) -> None:
    after = NOBODY
    while moved := await repository.moved_after(work.tx, done.id, after, CHUNK):
        said = [
            (
                TierChanged(
                    partner_id=one.partner_id,
                    owner_id=None,
                    programme_id=done.programme_id,
                    evaluation_id=done.id,
                    old=one.old,
                    new=one.new,
                    effective_from=effective_from,
                    version=one.tier_version,
                    business_date=work.today,
                ),
                one.tier_version,
            )
            for one in moved
        ]
        await outbox.say(work, said)
        await work.tx.flush()
        after = moved[-1].partner_id
