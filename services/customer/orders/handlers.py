"""Risk's answers -> orders."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.customer.events_in import CreditRefusedHeard, CreditReservedHeard
from services.customer.orders import service
from services.customer.orders.enums import AnswerKind, Decision
from services.customer.orders.service import Answer


async def react_reserved(work: Work, facts: Sequence[Fact[CreditReservedHeard]]) -> None:
    """Orders whose amount is reserved become confirmed."""
    answers = [
        Answer(fact.event, fact.data.order_id, fact.data.placement, AnswerKind.RESERVED, Decision(fact.data.decision))
        for fact in facts
    ]
    await service.apply_answers(work.tx, answers)


async def react_refused(work: Work, facts: Sequence[Fact[CreditRefusedHeard]]) -> None:
    """Orders that pass the limit go on hold."""
    answers = [
        Answer(
            fact.event,
            fact.data.order_id,
            fact.data.placement,
            AnswerKind.REFUSED,
            Decision.AUTOMATIC,
            fact.data.reason,
            fact.data.shortfall,
        )
        for fact in facts
    ]
    await service.apply_answers(work.tx, answers)
