"""Shows that every crediting decision follows from the orders' events and the stored inputs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.db.database import Database
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, at_one_moment, given_up, partitions_of, read_all
from services.targets.crediting_splits.repository import all_splits
from services.targets.credits.enums import MEASURES, Measure
from services.targets.credits.first_rule import LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.credits.ledger import measures_of
from services.targets.credits.measures import (
    OF_ORDERS,
    SAID,
    Measured,
    add,
    came_back,
    credit_all,
    per_line,
    sold,
    take_back_all,
    within,
)
from services.targets.credits.repository import sum_ledger
from services.targets.credits.rules import RULE
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited, ResultCredited
from services.targets.reports.repository import all_reports
from services.targets.reports.sealing import is_sealed
from services.targets.results.repository import which_credited
from services.targets.results.verification import TYPES, Results
from services.targets.subscriptions import subscriptions

SERVICE = "targets"

RULES = (2, RULE)
"""Rules by which what a fact says is split over the members by the code that decides now."""

ORDERS = (OrderConfirmed.TYPE, OrderReturned.TYPE)
Order = OrderConfirmed | OrderReturned
Places = dict[tuple[int, UUID], tuple[object, ...]]
"""Where the credit of a line and member stands: unit path and dimensions of its newest line."""


_OTHERS = frozenset(MEASURES) - set(OF_ORDERS)
"""What no fact about an order itself counts; `costed_net` follows there."""


class _Standing:
    """What facts so far have credited of an order: where, and how much."""

    def __init__(self) -> None:
        self.places: Places = {}
        self.measured: Measured = {}


class _Run:
    def __init__(self, splits: Mapping[str, Mapping[UUID, int]]) -> None:
        self.splits = splits
        self.once = Check(SERVICE, "one credited fact per confirmed or returned order")
        self.exact = Check(SERVICE, "credit lines derived again are equal")
        self.sums = Check(SERVICE, "credit lines sum to the order's net amount")
        self.reversals = Check(SERVICE, "reversals at the original unit and dimensions")
        self.before: dict[UUID, Measured] = {}
        """By the event of a return: what stood before it."""
        self.held: Counter[str] = Counter(dict.fromkeys(("lines", *(measure.value for measure in MEASURES)), 0))

    def fact(self, fact: OrderCredited, standing: _Standing) -> None:
        """A return takes from where the credit stands (`standing`, moved on); a correction adds nothing."""
        amount = sum(line.amount for line in fact.lines)
        if fact.reason is not None:
            agrees = self.splits.get(fact.reason) == fact.shares
            self.exact.add(agrees, f"order {fact.order_id}: shares of conflict {fact.reason}")
        self.count(fact.lines)
        if fact.kind == "corrected":
            self.reversals.add(fact.amount == amount == 0 and _only_moves(fact), f"order {fact.order_id}")
        elif not _is_of_first_rule(fact):
            self.exact.add(_follows(fact, standing.measured), f"order {fact.order_id}, rule {fact.rule}")
        if fact.kind == "returned":
            self.before[fact.source_event_id] = {measure: dict(cells) for measure, cells in standing.measured.items()}
        for line in fact.lines:
            key, place = (line.line_no, line.member_id), (line.unit_path, *_dimensions(line))
            if fact.kind == "returned":
                self.reversals.add(standing.places.get(key) == place, f"order {fact.order_id} line {line.line_no}")
            standing.places[key] = place
        add(standing.measured, _measured(fact))

    def result(self, fact: ResultCredited) -> None:
        """What is no order's net has lines in the ledger, too."""
        self.count(fact.lines)

    def count(self, lines: Sequence[CreditLine]) -> None:
        """What the ledger and its sums come to with these lines, in every measure."""
        for line in lines:
            self.held["lines"] += 1
            for measure, value in measures_of(line).items():
                self.held[measure] += value or 0

    def order(self, event: Event, found: Sequence[bytes]) -> None:
        """Check the facts about one event of an order."""
        model = OrderConfirmed if event.type == OrderConfirmed.TYPE else OrderReturned
        order: Order = model.model_validate(event.payload)
        before = self.before.pop(event.id, {})
        self.once.add(len(found) == 1, f"{event.type} {event.id} of order {order.id} has {len(found)}")
        if len(found) == 1:
            fact = OrderCredited.model_validate_json(found[0])
            net = order.net_base if isinstance(order, OrderConfirmed) else order.return_net_base
            self.sums.add(sum(line.amount for line in fact.lines) == fact.amount == net, f"order {order.id}: {net}")
            agrees = (
                _agrees_by_first_rule(order, fact) if _is_of_first_rule(fact) else _lines_agree(order, fact, before)
            )
            self.exact.add(agrees and _inputs_agree(order, fact), f"order {order.id}")


def _dimensions(line: CreditLine) -> tuple[str | None, str | None, str | None]:
    return line.product_line, line.region, line.customer_type


def _is_of_first_rule(fact: OrderCredited) -> bool:
    return fact.rule in {None, 1}


def _agrees_by_first_rule(order: Order, fact: OrderCredited) -> bool:
    """The lines are those of the first rule, which looks at the order's event alone."""
    shares = [(str(one.member_id), one.share) for one in order.credits]
    if isinstance(order, OrderConfirmed):
        amounts = split_lines([LineAmount(line.line_no, line.net_base) for line in order.lines], shares)
    else:
        steps = [
            ReturnedLine(line.line_no, line.returned_net_base_before, line.returned_net_base_after)
            for line in order.returned_lines
        ]
        amounts = reverse_lines(steps, shares)
    derived = Counter((item.line, item.member_id, item.amount) for item in amounts)
    return derived == Counter((line.line_no, str(line.member_id), line.amount) for line in fact.lines)


def _measured(fact: OrderCredited) -> Measured:
    """What a fact's lines say by measure; a correction may name a line and member twice."""
    found: Measured = {}
    for line in fact.lines:
        for measure in OF_ORDERS:
            if (value := getattr(line, measure)) is not None:
                cells = found.setdefault(measure, {})
                key = (line.line_no, line.member_id)
                cells[key] = cells.get(key, 0) + value
    return found


def _only_moves(fact: OrderCredited) -> bool:
    """Whether a correction leaves each line what it is in every measure; what was sold of a product whose launch was
    not known is credited alone."""
    sums: Counter[tuple[str, int]] = Counter()
    for line in fact.lines:
        for measure, value in measures_of(line).items():
            sums[measure, line.line_no] += value or 0
    changed = {measure for (measure, _line), value in sums.items() if value}
    if changed != {Measure.NEW_PRODUCT}:
        return not changed
    return all(not value for line in fact.lines for name, value in measures_of(line).items() if name not in changed)


def _follows(fact: OrderCredited, standing: Measured) -> bool:
    """Whether the fact's measures per line are split by its rule, from what stood before it."""
    if any(getattr(line, measure) is not None for line in fact.lines for measure in _OTHERS):
        return False
    found = _measured(fact)
    amounts = {measure: per_line(cells) for measure, cells in found.items()}
    try:
        if fact.kind == "confirmed":
            measured = credit_all(fact.order_id, amounts, fact.shares)
        else:
            back = {measure: {line: -amount for line, amount in lines.items()} for measure, lines in amounts.items()}
            measured = take_back_all(fact.order_id, back, fact.shares, standing)
    except ValueError:  # shares, amounts or a return that the rule refuses
        return False
    return fact.rule in RULES and _cells(found) == _cells(measured)


def _cells(measured: Measured) -> dict[tuple[Measure, int, UUID], int]:
    """Net amounts and margins of 0 are said, others are left out."""
    return {
        (measure, *key): amount
        for measure, cells in measured.items()
        for key, amount in cells.items()
        if amount or measure in SAID
    }


def _per_line(fact: OrderCredited) -> dict[int, int]:
    return per_line(_measured(fact)[Measure.AMOUNT]) if fact.lines else {}


def _lines_agree(order: Order, fact: OrderCredited, before: Measured) -> bool:
    """Whether the lines are worth in every measure what the order's event says; facts of the second rule have net
    amounts only. Which lines are of new products the fact itself tells, of a return what stood `before` it."""
    if fact.rule != RULE:
        return _nets_agree(order, fact)
    said = {measure: _without_zeros(measure, per_line(cells)) for measure, cells in _measured(fact).items()}
    if isinstance(order, OrderConfirmed):
        return said == sold(order, said.get(Measure.NEW_PRODUCT, ()))
    back = came_back(order, before)
    taken = {
        measure: lines if measure is Measure.AMOUNT else within(lines, per_line(before.get(measure, {})))
        for measure, lines in back.items()
    }
    return _taken(said) == _taken({measure: _negative(lines) for measure, lines in taken.items()})


def _taken(lines: Mapping[Measure, Mapping[int, int]]) -> dict[tuple[Measure, int], int]:
    """What is taken of each line, without what is not; a return may name lines that did not come back."""
    return {(measure, line): amount for measure, of in lines.items() for line, amount in of.items() if amount}


def _negative(lines: Mapping[int, int]) -> dict[int, int]:
    return {line: -amount for line, amount in lines.items()}


def _nets_agree(order: Order, fact: OrderCredited) -> bool:
    if isinstance(order, OrderConfirmed):
        return _per_line(fact) == {line.line_no: line.net_base for line in order.lines}
    heard = {
        line.line_no: line.returned_net_base_before - line.returned_net_base_after for line in order.returned_lines
    }
    per_line_said = _per_line(fact)
    return per_line_said == dict.fromkeys(per_line_said, 0) | heard


def _without_zeros(measure: Measure, lines: dict[int, int]) -> dict[int, int]:
    return {line: amount for line, amount in lines.items() if amount or measure in SAID}


def _inputs_agree(order: Order, fact: OrderCredited) -> bool:
    """Shares (but those of a split), dates and (of a confirmation) the dimensions are those of the order."""
    shares = {one.member_id: one.share for one in order.credits} if fact.reason is None else fact.shares
    said = (fact.order_id, fact.stream_key, fact.currency, fact.order_date, fact.shares, fact.kind, fact.posting_date)
    heard = (order.id, order.stream_key, order.base_currency, order.order_date, shares)
    if isinstance(order, OrderReturned):
        return said == (*heard, "returned", order.return_date)
    product_lines = {line.line_no: line.product_line for line in order.lines}
    return said == (*heard, "confirmed", order.order_date) and all(
        _dimensions(line) == (product_lines.get(line.line_no), order.region, order.customer_type) for line in fact.lines
    )


def _differing(said: Mapping[str, int], held: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Where the lines, buckets and months hold something else than the facts say."""
    return [
        f"{measure} of {place}: {sums[measure]}, facts {value}"
        for place, sums in held.items()
        for measure, value in said.items()
        if sums[measure] != value
    ]


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Derive every credit decision again from the log of the orders; compare the ledger with the facts.

    Facts have the key of their order, so both logs are read a partition at a time: in memory are the facts of one.
    Run it when nothing is on its way: what is not handled yet counts as missing.
    """
    async with db.reading() as tx:
        splits = {one.reason: one.shares for one in await all_splits(tx)}
    run, results, own, theirs = _Run(splits), Results(SERVICE), topic_of(SERVICE), topic_of("customer")
    gone = await given_up(db, subscriptions.lane("core").group)
    for number in await partitions_of(bus, own, theirs):
        facts: dict[UUID, list[bytes]] = defaultdict(list)
        standing: dict[UUID, _Standing] = defaultdict(_Standing)
        results.begin()
        async for event in read_all(bus, own, [OrderCredited.TYPE, ResultCredited.TYPE], number=number):
            if event.type == ResultCredited.TYPE:
                result = ResultCredited.model_validate(event.payload)
                run.result(result)
                results.result(event, result)
                continue
            fact = OrderCredited.model_validate(event.payload)
            run.fact(fact, standing[fact.order_id])
            results.order(event, fact)
            if fact.kind != "corrected":
                facts[fact.source_event_id].append(event.data)
        async for event in read_all(bus, theirs, (*ORDERS, *TYPES), without=gone, number=number):
            if event.type in ORDERS:
                run.order(event, facts.pop(event.id, ()))
            else:
                results.heard(event)
        results.end()
        for cause, strays in facts.items():
            run.once.fault(f"{len(strays)} of event {cause}, which is no order's")
    ledger = Check(SERVICE, "ledger and buckets hold what the facts say")
    sealed = Check(SERVICE, "reports are what their hashes say")
    async with at_one_moment(db) as tx:
        held = await sum_ledger(tx)
        results.finish(await which_credited(tx, results.waiting()))
        async for one in all_reports(tx):
            sealed.add(is_sealed(one.body, one.sha256), f"report {one.id}")
    ledger.add(not (wrong := _differing(run.held, held)), "; ".join(wrong))
    checks = (run.once, run.exact, run.sums, run.reversals, results.once, results.exact, ledger, sealed)
    return [check.finding() for check in checks]
