"""Visits, opportunities and answers: each is credited to its owner, an answer about an order by the order's shares, in
the unit of its day.

Accounts are held before members are locked, as everywhere. What nobody owns is credited to nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.money import SHARE_WHOLE
from kit.work import Work
from services.targets.credits.enums import Measure
from services.targets.credits.posting import Decided, Paths, places_of, post, sequences_of
from services.targets.credits.rules import RULE, credit
from services.targets.credits.splits import hold_accounts
from services.targets.events_in.customer import ActivityHeard, OpportunityHeard, SurveyAnsweredHeard
from services.targets.events_out import CreditLine, ResultCredited
from services.targets.kpi_facts import service as kpi_facts
from services.targets.results import repository
from services.targets.results.repository import Stood
from services.targets.results.rules import ONE, answered

COMPLETED = "customer.activity.completed.v1"
CLOSED = ("customer.opportunity.won.v1", "customer.opportunity.lost.v1")
REOPENED = "customer.opportunity.reopened.v1"
ANSWERED = "customer.survey.answered.v1"
VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Labels:
    """The dimensions of a result besides member, unit and day."""

    region: str | None = None
    customer_type: str | None = None
    product_line: str | None = None
    channel_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Something that counts once in each of its measures, for those who have shares of it; `basis` is what its shares
    are of and why: an order, and the conflict that split it."""

    event: Event
    data: ActivityHeard | OpportunityHeard | SurveyAnsweredHeard
    kind: Literal["visited", "closed", "answered"]
    day: date
    shares: Mapping[UUID, int]
    measures: Sequence[Measure]
    labels: Labels
    basis: tuple[UUID | None, str | None] = (None, None)


async def credit_visits(work: Work, done: Sequence[Fact[ActivityHeard]]) -> None:
    """Credit visits to who made them; other activities are no results."""
    found = [(fact, owner) for fact in done if fact.data.kind == VISIT and (owner := fact.data.owner_id)]
    known = await _labels(work, [fact.data.account_id for fact, _owner in found])
    results = []
    for fact, owner in found:
        one, label = fact.data, known[fact.data.account_id]
        shares, measures = {owner: SHARE_WHOLE}, [Measure.VISITS]
        results.append(Result(fact.event, one, "visited", one.business_date, shares, measures, label))
    await _credit(work, results)


async def credit_closings(work: Work, closed: Sequence[Fact[OpportunityHeard]]) -> None:
    """Credit opportunities that were won or lost to who owned them then, on their closing day."""
    found = [(fact, owner) for fact in closed if (owner := fact.data.owner_id)]
    known = await _labels(work, [fact.data.account_id for fact, _owner in found])
    results = []
    for fact, owner in found:
        day = fact.data.closed_on or fact.data.business_date
        measure = Measure.WON if fact.event.type == CLOSED[0] else Measure.LOST
        label = known[fact.data.account_id]
        results.append(Result(fact.event, fact.data, "closed", day, {owner: SHARE_WHOLE}, [measure], label))
    await _credit(work, results)


async def reverse_closings(work: Work, reopened: Sequence[Fact[OpportunityHeard]]) -> None:
    """Take back what stands of opportunities that are open again, where it stands, on the day of the reopening."""
    ids = {fact.data.id for fact in reopened}
    owners = {(row.member_id, row.order_date) for row in await repository.list_stood(work.tx, ids)}
    if not owners:
        return
    await places_of(work, owners)
    standing: dict[UUID, list[Stood]] = defaultdict(list)
    for row in await repository.list_stood(work.tx, ids):
        standing[row.subject_id].append(row)
    posted = {event_id for event_id, _order in await repository.list_posted(work.tx, [f.event.id for f in reopened])}
    sequences = await sequences_of(work, ids)
    decided: list[Decided] = []
    for fact in reopened:
        rows = standing.pop(fact.data.id, None)
        if rows and fact.event.id not in posted:
            said = _reopened(fact, rows)
            decided.append((work.caused_by(fact.event), sequences[fact.data.id] + 1, said))
    await post(work, decided)


async def credit_answers(work: Work, heard: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """Credit answers that a metric asks for: those about a credited order by its shares, others to their owner."""
    found = [(fact, count) for fact in heard if (count := answered(fact.data.kind, fact.data.score))]
    about = {fact.data.order_id for fact, _count in found if fact.data.order_id}
    if about:
        # No split is resolved for these accounts meanwhile, so the shares hold until the commit.
        await hold_accounts(work, {fact.data.account_id for fact, _ in found if fact.data.order_id}, alone=False)
    orders = await repository.list_orders(work.tx, about) if about else {}
    places = await repository.list_places(work.tx, orders) if orders else {}
    known = await _labels(work, [fact.data.account_id for fact, _count in found])
    results = []
    for fact, count in found:
        one = fact.data
        order = orders.get(one.order_id) if one.order_id else None
        if order is not None:
            shares = {UUID(member): share for member, share in order.shares.items()}
            place = next(iter(places[order.order_id].values()))
            label = Labels(place.region, place.customer_type, one.product_line, place.channel_id)
            basis: tuple[UUID | None, str | None] = (order.order_id, order.reason)
        elif one.owner_id is not None:
            of_account = known[one.account_id]
            label = Labels(of_account.region, of_account.customer_type, one.product_line)
            shares, basis = {one.owner_id: SHARE_WHOLE}, (None, None)
        else:
            continue
        results.append(Result(fact.event, one, "answered", one.business_date, shares, count, label, basis))
    await _credit(work, results)


async def _labels(work: Work, account_ids: Iterable[UUID | None]) -> dict[UUID | None, Labels]:
    """The dimensions of accounts as customer has told of them by now; of an unknown one there are none."""
    named = set(account_ids)
    known = await kpi_facts.accounts_of(work, {each for each in named if each is not None})
    return {
        each: Labels(known[each].region, known[each].customer_type) if each in known else Labels() for each in named
    }


async def _credit(work: Work, results: Sequence[Result]) -> None:
    if not results:
        return
    paths = await places_of(work, {(member, one.day) for one in results for member in one.shares})
    handled = {
        event_id for event_id, _order in await repository.list_posted(work.tx, [one.event.id for one in results])
    }
    new = [one for one in results if one.event.id not in handled]
    sequences = await sequences_of(work, {one.data.id for one in new})
    decided: list[Decided] = []
    for one in new:
        sequences[one.data.id] = sequences.get(one.data.id, 0) + 1
        cause = work.caused_by(one.event)
        decided.append((cause, sequences[one.data.id], _fact(one, work.base_currency, lines_of(one, paths))))
    await post(work, decided)


def lines_of(one: Result, paths: Paths) -> list[CreditLine]:
    """Who is credited with how much: one rounding, which all measures share."""
    cells = credit(one.data.id, {1: ONE}, one.shares)
    return [
        CreditLine(
            line_no=line,
            member_id=member,
            unit_path=list(paths.get((member, one.day), ())),
            product_line=one.labels.product_line,
            region=one.labels.region,
            customer_type=one.labels.customer_type,
            amount=0,
            **{measure.value: part for measure in one.measures},
        )
        for (line, member), part in cells.items()
        if part
    ]


def _fact(one: Result, currency: str, lines: list[CreditLine]) -> ResultCredited:
    order_id, reason = one.basis
    return ResultCredited(
        subject_id=one.data.id,
        order_id=order_id,
        account_id=one.data.account_id,
        stream_key=one.data.stream_key,
        kind=one.kind,
        order_date=one.day,
        posting_date=one.day,
        currency=currency,
        amount=0,
        shares=dict(one.shares),
        lines=lines,
        source_event_id=one.event.id,
        source_ordinal=0,
        rule=RULE,
        channel_id=one.labels.channel_id,
        reason=reason,
        business_date=one.day,
    )


def _reopened(fact: Fact[OpportunityHeard], rows: Sequence[Stood]) -> ResultCredited:
    day = fact.data.business_date
    return ResultCredited(
        subject_id=fact.data.id,
        order_id=None,
        account_id=fact.data.account_id,
        stream_key=fact.data.stream_key,
        kind="reopened",
        order_date=rows[0].order_date,
        posting_date=day,
        currency=rows[0].currency,
        amount=0,
        shares={row.member_id: SHARE_WHOLE for row in rows},
        lines=[stood_line(row, row.unit_path, {name: -count for name, count in row.counts.items()}) for row in rows],
        source_event_id=fact.event.id,
        source_ordinal=0,
        rule=RULE,
        channel_id=rows[0].channel_id,
        reason=None,
        business_date=day,
    )


def stood_line(row: Stood, unit_path: Sequence[UUID], counts: Mapping[str, int]) -> CreditLine:
    """A line of a result in the place of another."""
    return CreditLine(
        line_no=1,
        member_id=row.member_id,
        unit_path=list(unit_path),
        product_line=row.product_line,
        region=row.region,
        customer_type=row.customer_type,
        amount=0,
        **counts,
    )
