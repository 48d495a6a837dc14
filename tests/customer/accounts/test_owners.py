"""Who had an account, from when until when, and who handed it over by which hand-over."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from kit import clock
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, work_off

Row = dict[str, Any]


async def owners(world: World, account: Row, query: str = "", **options: Any) -> list[Row]:
    """Its owners, the first one first."""
    answer = await world.service.get(f"/v1/accounts/{account['id']}/owners{query}", **options)
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["items"]))


def whole(rows: list[Row]) -> list[UUID | None]:
    """The owners of periods that follow each other without a gap, the last of them still."""
    for one, following in pairwise(rows):
        assert one["until"] == following["since"] >= one["since"]
        assert one["account_version"] < following["account_version"]
    assert rows[-1]["until"] is None
    return [UUID(row["owner_id"]) if row["owner_id"] else None for row in rows]


async def hand_over(world: World, account: Row, to: UUID, subject: str) -> None:
    role = "sales_manager" if subject.startswith("manager") else "administrator"
    path, body = f"/v1/accounts/{account['id']}/transfer", {"owner_id": str(to)}
    answer = await world.service.post(path, body, headers=world.service.headers(subject, role))
    assert answer.status_code == 200, answer.text


async def hand_over_all(world: World, owner_id: UUID, to: UUID, **fields: Any) -> str:
    body = {"from": str(owner_id), "to": str(to), **fields}
    job: str = (await world.service.post("/v1/accounts/transfers", body)).json()["id"]
    await work_off(world.service)
    return job


async def test_every_way_by_which_an_account_comes_to_another(world: World) -> None:
    row: Row = {"kind": "organization", "name": "Ahoy", "external_ids": {"erp": "1"}, "owner_id": str(REP_1)}
    account = (await world.service.post("/v1/accounts/batch", {"rows": [row]})).json()["results"][0]
    assert (await world.service.patch(f"/v1/accounts/{account['id']}", {"tags": ["a"]}, 1)).status_code == 200
    await hand_over(world, account, REP_2, "manager-north")
    await hand_over(world, account, REP_2, "manager-north")
    body = {"owner_id": str(OTHER_REP), "source": {"channel": "phone"}}
    assert (await world.service.patch(f"/v1/accounts/{account['id']}", body, 3)).status_code == 200
    assert (await world.service.patch(f"/v1/accounts/{account['id']}", body, 4)).status_code == 200
    assert (await world.service.post("/v1/accounts/batch", {"rows": [row]})).json()["results"][0]["status"] == "updated"
    job = await hand_over_all(world, REP_1, REP_2)
    assert (await world.service.patch(f"/v1/accounts/{account['id']}", {"owner_id": None}, 6)).status_code == 200
    found = await owners(world, account)
    assert whole(found) == [REP_1, REP_2, OTHER_REP, REP_1, REP_2, None]
    assert [one["account_version"] for one in found] == [1, 3, 4, 5, 6, 7]
    assert [one["recorded_by"] for one in found] == ["admin", "manager-north", "admin", "admin", "admin", "admin"]
    assert [one["transfer_id"] for one in found] == [None, None, None, None, job, None]
    assert found[2:3] == await owners(world, account, f"?owner_id={OTHER_REP}")
    assert found[4:5] == await owners(world, account, f"?transfer_id={job}")
    query = "?sort=account_version&limit=2"
    assert found[:2] == list(reversed(await owners(world, account, query)))


async def test_a_sellers_own_account_is_theirs_from_the_beginning(world: World) -> None:
    mine = world.service.headers("rep-1", "sales_rep")
    account = (await world.service.post("/v1/accounts", {"kind": "person", "name": "Li"}, headers=mine)).json()
    (first,) = await owners(world, account, headers=mine)
    assert (first["owner_id"], first["recorded_by"], first["since"]) == (str(REP_1), "rep-1", account["created_at"])
    nobodys = await world.account(owner_id=None)
    assert await owners(world, nobodys) == []
    path = f"/v1/accounts/{account['id']}/owners"
    assert (await world.service.get(path, headers=world.service.headers("rep-3", "sales_rep"))).status_code == 404


async def test_a_clock_that_was_set_back_leaves_no_gap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await world.account()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(hours=1))
    await hand_over(world, account, REP_2, "admin")
    monkeypatch.undo()
    await hand_over(world, account, REP_1, "admin")
    first, second, third = await owners(world, account)
    assert whole([first, second, third]) == [REP_1, REP_2, REP_1]
    assert first["since"] == second["since"] < third["since"]
    assert datetime.fromisoformat(second["since"]) > now - timedelta(minutes=30)


async def test_many_at_once_follow_each_other(world: World) -> None:
    accounts = [await world.account() for _ in range(3)]
    targets = (REP_2, OTHER_REP, REP_1, REP_2)
    await asyncio.gather(
        *(hand_over(world, account, to, "admin") for account in accounts for to in targets),
        hand_over_all(world, REP_1, REP_2),
        hand_over_all(world, REP_2, OTHER_REP),
    )
    for account in accounts:
        periods = whole(await owners(world, account))
        assert all(one != following for one, following in pairwise(periods))
        answer = await world.service.get(f"/v1/accounts/{account['id']}")
        assert (periods[0], str(periods[-1])) == (REP_1, answer.json()["owner_id"])
        assert len(periods) <= answer.json()["version"]


async def test_a_merge_leaves_each_its_own_owners_and_gives_both_facts(world: World) -> None:
    survivor = await world.account(name="Ahoy")
    merged = await world.account(name="Bravo", owner_id=str(OTHER_REP))
    await hand_over(world, merged, REP_2, "admin")
    before = await owners(world, merged)
    body = {"merged_id": merged["id"], "reason": "one"}
    merge = (await world.service.post(f"/v1/accounts/{survivor['id']}/merge", body)).json()
    assert await owners(world, merged) == before
    assert whole(await owners(world, survivor)) == [REP_1]
    for account in (survivor, merged):
        items = (await world.service.get(f"/v1/accounts/{account['id']}/facts")).json()["items"]
        assert {item["account_id"] for item in items} == {survivor["id"]}
        assert [item["filed_account_id"] for item in items] == [merged["id"], merged["id"], survivor["id"]]
    path = f"/v1/accounts/{survivor['id']}/facts?filed_account_id={merged['id']}&limit=1"
    page = (await world.service.get(path)).json()
    assert [item["fields"] for item in page["items"]] == [["owner_id"]]
    assert (await world.service.get(f"{path}&cursor={page['next_cursor']}")).json()["next_cursor"] is None
    assert (await world.service.post(f"/v1/merges/{merge['merge_id']}/unmerge", {})).status_code == 200
    items = (await world.service.get(f"/v1/accounts/{survivor['id']}/facts")).json()["items"]
    assert {item["filed_account_id"] for item in items} == {survivor["id"]}
    assert await owners(world, merged) == before


async def test_owners_of_before_are_told_by_the_audit_log(world: World) -> None:
    first, second = await world.account(), await world.account(owner_id=None)
    await hand_over(world, first, REP_2, "manager-north")
    await hand_over(world, second, REP_2, "admin")
    third, fourth = await world.account(), await world.account(owner_id=None)
    every = [await owners(world, account) for account in (first, second, third, fourth)]
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM account_owner")
        await tx.execute("DELETE FROM audit_log WHERE resource_id = $1", third["id"])
    await hand_over(world, first, OTHER_REP, "admin")
    fill = import_module("services.customer.migrations.versions.0038_account_owners")._FILL
    connection = await world.service.runtime.db.connect()
    try:
        for _ in range(2):
            await connection.execute(fill)
    finally:
        await connection.close()
    found = [await owners(world, account) for account in (first, second, third, fourth)]
    assert [whole(rows) for rows in found if rows] == [[REP_1, REP_2, OTHER_REP], [REP_2], [REP_1]]
    for rows, known in zip(found, every, strict=True):
        assert [row["owner_id"] for row in rows[: len(known)]] == [row["owner_id"] for row in known]
    assert [row["recorded_by"] for row in found[0]] == ["admin", "manager-north", "admin"]
    assert [row["recorded_by"] for row in (*found[1], *found[2])] == ["admin", None]
