"""What is new at an account of who has left, and names nobody, becomes that of who leads where they were."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.customer.cases.conftest import hear_units, unit
from tests.customer.conftest import MANAGER, REP_1, REP_2, UNITS, World
from tests.customer.ownership.conftest import as_
from tests.customer.transfers.test_transfers import leave

CALL = {"kind": "call", "phase": "pre_sale", "due_on": "2026-02-14"}
OPPORTUNITY = {"name": "New branch", "amount": 100, "currency": "CNY"}
CASE = {"kind": "question", "severity": "low", "subject": "When?"}
NEW: dict[str, dict[str, Any]] = {"activities": CALL, "opportunities": OPPORTUNITY, "cases": CASE}
BATCHES = ("activities", "opportunities")


async def added(world: World, kind: str, of: dict[str, str], way: str) -> Any:
    """The owner of what is added without naming one."""
    if way == "one":
        answer = await world.service.post(f"/v1/{kind}", {**NEW[kind], **of})
        assert answer.status_code == 201, answer.text
        return answer.json()["owner_id"]
    row = {**NEW[kind], **of, "external_id": {"source": "shop", "id": kind}}
    (result,) = (await world.service.post(f"/v1/{kind}/batch", {"rows": [row]})).json()["results"]
    assert result["status"] == "created", result
    return (await world.service.get(f"/v1/{kind}/{result['id']}")).json()["owner_id"]


ADDED = [(kind, "one") for kind in NEW] + [(kind, "batch") for kind in BATCHES]


@pytest.mark.parametrize(("kind", "way"), ADDED)
async def test_it_is_of_who_leads_there(world: World, kind: str, way: str) -> None:
    await hear_units(world.service)
    account = await world.account(owner_id=str(REP_1))
    await leave(world, REP_1, "rep-1")
    assert await added(world, kind, {"account_id": account["id"]}, way) == str(REP_2)


async def test_a_lead_who_has_left_too_is_passed_over_and_without_one_it_is_nobodys(world: World) -> None:
    account = await world.account(owner_id=str(REP_1))
    for who, subject in ((REP_1, "rep-1"), (REP_2, "rep-2")):
        await leave(world, who, subject)
    of = {"account_id": account["id"]}
    assert await added(world, "cases", of, "one") is None, "nobody leads there"
    await hear_units(world.service)
    assert await added(world, "cases", of, "one") == str(MANAGER)
    company, north, _south, _team = UNITS
    await world.service.deliver(unit(north, [company, north], None, 2))
    assert await added(world, "cases", of, "one") is None


async def test_what_follows_an_activity_of_who_left_too(world: World) -> None:
    await hear_units(world.service)
    account = await world.account(owner_id=str(REP_1))
    made = (await world.service.post("/v1/activities", {**CALL, "account_id": account["id"]})).json()
    assert made["owner_id"] == str(REP_1)
    await leave(world, REP_1, "rep-1")
    body = {"outcome": "met", "next_step": {"text": "Write", "due_on": "2026-03-01"}}
    answer = await world.service.post(f"/v1/activities/{made['id']}/complete", body)
    assert answer.status_code == 200, answer.text
    (task,) = await world.service.rows("SELECT owner_id FROM activity WHERE follows = $1", UUID(made["id"]))
    assert task["owner_id"] == REP_2


@pytest.mark.parametrize(("kind", "way"), [*ADDED, ("leads", "one"), ("leads", "batch")])
async def test_who_has_left_adds_nothing_of_their_own(world: World, kind: str, way: str) -> None:
    account = await world.account(owner_id=str(REP_1))
    await leave(world, REP_1, "rep-1")
    body: dict[str, Any] = {"company": "Red"} if kind == "leads" else {**NEW[kind], "account_id": account["id"]}
    if way == "one":
        answer = await world.service.post(f"/v1/{kind}", body, headers=as_(world, "rep-1"))
        assert (answer.status_code, answer.json()["code"]) == (422, "owner-left"), answer.text
        return
    row = {**body, "external_id": {"source": "shop", "id": "1"}}
    answer = await world.service.post(f"/v1/{kind}/batch", {"rows": [row]}, headers=as_(world, "rep-1"))
    (result,) = answer.json()["results"]
    assert result["problem"]["code"] == "owner-left", result
