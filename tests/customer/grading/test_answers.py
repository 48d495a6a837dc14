"""What is answered of runs and of an account's grade: to whom, with which problems; what a grade does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.ids import derived_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.customer.policies.schemas import GRADING
from tests.customer.conftest import OTHER_REP, World, product
from tests.customer.grading.conftest import DAY, Bought, account_id, bought, changes, results, run

SALES = [
    Bought("a", DAY, 800),
    Bought("a", DAY - timedelta(days=364), 60),
    Bought("b", DAY, 100, back=10, back_on=DAY),
    Bought("c", DAY - timedelta(days=335), 30),
    Bought("c", DAY - timedelta(days=334), 20),
]
"""860, 90, 50: A, B and C."""


def grade_path(name: str) -> str:
    return f"/v1/accounts/{account_id(name)}/grade"


async def test_a_grade_says_what_it_was_found_by(service: ServiceHarness) -> None:
    await bought(service, SALES)
    made = await run(service, as_of=DAY.isoformat())
    assert (await service.get(grade_path("b"))).json() == {
        "account_id": str(account_id("b")), "as_of": "2026-01-31", "run_id": made["id"], "formula_version": 1,
        "policy_version": 1, "period": "trailing_365", "period_from": "2025-02-01", "first_order_date": "2026-01-31",
        "revenue_base": 90, "profit_base": None, "revenue_raw": "B", "profit_raw": None, "revenue_grade": "B",
        "profit_grade": None, "grade": "B", "tenure_class": "short", "strategy": "develop",
        "next_grade": {"grade": "A", "boundary_base": 860, "gap_base": 770}, "days_left": None, "leaving_base": 0,
        "insufficient_data": {"reason": "cost", "have": 0, "need": 800000},
    }  # fmt: skip
    a, c = [(await service.get(grade_path(name))).json() for name in "ac"]
    assert (a["grade"], a["next_grade"], a["leaving_base"]) == ("A", None, 60)
    assert (c["grade"], c["next_grade"]["gap_base"]) == ("C", 40)
    assert c["leaving_base"] == 30, "the first 30 days of the period, not the 31st"


async def test_an_account_without_a_grade(world: World) -> None:
    account = await world.account()
    shown = (await world.service.get(f"/v1/accounts/{account['id']}/grade")).json()
    assert shown["insufficient_data"] == {"reason": "grading_run", "have": 0, "need": 1}
    left = ("account_id", "formula_version", "insufficient_data")
    assert {value for name, value in shown.items() if name not in left} == {None}
    assert (account["grade"], account["revenue_grade"], account["profit_grade"], account["tenure_class"]) == (None,) * 4
    missing = await world.service.get(f"/v1/accounts/{derived_id('graded', 'nobody')}/grade")
    assert (missing.status_code, missing.json()["code"]) == (404, "account-not-found")


async def test_accounts_show_grades_and_are_found_by_them(service: ServiceHarness) -> None:
    await bought(service, SALES)
    before = await service.get(f"/v1/accounts/{account_id('a')}")
    await run(service, as_of=DAY.isoformat())
    after = await service.get(f"/v1/accounts/{account_id('a')}")
    assert (before.json()["grade"], after.json()["grade"], after.json()["tenure_class"]) == (None, "A", "short")
    assert (before.headers["ETag"], before.json()["version"]) == (after.headers["ETag"], after.json()["version"])
    found = (await service.get("/v1/accounts?grade[in]=A,B")).json()["items"]
    assert {one["name"] for one in found} == {"a", "b"}
    (c,) = (await service.get("/v1/accounts?grade=C&tenure_class=short&profit_grade[null]=true")).json()["items"]
    assert c["name"] == "c"
    body = {"name": "A and sons"}
    changed = (await service.patch(f"/v1/accounts/{account_id('a')}", body, after.json()["version"])).json()
    assert (changed["name"], changed["grade"], changed["revenue_grade"]) == ("A and sons", "A", "A")
    refused = await service.patch(f"/v1/accounts/{account_id('a')}", {"grade": "A"}, changed["version"])
    assert (refused.status_code, codes(refused.json())) == (422, ["/grade"]), "grades are given by runs alone"


async def test_a_seller_sees_the_grades_of_own_accounts(world: World) -> None:
    service = world.service
    await bought(service, SALES, {"a": OTHER_REP})
    made = await run(service, as_of=DAY.isoformat())
    rep = service.headers("rep-3", "sales_rep")
    path = f"/v1/grading-runs/{made['id']}/results"
    (mine,) = (await service.get(path, headers=rep)).json()["items"]
    assert (mine["account_id"], mine["grade"], mine["is_changed"]) == (str(account_id("a")), "A", True)
    assert (await service.get(grade_path("a"), headers=rep)).status_code == 200
    assert (await service.get(grade_path("b"), headers=rep)).status_code == 404
    every = (await service.get(f"{path}?grade=B&strategy=develop&is_changed=true&count=exact")).json()
    assert ([one["account_id"] for one in every["items"]], every["count"]) == ([str(account_id("b"))], 1)
    for role in ("sales_rep", "sales_manager", "auditor"):
        who = service.headers("rep-3", role)
        assert (await service.post("/v1/grading-runs", {}, headers=who)).status_code == 403
        assert (await service.get(f"/v1/grading-runs/{made['id']}", headers=who)).status_code == 200
    director = service.headers("boss", "sales_director")
    assert (await service.post("/v1/grading-runs", {"dry_run": True}, headers=director)).status_code == 202
    partner = service.headers("x", "partner")
    for closed in ("/v1/grading-runs", path, grade_path("a")):
        assert (await service.get(closed, headers=partner)).status_code == 403


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"as_of": "2199-01-01"}, "future-date", "/as_of"),
        ({"as_of": "2026-02-30"}, "invalid", "/as_of"),
        ({"as_of": "0001-01-01"}, "invalid", "/as_of"),
        ({"dry_run": "perhaps"}, "invalid", "/dry_run"),
        ({"days": 1}, "invalid", "/days"),
    ],
)
async def test_bad_runs(service: ServiceHarness, body: dict[str, Any], code: str, pointer: str) -> None:
    answer = await service.post("/v1/grading-runs", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer]), answer.text


async def test_a_run_is_of_today_unless_it_says(service: ServiceHarness) -> None:
    made = (await service.post("/v1/grading-runs", {})).json()
    assert (made["as_of"], made["dry_run"]) == (business_date("Asia/Shanghai").isoformat(), False)
    listed = (await service.get("/v1/grading-runs?state=queued&dry_run=false")).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert (await service.get(f"/v1/grading-runs/{derived_id('run', 'none')}/results")).status_code == 404


def with_body(**changes: Any) -> dict[str, Any]:
    return {**GRADING, "body": {**GRADING["body"], **changes}, "reason": "x"}


LEAST = {"a": 3, "b": 2, "c": 1}
WORST_ROW = dict.fromkeys(("grade_a", "grade_b", "grade_c", "grade_d"), "B")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (with_body(shares={"a": 900000, "b": 900000, "c": 990000}), "grading-order", "/body/shares/b"),
        (with_body(shares=None), "grading-method", "/body/thresholds"),
        (with_body(thresholds={"revenue": LEAST, "profit": LEAST}), "grading-method", "/body/thresholds"),
        (
            with_body(shares=None, thresholds={"revenue": LEAST, "profit": {"a": 3, "b": 2, "c": 2}}),
            "grading-order",
            "/body/thresholds/profit/c",
        ),
        (
            with_body(
                matrix={
                    **GRADING["body"]["matrix"],
                    "grade_d": WORST_ROW,
                }
            ),
            "matrix-order",
            "/body/matrix/grade_d/grade_c",
        ),
    ],
)
async def test_a_broken_policy_names_its_field(
    service: ServiceHarness, body: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await service.post("/v1/customer-policies", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer]), answer.text


@pytest.mark.parametrize("changes", [{"hysteresis": -1}, {"period": "year"}, {"hysteresis": 0.05}, {"matrix": {}}])
async def test_a_malformed_policy_is_refused(service: ServiceHarness, changes: dict[str, Any]) -> None:
    answer = await service.post("/v1/customer-policies", with_body(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    sla = await service.post("/v1/customer-policies", {**GRADING, "kind": "sla", "reason": "x"})
    assert sla.status_code == 422


async def test_the_installed_policy_is_the_documented_one(service: ServiceHarness) -> None:
    (policy,) = (await service.get("/v1/customer-policies?kind=grading&state=active")).json()["items"]
    assert (policy["policy_version"], policy["body"]) == (1, {**GRADING["body"], "thresholds": None})


async def test_a_case_has_the_minutes_of_the_grade_at_its_receipt(world: World) -> None:
    service, found = world.service, {}
    account = await world.account(name="Worth it")
    body = {"kind": "question", "subject": "Where?", "severity": "high", "account_id": account["id"]}

    async def minutes() -> tuple[str | None, int]:
        case = (await service.post("/v1/cases", body)).json()
        clocks = {one["clock"]: one["minutes"] for one in case["clocks"]}
        return case["grade"], clocks["first_response"]

    found["none"] = await minutes()
    order = await world.confirmed(account, currency="USD")
    await run(service, as_of="2026-02-14")
    found["a"] = await minutes()
    await bought(service, [Bought("x", date(2026, 2, 15), 10**6)])
    await run(service, as_of="2026-02-15")
    found["d"] = await minutes()
    assert order["net_base"] < 10**4
    assert found == {"none": (None, 180), "a": ("A", 120), "d": ("D", 240)}


async def test_a_timeline_tells_each_grade_that_was_given_and_no_other(service: ServiceHarness) -> None:
    """Runs that change nothing of an account, dry ones and such as come late are no part of it."""
    later = DAY + timedelta(days=30)
    await bought(service, [Bought("a", DAY, 900), Bought("b", DAY, 50), Bought("c", DAY, 50)])
    await run(service, as_of=later.isoformat(), dry_run=True)
    first = await run(service, as_of=DAY.isoformat())
    await run(service, as_of=DAY.isoformat())
    await bought(service, [Bought("b", later, 5_000)])
    second = await run(service, as_of=later.isoformat())
    await run(service, as_of=(DAY - timedelta(days=1)).isoformat())

    async def told(name: str) -> list[tuple[Any, ...]]:
        answer = await service.get(f"/v1/accounts/{account_id(name)}/timeline?kind=grade")
        assert answer.status_code == 200, answer.text
        return [(one["data"], one["business_date"], one["subject_id"]) for one in answer.json()["items"]]

    given = ({"old": None, "new": "C"}, DAY.isoformat(), first["id"])
    assert await told("b") == [({"old": "C", "new": "B"}, later.isoformat(), second["id"]), given]
    said = [(one["account_id"], one["new"]) for one in await changes(service)]
    rows = await service.rows("SELECT account_id, grade FROM account_grade")
    assert sorted(said) == sorted((str(row["account_id"]), row["grade"]) for row in rows)


async def test_profit_is_what_is_left_of_known_costs_and_returns_take_their_part(world: World) -> None:
    """Costs must be known of 80 % of the net; amounts are for who may know costs."""
    line = {"unit_price": 100, "quantity": 10}
    for sku, cost in (("CD-ROCK", 60), ("CD-JAZZ", None)):
        costs = {"costs": [{"valid_from": "2026-01-01", "unit_cost_base": cost}]} if cost else {}
        payload = {**product(sku, "rock", 2), **costs}
        await world.service.deliver(make_event("channels.product.changed.v1", payload, sku))
    known, unknown = [await world.account() for _ in range(2)]
    both = [{"sku": "CD-ROCK", **line}, {"sku": "CD-JAZZ", "quantity": 1, "unit_price": 250}]
    body = {"currency": "USD", "order_date": DAY.isoformat(), "credits": []}
    order = await world.confirmed(known, **body, lines=both)
    await world.confirmed(unknown, **body, lines=[*both, {"sku": "CD-JAZZ", "quantity": 1, "unit_price": 1}])
    back = {"lines": [{"line_no": 1, "quantity": 4}], "return_date": DAY.isoformat()}
    assert (await world.service.post(f"/v1/orders/{order['id']}/returns", back)).status_code == 201
    made = await run(world.service, as_of=DAY.isoformat())
    found = await results(world.service, made)
    assert found[UUID(known["id"])]["profit_base"] == 10 * 40 - 4 * 40
    assert found[UUID(unknown["id"])]["profit_base"] is None
    path = f"/v1/accounts/{unknown['id']}/grade"
    lack = (await world.service.get(path)).json()["insufficient_data"]
    assert lack == {"reason": "cost", "have": 1000 * 1_000_000 // 1251, "need": 800_000}
    risk = world.service.headers("risk", "risk_officer")
    shown = (await world.service.get(f"/v1/accounts/{known['id']}/grade", headers=risk)).json()
    assert (shown["profit_base"], shown["profit_grade"]) == (None, "A")
    path = f"/v1/grading-runs/{made['id']}"
    items = (await world.service.get(f"{path}/results", headers=risk)).json()["items"]
    assert {item["profit_base"] for item in items} == {None}
    assert (await world.service.get(f"{path}/results?profit_base[gte]=1", headers=risk)).status_code == 400
    assert (await world.service.get(path, headers=risk)).json()["profit_cut"] is None
    assert (await world.service.get(path)).json()["profit_cut"]["a"] == 240
