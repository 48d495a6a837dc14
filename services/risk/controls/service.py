"""Use cases of controls: planned, active, tested, retired; and the bow-tie of a risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.controls import repository
from services.risk.controls.enums import ControlKind, ControlState
from services.risk.controls.models import Control
from services.risk.controls.rules import MOVES, effect_on, factor_of
from services.risk.controls.schemas import (
    BarrierRead,
    BowTieRead,
    BranchRead,
    ControlCreate,
    ControlTest,
    ControlUpdate,
)
from services.risk.policies.rules import DateOrder, FutureDate
from services.risk.risks import service as risks
from services.risk.risks.models import Branch, Risk

NOUN = "control"
CONTROLS = Resource(NOUN, Control, lambda _one: None, audited=tuple(ControlCreate.model_fields))


def _branches(risk: Risk, kind: ControlKind) -> tuple[Branch, ...]:
    return risk.causes if kind is ControlKind.PREVENTIVE else risk.consequences


async def _check(
    work: Work,
    risk: Risk,
    kind: ControlKind,
    branch: str | None,
    owner_id: UUID | None,
    before: UUID | None = None,
) -> None:
    if branch is not None and branch not in {one.code for one in _branches(risk, kind)}:
        side = "cause" if kind is ControlKind.PREVENTIVE else "consequence"
        detail = f"the risk has no such {side}"
        raise UnknownReference(detail, errors=[FieldError("/branch", UnknownReference.code, detail)])
    (await risks.known(work, [owner_id], ())).check(owner_id, (), before)


async def add_control(work: Work, data: ControlCreate) -> Control:
    """Plan a control; raises UnknownReference for a risk or a branch that is not there, NotHeardYet."""
    risk = await risks.require_reference(work, data.risk_id)
    await _check(work, risk, data.kind, data.branch, data.owner_id)
    control = Control(**fresh(), state=ControlState.PLANNED, **data.model_dump())
    return await add(work, CONTROLS, control, action="plan")


async def change_control(work: Work, control_id: UUID, version: Versions, data: ControlUpdate) -> Control:
    """Change the fields given; raises NotFound, VersionMismatch and what a new one raises."""
    before = await require(work, CONTROLS, control_id, version=version)
    risk = await risks.require_risk(work, before.risk_id)
    await _check(work, risk, before.kind, data.branch, data.owner_id, before.owner_id)
    return await change(work, CONTROLS, before, data.given())


async def move_control(work: Work, control_id: UUID, action: str) -> Control:
    """Activate or retire a control; raises NotFound, StateConflict."""
    before = await require(work, CONTROLS, control_id, lock=True)
    state = next_state(NOUN, MOVES, action, before.state)
    return await change(work, CONTROLS, before, {"state": state}, action=action)


async def test_control(work: Work, control_id: UUID, data: ControlTest) -> Control:
    """Note what a test has shown; raises NotFound, StateConflict, FutureDate, DateOrder for one before the last."""
    before = await require(work, CONTROLS, control_id, lock=True)
    next_state(NOUN, MOVES, "test", before.state)
    if data.tested_on > work.today:
        raise FutureDate(errors=[FieldError("/tested_on", FutureDate.code, f"today is {work.today}")])
    if before.tested_on is not None and data.tested_on < before.tested_on:
        detail = f"the last test was on {before.tested_on}"
        raise DateOrder(errors=[FieldError("/tested_on", DateOrder.code, detail)])
    changes: dict[str, Any] = {
        "tested_on": data.tested_on,
        "verdict": data.result,
        "measured_effect": data.effect,
    }
    return await change(work, CONTROLS, before, changes, action="test")


async def bow_tie(work: Work, risk_id: UUID) -> BowTieRead:
    """Both sides of a risk as they are today; raises NotFound."""
    risk = await risks.require_risk(work, risk_id)
    controls = await repository.of_risk(work.tx, risk_id)
    sides = {
        kind: [one for one in controls if one.kind is kind and one.state is not ControlState.RETIRED]
        for kind in ControlKind
    }
    attached = {(kind, one.code) for kind in ControlKind for one in _branches(risk, kind)}
    return BowTieRead(
        risk_id=risk.id,
        as_of=work.today,
        event=risk.event,
        causes=_side(work, risk.causes, sides[ControlKind.PREVENTIVE]),
        consequences=_side(work, risk.consequences, sides[ControlKind.MITIGATING]),
        frequency_factor=_factor(work, risk.causes, sides[ControlKind.PREVENTIVE]),
        severity_factor=_factor(work, risk.consequences, sides[ControlKind.MITIGATING]),
        unattached=[
            _barrier(work, one) for kind in ControlKind for one in sides[kind] if (kind, one.branch) not in attached
        ],
    )


def _factor(work: Work, branches: Sequence[Branch], controls: Sequence[Control]) -> int:
    effects = [(one.branch, effect_on(one.worth, work.today)) for one in controls]
    return factor_of([(branch.code, branch.share) for branch in branches], effects)


def _side(work: Work, branches: Sequence[Branch], controls: Sequence[Control]) -> list[BranchRead]:
    return [
        BranchRead(
            code=branch.code,
            title=branch.title,
            share=branch.share,
            left=_factor(work, [branch], controls),
            barriers=[_barrier(work, one) for one in controls if one.branch == branch.code],
        )
        for branch in branches
    ]


def _barrier(work: Work, control: Control) -> BarrierRead:
    return BarrierRead(
        id=control.id,
        title=control.title,
        owner_id=control.owner_id,
        state=control.state,
        claimed_effect=control.claimed_effect,
        tested_on=control.tested_on,
        effect=effect_on(control.worth, work.today),
    )
