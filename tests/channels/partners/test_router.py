"""Partners: applied, active, suspended."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from tests.channels.conftest import partner

HARBOUR = {"code": "P-001", "name": "Harbour Distribution", "kind": "distributor", "regions": ["CN-SH"]}


async def test_the_states_of_a_partner(service: ServiceHarness) -> None:
    made = await service.post("/v1/partners", HARBOUR)
    path = made.headers["location"]
    assert (made.status_code, made.json()["state"]) == (201, "applied")
    assert (await service.post(f"{path}/activate")).headers["etag"] == '"2"'
    assert codes((await service.post(f"{path}/suspend", {})).json()) == ["/reason"]
    assert (await service.post(f"{path}/suspend", {"reason": "licence"})).json()["state"] == "suspended"
    changed = await service.patch(path, {"regions": ["CN-SH", "CN-ZJ"]}, 3)
    assert (changed.json()["state"], changed.json()["regions"]) == ("suspended", ["CN-SH", "CN-ZJ"])
    facts = await service.published()
    assert [(f.type.split(".")[2], f.sequence, f.payload["state"], f.payload["changed"]) for f in facts] == [
        ("applied", 1, "applied", []),
        ("activated", 2, "active", ["state"]),
        ("suspended", 3, "suspended", ["state"]),
        ("suspended", 4, "suspended", ["regions"]),
    ]
    assert {f.key for f in facts} == {made.json()["id"]}
    audited = await service.rows("SELECT reason FROM audit_log WHERE action = 'suspend'")
    assert audited == [{"reason": "licence"}]


async def test_two_at_once(service: ServiceHarness) -> None:
    answers = await asyncio.gather(*(service.post("/v1/partners", HARBOUR) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    path = next(answer for answer in answers if answer.status_code == 201).headers["location"]
    moves = await asyncio.gather(*(service.post(f"{path}/activate") for _ in range(3)))
    assert sorted(answer.status_code for answer in moves) == [200, 409, 409]
    assert len(await service.published()) == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "friend"}, "/kind"),
        ({"regions": ["CN-SH", "CN-SH"]}, "/regions"),
        ({"regions": ["\u0000"]}, "/regions/0"),
        ({"code": "a b"}, "/code"),
        ({"name": " "}, "/name"),
        ({"state": "active"}, "/state"),
    ],
)
async def test_a_malformed_partner_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], pointer: str
) -> None:
    answer = await service.post("/v1/partners", HARBOUR | changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_partners_are_found(service: ServiceHarness) -> None:
    first, _second = await partner(service, "P-1"), await service.post("/v1/partners", HARBOUR | {"regions": []})
    items = (await service.get("/v1/partners?region=CN-SH&state=active")).json()["items"]
    assert [item["id"] for item in items] == [str(first)]
    assert len((await service.get("/v1/partners?kind[in]=reseller,distributor")).json()["items"]) == 2


async def test_members_fill_the_directory_of_principals(service: ServiceHarness) -> None:
    unit, member = new_id(), new_id()
    memberships = [
        {"unit_id": unit, "path": [unit], "valid_from": date(2026, 1, 1), "valid_to": date(2026, 2, 1)},
        {"unit_id": unit, "path": [unit, new_id()], "valid_from": date(2026, 2, 1), "valid_to": None},
    ]
    one = {"id": member, "code": "rep-01", "subject": "rep-01", "role": "sales_rep", "memberships": memberships[:1]}
    await service.deliver(
        make_event("targets.member.joined.v1", one, "organisation"),
        make_event("targets.member.moved.v1", one | {"memberships": memberships}, "organisation"),
    )
    rows = await service.rows("SELECT valid_from, path FROM principal WHERE id = $1 ORDER BY valid_from", member)
    assert [row["path"] for row in rows] == [membership["path"] for membership in memberships]
