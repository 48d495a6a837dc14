"""Consents over HTTP: given, withdrawn, asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.customer.conftest import World
from tests.customer.contacts.test_service import contact

NOW = datetime.fromisoformat("2026-02-14T12:00:00+00:00")


def at(hours: int) -> str:
    """A time so long after noon of a day that is over."""
    return (NOW + timedelta(hours=hours)).astimezone(UTC).isoformat().replace("+00:00", "Z")


async def give(world: World, path: str, hours: int, **fields: Any) -> httpx.Response:
    body = {
        "purpose": "marketing",
        "channel": "email",
        "lawful_basis": "consent",
        "given_at": at(hours),
        "evidence": "form 118",
        **fields,
    }
    return await world.service.post(f"{path}/consents", body)


async def withdraw(world: World, path: str, consent_id: str, hours: int) -> httpx.Response:
    return await world.service.post(f"{path}/consents/{consent_id}/withdraw", {"withdrawn_at": at(hours)})


async def is_allowed(world: World, path: str, channel: str = "email", purpose: str = "marketing") -> bool:
    answer = await world.service.get(f"{path}/allowed?purpose={purpose}&channel={channel}")
    assert answer.status_code == 200, answer.text
    allowed: bool = answer.json()["is_allowed"]
    return allowed


async def test_allowed_from_the_consent_to_the_withdrawal(world: World) -> None:
    path = f"/v1/contacts/{(await contact(world))['id']}"
    assert not await is_allowed(world, path)
    given = (await give(world, path, 0)).json()
    assert (given["is_granted"], given["evidence"], given["at"]) == (True, "form 118", at(0))
    assert await is_allowed(world, path)
    assert await is_allowed(world, path, "EMAIL", "Marketing")
    assert not await is_allowed(world, path, "phone")
    first = await withdraw(world, path, given["id"], 1)
    assert (first.status_code, first.json()["withdraws"]) == (201, given["id"])
    assert not await is_allowed(world, path)
    assert (await withdraw(world, path, given["id"], 2)).json() == first.json()
    facts = await world.service.published("customer.contact.consent_changed.v1")
    assert [(f.payload["is_granted"], f.payload["channels"], f.sequence) for f in facts] == [
        (True, [{"channel": "email", "purpose": "marketing"}], 2),
        (False, [], 3),
    ]
    assert all(b"118" not in fact.data for fact in facts)
    page = (await world.service.get(f"{path}/consents?sort=at")).json()["items"]
    assert [item["evidence"] for item in page] == ["form 118", None]
    masked = await world.service.get(f"{path}/consents", headers=world.service.headers("a", "auditor"))
    assert [item["evidence"] for item in masked.json()["items"]] == [None, None]


async def test_nothing_revives_a_withdrawn_consent_but_a_later_one_with_evidence(world: World) -> None:
    path = f"/v1/contacts/{(await contact(world))['id']}"
    given = (await give(world, path, 0)).json()
    await withdraw(world, path, given["id"], 2)
    for hours, evidence in ((1, "form 118"), (2, "form 118"), (3, None), (3, "")):
        answer = await give(world, path, hours, evidence=evidence)
        assert (answer.status_code, answer.json()["code"]) == (409, "consent-withdrawn")
        assert not await is_allowed(world, path)
    assert (await give(world, path, 3)).status_code == 201
    assert await is_allowed(world, path)
    assert (await give(world, path, 1, purpose="service", evidence=None)).status_code == 201


async def test_at_equal_times_the_withdrawal_wins(world: World) -> None:
    path = f"/v1/contacts/{(await contact(world))['id']}"
    given = (await give(world, path, 0)).json()
    await withdraw(world, path, given["id"], 0)
    assert not await is_allowed(world, path)


async def test_what_cannot_be(world: World) -> None:
    path = f"/v1/contacts/{(await contact(world))['id']}"
    assert (await give(world, path, 24 * 365 * 50)).json()["code"] == "in-future"
    given = (await give(world, path, 0)).json()
    assert (await withdraw(world, path, given["id"], -1)).json()["code"] == "before-given"
    assert (await withdraw(world, path, given["id"], 24 * 365 * 50)).json()["code"] == "in-future"
    withdrawal = (await withdraw(world, path, given["id"], 1)).json()
    assert (await withdraw(world, path, withdrawal["id"], 1)).json()["code"] == "not-a-consent"
    unknown = await withdraw(world, path, path.rpartition("/")[2], 1)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "consent-not-found")
    assert (await world.service.get(f"{path}/allowed?purpose=x")).status_code == 400


async def test_who_is_archived_is_not_written_to_and_may_still_withdraw(world: World) -> None:
    path = f"/v1/contacts/{(await contact(world))['id']}"
    given = (await give(world, path, 0)).json()
    await world.service.post(f"{path}/archive")
    assert not await is_allowed(world, path)
    assert (await give(world, path, 1)).json()["code"] == "contact-archived"
    assert (await withdraw(world, path, given["id"], 1)).status_code == 201


async def test_said_at_once_and_kept_one_after_the_other(world: World) -> None:
    made = await contact(world)
    path = f"/v1/contacts/{made['id']}"
    given = (await give(world, path, 0)).json()
    answers = await asyncio.gather(
        *[withdraw(world, path, given["id"], 1) for _ in range(3)], *[give(world, path, 0) for _ in range(3)]
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(await world.service.rows("SELECT 1 FROM contact_consent WHERE NOT is_granted")) == 1
    assert not await is_allowed(world, path)
    facts = await world.service.published("customer.contact.consent_changed.v1")
    assert [fact.sequence for fact in facts] == list(range(2, 2 + len(facts)))


async def test_a_batch_touches_no_consent(world: World) -> None:
    account = await world.account()
    made = await contact(world, account, external_ids={"erp": "K-1"})
    path = f"/v1/contacts/{made['id']}"
    given = (await give(world, path, 0)).json()
    await withdraw(world, path, given["id"], 1)
    row = {"name": "Other", "account_id": account["id"], "external_ids": {"erp": "K-1"}}
    answer = await world.service.post("/v1/contacts/batch", {"rows": [row]})
    assert answer.json()["updated"] == 1
    assert not await is_allowed(world, path)
    refused = {**row, "channels": [{"channel": "email", "purpose": "marketing"}]}
    answer = await world.service.post("/v1/contacts/batch", {"rows": [refused]})
    assert answer.json()["results"][0]["problem"]["code"] == "invalid"
