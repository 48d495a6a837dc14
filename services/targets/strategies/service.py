"""Use cases of the strategies: one of a target, which says on what it rests. Nobody is told of it."""

from __future__ import annotations

from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.records import Resource, add, change, fresh
from kit.versions import Versions
from kit.work import Work
from services.targets.observations.service import visible_observations
from services.targets.strategies import repository
from services.targets.strategies.models import Strategy
from services.targets.strategies.schemas import StrategyRead, StrategySet
from services.targets.targets.rules import TargetOfPlan, check_open
from services.targets.targets.service import require_target

_SAID = ("product", "price", "channel", "promotion", "positioning", "observation_ids")
STRATEGIES = Resource(
    "target-strategy", Strategy, lambda _one: None, audited=("target_id", *_SAID), unique=("target_id",)
)


async def read_strategy(work: Work, target_id: UUID) -> StrategyRead:
    """The strategy of a target; raises NotFound."""
    await require_target(work, target_id)
    return _shown(target_id, await repository.get_strategy(work.tx, target_id))


async def set_strategy(work: Work, target_id: UUID, version: Versions, data: StrategySet) -> StrategyRead:
    """Say how a target is to be reached; the same again changes nothing.

    Raises NotFound, TargetOfPlan, StateConflict (closed), VersionMismatch, UnknownReference (an observation).
    """
    target = await require_target(work, target_id, lock=True)
    before = await repository.get_strategy(work.tx, target_id)
    version.check(before.version if before else 0)
    if target.plan_id is not None:
        raise TargetOfPlan
    check_open(target.state)
    visible = await visible_observations(work, data.observation_ids)
    errors = [
        FieldError(f"/observation_ids/{index}", UnknownReference.code, "no such observation")
        for index, one in enumerate(data.observation_ids)
        if one not in visible
    ]
    if errors:
        raise UnknownReference(errors=errors[:50])
    given = {**data.model_dump(), "observation_ids": tuple(dict.fromkeys(data.observation_ids))}
    if before is None:
        made = Strategy(**fresh(), target_id=target_id, author=work.actor.subject, **given)
        return _shown(target_id, await add(work, STRATEGIES, made, action="set"))
    if all(getattr(before, name) == value for name, value in given.items()):
        return _shown(target_id, before)
    return _shown(
        target_id, await change(work, STRATEGIES, before, {**given, "author": work.actor.subject}, action="set")
    )


def _shown(target_id: UUID, row: Strategy | None) -> StrategyRead:
    return StrategyRead(target_id=target_id) if row is None else StrategyRead.model_validate(row)
