"""Roles over HTTP: every role is there from the beginning, its duties are set, what it allows is the product's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness
from services.targets.access import PERMISSIONS
from services.targets.members.enums import MemberRole

PATH = "/v1/roles"


async def put(service: ServiceHarness, role: str, duties: Any, version: str = "*", by: str = "administrator") -> Any:
    headers = {**service.headers(by, by), "If-Match": version}
    return await service.request("PUT", f"{PATH}/{role}", {"duties": duties}, headers=headers)


async def test_every_role_is_there_and_says_who_has_it_and_what_it_allows(world: Any) -> None:
    items = (await world.service.get(PATH)).json()["items"]
    assert [item["role"] for item in items] == sorted(MemberRole)
    found = {item["role"]: item for item in items}
    assert {role: item["members"] for role, item in found.items() if item["members"]} == {
        "sales_manager": 1,
        "sales_rep": 3,
    }
    assert all(item["duties"] == [] and item["version"] == 1 for item in items)
    for role, item in found.items():
        assert item["permissions"] == sorted(PERMISSIONS.get(role, ())), role
    assert found["sales_rep"]["permissions"], "tokens carry that role"
    assert found["market_support"]["permissions"] == [], "and not that one"
    one = await world.service.get(f"{PATH}/sales_rep")
    assert (one.json(), one.headers["etag"]) == (found["sales_rep"], '"1"')
    listed = (await world.service.get("/v1/members?role=sales_rep")).json()["items"]
    assert len(listed) == found["sales_rep"]["members"]


async def test_the_list_is_asked_as_every_list(service: ServiceHarness) -> None:
    first = (await service.get(f"{PATH}?limit=4&sort=-role&count=exact")).json()
    rest = (await service.get(f"{PATH}?limit=4&sort=-role&cursor={first['next_cursor']}")).json()
    assert first["count"] == 6
    assert [item["role"] for item in first["items"] + rest["items"]] == sorted(MemberRole, reverse=True)
    (only,) = (await service.get(f"{PATH}?role=sales_manager&fields=permissions,members")).json()["items"]
    assert only == {"permissions": sorted(PERMISSIONS["sales_manager"]), "members": 0}
    refused = await service.get(f"{PATH}?permissions=sales_rep")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "permissions")
    assert (await service.get(f"{PATH}?role=king")).status_code == 400


async def test_duties_are_set_by_version_and_kept_in_the_audit_log(service: ServiceHarness) -> None:
    duties = ["Visits accounts", "Commits a figure"]
    answer = await put(service, "sales_rep", duties, '"1"')
    assert (answer.status_code, answer.json()["duties"], answer.headers["etag"]) == (200, duties, '"2"')
    assert (await service.get(f"{PATH}/sales_rep")).json() == answer.json()
    assert (await put(service, "sales_rep", [], '"1"')).status_code == 412
    same = await put(service, "sales_rep", duties)
    assert (same.status_code, same.json()["version"]) == (200, 2), "nothing differs: nothing is written"
    audited = await service.rows("SELECT action, before::text, after::text FROM audit_log WHERE resource='member_role'")
    assert [row["action"] for row in audited] == ["set"]
    assert "Visits accounts" in audited[0]["after"]
    assert await service.published() == []


async def test_of_two_at_once_by_the_same_version_one_is_refused(service: ServiceHarness) -> None:
    answers = await asyncio.gather(*(put(service, "sales_rep", [f"Duty {n}"], '"1"') for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    whatever = await asyncio.gather(*(put(service, "sales_rep", [f"Other {n}"]) for n in range(3)))
    assert sorted(answer.json()["version"] for answer in whatever) == [3, 4, 5]


@pytest.mark.parametrize(
    ("duties", "pointer"),
    [
        (None, "/duties"),
        ("one", "/duties"),
        ([""], "/duties/0"),
        (["ok", "\x00"], "/duties/1"),
        (["x" * 201], "/duties/0"),
        (["x"] * 51, "/duties"),
        ([1], "/duties/0"),
    ],
)
async def test_what_are_no_duties(service: ServiceHarness, duties: Any, pointer: str) -> None:
    answer = await put(service, "sales_rep", duties)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_the_director_sets_them_and_everybody_reads(service: ServiceHarness) -> None:
    for role, write in (("sales_rep", 403), ("sales_manager", 403), ("auditor", 403), ("sales_director", 200)):
        assert (await service.get(PATH, headers=service.headers(role, role))).status_code == 200
        assert (await put(service, "sales_rep", [], by=role)).status_code == write
    assert (await service.request("PUT", f"{PATH}/sales_rep", {"duties": []})).status_code == 428
    assert (await put(service, "king", [])).status_code in (404, 422)
    assert (await service.get(f"{PATH}/king")).status_code in (404, 422)
