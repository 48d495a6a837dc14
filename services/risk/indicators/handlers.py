"""Events that indicators are counted from: days and cases (projections), and marks of what has changed (reactions)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.work import Work
from services.risk.events_in import (
    AccountRedirectHeard,
    OrderConfirmedHeard,
    OrderHeard,
    OrderReturnedHeard,
    PaymentHeard,
)
from services.risk.events_in.channels import ConflictHeard, FloorBreachedHeard
from services.risk.events_in.customer import (
    CaseHeard,
    LifecycleHeard,
    OrderLineHeard,
    ReturnedLineHeard,
    SurveyAnsweredHeard,
)
from services.risk.events_in.targets import AttainmentHeard
from services.risk.indicators import repository
from services.risk.indicators.enums import TallyKind
from services.risk.indicators.models import (
    NOBODY,
    TallyBreach,
    TallyBucket,
    TallyCase,
    TallyConflict,
    TallyDiscount,
    TallyLine,
    TallyWarning,
    TargetPace,
)
from services.risk.indicators.rules import ON_CASES, ON_MERGES, ON_ORDERS, ON_PAYMENTS
from services.risk.indicators.service import touched_by_orders
from services.risk.marks.enums import IndicatorMeasure
from services.risk.marks.models import Touched
from services.risk.marks.service import mark

Heard = TypeVar("Heard", bound=BaseModel)
LEAST_PROMOTER, MOST_DETRACTOR = 9, 6


def _of_order(kind: TallyKind, day: date | None, order: OrderHeard, amount: int = 0) -> list[TallyBucket]:
    """A move of an order on a day; nothing of an order that does not say its day."""
    if day is None:
        return []
    made: TallyBucket = TallyBucket(
        kind=kind,
        day=day,
        account_id=order.account_id,
        partner_id=order.partner_id or NOBODY,
        channel_id=order.channel_id or NOBODY,
        region=order.region or "",
        amount=amount,
        count=1,
    )
    return [made]


async def _add(tx: Tx, moves: Iterable[TallyBucket]) -> None:
    """Add to days: what falls together is added first, and rows are written in one order."""
    summed: dict[tuple[str, date, UUID, UUID, UUID, str], list[int]] = {}
    for one in moves:
        key = (one.kind.value, one.day, one.account_id, one.partner_id, one.channel_id, one.region)
        held = summed.setdefault(key, [0, 0])
        held[0] += one.amount
        held[1] += one.count
    names = ("kind", "day", "account_id", "partner_id", "channel_id", "region")
    buckets = [
        TallyBucket.model_validate({**dict(zip(names, key, strict=True)), "amount": amount, "count": count})
        for key, (amount, count) in sorted(summed.items())
    ]
    await repository.add_buckets(tx, buckets)


async def _new(tx: Tx, facts: Sequence[Fact[Heard]]) -> list[Heard]:
    """What was not counted yet, whatever was delivered again."""
    by_id = {fact.event.id: fact.data for fact in facts}
    new = await repository.take_new(tx, by_id)
    return [data for event_id, data in by_id.items() if event_id in new]


async def on_order_placed(tx: Tx, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order asks for the first time."""
    first = [one for one in await _new(tx, facts) if one.placement == 1]
    await _add(tx, [move for one in first for move in _of_order(TallyKind.PLACED, one.order_date, one)])


async def on_order_cancelled(tx: Tx, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order that was placed is cancelled; it counts on the day of the order, as its placement does."""
    placed = [one for one in await _new(tx, facts) if one.placement >= 1]
    await _add(tx, [move for one in placed for move in _of_order(TallyKind.CANCELLED, one.order_date, one)])


async def on_order_confirmed(tx: Tx, facts: Sequence[Fact[OrderConfirmedHeard]]) -> None:
    """An order is confirmed; it counts on its order date."""
    orders = await _new(tx, facts)
    await _add(
        tx, [move for one in orders for move in _of_order(TallyKind.CONFIRMED, one.order_date, one, one.net_base or 0)]
    )


async def on_order_returned(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Goods came back on the day of the return; amounts are negative."""
    found = await _new(tx, facts)
    await _add(
        tx,
        [
            move
            for one in found
            for move in _of_order(TallyKind.RETURNED, one.return_date, one, one.return_net_base or 0)
        ],
    )


async def on_survey_answered(tx: Tx, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """An answer to how likely somebody would recommend the company."""
    await _add(tx, [_answer(kind, one) for one in await _new(tx, facts) for kind in _kinds_of(one)])


def _kinds_of(one: SurveyAnsweredHeard) -> list[TallyKind]:
    """What an answer counts as; nothing, of other questions."""
    if one.kind != "nps" or one.score is None:
        return []
    kinds = [TallyKind.ANSWER]
    kinds += [TallyKind.PROMOTER] if one.score >= LEAST_PROMOTER else []
    kinds += [TallyKind.DETRACTOR] if one.score <= MOST_DETRACTOR else []
    return kinds


def _answer(kind: TallyKind, one: SurveyAnsweredHeard) -> TallyBucket:
    return TallyBucket(
        kind=kind,
        day=one.business_date,
        account_id=one.account_id,
        partner_id=NOBODY,
        channel_id=NOBODY,
        region="",
        amount=0,
        count=1,
    )


async def on_case_opened(tx: Tx, facts: Sequence[Fact[CaseHeard]]) -> None:
    """A case was received."""
    await _cases(tx, facts, is_breached=False)


async def on_case_breached(tx: Tx, facts: Sequence[Fact[CaseHeard]]) -> None:
    """A deadline of a case was missed."""
    await _cases(tx, facts, is_breached=True)


async def _cases(tx: Tx, facts: Sequence[Fact[CaseHeard]], *, is_breached: bool) -> None:
    by_id = {fact.data.id: fact.data for fact in facts}
    rows = [
        TallyCase(
            id=one.id,
            account_id=one.account_id,
            opened_on=one.opened_on,
            is_complaint=one.kind == "complaint",
            is_breached=is_breached,
        )
        for _, one in sorted(by_id.items())
    ]
    await repository.add_cases(tx, rows)


async def on_warned(tx: Tx, facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """A customer may leave."""
    await _warnings(tx, facts, is_standing=True)


async def on_cleared(tx: Tx, facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """A customer stays, after all."""
    await _warnings(tx, facts, is_standing=False)


async def _warnings(tx: Tx, facts: Sequence[Fact[LifecycleHeard]], *, is_standing: bool) -> None:
    accounts = sorted({fact.data.account_id for fact in facts})
    await repository.set_warnings(tx, [TallyWarning(account_id=each, is_standing=is_standing) for each in accounts])


async def on_floor_breached(tx: Tx, facts: Sequence[Fact[FloorBreachedHeard]]) -> None:
    """A line was sold under its floor."""
    by_id = {fact.data.id: fact.data for fact in facts}
    rows = [
        TallyBreach(
            id=one.id,
            day=one.business_date,
            account_id=one.account_id,
            partner_id=one.partner_id,
            channel_id=one.channel_id,
        )
        for _, one in sorted(by_id.items())
    ]
    await repository.add_breaches(tx, rows)


async def on_order_discounted(tx: Tx, facts: Sequence[Fact[OrderConfirmedHeard]]) -> None:
    """An order is confirmed, and says what was taken off its prices; it counts on its order date."""
    by_id = {fact.data.id: fact.data for fact in reversed(facts)}
    rows = [
        TallyDiscount(
            order_id=one.id,
            day=one.order_date,
            account_id=one.account_id,
            partner_id=one.partner_id,
            channel_id=one.channel_id,
            region=one.region,
            net=one.net_base,
            discount=one.discount_base,
        )
        for _, one in sorted(by_id.items())
        if one.net_base is not None and one.discount_base is not None
    ]
    await repository.add_discounts(tx, rows)


async def on_lines_confirmed(tx: Tx, facts: Sequence[Fact[OrderConfirmedHeard]]) -> None:
    """An order is confirmed: what was sold of each product line, on its order date."""
    rows = []
    for fact in facts:
        lines: dict[str, list[OrderLineHeard]] = {}
        for line in fact.data.lines:
            lines.setdefault(line.product_line or "", []).append(line)
        for name, sold in lines.items():
            given = [one.discount_base for one in sold if one.discount_base is not None]
            discount = sum(given) if len(given) == len(sold) else None
            amount = sum(one.net_base for one in sold)
            rows += _of_line(fact.event.id, name, TallyKind.CONFIRMED, fact.data.order_date, amount, discount)
    await repository.add_lines(tx, rows)


async def on_lines_returned(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Goods came back: what of each product line, on the day of the return."""
    rows = []
    for fact in facts:
        amounts: dict[str, int] = {}
        for line in fact.data.returned_lines:
            amounts[line.product_line or ""] = amounts.get(line.product_line or "", 0) + line.net_base
        for name, amount in amounts.items():
            rows += _of_line(fact.event.id, name, TallyKind.RETURNED, fact.data.return_date, amount)
    await repository.add_lines(tx, rows)


async def on_line_answered(tx: Tx, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """An answer to how likely somebody would recommend the company, about a product line."""
    rows = []
    for fact in facts:
        one = fact.data
        for kind in _kinds_of(one):
            rows += _of_line(fact.event.id, one.product_line or "", kind, one.business_date, 0)
    await repository.add_lines(tx, rows)


def _of_line(
    event_id: UUID, name: str, kind: TallyKind, day: date, amount: int, discount: int | None = None
) -> list[TallyLine]:
    """Nothing of what names no product line."""
    row: TallyLine = TallyLine(
        event_id=event_id, product_line=name, kind=kind, day=day, amount=amount, discount=discount
    )
    return [row] if name else []


async def on_conflict_opened(tx: Tx, facts: Sequence[Fact[ConflictHeard]]) -> None:
    """Partners are in conflict."""
    await _conflicts(tx, facts, is_open=True)


async def on_conflict_resolved(tx: Tx, facts: Sequence[Fact[ConflictHeard]]) -> None:
    """A conflict is over."""
    await _conflicts(tx, facts, is_open=False)


async def _conflicts(tx: Tx, facts: Sequence[Fact[ConflictHeard]], *, is_open: bool) -> None:
    by_id = {fact.data.id: fact.data for fact in facts}
    rows = [
        TallyConflict(id=each, partner_ids=tuple(one.partner_ids), is_open=is_open)
        for each, one in sorted(by_id.items())
    ]
    await repository.set_conflicts(tx, rows)


async def on_attainment(tx: Tx, facts: Sequence[Fact[AttainmentHeard]]) -> None:
    """How far a target is; the last word counts."""
    last = {fact.data.target_id: fact.data for fact in facts}
    rows = [TargetPace(target_id=each, pace=one.pace, as_of=one.as_of) for each, one in sorted(last.items())]
    await repository.set_paces(tx, rows)


async def mark_orders(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """What is read from orders has changed."""
    orders = [fact.data for fact in facts]
    known = await touched_by_orders(work, {one.id for one in orders})
    members = {name for one in orders for name in (*_named(one.partner_id, one.channel_id, one.region), *_lines(one))}
    days = {day for one in orders for day in (one.order_date, getattr(one, "return_date", None)) if day is not None}
    await mark(work, ON_ORDERS, _with(known, {one.account_id for one in orders}, members, days))


async def mark_merges(work: Work, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Accounts are one, or are not any more: whoever has customers may have fewer of them, or more."""
    accounts = {each for fact in facts for each in (fact.data.survivor_id, fact.data.merged_id)}
    await mark(work, ON_MERGES, Touched(frozenset(accounts)))
    await mark(work, {IndicatorMeasure.CUSTOMER_CONCENTRATION}, None)


async def mark_payments(work: Work, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """What is read from payments has changed."""
    known = await touched_by_orders(work, {part.order_id for fact in facts for part in fact.data.allocations})
    await mark(work, ON_PAYMENTS, _with(known, {fact.data.account_id for fact in facts}))


async def mark_cases(work: Work, facts: Sequence[Fact[CaseHeard]]) -> None:
    """What is read from cases has changed."""
    known = await repository.accounts_of_cases(work.tx, {fact.data.id for fact in facts})
    named = {fact.data.account_id for fact in facts if fact.data.account_id is not None}
    await mark(work, ON_CASES, Touched(frozenset(known | named)))


async def mark_answers(work: Work, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """Somebody has answered."""
    accounts = frozenset(fact.data.account_id for fact in facts)
    lines = frozenset(name for fact in facts for name in _named(fact.data.product_line))
    days = frozenset(fact.data.business_date for fact in facts)
    await mark(work, {IndicatorMeasure.SATISFACTION}, Touched(accounts, lines, days))


async def mark_targets(work: Work, facts: Sequence[Fact[AttainmentHeard]]) -> None:
    """Targets are further, or not."""
    targets = frozenset(str(fact.data.target_id) for fact in facts)
    await mark(work, {IndicatorMeasure.TARGET_SHORTFALL}, Touched(members=targets))


async def mark_warnings(work: Work, _facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """Customers may leave, or stay: that is the company's."""
    await mark(work, {IndicatorMeasure.CHURN_WARNINGS}, Touched())


async def mark_breaches(work: Work, facts: Sequence[Fact[FloorBreachedHeard]]) -> None:
    """Lines were sold under their floor."""
    members = {name for fact in facts for name in _named(fact.data.partner_id, fact.data.channel_id)}
    accounts = frozenset(fact.data.account_id for fact in facts)
    await mark(work, {IndicatorMeasure.FLOOR_BREACHES}, Touched(accounts, frozenset(members)))


async def mark_conflicts(work: Work, facts: Sequence[Fact[ConflictHeard]]) -> None:
    """Conflicts have begun or are over."""
    known = await repository.partners_of_conflicts(work.tx, {fact.data.id for fact in facts})
    named = {each for fact in facts for each in fact.data.partner_ids}
    await mark(work, {IndicatorMeasure.PARTNER_CONFLICTS}, Touched(members=frozenset(map(str, known | named))))


def _named(*found: UUID | str | None) -> list[str]:
    """Those of them that are there, as members."""
    return [str(each) for each in found if each is not None]


def _lines(order: OrderHeard) -> list[str]:
    """Product lines of an order or a return, as far as it says them."""
    lines: Sequence[OrderLineHeard | ReturnedLineHeard] = ()
    if isinstance(order, OrderConfirmedHeard):
        lines = order.lines
    elif isinstance(order, OrderReturnedHeard):
        lines = order.returned_lines
    return [line.product_line for line in lines if line.product_line is not None]


def _with(known: Touched, accounts: set[UUID], members: Collection[str] = (), days: Collection[date] = ()) -> Touched:
    return Touched(known.account_ids | accounts, known.members | frozenset(members), known.days | frozenset(days))
