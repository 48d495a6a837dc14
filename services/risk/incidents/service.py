"""Use cases of incidents: recorded, corrected, analysed, closed; each version is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import AppError, FieldError, UnknownReference
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.web.batch import Results, upsert
from kit.work import Work
from services.risk.events_out.incidents import IncidentRecorded
from services.risk.incidents import repository
from services.risk.incidents.enums import IncidentState
from services.risk.incidents.models import Incident, IncidentVersion
from services.risk.incidents.rules import MOVES, check_days, check_recoveries
from services.risk.incidents.schemas import IncidentCreate, IncidentRow, IncidentUpdate
from services.risk.risks import service as risks
from services.risk.risks.enums import RiskClass

NOUN = "incident"


def _resource(work: Work) -> Resource[Incident]:
    """Incidents, with the business day in what is said; a version that only differs in texts is not told."""

    def said(one: Change[Incident]) -> IncidentRecorded | None:
        changed = [name for name in one.changed if name in IncidentRecorded.model_fields]
        if one.before is not None and not changed:
            return None
        return IncidentRecorded.of(one.after, changed=changed, business_date=work.today)

    audited = tuple(IncidentCreate.model_fields)
    return Resource(NOUN, Incident, said, audited=audited, unique=("external_id",), owner="owner_id")


def _new(data: IncidentCreate) -> Incident:
    return Incident.model_validate({**fresh(), **data.model_dump(), "state": IncidentState.RECORDED})


class Draft(NamedTuple):
    """What another part of the service knows of a loss; it is discovered today."""

    occurred_on: date
    risk_class: RiskClass
    owner_id: UUID | None
    cause: str
    gross_loss: int
    recoveries: int


class _Known(NamedTuple):
    """What of the references of incidents is known to the caller."""

    owners: risks.Known
    risk_ids: set[UUID]

    def check(self, data: IncidentCreate | IncidentUpdate) -> None:
        """Raises UnknownReference, NotHeardYet."""
        if data.risk_id is not None and data.risk_id not in self.risk_ids:
            raise UnknownReference(errors=[FieldError("/risk_id", UnknownReference.code, "no such risk")])
        self.owners.check_known(data.owner_id, ())


async def _known(work: Work, rows: Sequence[IncidentCreate | IncidentUpdate]) -> _Known:
    owners = await risks.known(work, [row.owner_id for row in rows], ())
    return _Known(owners, await risks.known_risks(work, {row.risk_id for row in rows if row.risk_id is not None}))


def _check(work: Work, facts: Incident | IncidentCreate) -> None:
    """Raises FutureDate, DateOrder, RecoveriesExceedLoss."""
    check_days(facts.occurred_on, facts.discovered_on, work.today)
    check_recoveries(facts.gross_loss, facts.recoveries)


async def _keep(work: Work, incidents: Sequence[Incident]) -> None:
    """Keep incidents as they are written now."""
    versions = [
        IncidentVersion.model_validate(
            {
                **one.model_dump(include=set(IncidentVersion.model_fields)),
                "incident_id": one.id,
                "written_by": work.actor.subject,
                "written_at": one.updated_at,
            }
        )
        for one in incidents
    ]
    await repository.keep_versions(work.tx, versions)


async def record_incident(work: Work, data: IncidentCreate) -> Incident:
    """A new incident; raises Taken, UnknownReference, NotHeardYet and what `_check` raises."""
    (await _known(work, [data])).check(data)
    _check(work, data)
    incident = await add(work, _resource(work), _new(data))
    await _keep(work, [incident])
    return incident


async def draft_incident(work: Work, draft: Draft) -> Incident:
    """Record what another part of the service has found, as it knows it: people correct and analyse it."""
    values = {**draft._asdict(), "discovered_on": work.today, "state": IncidentState.RECORDED}
    incident = await add(work, _resource(work), Incident.model_validate({**fresh(), **values}), action="draft")
    await _keep(work, [incident])
    return incident


async def require_incident(work: Work, incident_id: UUID) -> Incident:
    """An incident by id; raises NotFound (also outside the caller's scope)."""
    return await require(work, _resource(work), incident_id)


async def correct_incident(work: Work, incident_id: UUID, version: Versions, data: IncidentUpdate) -> Incident:
    """The next version of an incident, whatever its state.

    Raises NotFound, VersionMismatch and what a new one raises.
    """
    before = await require(work, _resource(work), incident_id, version=version)
    (await _known(work, [data])).check(data)
    given = data.given()
    _check(work, changed_row(before, given).after)
    return await _change(work, before, given, "change")


async def move_incident(work: Work, incident_id: UUID, action: str) -> Incident:
    """Note that an incident is analysed, or close it; raises NotFound, StateConflict."""
    before = await require(work, _resource(work), incident_id, lock=True)
    return await _change(work, before, {"state": next_state(NOUN, MOVES, action, before.state)}, action)


async def _change(work: Work, before: Incident, changes: Mapping[str, Any], action: str) -> Incident:
    after = await change(work, _resource(work), before, changes, action=action)
    await _keep(work, [after])
    return after


async def upsert_incidents(work: Work, rows: Sequence[tuple[int, IncidentRow]], results: Results) -> None:
    """Record or correct incidents by their external ids, a result per row; one whose id came before is refused."""
    known = await _known(work, [row for _, row in rows])
    good = []
    for index, row in rows:
        try:
            known.check(row)
            _check(work, row)
        except AppError as error:
            results.refuse(index, error)
        else:
            good.append((index, row))
    await upsert(work, _resource(work), "external_id", good, results, _new)
    await _keep(work, await repository.list_by_external(work.tx, {row.external_id for _, row in good}))
