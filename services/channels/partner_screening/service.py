"""Use cases of screenings: begun, scored, decided by a second person. The partner tells of the decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import StateConflict
from kit.records import Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out.partners import PartnerScreened
from services.channels.partner_criteria import service as criteria
from services.channels.partner_criteria.rules import missing_of, verdict_of
from services.channels.partner_screening import repository
from services.channels.partner_screening.enums import PartnerScreeningState
from services.channels.partner_screening.models import PartnerScreening
from services.channels.partner_screening.rules import CriteriaMissing, ScreeningFailed, ScreeningIncomplete, spelt
from services.channels.partner_screening.schemas import PartnerApprove, PartnerReject, PartnerScoresSet
from services.channels.partners import service as partners
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.promotions.rules import SamePerson

NOUN = "partner-screening"
PARTNER_SCREENINGS = Resource(
    NOUN, PartnerScreening, lambda _one: None, audited=("partner_id", "criteria_version", "opened_by")
)


async def require_screening(work: Work, screening_id: UUID) -> PartnerScreening:
    """A screening by id; raises NotFound."""
    return await require(work, PARTNER_SCREENINGS, screening_id)


async def screen_partner(work: Work, partner_id: UUID) -> Partner:
    """Begin to weigh an applicant by what counts now; raises NotFound, StateConflict, CriteriaMissing."""
    await partners.check_move(work, partner_id, "screen")
    current = await criteria.in_force(work)
    if current is None or current.criteria_version is None:
        raise CriteriaMissing()
    screening = PartnerScreening(
        **fresh(),
        partner_id=partner_id,
        criteria_version=current.criteria_version,
        state=PartnerScreeningState.OPEN,
        opened_by=work.actor.subject,
    )
    await add(work, PARTNER_SCREENINGS, screening, action="open")
    return await partners.move_partner(work, partner_id, "screen")


async def set_scores(work: Work, partner_id: UUID, version: Versions, data: PartnerScoresSet) -> PartnerScreening:
    """Set the scores of a partner that is screened; raises NotFound, VersionMismatch, StateConflict, ScoresInvalid,
    UnknownReference."""
    partner = await partners.require_partner(work, partner_id)
    before = await repository.latest(work.tx, partner_id)
    if before is None or before.state is not PartnerScreeningState.OPEN:
        raise StateConflict(partners.NOUN, "score", partner.state, [PartnerState.SCREENING])
    version.check(before.version)
    of = await criteria.numbered(work, before.criteria_version)
    codes = spelt([one.criterion for one in data.scores], [one.code for one in of.criteria])
    points = {code: one.score for code, one in zip(codes, data.scores, strict=True)}
    changes: dict[str, Any] = {
        "scores": [{**one.model_dump(), "criterion": code} for code, one in zip(codes, data.scores, strict=True)],
        "score": None,
        "is_passed": None,
        "failures": (),
        "scored_by": tuple(dict.fromkeys((*before.scored_by, work.actor.subject))),
    }
    if not missing_of(of.criteria, points):
        found = verdict_of(of.criteria, of.minimums, of.pass_mark, points)
        changes |= {"score": found.score, "is_passed": not found.failures, "failures": found.failures}
    return await change(work, PARTNER_SCREENINGS, before, changes, action="score")


async def approve_partner(work: Work, partner_id: UUID, data: PartnerApprove) -> Partner:
    """Take an applicant that somebody else has weighed; raises NotFound, StateConflict, SamePerson,
    ScreeningIncomplete, ScreeningFailed."""
    await partners.check_move(work, partner_id, "approve")
    before = await _undecided(work, partner_id)
    if before.is_passed is None:
        of = await criteria.numbered(work, before.criteria_version)
        missing = missing_of(of.criteria, {one.criterion: one.score for one in before.scores})
        raise ScreeningIncomplete(f"no score of {', '.join(missing)}", extra={"missing": missing})
    if not before.is_passed:
        raise ScreeningFailed(", ".join(before.failures), extra={"failures": list(before.failures)})
    await _decide(work, before, PartnerScreeningState.APPROVED, data.note)
    return await _told(work, before, partner_id, "approve", data.note)


async def reject_partner(work: Work, partner_id: UUID, data: PartnerReject) -> Partner:
    """Take an applicant back that somebody else has weighed; it may be screened anew. Raises NotFound, StateConflict,
    SamePerson."""
    await partners.check_move(work, partner_id, "reject")
    before = await _undecided(work, partner_id)
    await _decide(work, before, PartnerScreeningState.REJECTED, data.reason)
    if before.is_passed is not None:
        return await _told(work, before, partner_id, "reject", data.reason)
    return await partners.move_partner(work, partner_id, "reject", data.reason)


async def _undecided(work: Work, partner_id: UUID) -> PartnerScreening:
    """The screening of a partner that is screened, under the lock of the partner."""
    found = await repository.latest(work.tx, partner_id)
    assert found is not None, "a partner is screened with its screening"
    if work.actor.subject in (found.opened_by, *found.scored_by):
        raise SamePerson()
    return found


async def _decide(work: Work, before: PartnerScreening, state: PartnerScreeningState, note: str) -> None:
    decided = {
        "state": state,
        "decided_by": work.actor.subject,
        "decided_on": work.today,
        "decision_note": note,
    }
    await change(work, PARTNER_SCREENINGS, before, decided, action=state, reason=note)


async def _told(work: Work, screening: PartnerScreening, partner_id: UUID, action: str, note: str) -> Partner:
    said = partners.telling(
        PartnerScreened,
        score=screening.score,
        is_passed=screening.is_passed,
        criteria_version=screening.criteria_version,
        business_date=work.today,
    )
    return await partners.move_partner(work, partner_id, action, note, said=said)
