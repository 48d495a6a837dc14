"""Incidents over HTTP: what they may say, their versions, batches."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.incidents.schemas import EXAMPLE
from tests.risk.conftest import seller
from tests.risk.incidents.losses import recorded
from tests.risk.risks.register import risk_of

BODY = {**EXAMPLE, "risk_id": None}
TELLS = "risk.incident.recorded.v1"


async def refused(service: ServiceHarness, **changes: Any) -> tuple[int, str, list[str]]:
    answer = await service.post("/v1/incidents", {**BODY, **changes})
    body = answer.json()
    return answer.status_code, body.get("code", ""), list(codes(body))


async def versions(service: ServiceHarness, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await service.get(f"{path}/versions")).json()["items"]
    return items


async def test_what_an_incident_may_not_say(service: ServiceHarness) -> None:
    today = business_date("Asia/Shanghai")
    ahead = str(today + timedelta(1))
    assert await refused(service, discovered_on="2025-11-02") == (422, "date-order", ["/discovered_on"])
    assert await refused(service, discovered_on=ahead) == (422, "future-date", ["/discovered_on"])
    days = {"occurred_on": ahead, "discovered_on": ahead}
    assert await refused(service, **days) == (422, "future-date", ["/occurred_on", "/discovered_on"])
    assert await refused(service, risk_id=str(new_id())) == (422, "unknown-reference", ["/risk_id"])
    assert await refused(service, owner_id=str(new_id())) == (422, "unknown-reference", ["/owner_id"])
    assert await refused(service, recoveries=1250001) == (422, "recoveries-exceed-loss", ["/recoveries"])
    assert (await refused(service, gross_loss=-1))[0] == 422
    assert await refused(service, **{"class": "weather"}) == (422, "invalid", ["/class"])
    assert await service.rows("SELECT FROM incident") == []
    path = await recorded(service, occurred_on=str(today), discovered_on=str(today), recoveries=1250000)
    for patch, code in (
        ({"occurred_on": ahead}, "future-date"),
        ({"discovered_on": "2020-01-01"}, "date-order"),
        ({"gross_loss": 1249999}, "recoveries-exceed-loss"),
        ({"risk_id": str(new_id())}, "unknown-reference"),
    ):
        answer = await service.patch(path, patch, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len(await versions(service, path)) == 1


async def test_every_version_of_an_incident_stays_readable(service: ServiceHarness) -> None:
    path = await recorded(service)
    first = (await service.get(path)).json()
    assert (await service.patch(path, {"gross_loss": 1400000, "lessons": "Ask Mr Wang"}, 1)).status_code == 200
    assert (await service.patch(path, {"gross_loss": 1400000}, 2)).status_code == 200
    assert (await service.patch(path, {"lessons": "Ask for deposits"}, 2)).status_code == 200
    assert (await service.post(f"{path}/analyse")).status_code == 200
    assert (await service.post(f"{path}/close")).status_code == 200
    risk = await risk_of(service)
    officer = service.headers("officer", "risk_officer", If_Match='"5"')
    answer = await service.request("PATCH", path, {"recoveries": 300000, **risk}, headers=officer)
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")
    found = await versions(service, path)
    kept = ("version", "gross_loss", "recoveries", "lessons", "state", "written_by")
    assert [tuple(one[name] for name in kept) for one in found] == [
        (1, 1250000, 200000, "", "recorded", "admin"),
        (2, 1400000, 200000, "Ask Mr Wang", "recorded", "admin"),
        (3, 1400000, 200000, "Ask for deposits", "recorded", "admin"),
        (4, 1400000, 200000, "Ask for deposits", "analysed", "admin"),
        (5, 1400000, 200000, "Ask for deposits", "closed", "admin"),
        (6, 1400000, 300000, "Ask for deposits", "closed", "officer"),
    ]
    assert {name: found[0][name] for name in first.keys() & found[0].keys()} == {
        name: first[name] for name in first.keys() & found[0].keys()
    }
    assert (found[0]["incident_id"], found[5]["risk_id"]) == (first["id"], risk["risk_id"])
    page = (await service.get(f"{path}/versions?limit=4")).json()
    rest = (await service.get(f"{path}/versions?limit=4&cursor={page['next_cursor']}")).json()
    assert [*page["items"], *rest["items"]] == found


async def test_what_is_told_of_an_incident_has_no_text(service: ServiceHarness) -> None:
    path = await recorded(service, cause="Mr Li", lessons="Ask Mr Wang")
    await service.patch(path, {"lessons": "Ask Mr Zhao"}, 1)
    await service.patch(path, {"recoveries": 250000}, 2)
    await service.post(f"{path}/analyse")
    said = await service.published(TELLS)
    assert [(fact.sequence, fact.payload["changed"], fact.payload["recoveries"]) for fact in said] == [
        (1, [], 200000),
        (3, ["recoveries"], 250000),
        (4, ["state"], 250000),
    ]
    assert {fact.key for fact in said} == {path.rpartition("/")[2]}
    assert not any("Mr" in str(fact.payload) for fact in said)


async def test_corrections_at_once_are_one_version(service: ServiceHarness) -> None:
    path = await recorded(service)
    answers = await asyncio.gather(*(service.patch(path, {"recoveries": n}, 1) for n in range(1, 5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert [one["version"] for one in await versions(service, path)] == [1, 2]


async def test_an_incident_follows_its_owner(service: ServiceHarness) -> None:
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    path, other = await recorded(service, owner_id=str(member)), await recorded(service)
    rep = service.headers("rep-1", "sales_rep")
    assert len((await service.get("/v1/incidents", headers=rep)).json()["items"]) == 1
    for way, status in ((path, 200), (f"{path}/versions", 200), (other, 404), (f"{other}/versions", 404)):
        assert (await service.get(way, headers=rep)).status_code == status
    for query, count in (("class=credit", 2), ("class=market", 0), (f"owner_id={member}", 1), ("state=recorded", 2)):
        assert len((await service.get(f"/v1/incidents?{query}")).json()["items"]) == count, query


async def test_a_batch_answers_row_by_row(service: ServiceHarness) -> None:
    risk = await risk_of(service)
    rows = [{**BODY, **risk, "external_id": f"x-{n}"} for n in range(3)]
    wrong = [
        rows[0],
        BODY,
        {**rows[1], "external_id": "x-7", "risk_id": str(new_id())},
        {**rows[1], "external_id": "x-8", "discovered_on": "2020-01-01"},
        {**rows[1], "external_id": "x-9", "recoveries": 1250001},
    ]
    answer = (await service.post("/v1/incidents/batch", {"rows": [*rows, *wrong]})).json()
    assert [row["status"] for row in answer["results"]] == ["created"] * 3 + ["problem"] * 5
    found = [(row["problem"]["code"], codes(row["problem"])) for row in answer["results"][3:]]
    assert found == [
        ("row-repeated", ["/rows/3/external_id"]),
        ("invalid", ["/rows/4/external_id"]),
        ("unknown-reference", ["/rows/5/risk_id"]),
        ("date-order", ["/rows/6/discovered_on"]),
        ("recoveries-exceed-loss", ["/rows/7/recoveries"]),
    ]
    path = f"/v1/incidents/{answer['results'][1]['id']}"
    await service.post(f"{path}/analyse")
    again = [rows[0], {**rows[1], "recoveries": 0}, {**rows[1], "external_id": "X-1"}]
    officer = service.headers("officer", "risk_officer")
    answer = (await service.post("/v1/incidents/batch", {"rows": again}, headers=officer)).json()
    statuses = [row["status"] for row in answer["results"]]
    assert statuses == ["unchanged", "updated", "created"], "ids of others differ by case"
    assert [
        (one["version"], one["state"], one["recoveries"], one["written_by"]) for one in await versions(service, path)
    ] == [
        (1, "recorded", 200000, "admin"),
        (2, "analysed", 200000, "admin"),
        (3, "analysed", 0, "officer"),
    ]
    assert len(await service.rows("SELECT FROM incident_version")) == 6
    assert len(await service.published(TELLS)) == 6


async def test_batches_at_once_record_each_incident_once(service: ServiceHarness) -> None:
    rows = [{**BODY, "external_id": f"x-{n}"} for n in range(20)]
    answers = await asyncio.gather(
        *(service.post("/v1/incidents/batch", {"rows": rows[::step]}) for step in (1, -1, 1))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["created"] for answer in answers) == 20
    assert len(await service.published(TELLS)) == 20
    assert len(await service.rows("SELECT FROM incident_version")) == 20
