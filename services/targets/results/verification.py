"""Shows that results are credited as the events of customer and the facts about their orders say.

Facts about the cash of an order have the order's key; those of a payment under another key (of a merged account) are
matched once all partitions are read. What was heard before the first fact of the rule that credits results is of an
earlier release, which credited none; so it is partition by partition.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.events.envelope import Event
from kit.events.verify import Check
from kit.money import SHARE_WHOLE
from services.targets.credits.enums import Measure
from services.targets.credits.rules import Cells, credit
from services.targets.events_in.customer import (
    HEARD,
    ActivityHeard,
    OpportunityHeard,
    PaymentHeard,
    SurveyAnsweredHeard,
)
from services.targets.events_out import CreditLine, OrderCredited, ResultCredited
from services.targets.results.allocations import PAYMENTS, allocated
from services.targets.results.enums import CashKind
from services.targets.results.models import OrderCash
from services.targets.results.rules import ONE, answered, collect, weights_of
from services.targets.results.service import ANSWERED, CLOSED, COMPLETED, REOPENED, VISIT

TYPES = (*PAYMENTS, *CLOSED, REOPENED, COMPLETED, ANSWERED)
"""Events that results follow from."""
FIRST_RULE = 3
"""The rule that credits results first."""
CASH = frozenset(word.value for word in CashKind)
COUNTED = (
    *(Measure.VISITS, Measure.WON, Measure.LOST),
    *(Measure.ANSWERS, Measure.CSAT_TOP, Measure.PROMOTERS, Measure.DETRACTORS, Measure.NPS_ANSWERS),
)
Cause = tuple[UUID, UUID | None]
"""A source event and, of cash, the order."""


class Said(NamedTuple):
    """A fact about a result; `is_all_back` tells that nothing stands of its payment after it."""

    fact: ResultCredited
    is_all_back: bool = False


class Missing(NamedTuple):
    """What has no fact in its own partition; `since` is when the order's partition had its first fact of the rule."""

    row: OrderCash
    heard_at: datetime
    since: datetime | None


@dataclass(slots=True)
class _Order:
    """What facts so far say of an order: whose it is, what cash goes by, where its credit stands, and its cash."""

    shares: dict[UUID, int] = field(default_factory=dict)
    reason: str | None = None
    gross: Counter[int] = field(default_factory=Counter)
    net: Counter[int] = field(default_factory=Counter)
    places: dict[tuple[int, UUID], tuple[object, ...]] = field(default_factory=dict)
    cash: Cells = field(default_factory=lambda: defaultdict(int))
    by_payment: Counter[UUID] = field(default_factory=Counter)


def _place(line: CreditLine) -> tuple[object, ...]:
    return tuple(line.unit_path), line.product_line, line.region, line.customer_type


class Results:
    """One run over all partitions: `begin` one, tell all own facts, then all that was heard, and `end` it."""

    def __init__(self, service: str) -> None:
        self.once = Check(service, "results have one credited fact each")
        self.exact = Check(service, "results derived again are equal")
        self.strays: dict[Cause, Said] = {}
        self.missing: dict[Cause, Missing] = {}
        self.latest: datetime | None = None
        self.begin()

    def begin(self) -> None:
        """Before the first fact of a partition."""
        self.orders: dict[UUID, _Order] = defaultdict(_Order)
        self.standing: dict[UUID, Counter[tuple[object, ...]]] = defaultdict(Counter)
        self.facts: dict[Cause, Said] = {}
        self.closed: set[UUID] = set()
        self.since: datetime | None = None

    def order(self, event: Event, fact: OrderCredited) -> None:
        """A fact about an order itself."""
        self._note_rule(event, fact.rule)
        order = self.orders[fact.order_id]
        order.shares, order.reason = fact.shares, fact.reason
        for line in fact.lines:
            order.places[line.line_no, line.member_id] = _place(line)
            if fact.kind == "confirmed":
                order.gross[line.line_no] += line.gross or 0
                order.net[line.line_no] += line.amount

    def _note_rule(self, event: Event, rule: int | None) -> None:
        if self.since is None and rule is not None and rule >= FIRST_RULE:
            self.since = event.time

    def result(self, event: Event, fact: ResultCredited) -> None:
        """A fact about a result."""
        self._note_rule(event, fact.rule)
        if fact.kind in CASH:
            self._cash(fact)
            return
        if fact.kind == "corrected":
            self._corrected(fact)
            return
        stands = self._stand(fact)
        if fact.kind == "reopened":
            agrees = not any(stands.values())
        else:
            order = self.orders.get(fact.order_id) if fact.order_id else None
            agrees = _is_shared(fact) and (order is None or fact.shares == order.shares)
        self.exact.add(agrees, f"{fact.kind} {fact.subject_id}")
        self._keep((fact.source_event_id, None), Said(fact))

    def _keep(self, cause: Cause, said: Said) -> None:
        if cause in self.facts:
            self.once.fault(f"{said.fact.kind} {said.fact.subject_id} twice of event {cause[0]}")
        self.facts[cause] = said

    def _stand(self, fact: ResultCredited) -> Counter[tuple[object, ...]]:
        stands = self.standing[fact.subject_id]
        for line in fact.lines:
            for measure in COUNTED:
                if count := getattr(line, measure):
                    stands[measure, line.member_id, _place(line)] += count
        return stands

    def _cash(self, fact: ResultCredited) -> None:
        order = self.orders.get(fact.order_id) if fact.order_id else None
        if order is None:
            self.exact.add(False, f"{fact.kind} {fact.subject_id} of no credited order")
            return
        moved = {(line.line_no, line.member_id): line.cash or 0 for line in fact.lines}
        weights, whole = weights_of(order.gross, order.net)
        total = sum(order.cash.values()) + sum(moved.values())
        agrees = total >= 0 and (fact.shares, fact.reason) == (order.shares, order.reason)
        agrees = agrees and moved == collect(_id(fact), weights, order.shares, order.cash, total, whole)
        agrees = agrees and all(order.places.get((one.line_no, one.member_id)) == _place(one) for one in fact.lines)
        self.exact.add(agrees, f"{fact.kind} {fact.subject_id}, order {fact.order_id}")
        for key, cash in moved.items():
            order.cash[key] += cash
        order.by_payment[fact.subject_id] += sum(moved.values())
        is_all_back = order.by_payment[fact.subject_id] == 0
        self._keep((fact.source_event_id, fact.order_id), Said(fact, is_all_back))

    def _corrected(self, fact: ResultCredited) -> None:
        """Nothing more and nothing less stands after it."""
        sums = [sum(getattr(line, measure) or 0 for line in fact.lines) for measure in (*COUNTED, Measure.CASH)]
        self.exact.add(not any(sums), f"correction of {fact.subject_id}")
        self._stand(fact)
        for line in fact.lines:
            if fact.order_id and line.cash:
                self.orders[fact.order_id].cash[line.line_no, line.member_id] += line.cash

    def heard(self, event: Event) -> None:
        """An event of customer, in the order of the log."""
        data = HEARD[event.type].model_validate(event.payload)
        if isinstance(data, PaymentHeard):
            for row in allocated(event, data):
                self._allocated(event, row)
        elif isinstance(data, OpportunityHeard):
            self._opportunity(event, data)
        elif isinstance(data, ActivityHeard) and data.kind == VISIT and data.owner_id:
            self._own(event, data, "visited", {Measure.VISITS})
        elif isinstance(data, SurveyAnsweredHeard) and (measures := answered(data.kind, data.score)):
            self._own(event, data, "answered", set(measures))

    def _allocated(self, event: Event, row: OrderCash) -> None:
        said = self.facts.pop((event.id, row.order_id), None)
        if said is not None:
            self._agrees(row, said)
            return
        order = self.orders.get(row.order_id)
        if row.amount > 0 or order is None or row.amount < 0 < order.by_payment[row.payment_id]:
            self.missing[event.id, row.order_id] = Missing(row, event.time, None if order is None else self.since)

    def _agrees(self, row: OrderCash, said: Said) -> None:
        fact, cash = said.fact, sum(line.cash or 0 for line in said.fact.lines)
        is_amount = cash == row.amount or (row.amount < cash <= 0 and said.is_all_back)
        heard = (row.kind, row.payment_id, row.account_id, row.day)
        agrees = is_amount and (fact.kind, fact.subject_id, fact.account_id, fact.posting_date) == heard
        self.once.add(agrees, f"{row.kind} {row.payment_id}, order {row.order_id}: {cash} of {row.amount}")

    def _opportunity(self, event: Event, data: OpportunityHeard) -> None:
        if event.type == REOPENED:
            said = self.facts.pop((event.id, None), None)
            if said is not None or data.id in self.closed:
                agrees = said is not None and (said.fact.kind, said.fact.posting_date) == (
                    "reopened",
                    data.business_date,
                )
                self.once.add(agrees, f"reopened {data.id}")
            self.closed.discard(data.id)
        elif data.owner_id:
            if (event.id, None) in self.facts:
                self.closed.add(data.id)
            self._own(event, data, "closed", {Measure.WON if event.type == CLOSED[0] else Measure.LOST})

    def _own(
        self,
        event: Event,
        data: ActivityHeard | OpportunityHeard | SurveyAnsweredHeard,
        kind: str,
        measures: set[Measure],
    ) -> None:
        said = self.facts.pop((event.id, None), None)
        if said is None:
            if data.owner_id is None:
                return
            if self.since is None or event.time < self.since:
                self.once.note(f"{kind} {data.id} was of an earlier release")
            else:
                self.once.add(False, f"{kind} {data.id} has no fact")
            return
        fact = said.fact
        day = data.closed_on if isinstance(data, OpportunityHeard) and data.closed_on else data.business_date
        counted = {measure for measure in COUNTED if any(getattr(line, measure) for line in fact.lines)}
        agrees = (fact.kind, fact.subject_id, fact.account_id, fact.posting_date) == (
            kind,
            data.id,
            data.account_id,
            day,
        )
        is_own = fact.order_id is not None or fact.shares == {data.owner_id: SHARE_WHOLE}
        self.once.add(agrees and is_own and counted == measures, f"{kind} {data.id}")

    def end(self) -> None:
        """After all that was heard of a partition."""
        self.latest = max(filter(None, (self.latest, self.since)), default=None)
        for cause, said in self.facts.items():
            if said.fact.kind in CASH:
                self.strays[cause] = said
            else:
                self.once.fault(f"{said.fact.kind} {said.fact.subject_id} of event {cause[0]}, which is no result's")

    def waiting(self) -> set[UUID]:
        """Orders whose payments have no fact in their own partition: right where they are not credited."""
        return {one.row.order_id for one in self.missing.values()}

    def finish(self, credited: Collection[UUID]) -> None:
        """Match what has different keys; `credited` are those of the `waiting` orders that are credited."""
        for cause, (row, heard_at, since) in self.missing.items():
            begun = since or self.latest
            if said := self.strays.pop(cause, None):
                self._agrees(row, said)
            elif row.order_id not in credited or (row.amount <= 0 and since is None):
                continue
            elif begun is None or heard_at < begun:
                self.once.note(f"{row.kind} {row.payment_id} was of an earlier release")
            else:
                self.once.add(False, f"{row.kind} {row.payment_id}, order {row.order_id}: no fact")
        for cause, said in self.strays.items():
            self.once.fault(f"{said.fact.kind} {said.fact.subject_id} of event {cause[0]}, which is no payment's")


def _id(fact: ResultCredited) -> UUID:
    assert fact.order_id is not None, "cash is an order's"
    return fact.order_id


def _is_shared(fact: ResultCredited) -> bool:
    """Whether each measure that a fact counts is one, split by its shares."""
    try:
        cells = credit(fact.subject_id, {1: ONE}, fact.shares)
    except ValueError:  # shares that the rule refuses
        return False
    parts = {key: part for key, part in cells.items() if part}
    counted = [measure for measure in COUNTED if any(getattr(line, measure) for line in fact.lines)]
    return bool(counted) and all(
        {(line.line_no, line.member_id): getattr(line, measure) for line in fact.lines} == parts for measure in counted
    )
