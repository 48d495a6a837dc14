"""One number is one tax id, however it is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.doctor.keys import check_keys
from kit.ids import new_id
from tests.customer.conftest import World
from tests.shared_suites.identity import filled
from tests.shared_suites.tax_ids import COMPANIES, SPELLINGS


def body(country: str, tax_id: str, **changes: Any) -> dict[str, Any]:
    return {"kind": "organization", "name": "Harbour", "country": country, "tax_id": tax_id, **changes}


async def found(world: World, tax_id: str) -> list[str]:
    answer = await world.service.client.get("/v1/accounts", params={"tax_id": tax_id}, headers=world.service.headers())
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(("country", "shown", "spellings"), SPELLINGS)
async def test_every_spelling_is_the_same_account(world: World, country: str, shown: str, spellings: list[str]) -> None:
    service = world.service
    made = await service.post("/v1/accounts", body(country, spellings[0]))
    assert (made.status_code, made.json()["tax_id"]) == (201, shown)
    other = await service.post("/v1/accounts", body("DE", "DE136695976"))
    for spelling in (shown, *spellings):
        again = await service.post("/v1/accounts", body(country, spelling))
        assert (again.status_code, again.json()["candidates"]) == (409, [made.json()["id"]])
        row = body(country, spelling, external_ids={"erp": "C-9"})
        answer = (await service.post("/v1/accounts/batch", {"rows": [row]})).json()
        assert answer["results"][0]["problem"]["code"] == "duplicate-account"
        moved = {"country": country, "tax_id": spelling}
        taken = await service.patch(f"/v1/accounts/{other.json()['id']}", moved, 1)
        assert (taken.status_code, taken.json()["code"]) == (409, "duplicate-account")
        assert await found(world, spelling) == [made.json()["id"]]
        same = await service.patch(f"/v1/accounts/{made.json()['id']}", {"tax_id": spelling}, 1)
        assert (same.status_code, same.json()["version"]) == (200, 1)


@pytest.mark.parametrize(("country", "shown", "others"), COMPANIES)
async def test_numbers_of_one_company_are_of_one_account(
    world: World, country: str, shown: str, others: list[str]
) -> None:
    made = (await world.service.post("/v1/accounts", body(country, shown))).json()
    for number in others:
        again = await world.service.post("/v1/accounts", body(country, number))
        assert (again.status_code, again.json()["candidates"]) == (409, [made["id"]]), number
        assert await found(world, number) == [made["id"]]


async def test_a_prefix_of_one_country_is_none_of_another(world: World) -> None:
    first = (await world.service.post("/v1/accounts", body("GB", "980780684"))).json()
    other = (await world.service.post("/v1/accounts", body("AQ", "980780684"))).json()
    assert await found(world, "GB980780684") == [first["id"]]
    assert sorted(await found(world, "980780684")) == sorted([first["id"], other["id"]])


async def test_two_at_once_in_two_spellings(world: World) -> None:
    spellings = ["12.345.678/0001-95", "12345678000195", "12345678/0001-95"]
    answers = await asyncio.gather(*(world.service.post("/v1/accounts", body("BR", each)) for each in spellings))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def old(world: World, country: str, tax_id: str) -> str:
    """An account as the release before wrote it."""
    async with world.service.transaction() as tx:
        return str(
            await tx.fetchval(
                "INSERT INTO account (id, stream_key, kind, name, country, tax_id, tags) "
                "VALUES ($1, $1, 'organization', 'Old', $2, $3, '{}') RETURNING id",
                new_id(),
                country,
                tax_id,
            )
        )


async def test_old_rows_get_their_keys_and_twins_are_told(world: World) -> None:
    first, second = await old(world, "BR", "12345678000195"), await old(world, "BR", "12.345.678/0001-95")
    alone = await old(world, "GB", "GB980780684")
    await filled(world.service, batch=2)
    await filled(world.service)
    rows = await world.service.rows("SELECT id::text, tax_id, is_tax_id_twin, version FROM account ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        (first, "12345678000195", False, 1),
        (second, "12.345.678/0001-95", True, 1),
        (alone, "980 7806 84", False, 1),
    ]
    assert sorted(await found(world, "12345678/0001-95")) == [first, second]
    assert await found(world, "gb 980 7806 84") == [alone]
    assert (await world.service.post("/v1/accounts", body("BR", "12345678 000195"))).status_code == 409
    connection = await world.service.runtime.db.connect()
    try:
        told = {each.check: each for each in await check_keys(connection, "customer")}
    finally:
        await connection.close()
    assert (told["twins"].level, second in told["twins"].found, first in told["twins"].found) == ("warn", True, False)
    assert told["names without keys"].level == "ok"
    assert (await world.service.patch(f"/v1/accounts/{second}", {"name": "New"}, 1)).status_code == 200
    corrected = await world.service.patch(f"/v1/accounts/{second}", {"tax_id": "11.222.333/0001-81"}, 2)
    assert (corrected.status_code, await found(world, "11222333000181")) == (200, [second])
