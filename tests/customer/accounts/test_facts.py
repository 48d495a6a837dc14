"""Where what is known of an account came from, and how good it is."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from services.customer.accounts.dues import NIGHTLY_DUE, TYPES_DUE
from services.customer.accounts.jobs import fill_weights
from tests.customer.accounts.conftest import Days
from tests.customer.conftest import REP_1, World, work_off

TAX_ID = "91110000600037341L"
TODAY = date(2026, 6, 1)


async def _facts(world: World, account: dict[str, Any], query: str = "", **options: Any) -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/accounts/{account['id']}/facts{query}", **options)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _score(world: World, account: dict[str, Any]) -> Any:
    return (await world.service.get(f"/v1/accounts/{account['id']}")).json()["quality_score"]


async def test_each_write_is_kept_with_its_source(world: World) -> None:
    source = {"channel": "visit", "collected_on": "2026-05-02", "lawful_basis": "contract"}
    account = await world.account(country="CN", tax_id=TAX_ID, source=source)
    assert "source" not in account
    path = f"/v1/accounts/{account['id']}"
    await world.service.patch(path, {"region": "310000", "tags": ["a"]}, 1)
    await world.service.patch(path, {"tags": ["a"]}, 2)
    await world.service.post(f"{path}/archive")
    third, second, first = await _facts(world, account)
    assert first["fields"] == ["country", "name", "owner_id", "region", "tax_id"]
    assert {name: first[name] for name in source} == source
    assert (first["account_version"], first["recorded_by"], first["known"]["tax_id"]) == (1, "admin", TAX_ID)
    assert (second["fields"], second["known"], second["channel"]) == (["tags"], {"tags": ["a"]}, None)
    assert (third["fields"], third["known"]) == (["is_archived"], {"is_archived": True})
    assert [one["account_version"] for one in await _facts(world, account, "?field=tags")] == [2]
    assert [one["account_version"] for one in await _facts(world, account, "?channel=visit")] == [1]
    agent = world.service.headers("agent", "service_agent")
    assert "tax_id" not in (await _facts(world, account, headers=agent))[2]["known"]
    other = world.service.headers("rep-3", "sales_rep")
    assert (await world.service.get(f"{path}/facts", headers=other)).status_code == 404


async def test_what_is_personal_is_not_kept(world: World) -> None:
    account = await world.account(kind="person", name="Zhang San", phone="+8613812345678", tax_id="1-2", country="DE")
    (fact,) = await _facts(world, account)
    assert fact["fields"] == ["country", "name", "owner_id", "phone", "region", "tax_id"]
    assert fact["known"] == {"country": "DE", "owner_id": str(REP_1), "region": "CN-SH"}


@pytest.mark.parametrize(
    ("source", "pointer"),
    [
        ({"channel": "visit", "collected_on": "2199-01-01"}, "/source/collected_on"),
        ({"channel": "rumour"}, "/source/channel"),
        ({"collected_on": "2026-01-01"}, "/source/channel"),
        ({"channel": "visit", "lawful_basis": "because"}, "/source/lawful_basis"),
    ],
)
async def test_bad_sources(world: World, source: dict[str, Any], pointer: str) -> None:
    body = {"kind": "organization", "name": "x", "source": source}
    answer = await world.service.post("/v1/accounts", body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    row = {**body, "external_ids": {"erp": "1"}}
    (result,) = (await world.service.post("/v1/accounts/batch", {"rows": [row]})).json()["results"]
    assert result["status"] == "problem"


async def test_the_score_of_the_example(world: World, days: Days) -> None:
    days.on(TODAY)
    year_ago = {"channel": "phone", "collected_on": str(TODAY - timedelta(days=365))}
    account = await world.account(country="CN", tax_id=TAX_ID, phone="13812345678", source=year_ago)
    assert account["quality_score"] == 62.5
    path = f"/v1/accounts/{account['id']}"
    for body, score in (
        ({"phone": "13812345678"}, 62.5),
        ({"phone": "13812345678", "source": {"channel": "visit"}}, 64.0),
        ({"website": "harbour.example"}, 68.5),
        ({"phone": None}, 59.5),
        ({"tax_id": None, "region": None, "website": None}, 23.5),
    ):
        version = (await world.service.get(path)).json()["version"]
        answer = await world.service.patch(path, body, version)
        assert answer.json()["quality_score"] == score, body
    assert [event.payload["version"] for event in await world.service.published()] == [1, 2, 3, 4]
    (confirmed,) = await _facts(world, account, "?channel=visit")
    assert confirmed["fields"] == ["phone"], "though nothing of it changed"


async def test_a_new_account_is_judged_as_the_night_would(world: World, days: Days) -> None:
    days.on(TODAY)
    fields: list[dict[str, Any]] = [
        {}, {"region": None, "owner_id": None}, {"website": "harbour.example"},
        {"industry": {"scheme": "gbt4754", "code": "51"}, "employees": 5, "annual_revenue_base": 10**9},
    ]  # fmt: skip
    for number, more in enumerate(fields):
        for age in (0, 1, 100, 365, 730, 5_000):
            source = {"channel": "visit", "collected_on": str(TODAY - timedelta(days=age))}
            await world.account(**{"phone": "13812345678", "source": source, "tags": [f"{number}-{age}"], **more})
    before = await world.service.rows("SELECT id, quality_score FROM account ORDER BY id")
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET quality_score = NULL")
    await _night(world)
    assert await world.service.rows("SELECT id, quality_score FROM account ORDER BY id") == before


async def test_a_decision_maker_counts_and_grows_old(world: World, days: Days) -> None:
    days.on(TODAY)
    account = await world.account(region=None)
    assert account["quality_score"] == 23.5
    body = {"account_id": account["id"], "name": "Li", "roles": ["decision_maker"]}
    contact = (await world.service.post("/v1/contacts", body)).json()
    assert await DueLoop(world.service.runtime, [TYPES_DUE]).turn() == 1
    assert await _score(world, account) == 32.5
    days.on(TODAY + timedelta(days=365))
    await _night(world)
    assert await _score(world, account) == 31.0
    await world.service.post(f"/v1/contacts/{contact['id']}/archive")
    await DueLoop(world.service.runtime, [TYPES_DUE]).turn()
    assert await _score(world, account) == 23.5
    assert await world.service.published("customer.account.updated.v1") == [], "no event, no version"


async def _night(world: World) -> None:
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM nightly WHERE name <> 'accounts.quality'")
        await tx.execute("UPDATE nightly SET due_at = '2020-01-01'")
    loops = [DueLoop(world.service.runtime, [NIGHTLY_DUE]) for _ in range(3)]
    assert sum(await asyncio.gather(*(loop.turn() for loop in loops))) == 1, "one of the workers begins it"
    jobs = await work_off(world.service)
    assert {job["state"] for job in jobs} == {"succeeded"}


async def test_batches_are_judged_and_confirm_too(world: World, days: Days) -> None:
    days.on(TODAY)
    old = {"channel": "import", "collected_on": str(TODAY - timedelta(days=730))}
    row = {"kind": "organization", "name": "x", "phone": "13812345678", "external_ids": {"erp": "1"}}
    for source, status, score in (
        (old, "created", 25.8), (None, "unchanged", 25.8), ({"channel": "visit"}, "unchanged", 28.0),
    ):  # fmt: skip
        body = {"rows": [{**row, "source": source}]}
        (result,) = (await world.service.post("/v1/accounts/batch", body)).json()["results"]
        assert result["status"] == status
        listed = (await world.service.get("/v1/accounts?quality_score[gte]=1&sort=-quality_score")).json()["items"]
        assert [item["quality_score"] for item in listed] == [score]


async def test_what_fails_the_validators_of_today_counts_less(world: World) -> None:
    account = await world.account(country="CN", tax_id=TAX_ID)
    good = account["quality_score"]
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET tax_id = '123', invalid_weight = NULL")
        assert await fill_weights(tx, UUID(account["id"]), 10) is None
        assert await fill_weights(tx, UUID(int=0), 10) is not None
    await _night(world)
    assert await _score(world, account) == round(good - 100 * 0.1 * 20 / 50, 1)


async def test_a_night_goes_through_all_accounts(world: World, days: Days) -> None:
    days.on(TODAY)
    accounts = [await world.account(phone="13812345678") for _ in range(3)]
    before = [account["quality_score"] for account in accounts]
    days.on(TODAY + timedelta(days=365))
    await _night(world)
    after = [await _score(world, account) for account in accounts]
    assert after == [score - 1.5 for score in before]
    assert [(await world.service.get(f"/v1/accounts/{one['id']}")).json()["version"] for one in accounts] == [1, 1, 1]
