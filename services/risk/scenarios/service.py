"""Use cases of scenarios: entered, changed, estimated from losses, archived."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.records import Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.risks import service as risks
from services.risk.risks.models import Risk
from services.risk.scenarios import repository
from services.risk.scenarios.bodies import LossFilter
from services.risk.scenarios.enums import LossSource, Origin, ScenarioState
from services.risk.scenarios.fitting import Window, estimate_of
from services.risk.scenarios.laws import check_distributions
from services.risk.scenarios.models import Scenario
from services.risk.scenarios.rules import MOVES, check_filter, check_window
from services.risk.scenarios.schemas import ScenarioCreate, ScenarioEstimate, ScenarioUpdate

NOUN = "scenario"
SCENARIOS = Resource(NOUN, Scenario, lambda _one: None, audited=(*ScenarioCreate.model_fields, "origin"))
PROJECTIONS = ("receivable", "account_redirect", "tally", "case_remedy", "churned_account")
"""What estimates are read from."""


class TooManyLosses(Invalid):
    code, title = "too-many-losses", "More losses than an estimate takes"


async def create_scenario(work: Work, data: ScenarioCreate) -> Scenario:
    """A new scenario of a risk; raises UnknownReference and what `check_distributions` raises."""
    await risks.require_reference(work, data.risk_id)
    check_distributions(data.frequency, data.severity)
    scenario = Scenario(**fresh(), origin=Origin.ENTERED, state=ScenarioState.ACTIVE, **_fields(data))
    return await add(work, SCENARIOS, scenario)


def _fields(data: ScenarioCreate | ScenarioUpdate) -> dict[str, Any]:
    """The fields given, distributions as they are."""
    return {name: getattr(data, name) for name in data.model_fields_set}


async def _require(work: Work, scenario_id: UUID, *, version: Versions | None = None, lock: bool = False) -> Scenario:
    """A scenario of a risk that the caller sees; raises NotFound, VersionMismatch."""
    found = await require(work, SCENARIOS, scenario_id, version=version, lock=lock)
    await risks.require_risk(work, found.risk_id)
    return found


async def change_scenario(work: Work, scenario_id: UUID, version: Versions, data: ScenarioUpdate) -> Scenario:
    """Change the fields given: another distribution is entered, no longer estimated.

    Raises NotFound, VersionMismatch and what `check_distributions` raises.
    """
    before = await _require(work, scenario_id, version=version)
    given = _fields(data)
    after = changed_row(before, given)
    check_distributions(after.after.frequency, after.after.severity)
    if {"frequency", "severity"} & set(after.changed):
        given["origin"] = Origin.ENTERED
    return await change(work, SCENARIOS, before, given)


async def move_scenario(work: Work, scenario_id: UUID, action: str) -> Scenario:
    """Archive or restore a scenario; raises NotFound, StateConflict."""
    before = await _require(work, scenario_id, lock=True)
    return await change(
        work, SCENARIOS, before, {"state": next_state(NOUN, MOVES, action, before.state)}, action=action
    )


async def estimate_scenario(work: Work, scenario_id: UUID, data: ScenarioEstimate) -> Scenario:
    """Estimate both distributions from losses that the caller sees; too few leave them as they are.

    Raises NotFound, Invalid, FutureDate, DateOrder, TooManyLosses, InfiniteMean.
    """
    given = {} if data.filter is None else data.filter.model_dump(by_alias=True, exclude_none=True)
    check_filter(data.source, given)
    check_window(data.first, data.last, work.today)
    before = await _require(work, scenario_id, lock=True)
    chosen = data.filter
    if chosen is None:
        chosen = LossFilter(risk_id=before.risk_id if data.source is LossSource.INCIDENT else None)
    window = Window(data.first, data.last)
    losses = await repository.losses_of(work.tx, work.visible, data.source, window, chosen, work.settings.timezone)
    if len(losses) > repository.MOST_LOSSES:
        detail = f"more than {repository.MOST_LOSSES}: choose fewer days"
        raise TooManyLosses(detail, errors=[FieldError("/from", TooManyLosses.code, detail)])
    found = await asyncio.to_thread(estimate_of, data.source, window, losses, data.threshold)
    changes: dict[str, Any] = {"estimate": found.estimate}
    if found.frequency is not None and found.severity is not None:
        check_distributions(found.frequency, found.severity)
        changes |= {"frequency": found.frequency, "severity": found.severity, "origin": Origin.ESTIMATED}
    return await change(work, SCENARIOS, before, changes, action="estimate")


async def list_with_risks(work: Work, ids: Collection[UUID]) -> dict[UUID, tuple[Scenario, Risk]]:
    """Those of these scenarios whose risks the caller sees, with them, by id."""
    found = await repository.list_by_id(work.tx, ids) if ids else []
    seen = await risks.list_seen(work, {one.risk_id for one in found})
    return {one.id: (one, seen[one.risk_id]) for one in found if one.risk_id in seen}


async def active_of_risk(work: Work, risk_id: UUID) -> list[Scenario]:
    """Active scenarios of a risk (that the caller sees), by id."""
    return await repository.list_active(work.tx, risk_id)
