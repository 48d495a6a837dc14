"""Credit facts that were decided are announced and applied to the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events import outbox
from kit.events.handlers import Fact
from kit.work import Work
from services.targets.credits.ledger import Credited, apply_credits

Decided = tuple[Work, int, Credited]
"""The work that a decision answers, its sequence among the facts of the order or result, and the decision."""


async def post(work: Work, decided: Sequence[Decided]) -> None:
    """Announce decisions and apply them to the ledger."""
    if not decided:
        return
    facts = [Fact(outbox.compose(cause, said, sequence), said) for cause, sequence, said in decided]
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await apply_credits(work.tx, facts)
