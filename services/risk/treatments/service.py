"""Use cases of treatments: planned, approved, started, completed, verified, cancelled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotFound, NotHeardYet, StateConflict
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.controls import service as controls
from services.risk.events_out.treatments import TreatmentCompleted, TreatmentPlanned
from services.risk.policies.rules import check_approver
from services.risk.risks import service as risks
from services.risk.risks.enums import ReassessCause, RiskState
from services.risk.risks.models import Risk
from services.risk.risks.rules import DAY
from services.risk.studies import service as studies
from services.risk.treatments import repository
from services.risk.treatments.bodies import AcceptEffect, DiversifyEffect, TreatmentAction, TreatmentVerification
from services.risk.treatments.effects import expected_share, hhi, same_rate, share_less
from services.risk.treatments.enums import RiskResponse, TreatmentState
from services.risk.treatments.models import Treatment, TreatmentSimulation
from services.risk.treatments.rules import (
    CHANGEABLE,
    EXPIRY,
    MOVES,
    check_day,
    check_expiry,
    check_startable,
    observed,
)
from services.risk.treatments.schemas import TreatmentCreate, TreatmentDay, TreatmentUpdate

NOUN = "treatment"
AUDITED = tuple(TreatmentCreate.model_fields)
PROJECTIONS = studies.PROJECTIONS
"""What exposures are read from."""


def _resource(work: Work) -> Resource[Treatment]:
    """Treatments; that one is planned, and that it is completed, is told with the business day."""

    def said(one: Change[Treatment]) -> TreatmentPlanned | TreatmentCompleted | None:
        fact: type[TreatmentPlanned | TreatmentCompleted]
        if one.before is None:
            fact = TreatmentPlanned
        elif one.after.state is TreatmentState.COMPLETED and "state" in one.changed:
            fact = TreatmentCompleted
        else:
            return None
        return fact.of(one.after, currency=work.base_currency, business_date=work.today)

    return Resource(NOUN, Treatment, said, audited=AUDITED)


def _fields(data: TreatmentCreate | TreatmentUpdate) -> dict[str, Any]:
    """The fields given, effects and actions as they are."""
    return {name: getattr(data, name) for name in data.model_fields_set}


async def _check(work: Work, row: Treatment, before: Sequence[TreatmentAction] = ()) -> None:
    """Raises DateOrder for an acceptance, NotHeardYet for owners of actions."""
    if isinstance(row.effect, AcceptEffect):
        check_expiry(row.effect.expires_on, work.today)
    await _check_owners(work, row.actions, {one.owner_id for one in before if one.owner_id is not None})


async def _check_owners(work: Work, actions: Sequence[TreatmentAction], before: Collection[UUID]) -> None:
    known = await risks.known(work, [one.owner_id for one in actions], ())
    faults = []
    for number, one in enumerate(actions):
        try:
            known.check(one.owner_id, (), one.owner_id if one.owner_id in before else None)
        except risks.OwnerLeft:
            raise risks.OwnerLeft(f"/actions/{number}/owner_id") from None
        except NotHeardYet as unknown:
            faults += [FieldError(f"/actions/{number}/owner_id", each.code, each.detail) for each in unknown.errors]
    if faults:
        raise NotHeardYet(errors=faults)


async def plan_treatment(work: Work, data: TreatmentCreate) -> Treatment:
    """Plan a treatment of a risk; who locks the risk sees it, and closes no risk meanwhile.

    Raises UnknownReference, StateConflict for a closed risk, DateOrder, NotHeardYet.
    """
    risk = await risks.require_reference(work, data.risk_id, lock=True)
    if risk.state is RiskState.CLOSED:
        raise StateConflict(risks.NOUN, "treat", risk.state, [each for each in RiskState if each is not risk.state])
    treatment = Treatment.model_validate(
        {
            **fresh(),
            **{name: getattr(data, name) for name in AUDITED},
            "state": TreatmentState.PLANNED,
            "authors": (work.actor.subject,),
        }
    )
    await _check(work, treatment)
    return await add(work, _resource(work), treatment, action="plan")


async def require_treatment(
    work: Work, treatment_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> Treatment:
    """A treatment of a risk that the caller sees; raises NotFound, VersionMismatch."""
    found = await require(work, _resource(work), treatment_id, version=version, lock=lock)
    try:
        await risks.require_risk(work, found.risk_id)
    except NotFound:
        raise NotFound(what=NOUN) from None
    return found


async def change_plan(work: Work, treatment_id: UUID, version: Versions, data: TreatmentUpdate) -> Treatment:
    """Change a plan: who does is one of its authors from then on.

    Raises NotFound, VersionMismatch, StateConflict for one that is approved, and what a new one raises.
    """
    before = await require_treatment(work, treatment_id, version=version)
    if before.state not in CHANGEABLE:
        raise StateConflict(NOUN, "change", before.state, CHANGEABLE)
    given = _fields(data)
    if data.effect is not None:
        given["response"] = data.effect.kind
    one = changed_row(before, given)
    if not one.changed:
        return before
    await _check(work, one.after, before.actions)
    if work.actor.subject not in before.authors:
        given["authors"] = (*before.authors, work.actor.subject)
    return await change(work, _resource(work), before, given)


async def approve_treatment(work: Work, treatment_id: UUID) -> Treatment:
    """Approve the plan of others; an acceptance holds from now on, and the risk is treated.

    Raises NotFound, StateConflict, SamePerson, DateOrder for an acceptance that is over.
    """
    before = await require_treatment(work, treatment_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    check_approver(work.actor.subject, before.authors)
    changes: dict[str, Any] = {"state": state, "approved_by": work.actor.subject}
    if isinstance(before.effect, AcceptEffect):
        check_expiry(before.effect.expires_on, work.today)
        changes["due_at"] = clock.start_of_day(work.settings.timezone, before.effect.expires_on + DAY)
    return await _move(work, before, changes, "approve")


async def start_treatment(work: Work, treatment_id: UUID, data: TreatmentDay) -> Treatment:
    """Begin what was approved; raises NotFound, StateConflict, AcceptanceOnly, FutureDate."""
    before = await require_treatment(work, treatment_id, lock=True)
    state = next_state(NOUN, MOVES, "start", before.state)
    check_startable(before.response)
    day = data.on or work.today
    check_day(day, work.today)
    return await _move(work, before, {"state": state, "started_on": day}, "start")


async def complete_treatment(work: Work, treatment_id: UUID, data: TreatmentDay) -> Treatment:
    """What was begun is done; raises NotFound, StateConflict, FutureDate, DateOrder."""
    before = await require_treatment(work, treatment_id, lock=True)
    state = next_state(NOUN, MOVES, "complete", before.state)
    day = data.on or work.today
    check_day(day, work.today, before.started_on)
    changes: dict[str, Any] = {"state": state, "completed_on": day}
    if isinstance(before.effect, DiversifyEffect):
        changes["hhi_reached"] = hhi(await studies.exposures_of(work, before.effect.dimension))
    return await _move(work, before, changes, "complete")


async def verify_treatment(work: Work, treatment_id: UUID) -> Treatment:
    """Compare the incidents of the 12 months before and after; raises NotFound, StateConflict, NotObserved."""
    before = await require_treatment(work, treatment_id, lock=True)
    state = next_state(NOUN, MOVES, "verify", before.state)
    found = await _verification(work, before)
    return await _move(work, before, {"state": state, "verification": found}, "verify")


async def _verification(work: Work, treatment: Treatment) -> TreatmentVerification:
    day = treatment.completed_on
    assert day is not None, "what is completed has its day"
    first, until = observed(day, work.today)
    was = await repository.happened(work.tx, treatment.risk_id, first, day)
    is_ = await repository.happened(work.tx, treatment.risk_id, day, until)
    simulation = await repository.last_completed(work.tx, treatment.id)
    return TreatmentVerification(
        before_from=first,
        before_to=day - DAY,
        after_from=day,
        after_to=until - DAY,
        incidents_before=was.incidents,
        incidents_after=is_.incidents,
        loss_before=was.loss,
        loss_after=is_.loss,
        expected_effect=expected_share(treatment.effect, await left_by_controls(work, treatment.risk_id)),
        measured_effect=share_less(was.incidents, is_.incidents),
        expected_loss_effect=_expected_of(simulation),
        measured_loss_effect=share_less(was.loss, is_.loss),
        p=same_rate(was.incidents, is_.incidents),
    )


def _expected_of(simulation: TreatmentSimulation | None) -> int | None:
    if simulation is None or simulation.results is None:
        return None
    return share_less(simulation.results.before.expected_loss, simulation.results.after.expected_loss)


async def left_by_controls(work: Work, risk_id: UUID) -> tuple[int, int]:
    """What the controls of a risk leave of how often and how much, today."""
    tie = await controls.bow_tie(work, risk_id)
    return tie.frequency_factor, tie.severity_factor


async def cancel_treatment(work: Work, treatment_id: UUID, reason: str) -> Treatment:
    """Give a treatment up, or an acceptance; raises NotFound, StateConflict."""
    before = await require_treatment(work, treatment_id, lock=True)
    state = next_state(NOUN, MOVES, "cancel", before.state)
    return await _move(work, before, {"state": state, "due_at": None}, "cancel", reason)


async def _move(work: Work, before: Treatment, changes: dict[str, Any], action: str, reason: str = "") -> Treatment:
    """Change a treatment, then its risk: always in this order."""
    after = await change(work, _resource(work), before, changes, action=action, reason=reason)
    await risks.treated(work, await _locked(work, before))
    return after


async def _locked(work: Work, treatment: Treatment) -> Risk:
    return await risks.require_risk(work, treatment.risk_id, lock=True)


async def expire_acceptances(work: Work, rows: Sequence[Treatment]) -> None:
    """The days of these acceptances have passed: their risks wait for another assessment, also those closed."""
    before: Treatment
    for before in sorted(rows, key=lambda one: (one.risk_id, one.id)):
        state = next_state(NOUN, EXPIRY, "expire", before.state)
        assert before.response is RiskResponse.ACCEPT, "nothing else has a day on which it is over"
        await change(work, _resource(work), before, {"state": state, "due_at": None}, action="expire")
        await risks.reassess(work, await _locked(work, before), ReassessCause.ACCEPTANCE_EXPIRED)
