"""Facts of customer, and our own credit facts, folded into what KPIs are counted from: pure functions of the events."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.events_in import OrderConfirmed, OrderHeard, OrderReturned, ReturnedLine
from services.targets.events_in.customer import (
    AccountHeard,
    ActivityHeard,
    CaseHeard,
    CaseMovedHeard,
    LeadHeard,
    LifecycleHeard,
    OpportunityHeard,
    OrderLine,
    PaymentReceivedHeard,
    PaymentRefundedHeard,
    PaymentVoidedHeard,
    SurveyAnsweredHeard,
)
from services.targets.events_out import OrderCredited
from services.targets.kpi_facts import repository
from services.targets.kpi_facts.enums import CaseStep
from services.targets.kpi_facts.models import (
    KpiAccount,
    KpiAnswer,
    KpiCaseStep,
    KpiLead,
    KpiMovement,
    KpiOpportunity,
    KpiPayment,
    KpiSale,
    KpiShare,
    KpiStage,
    KpiVisit,
)
from services.targets.kpi_facts.rules import margin_back, step_of

VISIT = "visit"
LEAD_CREATED = "customer.lead.created.v1"
LEAD_CONVERTED = "customer.lead.converted.v1"


async def on_confirmed(tx: Tx, facts: Sequence[Fact[OrderConfirmed]]) -> None:
    """An order counts, line by line."""
    movements = [
        KpiMovement(
            event_id=fact.event.id,
            line_no=line.line_no,
            order_id=fact.data.id,
            day=fact.data.order_date,
            product_line=line.product_line,
            pieces=line.quantity or 0,
            net=line.net_base,
            gross=line.net_base if line.gross_base is None else line.gross_base,
            costed_net=0 if line.margin_base is None else line.net_base,
            margin=line.margin_base,
        )
        for fact in facts
        for line in fact.data.lines
    ]
    await repository.put_sales(tx, _sales([fact.data for fact in facts]), movements)


async def on_returned(tx: Tx, facts: Sequence[Fact[OrderReturned]]) -> None:
    """Pieces came back."""
    movements = [_back(fact, line) for fact in facts for line in fact.data.returned_lines]
    await repository.put_sales(tx, _sales([fact.data for fact in facts]), movements)


def _sales(orders: Sequence[OrderHeard]) -> list[KpiSale]:
    found = {
        order.id: KpiSale(
            order_id=order.id,
            account_id=order.account_id,
            order_date=order.order_date,
            due_on=order.due_on,
            region=order.region,
            customer_type=order.customer_type,
            channel_id=order.channel_id,
            is_first_order=bool(order.is_first_order),
        )
        for order in orders
    }
    return [sale for _id, sale in sorted(found.items())]


def _back(fact: Fact[OrderReturned], moved: ReturnedLine) -> KpiMovement:
    line = next((line for line in fact.data.lines if line.line_no == moved.line_no), None)
    net = moved.returned_net_base_before - moved.returned_net_base_after
    before, after = moved.returned_before or 0, moved.returned_after or 0
    margin = None if line is None else _margin_back(line, before, after)
    return KpiMovement(
        event_id=fact.event.id,
        line_no=moved.line_no,
        order_id=fact.data.id,
        day=fact.data.return_date,
        product_line=moved.product_line if line is None else line.product_line,
        pieces=before - after,
        net=net,
        gross=net if moved.gross_base is None else moved.gross_base,
        costed_net=0 if margin is None else net,
        margin=margin,
    )


def _margin_back(line: OrderLine, before: int, after: int) -> int | None:
    if line.margin_base is None or not line.quantity:
        return None
    return -margin_back(line.margin_base, line.quantity, before, after)


async def on_paid(tx: Tx, facts: Sequence[Fact[PaymentReceivedHeard]]) -> None:
    """Money came in, or pays orders: it counts on the day on which it was received."""
    await repository.put_payments(tx, [row for fact in facts for row in _paid(fact)])


def _paid(fact: Fact[PaymentReceivedHeard] | Fact[PaymentRefundedHeard]) -> list[KpiPayment]:
    data = fact.data
    if isinstance(data, PaymentRefundedHeard):
        day, sign = data.refunded_on, -1
    elif isinstance(data, PaymentVoidedHeard):
        day, sign = data.voided_on, -1
    else:
        day, sign = data.received_on, 1
    return [
        KpiPayment(
            event_id=fact.event.id, ordinal=ordinal, order_id=one.order_id, day=day, amount=sign * one.amount_base
        )
        for ordinal, one in enumerate(data.allocations)
    ]


async def on_refunded(tx: Tx, facts: Sequence[Fact[PaymentRefundedHeard]]) -> None:
    """Money went back."""
    await repository.put_payments(tx, [row for fact in facts for row in _paid(fact)])


async def on_credited(tx: Tx, facts: Sequence[Fact[OrderCredited]]) -> None:
    """An order is somebody's: the newest credit fact about it says whose."""
    newest: dict[UUID, Fact[OrderCredited]] = {}
    for fact in facts:
        known = newest.get(fact.data.order_id)
        if known is None or known.event.sequence < fact.event.sequence:
            newest[fact.data.order_id] = fact
    rows = [
        KpiShare(order_id=order_id, member_id=member_id, share=share, sequence=fact.event.sequence)
        for order_id, fact in sorted(newest.items())
        for member_id, share in sorted(fact.data.shares.items())
    ]
    await repository.put_shares(tx, rows)


async def on_activity(tx: Tx, facts: Sequence[Fact[ActivityHeard]]) -> None:
    """Somebody visited an account; other activities are no matter here."""
    rows = [
        KpiVisit(id=one.id, account_id=one.account_id, owner_id=one.owner_id, day=one.business_date)
        for one in (fact.data for fact in facts)
        if one.kind == VISIT
    ]
    await repository.put_visits(tx, rows)


async def on_opportunity(tx: Tx, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """An opportunity is as its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        KpiOpportunity(
            id=one.id,
            account_id=one.account_id,
            owner_id=one.owner_id,
            state=one.state,
            amount=one.amount_base,
            opened_on=one.opened_on,
            closed_on=one.closed_on,
            version=one.version,
        )
        for _id, one in sorted(latest.items())
    ]
    await repository.put_opportunities(tx, rows)


async def on_answer(tx: Tx, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """A survey was answered; what has no score is no matter here."""
    rows = [
        KpiAnswer(
            id=one.id,
            account_id=one.account_id,
            owner_id=one.owner_id,
            order_id=one.order_id,
            kind=one.kind,
            score=one.score,
            product_line=one.product_line,
            day=one.business_date,
        )
        for one in (fact.data for fact in facts)
        if one.score is not None
    ]
    await repository.put_answers(tx, rows)


async def on_lifecycle(tx: Tx, facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """An account stands in another stage."""
    rows = [
        KpiStage(
            event_id=fact.event.id,
            account_id=fact.data.account_id,
            sequence=fact.event.sequence,
            owner_id=fact.data.owner_id,
            day=fact.data.business_date,
            stage=fact.data.to_stage,
        )
        for fact in facts
    ]
    await repository.put_stages(tx, rows)


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """An account is as its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        KpiAccount(id=one.id, region=one.region, customer_type=one.customer_type, version=one.version)
        for _id, one in sorted(latest.items())
    ]
    await repository.put_accounts(tx, rows)


async def on_lead(tx: Tx, facts: Sequence[Fact[LeadHeard]]) -> None:
    """A lead came, or ended."""
    for fact in facts:
        came = fact.event.type == LEAD_CREATED
        row = KpiLead(
            id=fact.data.id,
            owner_id=fact.data.owner_id,
            created_on=fact.data.business_date if came else None,
            closed_on=None if came else fact.data.business_date,
            is_converted=fact.event.type == LEAD_CONVERTED,
            sequence=fact.event.sequence,
        )
        await repository.put_leads(tx, [row])


async def on_case(tx: Tx, facts: Sequence[Fact[CaseHeard]]) -> None:
    """A case came, was answered, closed or opened again, or a clock of it ran out."""
    steps = [(fact, _step(fact)) for fact in facts]
    rows = [
        KpiCaseStep(
            event_id=fact.event.id,
            case_id=fact.data.id,
            account_id=fact.data.account_id,
            owner_id=fact.data.owner_id,
            step=step,
            day=fact.data.business_date,
            days_open=fact.data.days_open,
        )
        for fact, step in steps
        if step is not None
    ]
    await repository.put_case_steps(tx, rows)


def _step(fact: Fact[CaseHeard]) -> CaseStep | None:
    previous = fact.data.previous_state if isinstance(fact.data, CaseMovedHeard) else None
    return step_of(fact.event.type.split(".")[2], fact.data.state, previous)
