"""Facts of customer, folded into sales, accounts and rates: cumulative figures are set, never added."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.envelope import Event
from kit.events.handlers import Fact
from services.channels.events_in import AccountHeard, ExchangeRateHeard, OrderHeard, OrderReturnedHeard, SoldHeard
from services.channels.events_in.customer import (
    ActivityHeard,
    CaseBreachedHeard,
    CaseHeard,
    OpportunityHeard,
    SoldLineHeard,
    SurveyAnsweredHeard,
)
from services.channels.sales import repository
from services.channels.sales.models import (
    AccountFact,
    ActivityFact,
    CaseFact,
    ExchangeRate,
    OpportunityFact,
    Returned,
    ReturnedStep,
    Sale,
    SaleLine,
    SaleReturn,
    SurveyFact,
)

CONFIRMED = "customer.order.confirmed.v1"


async def on_order(tx: Tx, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order counts, or moves on."""
    await _put(tx, facts)


async def on_order_returned(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Pieces came back: the event says how many, and what they are worth, in all so far."""
    await _put(tx, facts)
    returned = {
        (fact.data.id, line.line_no): Returned(
            order_id=fact.data.id,
            line_no=line.line_no,
            returned=line.returned_after,
            returned_net_base=line.returned_net_base_after,
        )
        for fact in sorted(facts, key=lambda fact: fact.data.version)
        for line in fact.data.returned_lines
    }
    await repository.put_returned(tx, list(returned.values()))


async def on_return(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back by each event."""
    rows = {fact.event.id: _return(fact.event, fact.data) for fact in facts}
    await repository.put_returns(tx, [row for _id, row in sorted(rows.items())])


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """An account is as its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [AccountFact.model_validate(one.model_dump()) for _id, one in sorted(latest.items())]
    await repository.put_accounts(tx, rows)


async def on_opportunity(tx: Tx, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """An opportunity is as its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    names = set(OpportunityFact.model_fields)
    rows = [OpportunityFact(**one.model_dump(include=names)) for _id, one in sorted(latest.items())]
    await repository.put_opportunities(tx, rows)


async def on_activity(tx: Tx, facts: Sequence[Fact[ActivityHeard]]) -> None:
    """Somebody was active at an account; what is of none is left out."""
    rows = [
        ActivityFact(id=one.id, account_id=one.account_id, kind=one.kind, business_date=one.business_date)
        for one in (fact.data for fact in facts)
        if one.account_id is not None
    ]
    await repository.put_activities(tx, rows)


async def on_survey(tx: Tx, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """Somebody answered; only what is about an order says something of who sold it."""
    rows = {
        fact.data.id: SurveyFact(
            id=fact.data.id,
            order_id=fact.data.order_id,
            kind=fact.data.kind,
            score=fact.data.score,
            business_date=fact.data.business_date,
        )
        for fact in facts
        if fact.data.order_id is not None
    }
    await repository.put_answers(tx, [row for _id, row in sorted(rows.items())])


async def on_case(tx: Tx, facts: Sequence[Fact[CaseHeard]]) -> None:
    """A case is as its latest version says, and breached once a clock of it ran out."""
    heard = sorted((fact.data for fact in facts), key=lambda one: one.version)
    breached = {one.id for one in heard if isinstance(one, CaseBreachedHeard)}
    rows = {one.id: _case(one, is_breached=one.id in breached) for one in heard}
    await repository.put_cases(tx, [row for _id, row in sorted(rows.items())])


async def on_rate(tx: Tx, facts: Sequence[Fact[ExchangeRateHeard]]) -> None:
    """A currency has a rate from a day on."""
    rates = {(fact.data.currency, fact.data.valid_from): fact.data for fact in facts}
    rows = [ExchangeRate.model_validate(one.model_dump()) for _key, one in sorted(rates.items())]
    await repository.put_rates(tx, rows)


async def _put(tx: Tx, facts: Sequence[Fact[OrderHeard] | Fact[OrderReturnedHeard]]) -> None:
    latest = {fact.data.id: _sale(fact.event, fact.data) for fact in sorted(facts, key=lambda fact: fact.data.version)}
    lines = {(fact.data.id, line.line_no): _line(fact.data.id, line) for fact in facts for line in fact.data.lines}
    await repository.put_sales(tx, [sale for _id, sale in sorted(latest.items())], list(lines.values()))


def _sale(event: Event, order: SoldHeard) -> Sale:
    is_confirmed = event.type == CONFIRMED
    return Sale(
        order_id=order.id,
        account_id=order.account_id,
        partner_id=order.partner_id,
        channel_id=order.channel_id,
        deal_id=order.deal_id,
        quote_id=order.quote_id,
        region=order.region,
        order_date=order.order_date,
        state=order.state,
        version=order.version,
        confirmed_event_id=event.id if is_confirmed else None,
        confirmed_at=event.time if is_confirmed else None,
    )


def _case(case: CaseHeard, *, is_breached: bool) -> CaseFact:
    names = set(CaseFact.model_fields)
    remedy_base = 0 if case.remedy is None else case.remedy.cost_base
    return CaseFact(**case.model_dump(include=names), remedy_base=remedy_base, is_breached=is_breached)


def _return(event: Event, order: OrderReturnedHeard) -> SaleReturn:
    lines = [
        ReturnedStep(line_no=line.line_no, product_line=line.product_line, net_base=line.net_base)
        for line in order.returned_lines
    ]
    return SaleReturn(
        event_id=event.id,
        order_id=order.id,
        version=order.version,
        return_date=order.return_date,
        returned_at=event.time,
        lines=tuple(lines),
    )


def _line(order_id: UUID, line: SoldLineHeard) -> SaleLine:
    return SaleLine(
        order_id=order_id,
        line_no=line.line_no,
        sku=line.sku,
        product_line=line.product_line,
        quantity=line.quantity,
        returned=0,
        net_base=line.net_base,
        returned_net_base=0,
        unit_cost_base=line.unit_cost_base,
    )
