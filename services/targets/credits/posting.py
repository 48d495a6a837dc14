"""Credit facts that were decided are announced and applied to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.work import Work
from services.targets.credits import repository
from services.targets.credits.ledger import Credited, apply_credits

Decided = tuple[Work, int, Credited]
"""The work that a decision answers, its sequence among the facts of the order or result, and the decision."""

Paths = Mapping[tuple[UUID, date], Sequence[UUID]]
"""Unit paths of members on days."""


async def places_of(work: Work, wanted: Collection[tuple[UUID, date]]) -> Paths:
    """Unit paths of members on days, which stay so until the commit; who belongs to no unit then is absent."""
    await repository.lock_members(work.tx, {member for member, _ in wanted})
    return await repository.list_paths(work.tx, wanted)


async def sequences_of(work: Work, subject_ids: Collection[UUID]) -> dict[UUID, int]:
    """The sequence of the newest fact about each result that has one."""
    return await repository.list_sequences(work.tx, subject_ids)


async def post(work: Work, decided: Sequence[Decided]) -> None:
    """Announce decisions and apply them to the ledger."""
    if not decided:
        return
    facts = [Fact(outbox.compose(cause, said, sequence), said) for cause, sequence, said in decided]
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await apply_credits(work.tx, facts)
