"""Phone and address: of organisations in clear, of persons sealed, masked and found by who may see them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customer.conftest import World

PHONE, ADDRESS = "+8613812345678", "Nanjing Road 1"
PERSON = {"kind": "person", "name": "Zhang San", "phone": "138 1234 5678 转 12", "address": ADDRESS}


async def _raw(world: World) -> str:
    """Everything that the database holds of accounts and what it said of them."""
    tables = "account", "audit_log", "outbox", "idempotency_key"
    return "".join([str(await world.service.rows(f"SELECT t::text FROM {table} t")) for table in tables])


async def test_nothing_of_a_person_stands_in_clear(world: World) -> None:
    headers = world.service.headers(**{"Idempotency-Key": "one"})
    created = await world.service.post("/v1/accounts", PERSON, headers=headers)
    assert created.status_code == 201, created.text
    account = created.json()
    assert (account["phone"], account["address"]) == (PHONE, ADDRESS)
    path = f"/v1/accounts/{account['id']}"
    assert (await world.service.get(path)).json() == account
    changed = await world.service.patch(path, {"name": "Zhang Si", "phone": "13812345678"}, 1)
    assert (changed.json()["phone"], changed.json()["version"]) == (PHONE, 2)
    changed = await world.service.patch(path, {"phone": "13912345679"}, 2)
    assert (changed.json()["phone"], changed.json()["address"]) == ("+8613912345679", ADDRESS)
    events = await world.service.published("customer.account.updated.v1")
    assert [event.payload["changed"] for event in events] == [["name"], ["phone"]]
    raw = await _raw(world)
    for clear in ("1381234", "1391234", "Nanjing", PHONE):
        assert clear not in raw
    assert (await world.service.post(f"{path}/archive")).json()["phone"] == "+8613912345679"
    changed = await world.service.patch(path, {"phone": None, "address": None}, 4)
    assert changed.status_code == 409
    await world.service.post(f"{path}/restore")
    changed = await world.service.patch(path, {"phone": None, "address": None}, 5)
    assert (changed.json()["phone"], changed.json()["address"]) == (None, None)
    (row,) = await world.service.rows(
        "SELECT sealed_phone, sealed_address, phone_index_1, phone_index_2 FROM account WHERE id = $1", account["id"]
    )
    assert list(row.values()) == [None] * 4


async def test_who_may_not_read_sees_masks_and_finds_nobody(world: World) -> None:
    await world.service.post("/v1/accounts", PERSON)
    await world.account(phone="138 1234 5678", address=ADDRESS, name="Harbour")
    auditor = world.service.headers("auditor", "auditor")
    listed = (await world.service.get("/v1/accounts?sort=name", headers=auditor)).json()["items"]
    assert [(item["phone"], item["address"]) for item in listed] == [(PHONE, ADDRESS), ("***5678", None)]
    found = (await world.service.get("/v1/accounts?phone=13812345678", headers=auditor)).json()["items"]
    assert [item["name"] for item in found] == ["Harbour"]
    one = (await world.service.get(f"/v1/accounts/{listed[1]['id']}", headers=auditor)).json()
    assert (one["phone"], one["address"]) == ("***5678", None)
    seen = "SELECT actor, after FROM audit_log WHERE resource = 'account' AND action = 'read'"
    before = len(await world.service.rows(seen))
    found = (await world.service.get("/v1/accounts?phone=%2B86 138-1234-5678&sort=name")).json()["items"]
    assert [(item["name"], item["phone"]) for item in found] == [("Harbour", PHONE), ("Zhang San", PHONE)]
    assert len(await world.service.rows(seen)) == before + 1, "one row for an answer in full"
    await world.service.get("/v1/accounts?fields=name")
    assert len(await world.service.rows(seen)) == before + 1
    answer = await world.service.get("/v1/accounts?phone=nobody")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "phone-invalid")


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"phone": "12"}, "phone-invalid", "/phone"),
        ({"phone": "12345", "country": "DE"}, "phone-invalid", "/phone"),
        ({"phone": "a\x00"}, "invalid", "/phone"),
        ({"address": "x" * 201}, "invalid", "/address"),
    ],
)
async def test_bad_values(world: World, fields: dict[str, Any], code: str, pointer: str) -> None:
    answer = await world.service.post("/v1/accounts", {"kind": "organization", "name": "x", **fields})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_batches_seal_too(world: World) -> None:
    def rows(**fields: Any) -> dict[str, Any]:
        return {"rows": [{**PERSON, "external_ids": {"shop": str(number)}, **fields} for number in range(3)]}

    for body, status in ((rows(), "created"), (rows(), "unchanged"), (rows(address="Elsewhere"), "updated")):
        answer = (await world.service.post("/v1/accounts/batch", body)).json()
        assert {result["status"] for result in answer["results"]} == {status}
    listed = (await world.service.get("/v1/accounts")).json()["items"]
    assert {(item["phone"], item["address"]) for item in listed} == {(PHONE, "Elsewhere")}
    raw = await _raw(world)
    assert "Elsewhere" not in raw
    assert "1381234" not in raw


async def test_what_others_change_meanwhile_leaves_sealed_values_alone(world: World) -> None:
    account = (await world.service.post("/v1/accounts", PERSON)).json()
    path = f"/v1/accounts/{account['id']}"
    await asyncio.gather(*(world.service.patch(path, {"tags": [str(n)]}, n) for n in range(1, 5)))
    await world.service.post(f"{path}/archive")
    found = (await world.service.get(path)).json()
    assert (found["phone"], found["address"]) == (PHONE, ADDRESS)
