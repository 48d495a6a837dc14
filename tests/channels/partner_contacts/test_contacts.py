"""Contacts of partners: sealed, masked, found blindly, and each answer in full leaves a trace."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.keys import fill_index, left_to_fill
from tests.channels.tier_evaluations.ranked import seller

PATH = "/v1/partner-contacts"
EMAIL, PHONE = "Li.Na@Harbour.example", "+8613812345678"


async def contact(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    """A contact of a partner of its own."""
    body = {"partner_id": str(await seller(service)), "name": "Li Na", "email": EMAIL, "phone": "138 1234 5678"}
    made = await service.post(PATH, body | changes)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def test_what_is_stored_says_nothing(service: ServiceHarness) -> None:
    made = await contact(service)
    assert (made["email"], made["phone"], made["role"]) == (EMAIL, PHONE, "other")
    (row,) = await service.rows("SELECT c::text AS kept, email, phone FROM partner_contact c")
    assert EMAIL.lower() not in row["kept"].lower()
    assert not any(value in bytes(row[name]) for name in ("email", "phone") for value in (b"Harbour", b"1234"))
    audited = await service.rows("SELECT after::text AS kept FROM audit_log")
    assert not [one for one in audited if "138" in (one["kept"] or "") or "Harbour" in (one["kept"] or "")]


async def test_who_may_not_see_addresses_gets_masks_and_finds_nobody_by_them(service: ServiceHarness) -> None:
    made = await contact(service)
    rep = service.headers("rep", "sales_rep")
    for body in (
        (await service.get(f"{PATH}/{made['id']}", headers=rep)).json(),
        (await service.get(PATH, headers=rep)).json()["items"][0],
    ):
        assert (body["name"], body["email"], body["phone"]) == ("Li Na", "L***@Harbour.example", "***5678")
    refused = await service.get(f"{PATH}?email=li.na@harbour.example", headers=rep)
    assert (refused.status_code, codes(refused.json())) == (400, ["email"])
    assert await service.rows("SELECT FROM audit_log WHERE action = 'read' AND actor = 'rep'") == []
    seen = (await service.get(PATH, headers=service.headers("lead", "sales_manager"))).json()["items"]
    assert [one["phone"] for one in seen] == [PHONE]
    traces = await service.rows("SELECT resource, after FROM audit_log WHERE action = 'read' AND actor = 'lead'")
    assert [(one["resource"], made["id"] in str(one["after"])) for one in traces] == [("partner_contact", True)]


@pytest.mark.parametrize("query", ["email=LI.NA@harbour.EXAMPLE", "phone=13812345678", "phone=%2B86 138 1234 5678"])
async def test_they_are_found_however_it_is_written(service: ServiceHarness, query: str) -> None:
    made = await contact(service)
    await contact(service, email="other@harbour.example", phone=None)
    found = await service.get(f"{PATH}?{query}")
    assert [one["id"] for one in found.json()["items"]] == [made["id"]], found.text


@pytest.mark.parametrize(("field", "value"), [("email", "nobody"), ("phone", "12")])
async def test_what_is_none_is_named(service: ServiceHarness, field: str, value: str) -> None:
    body = {"partner_id": str(await seller(service)), "name": "Li Na", field: value}
    answer = await service.post(PATH, body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, f"{field}-invalid", [f"/{field}"])
    asked = await service.get(f"{PATH}?{field}={value}")
    assert (asked.status_code, codes(asked.json())) == (400, [field])
    stranger = await service.post(PATH, {"partner_id": str(new_id()), "name": "Li Na"})
    assert (stranger.json()["code"], codes(stranger.json())) == ("unknown-reference", ["/partner_id"])


async def test_an_archived_contact_is_read_and_stays_until_it_is_restored(service: ServiceHarness) -> None:
    made = await contact(service)
    one = f"{PATH}/{made['id']}"
    archived = await service.post(f"{one}/archive")
    assert (archived.status_code, archived.json()["is_archived"]) == (200, True)
    for answer in (await service.post(f"{one}/archive"), await service.patch(one, {"title": "Other"}, 2)):
        assert (answer.status_code, answer.json()["code"]) == (409, "partner-contact-archived")
    assert (await service.patch(one, {"title": None}, 2)).status_code == 200, "nothing changes"
    assert len((await service.get(f"{PATH}?is_archived=true")).json()["items"]) == 1
    for _ in range(2):
        restored = (await service.post(f"{one}/restore")).json()
        assert (restored["is_archived"], restored["email"], restored["version"]) == (False, made["email"], 3)
    assert (await service.patch(one, {"title": "Other"}, 3)).status_code == 200


async def test_hashes_are_made_anew_where_they_are_missing(service: ServiceHarness) -> None:
    made = await contact(service)
    assert not await left_to_fill(service.runtime)
    async with service.transaction() as tx:
        await tx.execute("UPDATE partner_contact SET email_index_1 = NULL, phone_index_2 = phone_index_1")
    assert await left_to_fill(service.runtime)
    assert (await service.get(f"{PATH}?email={EMAIL}")).json()["items"] == []
    assert await fill_index(service.runtime, batch=1) == 1
    assert not await left_to_fill(service.runtime)
    found = (await service.get(f"{PATH}?email={EMAIL}")).json()["items"]
    assert [(one["id"], one["version"]) for one in found] == [(made["id"], 1)]
