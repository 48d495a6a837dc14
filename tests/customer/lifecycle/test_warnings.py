"""Warnings begin and end once: by days, orders, complaints, what is owed, fits and policies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cli.load.cdnow import read, sample_path
from kit.testing.service import ServiceHarness
from services.customer.policies.schemas import CHURN
from tests.customer.churn.conftest import Order, account_id, bought, fitted
from tests.customer.conftest import OTHER_REP, World
from tests.customer.lifecycle.conftest import Days, lifecycle, turn
from tests.customer.surveys.conftest import Forms

SPRING = date(2026, 3, 2)
WARNED, CLEARED = "customer.churn.warned.v1", "customer.churn.cleared.v1"


def days_of(name: str, *numbers: int) -> list[Order]:
    return [(name, SPRING + timedelta(days=number), 100) for number in numbers]


async def said(service: ServiceHarness) -> list[tuple[Any, ...]]:
    """Warnings that were announced, begun and ended, in order."""
    events = await service.published()
    return [
        (event.type.split(".")[2], one["score"], one["from_stage"], one["to_stage"], one["business_date"])
        for event in events
        if event.type in (WARNED, CLEARED)
        for one in [event.payload]
    ]


async def warnings(service: ServiceHarness, **query: str) -> list[dict[str, Any]]:
    answer = await service.get("/v1/churn-warnings?" + "&".join(f"{name}={value}" for name, value in query.items()))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_warning_comes_on_its_day_and_goes_with_an_order(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    for number in (0, 10, 20):
        days.on(SPRING + timedelta(days=number))
        await world.confirmed(account, order_date=None)
        await turn(world.service)
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["score"], seen["next_check_on"]) == ("active", 0, str(SPRING + timedelta(days=40)))
    days.on(SPRING + timedelta(days=39), 23)
    assert await turn(world.service) == 0
    days.on(SPRING + timedelta(days=40), 0)
    assert (await turn(world.service), await turn(world.service)) == (1, 0)
    day = str(SPRING + timedelta(days=40))
    assert await said(world.service) == [("warned", 50, "active", "at_risk", day)]
    (event,) = await world.service.published(WARNED)
    assert event.payload["factors"] == [{"factor": "rhythm", "weight": 50}]
    changed = (await world.service.published("customer.lifecycle.changed.v1"))[-1]
    assert (changed.payload["to_stage"], changed.payload["factors"]) == ("at_risk", event.payload["factors"])
    assert changed.sequence == event.sequence + 1
    (warned,) = await warnings(world.service, factor="rhythm", stage="at_risk")
    assert (warned["account_id"], warned["score"], warned["warned_on"]) == (account["id"], 50, day)
    assert (warned["judgement"]["rhythm"], warned["judgement"]["p_alive"]) == (2.0, None)
    days.on(SPRING + timedelta(days=45))
    await world.confirmed(account, order_date=None)
    await turn(world.service)
    assert (await said(world.service))[1:] == [("cleared", 0, "at_risk", "active", str(SPRING + timedelta(days=45)))]
    assert await warnings(world.service) == []
    seen = await lifecycle(world.service, account)
    assert (seen["stage"], seen["is_warned"], seen["score"]) == ("active", False, 0)


async def test_an_open_high_complaint_gives_points_while_it_is_open(world: World, days: Days) -> None:
    days.on(SPRING + timedelta(days=38))
    await bought(world.service, days_of("a", 0, 10, 20))
    await turn(world.service)
    assert await said(world.service) == [], "40 points"
    body = {"kind": "complaint", "severity": "high", "subject": "x", "account_id": str(account_id("a"))}
    case = await world.service.post("/v1/cases", body)
    assert case.status_code == 201, case.text
    await turn(world.service)
    (warned,) = await warnings(world.service)
    assert (warned["score"], warned["judgement"]["factors"]) == (
        55, [{"factor": "rhythm", "weight": 40}, {"factor": "complaint", "weight": 15}],
    )  # fmt: skip
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE service_case SET severity = 'low', updated_at = $1", days())
    await turn(world.service)
    assert await warnings(world.service) != [], "40 points are not below 35"
    assert (await warnings(world.service))[0]["score"] == 40


async def test_a_last_recommendation_as_a_detractor_gives_points(world: World, days: Days) -> None:
    days.on(SPRING + timedelta(days=38))
    await bought(world.service, days_of("a", 0, 10, 20))
    await turn(world.service)
    forms, account = Forms(world, days), {"id": str(account_id("a"))}
    nps, csat = await forms.survey("nps"), await forms.survey("csat")
    told = []
    for survey, score in ((nps, 6), (csat, 5), (nps, 0), (nps, 7)):
        await forms.answered(survey, await forms.contact(account), score=score)
        await turn(world.service)
        told.append([(one["score"], one["judgement"]["factors"][1:]) for one in await warnings(world.service)])
        days.on(SPRING + timedelta(days=38), 12 + len(told))
    detractor = [(50, [{"factor": "detractor", "weight": 10}])]
    assert told == [detractor, detractor, detractor, [(40, [])]], "the last answer of that kind alone"


async def test_an_order_overdue_for_long_gives_points_from_its_day(world: World, days: Days) -> None:
    days.on(SPRING + timedelta(days=20))
    rows = [(name, day, net) for name, day, net in days_of("a", -600, -300, 0)]
    await bought(world.service, rows)
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE orders SET paid = 0, updated_at = $1 WHERE order_date = $2", days(), SPRING)
    await turn(world.service)
    body = {**CHURN, "body": {**CHURN["body"], "warn_at": 10, "clear_below": 5}, "reason": "x"}
    made = (await world.service.post("/v1/customer-policies", body)).json()
    path = f"/v1/customer-policies/{made['id']}/activate"
    assert (await world.service.post(path, {"valid_from": str(SPRING + timedelta(days=21))})).status_code == 200
    days.on(SPRING + timedelta(days=22))
    await turn(world.service)
    (row,) = await world.service.rows("SELECT next_check_on, warned_on FROM account_lifecycle")
    assert (row["next_check_on"], row["warned_on"]) == (SPRING + timedelta(days=61), None), (
        "due after 30 days, 31 later"
    )
    days.on(SPRING + timedelta(days=61))
    await turn(world.service)
    (warned,) = await warnings(world.service)
    assert warned["judgement"]["factors"] == [{"factor": "overdue", "weight": 10}]
    assert warned["judgement"]["policy_version"] == 2
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE orders SET paid = gross, updated_at = $1", days())
    await turn(world.service)
    assert await warnings(world.service) == []
    assert [kind for kind, *_ in await said(world.service)] == ["warned", "cleared"]


async def test_a_fit_has_the_accounts_looked_at_again(world: World, days: Days) -> None:
    end = date(1997, 9, 30)
    days.on(end)
    await bought(world.service, [(one.customer, one.day, one.cents) for one in read(sample_path()) if one.day <= end])
    await fitted(world.service, as_of="1997-09-30")
    made = await fitted(world.service, as_of="1997-09-30")
    await turn(world.service)
    rows = await world.service.rows("SELECT id, score, warned_on FROM account_lifecycle WHERE score IS NOT NULL")
    scores = await world.service.rows("SELECT * FROM churn_score WHERE fit_id = $1", made["id"])
    assert {row["id"]: row["score"] for row in rows} == {row["account_id"]: row["score"] for row in scores}
    assert sum(row["warned_on"] is not None for row in rows) == made["warned_accounts"] > 100
    assert len(await world.service.published(WARNED)) == made["warned_accounts"]
    (first, *_) = await warnings(world.service, limit="1")
    assert first["score"] == max(row["score"] for row in rows)
    assert first["judgement"]["fit_id"] == made["id"]
    assert 0 < first["judgement"]["p_alive"] < 1
    assert first["judgement"]["expected_orders"] > 0


async def test_who_sees_which_warnings(world: World, days: Days) -> None:
    days.on(SPRING + timedelta(days=100))
    await bought(world.service, [*days_of("a", 0, 10, 20), *days_of("b", 0, 10, 20)], {"b": OTHER_REP})
    await turn(world.service)
    assert len(await warnings(world.service)) == 2
    for subject, names in (("rep-1", ["a"]), ("rep-3", ["b"])):
        headers = world.service.headers(subject, "sales_rep")
        items = (await world.service.get("/v1/churn-warnings", headers=headers)).json()["items"]
        assert [one["account_id"] for one in items] == [str(account_id(name)) for name in names]
