"""Scenarios over HTTP: what they may say, estimates from losses of each source, scope."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.scenarios.repository import DEFAULT_DAYS
from tests.risk.conftest import Order, account_created, seller
from tests.risk.incidents.losses import recorded
from tests.risk.risks.register import entered
from tests.risk.studies.runs import F1, scenario

LOGNORMAL = {"kind": "lognormal", "q05": 1, "q95": 2}
TAIL = {"kind": "gpd_tail", "threshold": 100, "tail_share": 0.1, "xi": 0.3, "beta": 40, "body": LOGNORMAL}
PERT = {"kind": "pert", "low": 1, "mode": 2, "high": 3}
FEW = {"kind": "empirical", "values": [1] * 19}
SHARE = {"kind": "exposure_share", "dimension": "account", "loss_rate": 1.5}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"frequency": {"kind": "poisson", "mean": -1}}, "distribution-invalid", "/frequency/mean"),
    ({"frequency": {"kind": "poisson", "mean": 100_001}}, "distribution-invalid", "/frequency/mean"),
    ({"frequency": {"kind": "poisson", "mean": "2"}}, "invalid", "/frequency/mean"),
    ({"frequency": {"kind": "poisson", "mean": True}}, "invalid", "/frequency/mean"),
    ({"frequency": {"kind": "poisson", "mean": 1e300}}, "invalid", "/frequency/mean"),
    ({"frequency": {"kind": "poisson", "mean": 1, "size": 2}}, "invalid", "/frequency/size"),
    ({"frequency": {"kind": "negative_binomial", "mean": 1, "size": 0}}, "distribution-invalid", "/frequency/size"),
    ({"frequency": {"kind": "negative_binomial", "mean": 1, "size": 1e-9}}, "distribution-invalid", "/frequency/size"),
    ({"frequency": {"kind": "bernoulli", "p": 1.1}}, "distribution-invalid", "/frequency/p"),
    ({"frequency": {"kind": "per_object", "hazard": -0.1}}, "distribution-invalid", "/frequency/hazard"),
    ({"frequency": {"kind": "weather"}}, "invalid", "/frequency/kind"),
    ({"frequency": {}}, "invalid", "/frequency/kind"),
    ({"frequency": 7}, "invalid", "/frequency"),
    ({"frequency": {"kind": ["poisson"]}}, "invalid", "/frequency/kind"),
    ({"severity": {**LOGNORMAL, "q95": 1}}, "distribution-invalid", "/severity/q95"),
    ({"severity": {**LOGNORMAL, "q05": 0}}, "distribution-invalid", "/severity/q05"),
    ({"severity": {**PERT, "mode": 4}}, "distribution-invalid", "/severity/mode"),
    ({"severity": {**PERT, "high": 1}}, "distribution-invalid", "/severity/high"),
    ({"severity": {**PERT, "g": 0}}, "distribution-invalid", "/severity/g"),
    ({"severity": FEW}, "distribution-invalid", "/severity/values"),
    ({"severity": {"kind": "empirical", "values": [-1] * 20}}, "distribution-invalid", "/severity/values"),
    ({"severity": SHARE}, "distribution-invalid", "/severity/loss_rate"),
    ({"severity": {**TAIL, "xi": 1}}, "infinite-mean", "/severity/xi"),
    ({"severity": {**TAIL, "beta": 0}}, "distribution-invalid", "/severity/beta"),
    ({"severity": {**TAIL, "tail_share": 0}}, "distribution-invalid", "/severity/tail_share"),
    ({"severity": {**TAIL, "tail_share": 1}}, "distribution-invalid", "/severity/body"),
    ({"severity": {**TAIL, "body": None}}, "distribution-invalid", "/severity/body"),
    ({"severity": {**TAIL, "body": {**LOGNORMAL, "q95": 0.5}}}, "distribution-invalid", "/severity/body/q95"),
    ({"severity": {**TAIL, "body": FEW}}, "distribution-invalid", "/severity/body/values"),
    ({"severity": {**TAIL, "body": PERT}}, "invalid", "/severity/body/kind"),
]


async def test_what_a_scenario_may_not_say(service: ServiceHarness) -> None:
    each = await scenario(service)
    before = (await service.get(f"/v1/scenarios/{each}")).json()
    for changes, code, pointer in WRONG:
        body = {"risk_id": before["risk_id"], "name": "Losses", **F1, **changes}
        answers = [
            await service.post("/v1/scenarios", body),
            await service.patch(f"/v1/scenarios/{each}", changes, 1),
        ]
        for answer in answers:
            found = (answer.status_code, answer.json()["code"], list(codes(answer.json())))
            assert found == (422, code, [pointer]), (changes, answer.text)
    answer = await service.post("/v1/scenarios", {"risk_id": str(new_id()), "name": "Losses", **F1})
    assert list(codes(answer.json())) == ["/risk_id"]
    assert (await service.get(f"/v1/scenarios/{each}")).json() == before


@pytest.mark.parametrize(
    "severity",
    [PERT, TAIL, {"kind": "empirical", "values": [1.5] * 20}, {**SHARE, "loss_rate": 1}, {**TAIL, "tail_share": 0.2}],
)
async def test_distributions_read_back_as_they_were_written(service: ServiceHarness, severity: dict[str, Any]) -> None:
    frequency = {"kind": "per_object", "hazard": 0.1, "dimension": "partner"}
    each = await scenario(service, frequency=frequency, severity=severity)
    found = (await service.get(f"/v1/scenarios/{each}")).json()
    assert found["frequency"] == frequency
    assert severity.items() <= found["severity"].items()


async def estimated(service: ServiceHarness, each: str, **changes: Any) -> dict[str, Any]:
    body = {"source": "incident", "from": "2023-01-01", "to": "2025-12-31", **changes}
    answer = await service.post(f"/v1/scenarios/{each}/estimate", body)
    found: dict[str, Any] = answer.json()
    return found


async def lose(service: ServiceHarness, count: int, **changes: Any) -> None:
    """Incidents of 100, 200, ... on every tenth day of 2024."""
    for number in range(count):
        day = str(date(2024, 1, 1) + timedelta(10 * number))
        await recorded(
            service, occurred_on=day, discovered_on=day, gross_loss=100 * (number + 1), recoveries=0, **changes
        )


async def test_incidents_of_the_risk_make_an_estimate(service: ServiceHarness) -> None:
    risk = (await entered(service)).rpartition("/")[2]
    each = await scenario(service, risk_id=risk)
    await lose(service, 9, risk_id=risk)
    await lose(service, 3)
    found = await estimated(service, each)
    assert (found["origin"], found["frequency"], found["version"]) == ("entered", {"kind": "poisson", "mean": 2.0}, 2)
    assert (found["estimate"]["losses"], found["estimate"]["insufficient_data"]) == (9, True)
    assert (found["estimate"]["least"], found["estimate"]["most"], found["estimate"]["total"]) == (100, 900, 4500)
    await recorded(
        service, risk_id=risk, occurred_on="2024-06-01", discovered_on="2024-06-01", gross_loss=1000, recoveries=0
    )
    await recorded(
        service, risk_id=risk, occurred_on="2024-06-01", discovered_on="2024-06-01", gross_loss=1000, recoveries=1000
    )
    found = await estimated(service, each)
    assert (found["origin"], found["estimate"]["losses"], found["estimate"]["insufficient_data"]) == (
        "estimated",
        10,
        False,
    )
    rate = found["estimate"]["rate"]
    assert found["frequency"]["mean"] == rate["value"] == pytest.approx(10 / (1096 / 365.25))
    assert rate["low"] == pytest.approx(5.4254 / (1096 / 365.25), rel=1e-4), "chi-square tables: 10.851 / 2"
    assert rate["high"] == pytest.approx(16.962 / (1096 / 365.25), rel=1e-4), "chi-square tables: 33.924 / 2"
    assert found["severity"]["kind"] == "lognormal"
    sigma = found["estimate"]["sigma"]
    assert sigma["low"] < sigma["value"] < sigma["high"]
    everything = await estimated(service, each, filter={})
    assert everything["estimate"]["losses"] == 13
    of_class = await estimated(service, each, filter={"class": "market"})
    assert (of_class["estimate"]["losses"], of_class["origin"]) == (0, "estimated")
    changed = await service.patch(f"/v1/scenarios/{each}", {"severity": LOGNORMAL}, of_class["version"])
    assert changed.json()["origin"] == "entered"


async def test_what_an_estimate_may_not_ask(service: ServiceHarness) -> None:
    each = await scenario(service)
    ahead = str(business_date("Asia/Shanghai") + timedelta(1))
    for changes, code, pointer in (
        ({"source": "weather"}, "invalid", "/source"),
        ({"to": ahead}, "future-date", "/to"),
        ({"to": "2022-12-31"}, "date-order", "/to"),
        ({"threshold": 0}, "invalid", "/threshold"),
        ({"filter": {"account_id": str(new_id())}}, "invalid", "/filter/account_id"),
        ({"source": "return", "filter": {"class": "credit"}}, "invalid", "/filter/class"),
        ({"source": "cancellation", "filter": {"partner_id": str(new_id())}}, "invalid", "/filter/partner_id"),
        ({"source": "churned_revenue", "filter": {"risk_id": str(new_id())}}, "invalid", "/filter/risk_id"),
        ({"source": "remedy_cost", "filter": {"class": "customer"}}, "invalid", "/filter/class"),
    ):
        found = await estimated(service, each, **changes)
        assert (found["code"], list(codes(found))) == (code, [pointer]), found
    assert (await service.get(f"/v1/scenarios/{each}")).json()["version"] == 1


async def test_orders_make_estimates(service: ServiceHarness) -> None:
    """Returns by their day; items that were open for more than 90 days, by what was open then; cancelled orders."""
    account = new_id()
    await service.deliver(account_created(account))
    first = date(2024, 1, 1)
    for number in range(12):
        order = Order(account, 1000 + number)
        on = first + timedelta(7 * number)
        await service.deliver(order.confirmed(str(on), terms=30))
        if number % 2:
            day = on + timedelta(60)
            await service.deliver(order.returned(100 + number, return_date=str(day)))
        if number == 11:
            paid_late = on + timedelta(30 + DEFAULT_DAYS + 1)
            await service.deliver(order.returned(500, return_date=str(paid_late)))
    each = await scenario(service)
    due = first + timedelta(30)
    found = await estimated(service, each, source="default", **{"from": str(due), "to": "2025-12-31"})
    assert found["estimate"]["losses"] == 12
    assert (found["estimate"]["least"], found["estimate"]["most"]) == (1001 - 101, 1010)
    assert found["estimate"]["total"] == sum(1000 + n - (100 + n if n % 2 else 0) for n in range(12))
    none = await estimated(service, each, source="default", **{"from": "2023-01-01", "to": str(due + timedelta(90))})
    assert none["estimate"]["losses"] == 0, "on the 91st day it counts"
    returns = await estimated(service, each, source="return", filter={"account_id": str(account)})
    assert (returns["estimate"]["losses"], returns["estimate"]["total"]) == (7, sum(range(101, 112, 2)) + 500)
    other = await estimated(service, each, source="return", filter={"account_id": str(new_id())})
    assert other["estimate"]["losses"] == 0
    await cancelled_orders(service, account)
    today = str(business_date("Asia/Shanghai"))
    lost = await estimated(service, each, source="cancellation", **{"from": "2020-01-01", "to": today})
    assert (lost["estimate"]["losses"], lost["estimate"]["total"]) == (2, 300)


async def cancelled_orders(service: ServiceHarness, account: UUID) -> None:
    for amount in (100, 200):
        order = Order(account, amount)
        await service.deliver(order.placed())
        await service.deliver(order.cancelled())


async def test_estimates_at_once_each_come_after_the_other(service: ServiceHarness) -> None:
    risk = (await entered(service)).rpartition("/")[2]
    each = await scenario(service, risk_id=risk)
    await lose(service, 12, risk_id=risk)
    found = await asyncio.gather(*(estimated(service, each, threshold=100 + n) for n in range(3)))
    assert sorted(one["version"] for one in found) == [2, 3, 4]


async def test_a_scenario_follows_the_owner_of_its_risk(service: ServiceHarness) -> None:
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    own = await scenario(service, risk_id=(await entered(service, owner_id=str(member))).rpartition("/")[2])
    other = await scenario(service)
    rep = service.headers("rep-1", "sales_rep")
    assert [one["id"] for one in (await service.get("/v1/scenarios", headers=rep)).json()["items"]] == [own]
    assert (await service.get(f"/v1/scenarios/{own}", headers=rep)).status_code == 200
    assert (await service.get(f"/v1/scenarios/{other}", headers=rep)).status_code == 404
