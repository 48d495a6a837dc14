"""Following a decomposition no longer."""

from __future__ import annotations

from uuid import UUID

from kit import clock
from kit.work import Work
from services.targets.decompositions import repository, service
from services.targets.decompositions.models import Decomposition
from services.targets.decompositions.rules import OfTable, PlansOpen
from services.targets.targets import moves
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.rules import TargetOfPlan, check_open


async def retire(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """Close the children of a decomposition and all below them, and keep it as it was; retired already, all stays.

    Changes of a tree take turns under its root. Raises NotFound, StateConflict (closed), TargetOfPlan, OfTable,
    PlansOpen.
    """
    target = await targets.require_target(work, target_id, lock=True)
    before = await service.require_decomposition(work, target_id, decomposition_id)
    if before.retired_on is not None:
        return await service.shown(work, before)
    check_open(target.state)
    if target.plan_id is not None:
        raise TargetOfPlan
    if before.table_id is not None or await repository.is_in_table(work.tx, decomposition_id):
        raise OfTable
    await service.hold_opening(work, target.root_id)
    if await repository.count_plans(work.tx, target.root_id):
        raise PlansOpen
    await repository.retire(work.tx, decomposition_id, work.today, clock.now())
    await moves.close_part(work, target, decomposition_id)
    if target.state is TargetState.ACTIVE:
        await targets.note_change(work, target.root_id)
    else:
        await targets.begin_split(work, target_id)  # nobody has approved it without these children
    await service.note(work, target_id, "retire_decomposition", {"decomposition_id": str(decomposition_id)})
    return await service.shown(work, await service.require_decomposition(work, target_id, decomposition_id))
