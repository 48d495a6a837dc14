"""What other slices ask of what is read off a day."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.projections import require_filled
from kit.work import Work
from services.targets.levels import repository
from services.targets.levels.lists import PROJECTIONS
from services.targets.levels.repository import LevelPart as LevelPart
from services.targets.levels.repository import LevelSum as LevelSum


async def require_levels(work: Work) -> None:
    """Raises ProjectionBuilding while the stages of customers have never been read from the log."""
    await require_filled(work.tx, PROJECTIONS)


async def levels_of(work: Work, part: LevelPart, groups: Sequence[str], limit: int) -> list[LevelSum]:
    """Values per group or pair of groups, one alone without groups; raises ProjectionBuilding."""
    await require_levels(work)
    return await repository.sum_levels(work.tx, part, groups, limit)
