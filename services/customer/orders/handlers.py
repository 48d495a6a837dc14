"""Risk's answers move orders."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.customer.events_in import CreditRefusedHeard, CreditReservedHeard
from services.customer.orders import service
from services.customer.orders.enums import AnswerKind, Decision
from services.customer.orders.service import Answer


async def on_credit_reserved(work: Work, facts: Sequence[Fact[CreditReservedHeard]]) -> None:
    """Orders whose amount is reserved become confirmed."""
    answers = [
        Answer(event, said.order_id, said.placement, AnswerKind.RESERVED, Decision(said.decision))
        for event, said in ((fact.event, fact.data) for fact in facts)
    ]
    await service.apply_answers(work, answers)


async def on_credit_refused(work: Work, facts: Sequence[Fact[CreditRefusedHeard]]) -> None:
    """Orders that pass the limit go on hold."""
    answers = [
        Answer(
            event, said.order_id, said.placement, AnswerKind.REFUSED, Decision.AUTOMATIC, said.reason, said.shortfall
        )
        for event, said in ((fact.event, fact.data) for fact in facts)
    ]
    await service.apply_answers(work, answers)
