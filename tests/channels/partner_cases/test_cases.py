"""What customers had to say of orders that a partner sold."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.channels.partner_cases.rules import CaseGroup, tally
from services.customer.events_out.cases import CaseClosed, CaseOpened, CaseSlaBreached, CaseStateChanged
from tests.channels.conflicts.found import confirmed, order, returned, seller
from tests.channels.conftest import Order

YEAR = "from=2026-01-01&to=2026-12-31"
KINDS, SEVERITIES = ("question", "incident", "complaint", "feedback"), ("low", "medium", "high", "critical")
groups = st.builds(
    CaseGroup,
    st.sampled_from(KINDS),
    st.sampled_from(SEVERITIES),
    st.sampled_from([None, "transport", "defect"]),
    cases=st.integers(1, 50),
    closed=st.just(0),
    breached=st.integers(0, 50),
    days=st.just(0),
    remedy_base=st.integers(0, 10**9),
)


def case(fact: type[Any], about: Order | None, case_id: UUID, version: int, **changes: Any) -> Event:
    key = case_id if about is None else about.key
    payload = {
        **fact.EXAMPLE,
        "id": case_id,
        "account_id": None if about is None else about.key,
        "stream_key": key,
        "order_id": None if about is None else about.id,
        "version": version,
        **changes,
    }
    return make_event(fact.TYPE, payload, key, subject=case_id, sequence=version)


def life(about: Order | None) -> list[Event]:
    """A complaint of 14 February, late and closed after four days with a replacement of 1.37."""
    one = new_id()
    return [
        case(CaseOpened, about, one, 1),
        case(CaseStateChanged, about, one, 2),
        case(CaseSlaBreached, about, one, 3),
        case(CaseClosed, about, one, 7),
    ]


async def told(service: ServiceHarness, partner_id: UUID, days: str = YEAR, role: str = "administrator") -> Any:
    answer = await service.get(f"/v1/partners/{partner_id}/cases?{days}", headers=service.headers("reader", role))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_cases_are_counted_for_who_sold_the_order(service: ServiceHarness) -> None:
    who, other = await seller(service), await seller(service)
    orders = [order(who, new_id(), on=day) for day in ("2025-11-01", "2026-02-01", "2026-03-01", "2026-03-01")]
    gone, foreign = order(who, new_id(), on="2026-02-01"), order(other, new_id())
    await service.deliver(*(confirmed(one) for one in (*orders, gone, foreign)))
    await service.deliver(returned(gone))
    question = new_id()
    await service.deliver(*life(orders[0]), *life(foreign), *life(None))
    changes = {"kind": "question", "severity": "low", "opened_on": "2026-12-31", "days_open": 0}
    await service.deliver(case(CaseOpened, orders[1], question, 1, **changes))
    assert await told(service, who) == {
        "partner_id": str(who),
        "period_from": "2026-01-01",
        "period_to": "2026-12-31",
        "orders": 3,
        "cases": 2,
        "open": 1,
        "breached": 1,
        "by_kind": {"complaint": 1, "question": 1},
        "by_severity": {"high": 1, "low": 1},
        "by_root_cause": {"transport": 1},
        "mean_days": 400,
        "complaint_share": 333_333,
        "remedy_base": 137,
    }
    for days, cases in (
        ("from=2026-02-14&to=2026-02-14", 1),
        ("from=2026-02-15&to=2026-12-30", 0),
        ("from=2026-12-31&to=2026-12-31", 1),
    ):
        assert (await told(service, who, days))["cases"] == cases, days
    assert (await told(service, who, role="sales_rep"))["remedy_base"] is None
    nothing = await told(service, await seller(service))
    assert (nothing["cases"], nothing["mean_days"], nothing["complaint_share"]) == (0, None, None)


@pytest.mark.parametrize("turn", range(24))
async def test_whatever_comes_twice_or_late(service: ServiceHarness, turn: int) -> None:
    who = await seller(service)
    about = order(who, new_id())
    events = list(list(permutations(life(about)))[turn])
    for event in (*events, *events):
        await service.deliver(event)
    await service.deliver(confirmed(about))
    found = await told(service, who)
    assert (found["cases"], found["open"], found["breached"], found["mean_days"]) == (1, 0, 1, 400)
    assert await service.parked() == []


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("from=2000-01-01&to=2026-01-01", "to"),
        ("from=x&to=2026-01-01", "from"),
    ],
)
async def test_days_that_are_none_are_named(service: ServiceHarness, days: str, pointer: str) -> None:
    answer = await service.get(f"/v1/partners/{await seller(service)}/cases?{days}")
    assert (answer.status_code, codes(answer.json())) == (400, [pointer])


async def test_nobody_is_no_partner(service: ServiceHarness) -> None:
    answer = await service.get(f"/v1/partners/{new_id()}/cases?{YEAR}")
    assert (answer.status_code, answer.json()["code"]) == (404, "partner-not-found")


@given(st.lists(groups, max_size=8), st.integers(0, 1000), st.randoms())
def test_no_order_of_groups_matters(found: list[CaseGroup], orders: int, random: Any) -> None:
    shuffled = random.sample(found, len(found))
    assert tally(found, orders) == tally(shuffled, orders)
    one = tally(found, orders)
    assert sum(one.by_kind.values()) == sum(one.by_severity.values()) == one.cases == one.open
    assert (one.complaint_share is None) == (orders == 0)
