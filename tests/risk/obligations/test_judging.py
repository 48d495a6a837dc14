"""Obligations met, late and open again by orders and payments, in any order of arrival; each word once."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer import events_out as customer
from services.risk.obligations.judging import OBLIGATIONS_DUE
from services.targets.events_out.calendars import CalendarChanged
from tests.risk.conftest import Days, account_created, turn
from tests.risk.contracts.drafts import OFFICER, act, draft, signed


async def owed(service: ServiceHarness, contract: str, **changes: Any) -> str:
    """Path of an obligation in the draft of a contract."""
    body = {
        "contract_id": contract.rpartition("/")[2],
        "kind": "payment",
        "side": "them",
        "title": "Payment",
        "falls_on": "2026-03-31",
        "amount": 100,
        **changes,
    }
    answer = await service.post("/v1/obligations", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def ordered(contract: str, account_id: UUID, order_id: UUID, kind: Any = customer.OrderConfirmed, **more: Any) -> Event:
    payload = {
        **kind.EXAMPLE,
        "id": order_id,
        "account_id": account_id,
        "stream_key": account_id,
        "contract_id": contract.rpartition("/")[2],
        "order_date": "2026-02-01",
        **more,
    }
    return make_event(kind.TYPE, payload, account_id, subject=order_id)


def paid(account_id: UUID, order_id: UUID, amount: int, on: str, refund: bool = False) -> Event:
    kind: Any = customer.PaymentRefunded if refund else customer.PaymentReceived
    payload = {
        **kind.EXAMPLE,
        "id": new_id(),
        "account_id": account_id,
        "stream_key": account_id,
        ("refunded_on" if refund else "received_on"): on,
        "allocations": [{"order_id": order_id, "amount": amount, "amount_base": amount}],
    }
    return make_event(kind.TYPE, payload, account_id)


async def running(service: ServiceHarness, days: Days, *obligations: dict[str, Any]) -> tuple[str, UUID, list[str]]:
    """A contract that is signed, its account, and its obligations."""
    days.on(date(2026, 1, 5))
    account_id = new_id()
    await service.deliver(account_created(account_id))
    contract = await draft(service, account_id)
    paths = [await owed(service, contract, **each) for each in obligations]
    await signed(service, "2026-01-05", contract)
    await turn(service)
    return contract, account_id, paths


async def said(service: ServiceHarness) -> list[tuple[str, str, int]]:
    """Word, business day and occurrence of what was said of obligations."""
    events = await service.published(*(f"risk.obligation.{word}.v1" for word in ("due", "late", "met")))
    return [(e.type.split(".")[2], e.payload["business_date"], e.payload["occurrence"]) for e in events]


TWO = ({"falls_on": "2026-03-31"}, {"falls_on": "2026-06-30"})


async def test_two_of_a_hundred(service: ServiceHarness, days: Days) -> None:
    contract, account_id, (first, second) = await running(service, days, *TWO)
    order_id = new_id()
    days.on(date(2026, 3, 20))
    await service.deliver(ordered(contract, account_id, order_id), paid(account_id, order_id, 150, "2026-03-20"))
    await turn(service)
    assert (await service.get(first)).json()["met_on"] == "2026-03-20"
    days.on(date(2026, 6, 30), 23)
    await turn(service)
    days.on(date(2026, 7, 1), 0)
    await turn(service)
    assert (await service.get(second)).json()["state"] == "late"
    days.on(date(2026, 7, 6))
    await service.deliver(paid(account_id, order_id, 50, "2026-07-05"))
    await turn(service)
    row = (await service.get(second)).json()
    assert (row["state"], row["met_on"], row["days_late"], row["late_on"]) == ("met", "2026-07-05", 5, "2026-07-01")
    assert await said(service) == [
        ("met", "2026-03-20", 1),
        ("due", "2026-06-23", 1),
        ("late", "2026-07-01", 1),
        ("met", "2026-07-05", 1),
    ]


async def test_the_order_of_arrival_does_not_matter(service: ServiceHarness, days: Days) -> None:
    ends = []
    for each in permutations(range(3)):
        contract, account_id, paths = await running(service, days, *TWO)
        order_id = new_id()
        events = [
            ordered(contract, account_id, order_id),
            paid(account_id, order_id, 150, "2026-03-20"),
            paid(account_id, order_id, 50, "2026-07-05"),
        ]
        days.on(date(2026, 7, 10))
        for number in each:
            await service.deliver(events[number], events[number])
            await turn(service)
        rows = [(await service.get(path)).json() for path in paths]
        ends.append([(row["state"], row["met_on"], row["days_late"]) for row in rows])
    assert ends == [[("met", "2026-03-20", 0), ("met", "2026-07-05", 5)]] * 6


async def test_a_refund_opens_again_what_was_met(service: ServiceHarness, days: Days) -> None:
    contract, account_id, (path,) = await running(service, days, {})
    order_id = new_id()
    days.on(date(2026, 2, 10))
    await service.deliver(ordered(contract, account_id, order_id), paid(account_id, order_id, 100, "2026-02-10"))
    await turn(service)
    days.on(date(2026, 2, 20))
    await service.deliver(paid(account_id, order_id, 30, "2026-02-20", refund=True))
    await turn(service)
    row = (await service.get(path)).json()
    assert (row["state"], row["occurrence"], row["met_on"]) == ("pending", 2, None)
    await service.deliver(paid(account_id, order_id, 30, "2026-02-20"))
    await turn(service)
    days.on(date(2026, 4, 10))
    await service.deliver(paid(account_id, order_id, 1, "2026-04-10", refund=True))
    await turn(service)
    assert (await service.get(path)).json()["state"] == "late", "its day has passed"
    assert await said(service) == [("met", "2026-02-10", 1), ("met", "2026-02-10", 2), ("late", "2026-04-10", 3)]


async def test_deliveries_count_from_their_day_and_returns_against_them(service: ServiceHarness, days: Days) -> None:
    delivery = {"kind": "delivery", "side": "us", "amount": 300}
    volume = {"kind": "volume", "amount": 250}
    contract, account_id, (ours, theirs) = await running(service, days, delivery, volume)
    order_id = new_id()
    more = {"gross_base": 400, "net_base": 350}
    await service.deliver(
        ordered(contract, account_id, order_id, **more),
        ordered(
            contract,
            account_id,
            order_id,
            customer.OrderReturned,
            return_id=new_id(),
            return_date="2026-02-03",
            return_gross_base=-80,
            return_net_base=-70,
        ),
    )
    await turn(service)
    assert (await service.get(theirs)).json()["met_on"] == "2026-02-01"
    assert (await service.get(ours)).json()["state"] == "pending", "bought, not delivered"
    await service.deliver(ordered(contract, account_id, order_id, customer.OrderFulfilled, **more))
    await turn(service)
    assert (await service.get(ours)).json()["state"] == "met"


async def test_what_recurs_and_what_falls_on_a_rest_day(service: ServiceHarness, days: Days) -> None:
    report = {"kind": "report", "side": "us", "amount": None}
    monthly = {**report, "falls_on": "2026-01-31", "recurrence": {"every_months": 1, "until": "2026-04-30"}}
    _, _, (golden, series) = await running(service, days, {**report, "falls_on": "2026-10-01"}, monthly)
    assert (await service.get(golden)).json()["due_on"] == "2026-10-08"
    series_id = series.rpartition("/")[2]
    items = (await service.get(f"/v1/obligations?series_id={series_id}")).json()["items"]
    assert [item["falls_on"] for item in items] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert [item["due_on"] for item in items] == ["2026-02-02", "2026-02-28", "2026-03-31", "2026-04-30"]


async def test_many_workers_and_marks_at_once_say_each_word_once(service: ServiceHarness, days: Days) -> None:
    made = [await running(service, days, *TWO) for _ in range(6)]
    days.on(date(2026, 7, 10))
    orders = [new_id() for _ in made]
    loops = [DueLoop(service.runtime, [OBLIGATIONS_DUE]) for _ in range(3)]
    events = [ordered(c, a, o) for (c, a, _), o in zip(made, orders, strict=True)]
    events += [paid(a, o, 200, "2026-03-20") for (_, a, _), o in zip(made, orders, strict=True)]
    await asyncio.gather(*(loop.turn() for loop in loops), service.deliver(*events))
    await turn(service)
    counted = await service.rows(
        "SELECT count(*) AS n, count(DISTINCT (type, subject)) AS d FROM outbox WHERE type LIKE 'risk.obligation.%'"
    )
    assert counted[0]["n"] == counted[0]["d"]
    items = (await service.get("/v1/obligations")).json()["items"]
    assert {(item["state"], item["met_on"]) for item in items} == {("met", "2026-03-20")}


async def test_what_somebody_says_to_be_met_or_lets_go(service: ServiceHarness, days: Days) -> None:
    report = {"kind": "report", "side": "us", "amount": None}
    contract, _, (path, other, payment) = await running(service, days, report, report, {})
    days.on(date(2026, 4, 3))
    await turn(service)
    row = await act(service, path, "meet", {"on": "2026-04-02", "evidence": "sent"})
    assert (row["state"], row["days_late"]) == ("met", 2)
    refused = await service.post(f"{payment}/meet", {"on": "2026-04-02", "evidence": "sent"})
    assert (refused.status_code, refused.json()["code"]) == (409, "met-by-facts")
    own = await service.post(f"{other}/waive", {"reason": "mine"}, headers=service.headers("officer", "administrator"))
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    assert (await act(service, other, "waive", {"reason": "gone"}, by=("d", "sales_director")))["state"] == "waived"
    await act(service, payment, "waive", {"reason": "gone"}, by=("d", "sales_director"))
    days.on(date(2027, 1, 1))
    await turn(service)
    await act(service, contract, "give-notice", {"given_on": "2027-01-01"})
    days.on(date(2028, 1, 1))
    await turn(service)
    assert (await service.get(contract)).json()["state"] == "fulfilled"


async def test_own_days_of_the_company_move_what_is_due(service: ServiceHarness, days: Days) -> None:
    def own(version: int, *found: tuple[str, str]) -> Event:
        named = [{"date": day, "kind": kind} for day, kind in found]
        payload = {**CalendarChanged.EXAMPLE, "year": 2026, "version": version, "days": named}
        return make_event(CalendarChanged.TYPE, payload, "organisation", subject="2026")

    later = own(3, ("2026-03-31", "off"), ("2026-04-01", "off"), ("2026-10-03", "working"))
    await service.deliver(later, own(2, ("2026-04-02", "off")), later)
    report = {"kind": "report", "side": "us", "amount": None}
    monthly = {**report, "falls_on": "2026-02-28", "recurrence": {"every_months": 1, "until": "2026-03-31"}}
    _, _, (quarter, golden, series) = await running(
        service, days, {**report, "falls_on": "2026-03-31"}, {**report, "falls_on": "2026-10-01"}, monthly
    )
    assert (await service.get(quarter)).json()["due_on"] == "2026-04-02"
    assert (await service.get(golden)).json()["due_on"] == "2026-10-03"
    found = (await service.get(f"/v1/obligations?series_id={series.rpartition('/')[2]}")).json()["items"]
    assert [one["due_on"] for one in found] == ["2026-02-28", "2026-03-30"], "28 March is a Saturday"


async def test_obligations_are_written_with_the_draft(service: ServiceHarness, days: Days) -> None:
    contract, _, (path,) = await running(service, days, {})
    body = {"contract_id": contract.rpartition("/")[2], "kind": "report", "side": "us", "title": "x"}
    refused = await service.post("/v1/obligations", {**body, "falls_on": "2026-05-01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "contract-not-draft")
    assert (await service.patch(path, {"amount": 1}, 1)).json()["code"] == "contract-not-draft"
    other = await draft(service)
    mine = await owed(service, other)
    answer = await service.patch(mine, {"falls_on": "2026-10-01", "recurrence": None}, 1)
    assert (answer.json()["due_on"], answer.json()["version"]) == ("2026-10-08", 2)
    for changes, code in (
        ({"amount": None}, "amount-missing"),
        ({"recurrence": {"every_months": 1, "until": "2020-01-01"}}, "date-order"),
        ({"recurrence": {"every_months": 1, "until": "2199-01-01"}}, "recurrence-too-long"),
    ):
        answer = await service.patch(mine, changes, 2)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_nobody_owes_what_is_due_after_a_termination(service: ServiceHarness, days: Days) -> None:
    contract, _, (first, second) = await running(service, days, *TWO)
    await act(service, contract, "terminate", {"on": "2026-04-30", "reason": "breach"})
    days.on(date(2026, 4, 1))
    await turn(service)
    assert (await service.get(first)).json()["state"] == "late"
    row = (await service.get(second)).json()
    assert (row["state"], row["waived_by"]) == ("waived", "officer")


async def test_what_was_met_before_the_end_is_met_though_nobody_had_looked(service: ServiceHarness, days: Days) -> None:
    contract, account_id, paths = await running(service, days, *TWO)
    order_id = new_id()
    days.on(date(2026, 3, 20))
    await service.deliver(ordered(contract, account_id, order_id), paid(account_id, order_id, 100, "2026-03-19"))
    headers = service.headers("d", "sales_director")
    waived = await service.post(f"{paths[0]}/waive", {"reason": "gone"}, headers=headers)
    assert (waived.status_code, waived.json()["state"]) == (409, "met")
    await act(service, contract, "terminate", {"on": "2026-03-20", "reason": "breach"})
    await turn(service)
    rows = [(await service.get(path)).json() for path in paths]
    assert [(row["state"], row["met_on"]) for row in rows] == [("met", "2026-03-19"), ("waived", None)]
    assert await said(service) == [("met", "2026-03-19", 1)]


async def test_an_order_that_meets_beside_the_end_of_the_contract(service: ServiceHarness, days: Days) -> None:
    """What money of before the end meets is met, whichever is heard of first, and told as it stands."""
    made = [await running(service, days, *TWO) for _ in range(4)]
    days.on(date(2026, 3, 20))
    orders = [new_id() for _ in made]
    await service.deliver(*(ordered(c, a, o) for (c, a, _), o in zip(made, orders, strict=True)))
    body = {"on": "2026-03-20", "reason": "breach"}
    ends = [service.post(f"{c}/terminate", body, headers=service.headers(*OFFICER)) for c, _, _ in made]
    money = [service.deliver_alone(paid(a, o, 100, "2026-03-19")) for (_, a, _), o in zip(made, orders, strict=True)]
    answers, _none, _worked = await asyncio.gather(asyncio.gather(*ends), asyncio.gather(*money), turn(service))
    assert [answer.status_code for answer in answers] == [200] * 4
    await turn(service)
    for contract, _, paths in made:
        rows = [(await service.get(path)).json() for path in paths]
        assert (await service.get(contract)).json()["state"] == "terminated"
        assert [row["state"] for row in rows] == ["met", "waived"]
    counted = await service.rows("SELECT count(*) AS n FROM outbox WHERE type = 'risk.obligation.met.v1'")
    met = await service.rows("SELECT count(*) AS n FROM obligation WHERE state = 'met'")
    assert counted == met


@pytest.mark.parametrize(
    ("amount", "moved", "ends"),
    [
        (200, (), [("met", "2026-03-19"), ("met", "2026-03-19")]),
        (150, (50, "2026-03-21", False), [("met", "2026-03-19"), ("waived", None)]),
        (100, (60, "2026-03-20", True), [("waived", None), ("waived", None)]),
        (100, (60, "2026-04-02", True), [("met", "2026-03-19"), ("waived", None)]),
    ],
)
async def test_money_of_before_the_end_counts_whenever_it_is_heard(
    service: ServiceHarness, days: Days, amount: int, moved: Any, ends: list[tuple[str, str | None]]
) -> None:
    """Of what is due after the end of its contract: days until the end decide, not when they are told."""
    for order in permutations(range(4 if moved else 3)):
        contract, account_id, paths = await running(service, days, *TWO)
        order_id = new_id()
        events = [ordered(contract, account_id, order_id), paid(account_id, order_id, amount, "2026-03-19")]
        events += [paid(account_id, order_id, moved[0], moved[1], refund=moved[2])] if moved else []
        days.on(date(2026, 4, 10))
        for number in order:
            if number == len(events):
                await act(service, contract, "terminate", {"on": "2026-03-20", "reason": "breach"})
            else:
                await service.deliver(events[number])
            await turn(service)
        rows = [(await service.get(path)).json() for path in paths]
        assert [(row["state"], row["met_on"]) for row in rows] == ends, order
        assert [row["waived_by"] is None for row in rows] == [state == "met" for state, _ in ends]
    words = await service.published("risk.obligation.met.v1", "risk.obligation.late.v1")
    told = [(e.type, e.subject, e.payload["occurrence"]) for e in words]
    assert len(set(told)) == len(told), "each word once"


async def test_what_a_person_waived_stays_so_after_the_end(service: ServiceHarness, days: Days) -> None:
    contract, account_id, (first, second) = await running(service, days, *TWO)
    headers = service.headers("d", "sales_director")
    assert (await service.post(f"{second}/waive", {"reason": "gone"}, headers=headers)).status_code == 200
    await act(service, contract, "terminate", {"on": "2026-03-20", "reason": "breach"})
    order_id = new_id()
    days.on(date(2026, 4, 1))
    await service.deliver(ordered(contract, account_id, order_id), paid(account_id, order_id, 200, "2026-03-19"))
    await turn(service)
    rows = [(await service.get(path)).json() for path in (first, second)]
    assert [row["state"] for row in rows] == ["met", "waived"]
    assert rows[1]["waive_reason"] == "gone"
