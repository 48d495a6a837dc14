"""Use cases of groups of promotions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.records import Change, Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.channels.evaluator.rewards import Phase
from services.channels.promotion_groups import repository
from services.channels.promotion_groups.enums import GroupPer
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotion_groups.schemas import PromotionGroupCreate, PromotionGroupUpdate


class GroupInvalid(Invalid):
    code, title = "group-invalid", "Only line promotions can be the best of each line"


def _unsaid(_one: Change[PromotionGroup]) -> None:
    """Nobody else needs to know."""


GROUPS = Resource(
    "promotion-group", PromotionGroup, _unsaid, audited=("code", "name", "phase", "per"), unique=("code",)
)


async def create_group(work: Work, data: PromotionGroupCreate) -> PromotionGroup:
    """A new group; raises GroupInvalid, Taken."""
    if data.per is GroupPer.LINE and data.phase is not Phase.LINE:
        raise GroupInvalid(errors=[FieldError("/per", GroupInvalid.code, f"{data.phase} promotions are of the order")])
    return await add(work, GROUPS, PromotionGroup(**fresh(), **data.model_dump()))


async def require_group(work: Work, group_id: UUID) -> PromotionGroup:
    """A group by id; raises NotFound."""
    return await require(work, GROUPS, group_id)


async def update_group(work: Work, group_id: UUID, version: Versions, data: PromotionGroupUpdate) -> PromotionGroup:
    """Change the fields given; raises NotFound, VersionMismatch."""
    before = await require(work, GROUPS, group_id, version=version)
    return await change(work, GROUPS, before, data.given())


async def groups_by_id(work: Work, group_ids: Sequence[UUID]) -> dict[UUID, PromotionGroup]:
    """Groups of these ids."""
    return {row.id: row for row in await repository.list_by_id(work.tx, group_ids)}
