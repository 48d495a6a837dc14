"""Use cases of commits: commit to a target, and compare a decomposition with what was committed below it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit import clock
from kit.records import require
from kit.security import audit
from kit.work import Work
from services.targets.commits import repository
from services.targets.commits.models import TargetCommit
from services.targets.commits.rules import Planned, check_taken, committed, gaps_of
from services.targets.commits.schemas import ChildGapRead, CommitCreate, CommitGapRead
from services.targets.decompositions.service import require_decomposition
from services.targets.targets.models import Target
from services.targets.targets.rules import check_owned
from services.targets.targets.service import TARGETS, require_target


async def add_commit(work: Work, target_id: UUID, data: CommitCreate) -> TargetCommit:
    """Commit to a draft that the actor sees: their own, those of the units they lead, or all. Commits of a tree take
    turns. Raises NotFound, BalancingTarget, CommitsClosed."""
    target = await require_target(work, target_id, lock=True)
    check_owned(target.is_balancing)
    check_taken(target.state, await _last_day(work, target), work.today)
    row = TargetCommit(
        target_id=target_id,
        number=await repository.count_commits(work.tx, target_id) + 1,
        author=work.actor.subject,
        committed_at=clock.now(),
        **data.model_dump(),
    )
    await repository.add_commit(work.tx, row)
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="commit",
        resource="target",
        resource_id=str(target_id),
        before=None,
        after={"number": row.number, "amount": row.amount},
        key=work.secret,
    )
    return row


async def _last_day(work: Work, target: Target) -> date | None:
    """The last day for commits of a target: its own, or that of its root."""
    if target.commit_until is not None or target.parent_id is None:
        return target.commit_until
    return (await require(work, TARGETS, target.root_id)).commit_until


async def read_gap(work: Work, target_id: UUID, decomposition_id: UUID) -> CommitGapRead:
    """What was committed to the children of a decomposition, and what of its amount is not; raises NotFound."""
    split = await require_decomposition(work, target_id, decomposition_id)
    planned = [Planned(one.target_id, one.key, one.name, one.amount) for one in split.children if not one.is_balancing]
    gaps = gaps_of(planned, await repository.list_newest(work.tx, decomposition_id))
    total = committed(gaps)
    return CommitGapRead(
        target_id=target_id,
        decomposition_id=decomposition_id,
        amount=split.amount,
        committed=total,
        gap=split.amount - total,
        open=sum(one.commit is None for one in gaps),
        children=[ChildGapRead.model_validate(one) for one in gaps],
    )
