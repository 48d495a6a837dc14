"""Credit facts that were decided are announced and applied to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.work import Work
from services.targets.credit_marks.service import Place, mark_credits
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
    """Announce decisions, apply them to the ledger, and note where something was credited."""
    if not decided:
        return
    facts = [Fact(outbox.compose(cause, said, sequence), said) for cause, sequence, said in decided]
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await apply_credits(work.tx, facts)
    await mark_credits(work, {place for fact in facts for place in _places(fact.data)})


def _places(said: Credited) -> Iterator[Place]:
    day, channel = said.posting_date, said.channel_id
    for line in said.lines:
        unit = line.unit_path[-1] if line.unit_path else None
        yield day, line.member_id, unit, line.product_line, line.region, line.customer_type, channel
