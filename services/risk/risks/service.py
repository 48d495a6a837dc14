"""Use cases of risks: entered, changed, assessed, monitored, closed, opened again, up for review."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.due.due import Due
from kit.errors import FieldError, Invalid, NotFound, NotHeardYet, UnknownReference
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.contracts import service as contracts
from services.risk.directory import service as directory
from services.risk.events_out.risks import RiskAssessed, RiskClosed, RiskIdentified, RiskSnapshot
from services.risk.policies.rules import DateOrder
from services.risk.risks import repository
from services.risk.risks.enums import LinkKind, ReassessCause, RiskState
from services.risk.risks.models import Risk, RiskStep
from services.risk.risks.rules import (
    MOVES,
    OF_OURS,
    RedAlertOpen,
    TreatmentOpen,
    check_shares,
    check_source,
    review_falls,
    state_by_treatments,
    state_once_assessed,
)
from services.risk.risks.schemas import LinkBody, RiskCreate, RiskUpdate

NOUN = "risk"
AUDITED = tuple(RiskCreate.model_fields)
RISKS = Resource(NOUN, Risk, lambda _one: None, audited=AUDITED, unique=("code", "external_id"), owner="owner_id")


def saying(fact: type[Published], work: Work, /, **more: Any) -> Resource[Risk]:
    """The resource whose changes are announced as `fact`."""

    def said(one: Change[Risk]) -> Published:
        changed = [name for name in one.changed if name in RiskSnapshot.model_fields]
        return fact.of(one.after, changed=changed, business_date=work.today, **more)

    return replace(RISKS, said=said)


def new_risk(work: Work, data: RiskCreate) -> Risk:
    """The row of a new risk."""
    return Risk.model_validate(
        {
            **fresh(),
            **data.model_dump(),
            "state": RiskState.IDENTIFIED,
            "due_at": due_at(work, data.review_on),
        }
    )


def due_at(work: Work, review_on: date | None) -> datetime | None:
    """When a day of review has passed."""
    return None if review_on is None else clock.start_of_day(work.settings.timezone, review_falls(review_on))


def step_of(work: Work, risk: Risk) -> RiskStep:
    """The state of a risk from today on."""
    return RiskStep(risk_id=risk.id, risk_version=risk.version, state=risk.state, day=work.today)


class OwnerLeft(Invalid):
    """Who has left the sales organisation is given nothing new."""

    code, title = "owner-left", "The owner has left"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, "has left")])


class Known:
    """What of the references of risks is known here."""

    def __init__(
        self, members: Collection[UUID], left: Collection[UUID], links: Mapping[LinkKind, Collection[UUID]]
    ) -> None:
        self._members = members
        self._left = left
        self._links = links

    def check(self, owner_id: UUID | None, links: Sequence[LinkBody], before: UUID | None = None) -> None:
        """Raises NotHeardYet, OwnerLeft for an owner who has left and was not the owner before."""
        self.check_known(owner_id, links)
        if owner_id in self._left and owner_id != before:
            raise OwnerLeft("/owner_id")

    def check_known(self, owner_id: UUID | None, links: Sequence[LinkBody]) -> None:
        """Raises NotHeardYet; of what is over the owner may have left."""
        faults = [] if owner_id is None or owner_id in self._members else [_unknown("/owner_id")]
        for number, link in enumerate(links):
            if link.kind in OF_OURS and UUID(link.id) not in self._links[link.kind]:
                faults.append(_unknown(f"/links/{number}/id"))
        if faults:
            raise NotHeardYet(errors=faults)


def _unknown(pointer: str) -> FieldError:
    return FieldError(pointer, NotHeardYet.code, "nothing of this id is known here")


async def known(work: Work, owners: Iterable[UUID | None], links: Iterable[LinkBody]) -> Known:
    """Which of these owners and links are known: a statement for each kind."""
    ids: dict[LinkKind, set[UUID]] = {kind: set() for kind in OF_OURS}
    for link in links:
        if link.kind in ids:
            ids[link.kind].add(UUID(link.id))
    found = {
        LinkKind.ACCOUNT: await directory.known_accounts(work, ids[LinkKind.ACCOUNT]),
        LinkKind.PARTNER: await directory.known_partners(work, ids[LinkKind.PARTNER]),
        LinkKind.CONTRACT: await contracts.known_contracts(work, ids[LinkKind.CONTRACT]),
    }
    named = {owner for owner in owners if owner is not None}
    return Known(await directory.known_members(work, named), await directory.left_members(work, named), found)


def check_risk(work: Work, risk: Risk, before: Risk | None = None) -> None:
    """Raises SourceNotOfClass, DistributionInvalid, DateOrder for a new day of review that is over."""
    check_source(risk.risk_class, risk.source)
    check_shares([(one.code, one.share) for one in risk.causes], "/causes")
    check_shares([(one.code, one.share) for one in risk.consequences], "/consequences")
    is_new = before is None or before.review_on != risk.review_on
    if is_new and risk.review_on is not None and risk.review_on < work.today:
        raise DateOrder(errors=[FieldError("/review_on", DateOrder.code, f"lies before {work.today}")])


async def create_risk(work: Work, data: RiskCreate) -> Risk:
    """A new risk; raises Taken, NotHeardYet and what `check_risk` raises."""
    (await known(work, [data.owner_id], data.links)).check(data.owner_id, data.links)
    risk = new_risk(work, data)
    check_risk(work, risk)
    await add(work, saying(RiskIdentified, work), risk, action="identify")
    await repository.add_steps(work.tx, [step_of(work, risk)])
    return risk


async def require_risk(work: Work, risk_id: UUID, *, lock: bool = False) -> Risk:
    """A risk by id, locked on request; raises NotFound (also outside the caller's scope)."""
    return await require(work, RISKS, risk_id, lock=lock)


async def require_reference(work: Work, risk_id: UUID, *, lock: bool = False) -> Risk:
    """The risk that a body names; raises UnknownReference."""
    try:
        return await require_risk(work, risk_id, lock=lock)
    except NotFound:
        raise UnknownReference(errors=[FieldError("/risk_id", UnknownReference.code, "no such risk")]) from None


async def known_risks(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these risks the caller sees."""
    return set(await list_seen(work, ids))


async def list_seen(work: Work, ids: Collection[UUID]) -> dict[UUID, Risk]:
    """Those of these risks that the caller sees, by id."""
    scope = await work.scope()
    found = await repository.list_by_id(work.tx, ids) if ids else []
    return {risk.id: risk for risk in found if scope.sees(risk.owner_id)}


async def update_risk(work: Work, risk_id: UUID, version: Versions, data: RiskUpdate) -> Risk:
    """Change the fields given; raises NotFound, VersionMismatch, NotHeardYet and what `check_risk` raises."""
    before = await require(work, RISKS, risk_id, version=version)
    given = data.given()
    links, owner_id = data.links or [], data.owner_id
    (await known(work, [owner_id], links)).check(owner_id, links, before.owner_id)
    return await change(work, RISKS, before, checked(work, before, given))


def checked(work: Work, before: Risk, given: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that come with `given`; raises what `check_risk` raises."""
    after = changed_row(before, given).after
    check_risk(work, after, before)
    moved = {} if after.review_on == before.review_on else {"due_at": due_at(work, after.review_on)}
    return {**given, **moved}


async def move_risk(work: Work, risk_id: UUID, action: str, reason: str = "") -> Risk:
    """Monitor, close or reopen a risk; raises NotFound, StateConflict, TreatmentOpen, RedAlertOpen."""
    before = await require_risk(work, risk_id, lock=True)
    changes: dict[str, Any] = {"state": next_state(NOUN, MOVES, action, before.state)}
    resource = RISKS
    if action == "close":
        if (await repository.treated(work.tx, risk_id)).is_open:
            raise TreatmentOpen
        if await repository.has_red_alert(work.tx, risk_id):
            raise RedAlertOpen
        resource = saying(RiskClosed, work)
    elif action == "reopen":
        resource = saying(RiskIdentified, work)
        changes["reassess_cause"] = ReassessCause.REOPENED
    return await _step(work, resource, before, changes, action=action, reason=reason)


async def _step(
    work: Work, resource: Resource[Risk], before: Risk, changes: Mapping[str, Any], *, action: str, reason: str = ""
) -> Risk:
    after = await change(work, resource, before, changes, action=action, reason=reason)
    if after.state is not before.state:
        await repository.add_steps(work.tx, [step_of(work, after)])
    return after


async def assessed(work: Work, before: Risk, **assessment: Any) -> Risk:
    """The risk (locked) was assessed: what had to be done is done. Raises StateConflict for one that is closed."""
    is_treated = (await repository.treated(work.tx, before.id)).is_treated
    changes: dict[str, Any] = {
        "state": state_once_assessed(before.state, is_treated=is_treated),
        "reassess_cause": None,
        "assessments": before.assessments + 1,
    }
    return await _step(work, saying(RiskAssessed, work, **assessment), before, changes, action="assess")


async def treated(work: Work, before: Risk) -> Risk:
    """The treatments of the risk (locked) have changed: whether it is treated follows them."""
    is_treated = (await repository.treated(work.tx, before.id)).is_treated
    state = state_by_treatments(before.state, is_treated=is_treated)
    return await _step(work, RISKS, before, {"state": state}, action="treat")


async def reassess(work: Work, before: Risk, cause: ReassessCause) -> Risk:
    """The risk (locked) must be assessed again: said once until it was. A day of review that has passed is taken up."""
    is_first = before.reassess_cause is None
    resource = saying(RiskIdentified, work) if is_first else RISKS
    changes: dict[str, Any] = {"state": RiskState.IDENTIFIED, "reassess_cause": cause} if is_first else {}
    if cause is ReassessCause.REVIEW_DUE:
        changes["due_at"] = None
    return await _step(work, resource, before, changes, action="reassess", reason=cause)


async def review_risks(work: Work, rows: Sequence[Risk]) -> None:
    """The days of review of these risks have passed: they wait for another assessment, also those that are closed."""
    for risk in rows:
        await reassess(work, risk, ReassessCause.REVIEW_DUE)


RISKS_DUE = Due("risk", Risk, review_risks, "t.due_at IS NOT NULL")
