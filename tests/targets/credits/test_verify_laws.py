"""The audit of credits agrees with whatever crediting decides, and finds whatever else stands in its facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.ids import derived_id, new_id
from kit.testing.service import make_event
from services.targets.crediting_splits.models import CreditingSplit
from services.targets.credits.enums import MEASURES, CreditKind
from services.targets.credits.ledger import _lines, _moved
from services.targets.credits.measures import add
from services.targets.credits.models import CreditedOrder, CreditLineRow
from services.targets.credits.repository import Posted, Standing, Step
from services.targets.credits.service import _confirmed, _measured, _returned, _taken
from services.targets.credits.splits import _posted, _reversed, split_anew
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_out import OrderCredited
from services.targets.verify import _Run, _Standing

MEMBERS = [UUID(int=number) for number in range(1, 6)]
UNITS = {member: [UUID(int=100), UUID(int=100 + number)] for number, member in enumerate(MEMBERS, 1)}
ORDER, ACCOUNT = UUID(int=9), UUID(int=8)
DAY, BACK = date(2026, 2, 14), date(2026, 3, 1)
LAUNCHES = {"new": date(2026, 1, 1), "old": date(2020, 1, 1)}
AMOUNTS = st.integers(0, 400) | st.integers(0, 10**9)


@st.composite
def shares(draw: Any) -> dict[UUID, int]:
    """Of one to five members, together a million."""
    members = draw(st.permutations(MEMBERS))[: draw(st.integers(1, 5))]
    cuts = sorted(draw(st.sets(st.integers(1, 999_999), min_size=len(members) - 1, max_size=len(members) - 1)))
    ends = [0, *cuts, 1_000_000]
    return {member: high - low for member, low, high in zip(members, ends, ends[1:], strict=False)}


@st.composite
def orders(draw: Any) -> dict[str, Any]:
    """An order of customer: lines that are free, of one piece or many, with and without a known cost."""
    lines = [
        {
            "line_no": number,
            "product_line": draw(st.sampled_from(["rock", None])),
            "net_base": (net := draw(AMOUNTS)),
            "sku": draw(st.sampled_from(["new", "old", None])),
            "quantity": draw(st.integers(1, 5)),
            "gross_base": net * 113 // 100,
            "margin_base": draw(st.none() | st.integers(-net, net)),
        }
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    first = draw(st.integers(0, len(lines) - 1))
    return {
        **{"id": ORDER, "stream_key": ACCOUNT, "account_id": ACCOUNT, "region": "CN-SH", "customer_type": "new"},
        **{"order_date": DAY, "base_currency": "USD", "is_first_order": draw(st.booleans())},
        "credits": [{"member_id": member, "share": share} for member, share in draw(shares()).items()],
        "lines": lines[first:] + lines[:first],
        "net_base": sum(line["net_base"] for line in lines),
    }


def came_back(order: dict[str, Any], steps: dict[int, tuple[int, int]]) -> dict[str, Any]:
    """A return of pieces, before and after, by line; amounts telescope."""
    lines = []
    for number, (before, after) in steps.items():
        (line,) = (one for one in order["lines"] if one["line_no"] == number)
        net, gross = (
            [round(line[name] * pieces / line["quantity"]) for pieces in (before, after)]
            for name in ("net_base", "gross_base")
        )
        lines.append(
            {
                **{"line_no": number, "returned_before": before, "returned_after": after},
                **{"returned_net_base_before": net[0], "returned_net_base_after": net[1]},
                **{"gross_base": gross[0] - gross[1], "product_line": line["product_line"]},
            }
        )
    net = sum(one["returned_net_base_before"] - one["returned_net_base_after"] for one in lines)
    return {**order, "return_id": new_id(), "return_date": BACK, "returned_lines": lines, "return_net_base": net}


@dataclass
class Ledger:
    """What the service's tables hold of one order, in memory; the facts, and what they answer."""

    rows: list[CreditLineRow] = field(default_factory=list)
    order: CreditedOrder | None = None
    facts: list[OrderCredited] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)

    def post(self, said: OrderCredited, cause: Event | None = None) -> None:
        """Apply a decision, as its fact says it."""
        sequence = len(self.facts) + 1
        fact = make_event(OrderCredited.TYPE, said.model_dump(mode="json"), ACCOUNT, subject=ORDER, sequence=sequence)
        read = OrderCredited.model_validate(fact.payload)
        self.order = _moved(self.order, sequence, read)
        self.rows += _lines(fact, read)
        self.facts.append(read)
        if cause is not None:
            self.heard.append(cause)

    def _summed(self, rows: Sequence[CreditLineRow]) -> Standing:
        last = rows[-1]
        values = [[getattr(row, measure) for row in rows if getattr(row, measure) is not None] for measure in MEASURES]
        sums = [sum(one) if one else None for one in values]
        place = last.unit_path, last.product_line, last.region, last.customer_type, last.channel_id
        return Standing(ORDER, last.line_no, last.member_id, *place, sums)

    def standing(self) -> dict[tuple[int, UUID], Standing]:
        """By line and member."""
        groups: dict[tuple[int, UUID], list[CreditLineRow]] = defaultdict(list)
        for row in self.rows:
            groups[row.line_no, row.member_id].append(row)
        return {key: self._summed(rows) for key, rows in groups.items()}

    def posted(self) -> list[Posted]:
        """By posting date, line, member and place."""
        groups: dict[Any, list[CreditLineRow]] = defaultdict(list)
        for row in self.rows:
            groups[row.posting_date, row.line_no, row.member_id, tuple(row.unit_path)].append(row)
        return [Posted(self._summed(rows), key[0]) for key, rows in sorted(groups.items())]

    def steps(self) -> list[Step]:
        """By fact and line."""
        groups: dict[Any, list[CreditLineRow]] = defaultdict(list)
        for row in self.rows:
            if row.kind != CreditKind.CORRECTED:
                groups[row.sequence, row.line_no].append(row)
        found = []
        for (sequence, number), rows in sorted(groups.items()):
            sums = dict(zip(MEASURES, self._summed(rows).sums, strict=True))
            named: dict[str, Any] = {name.value: value for name, value in sums.items() if name in Step._fields}
            found.append(Step(ORDER, sequence, str(rows[0].kind), rows[0].posting_date, number, **named))
        return found


PATHS = {(member, DAY): path for member, path in UNITS.items()}


def confirm(ledger: Ledger, order: dict[str, Any], split: CreditingSplit | None) -> None:
    event = make_event(OrderConfirmed.TYPE, order, ACCOUNT, sequence=1)
    fact = Fact(event, OrderConfirmed.model_validate(event.payload))
    ledger.post(_confirmed(fact, PATHS, split, LAUNCHES), event)


def take(ledger: Ledger, order: dict[str, Any], steps: dict[int, tuple[int, int]]) -> None:
    event = make_event(OrderReturned.TYPE, came_back(order, steps), ACCOUNT, sequence=len(ledger.heard) + 1)
    fact, standing = Fact(event, OrderReturned.model_validate(event.payload)), ledger.standing()
    assert ledger.order is not None
    whose = {UUID(member): share for member, share in ledger.order.shares.items()}
    moved = _taken(fact.data, whose, standing, _measured(standing))
    ledger.post(_returned(fact, ledger.order.reason, whose, standing, moved), event)


def resplit(ledger: Ledger, split: CreditingSplit) -> None:
    """What a resolution makes of an order that is credited already."""
    order, stood = ledger.order, ledger.posted()
    assert order is not None
    for day, measured in split_anew(ORDER, ledger.steps(), split.shares).items():
        lines = _reversed(stood, day) + _posted(order, stood, measured, PATHS)
        more: dict[str, Any] = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": lines, "amount": 0}
        source = derived_id(split.conflict_id, ORDER, day)
        more |= {"shares": split.shares, "rule": 3, "reason": split.reason, "source_event_id": source}
        ledger.post(OrderCredited.of(order, **more))


@st.composite
def stories(draw: Any) -> tuple[Ledger, dict[str, dict[UUID, int]]]:
    """An order that is confirmed, comes back in steps until nothing is left, and is split anew meanwhile."""
    order, ledger, splits = draw(orders()), Ledger(), dict[str, dict[UUID, int]]()

    def resolved() -> CreditingSplit:
        found = CreditingSplit(
            conflict_id=new_id(),
            account_id=ACCOUNT,
            resolved_at=datetime(2026, 1, 1, tzinfo=UTC),
            valid_from=DAY,
            valid_to=None,
            member_shares={str(member): share for member, share in draw(shares()).items()},
        )
        splits[found.reason] = found.shares
        return found

    confirm(ledger, order, resolved() if draw(st.booleans()) else None)
    left = {line["line_no"]: line["quantity"] for line in order["lines"]}
    gone = dict.fromkeys(left, 0)
    for last in [False] * draw(st.integers(0, 3)) + [True]:
        if draw(st.booleans()):
            resplit(ledger, resolved())
        after = {number: left[number] if last else draw(st.integers(gone[number], left[number])) for number in left}
        steps = {number: (gone[number], pieces) for number, pieces in after.items() if pieces > gone[number]}
        if steps:
            take(ledger, order, steps)
            gone = after
    return ledger, splits


def wrong(ledger: Ledger, splits: dict[str, dict[UUID, int]], facts: Sequence[OrderCredited]) -> list[str]:
    """What the audit finds in facts that answer what was heard."""
    run, standing, found = _Run(splits), _Standing(), {}
    for fact in facts:
        run.fact(fact, standing)
        found[fact.source_event_id] = orjson.dumps(fact.model_dump(mode="json"))
    for event in ledger.heard:
        run.order(event, [found[event.id]])
    checks = [check.finding() for check in (run.once, run.exact, run.sums, run.reversals)]
    return [f"{finding.check}: {finding.detail}" for finding in checks if not finding.ok]


@given(stories())
def test_honest_facts_agree_and_nothing_stands_of_what_came_back(story: Any) -> None:
    ledger, splits = story
    assert wrong(ledger, splits, ledger.facts) == []
    total: Any = {}
    for row in ledger.standing().values():
        add(total, {measure: {(row.line_no, row.member_id): value or 0} for measure, value in row.values().items()})
    assert not [cells for cells in total.values() if any(cells.values())]


@given(stories(), st.data())
def test_damage_of_any_cell_is_found(story: Any, data: Any) -> None:
    ledger, splits = story
    number = data.draw(st.integers(0, len(ledger.facts) - 1))
    fact = ledger.facts[number]
    assume(fact.lines)
    place = data.draw(st.integers(0, len(fact.lines) - 1))
    measure = data.draw(st.sampled_from(MEASURES))
    lines = list(fact.lines)
    off = (getattr(lines[place], measure) or 0) + data.draw(st.sampled_from([-1, 1, 1_000]))
    lines[place] = lines[place].model_copy(update={measure.value: off})
    damaged = fact.model_copy(update={"lines": lines})
    assert wrong(ledger, splits, [*ledger.facts[:number], damaged, *ledger.facts[number + 1 :]])
