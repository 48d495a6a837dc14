"""What customer knows of an account, in one answer: the parts, for whom, and where it leads."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.customer.overviews.router import PARTS
from services.customer.roles import REACHES
from tests.customer.conftest import World
from tests.shared_suites.overviews import agrees, overview


async def test_each_part_is_what_its_operation_answers_the_caller(world: World) -> None:
    order = await world.confirmed()
    account = order["account_id"]
    path, values = f"/v1/accounts/{account}/overview", {"account_id": account}
    seen = {}
    for role, reach in REACHES.items():
        subject = {"own": "rep-1", "subtree": "manager-north"}.get(reach, "somebody")
        seen[role] = await agrees(world.service, path, PARTS, values, subject, role)
    assert set(seen["administrator"].values()) == {"ok"}
    assert seen["service_agent"]["pipeline"] == "refused"
    found = await overview(world.service, path)
    assert [item["id"] for item in found["open_orders"]["data"]["items"]] == [order["id"]]
    assert found["timeline"]["data"]["items"]


async def test_costs_are_shown_in_a_part_as_they_are_alone(world: World) -> None:
    account = await world.account()
    shown = await agrees(
        world.service,
        f"/v1/accounts/{account['id']}/overview",
        PARTS,
        {"account_id": account["id"]},
        "rep-1",
        "sales_rep",
    )
    assert shown["grade"] == "ok"


async def test_what_the_caller_does_not_see_is_not_there(world: World) -> None:
    account = await world.account()
    path = f"/v1/accounts/{account['id']}/overview"
    foreign = await world.service.get(path, headers=world.service.headers("rep-3", "sales_rep"))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "account-not-found")
    unknown = await world.service.get(f"/v1/accounts/{uuid4()}/overview")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "account-not-found")
    odd = await world.service.get("/v1/accounts/nobody/overview")
    assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "account_id")
    nobody = await world.service.get(path, headers={"Authorization": "Bearer x"})
    assert nobody.status_code == 401
    stranger = await world.service.get(path, headers=world.service.headers("x", "no-such-role"))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "forbidden")


async def test_a_merged_account_leads_on(world: World) -> None:
    survivor, other = [await world.account(name=f"Harbour {number}") for number in range(2)]
    merged = await world.service.post(f"/v1/accounts/{survivor['id']}/merge", {"merged_id": other["id"]})
    assert merged.status_code < 300, merged.text
    answer = await world.service.get(f"/v1/accounts/{other['id']}/overview")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/accounts/{survivor['id']}/overview")
    assert answer.json()["merged_into"] == survivor["id"]


async def test_parts_that_are_not_done_in_time_are_left_out(world: World) -> None:
    account = await world.account()
    path = f"/v1/accounts/{account['id']}/overview"
    hurried = world.service.headers(X_Request_Timeout_Ms="800")
    blocker = await world.service.runtime.db.connect()
    try:
        async with blocker.transaction():
            await blocker.execute('LOCK TABLE "opportunity"')
            found = await overview(world.service, path, hurried)
    finally:
        await blocker.close()
    states = {name: found[name]["state"] for name in PARTS}
    assert (states["account"], states["open_orders"]) == ("ok", "ok")
    assert found["pipeline"] == {"state": "unavailable", "reason": "deadline-exceeded", "data": None}
    assert {states[name] for name in list(PARTS)[2:]} == {"unavailable"}
    for _ in range(3):  # the connection that was cut off in a statement is usable again
        again = await overview(world.service, path)
        assert {again[name]["state"] for name in PARTS} == {"ok"}


async def test_a_part_that_fails_leaves_the_others(world: World) -> None:
    account = await world.account()
    async with world.service.transaction() as tx:
        await tx.execute("ALTER TABLE opportunity RENAME TO elsewhere")
    try:
        found = await overview(world.service, f"/v1/accounts/{account['id']}/overview")
    finally:
        async with world.service.transaction() as tx:
            await tx.execute("ALTER TABLE elsewhere RENAME TO opportunity")
    assert found["pipeline"] == {"state": "unavailable", "reason": "internal", "data": None}
    assert {name for name in PARTS if found[name]["state"] != "ok"} == {"pipeline"}


async def test_what_several_parts_ask_of_the_database_is_asked_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (await world.confirmed())["account_id"]
    asked: list[tuple[str, str]] = []
    execute = vars(asyncpg.Connection)["_execute"]

    async def counted(self: Any, sql: str, args: Any, *more: Any, **options: Any) -> Any:
        asked.append((sql, repr(args)))
        return await execute(self, sql, args, *more, **options)

    monkeypatch.setattr(asyncpg.Connection, "_execute", counted)
    await overview(world.service, f"/v1/accounts/{account}/overview")
    assert len(asked) > len(PARTS)
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("path", ["", "/overview", "/grade", "/timeline", "/satisfaction"])
async def test_what_a_read_does_not_know_is_refused_by_its_name(world: World, path: str) -> None:
    account = await world.account()
    answer = await world.service.get(f"/v1/accounts/{account['id']}{path}?colour=red")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["colour"]
