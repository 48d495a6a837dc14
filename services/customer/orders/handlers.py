"""Answers to the checks of placements move orders: credit by risk, terms by channels."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.customer.events_in import CreditRefusedHeard, CreditReservedHeard
from services.customer.events_in.channels import TermsRefusedHeard, TermsReleasedHeard, TermsReservedHeard
from services.customer.orders.decisions import Answer, apply_answers
from services.customer.orders.enums import AnswerKind, CheckKind, Decision


async def on_credit_reserved(work: Work, facts: Sequence[Fact[CreditReservedHeard]]) -> None:
    """The credit check of a placement has passed."""
    answers = []
    for fact in facts:
        said, decision = fact.data, Decision(fact.data.decision)
        answers.append(
            Answer(fact.event, said.order_id, said.placement, CheckKind.CREDIT, AnswerKind.RESERVED, decision)
        )
    await apply_answers(work, answers)


async def on_credit_refused(work: Work, facts: Sequence[Fact[CreditRefusedHeard]]) -> None:
    """The credit check of a placement was refused."""
    answers = [
        Answer(
            fact.event,
            fact.data.order_id,
            fact.data.placement,
            CheckKind.CREDIT,
            AnswerKind.REFUSED,
            reason=fact.data.reason,
            shortfall=fact.data.shortfall,
            cause=fact.data.cause,
        )
        for fact in facts
    ]
    await apply_answers(work, answers)


async def on_terms_reserved(work: Work, facts: Sequence[Fact[TermsReservedHeard]]) -> None:
    """The terms of a placement hold, and what they cost is reserved."""
    answers = [
        Answer(fact.event, fact.data.order_id, fact.data.placement, CheckKind.TERMS, AnswerKind.RESERVED)
        for fact in facts
    ]
    await apply_answers(work, answers)


async def on_terms_refused(work: Work, facts: Sequence[Fact[TermsRefusedHeard]]) -> None:
    """The terms of a placement do not hold."""
    answers = [
        Answer(
            fact.event,
            fact.data.order_id,
            fact.data.placement,
            CheckKind.TERMS,
            AnswerKind.REFUSED,
            reason=fact.data.reason,
            cause=fact.data.detail,
        )
        for fact in facts
    ]
    await apply_answers(work, answers)


async def on_terms_released(work: Work, facts: Sequence[Fact[TermsReleasedHeard]]) -> None:
    """What a placement on hold has reserved is given up; only an order that is still on hold says so."""
    answers = [
        Answer(
            fact.event,
            fact.data.order_id,
            fact.data.placement,
            CheckKind.TERMS,
            AnswerKind.RELEASED,
            reason="released",
            cause=fact.data.reason,
        )
        for fact in facts
    ]
    await apply_answers(work, answers)
