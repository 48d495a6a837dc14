"""Policies over HTTP: versions by turns, each from its day on."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from kit.clock import business_date
from kit.testing.service import ServiceHarness
from services.targets.policies import service as policies

PATH = "/v1/target-policies"


def today() -> date:
    return business_date("Asia/Shanghai")


async def put(service: ServiceHarness, version: str = "*", **body: Any) -> Any:
    headers = {**body.pop("headers", service.headers()), "If-Match": version}
    whole = {"valid_from": str(today()), "reason": "because", **body}
    return await service.request("PUT", PATH, whole, headers=headers)


async def held(service: ServiceHarness, *ahead: int) -> list[int]:
    async with service.transaction() as tx:
        work = service.work(tx)
        return [(await policies.policy_on(work, today() + timedelta(days))).version for days in ahead]


async def test_the_defaults_hold_from_the_first_day_on(service: ServiceHarness) -> None:
    (item,) = (await service.get(PATH)).json()["items"]
    known = {name: item[name] for name in ("version", "approval", "over_assignment_max", "close_after_days")}
    assert known == {"version": 1, "approval": "off", "over_assignment_max": 0, "close_after_days": 10}
    assert await held(service, -9_999, 0) == [1, 1]


async def test_a_version_holds_from_its_day_on_and_keeps_what_is_left_out(service: ServiceHarness) -> None:
    first = await put(service, '"1"', approval="required", valid_from=str(today() + timedelta(10)))
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 2, '"2"')
    second = (await put(service, '"2"', close_after_days=3)).json()
    assert (second["approval"], second["close_after_days"], second["author"]) == ("required", 3, "admin")
    assert await held(service, -1, 0, 9, 10, 99) == [1, 3, 3, 3, 3], "the newest that has begun"
    items = (await service.get(PATH)).json()["items"]
    assert [item["version"] for item in items] == [3, 2, 1]
    audited = await service.rows("SELECT action, after FROM audit_log WHERE resource = 'target_policy' ORDER BY id")
    assert [row["action"] for row in audited] == ["set", "set"]


async def test_limits_of_checks_are_kept_one_by_one(service: ServiceHarness) -> None:
    assert (await put(service, '"1"', check_limits={"p_hit_pass": 300_000})).status_code == 200
    found = (await put(service, '"2"', check_limits={"capacity_warn": 700_000})).json()["check_limits"]
    assert (found["p_hit_pass"], found["p_hit_warn"], found["capacity_warn"]) == (300_000, 50_000, 700_000)
    assert (found["growth_pass"], found["growth_warn"], found["elapsed_warn"]) == (75, 95, 100_000)


async def test_two_at_once_make_two_versions_or_one(service: ServiceHarness) -> None:
    answers = await asyncio.gather(*(put(service, '"1"', close_after_days=days) for days in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    answers = await asyncio.gather(*(put(service, close_after_days=days) for days in range(5)))
    assert sorted(answer.json()["version"] for answer in answers) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"valid_from": str(today() - timedelta(1))}, "/valid_from"),
        ({"approval": "maybe"}, "/approval"),
        ({"approval": None}, "/approval"),
        ({"over_assignment_max": 1_000_001}, "/over_assignment_max"),
        ({"close_after_days": -1}, "/close_after_days"),
        ({"close_after_days": 367}, "/close_after_days"),
        ({"close_after_days": 1.5}, "/close_after_days"),
        ({"checks": "maybe"}, "/checks"),
        ({"alert_pace_amber": 10_000_001}, "/alert_pace_amber"),
        ({"alert_p_hit_red": 1_000_001}, "/alert_p_hit_red"),
        ({"alert_silent_share": -1}, "/alert_silent_share"),
        ({"alert_pace_red": 950_001}, "/alert_pace_red"),
        ({"alert_p_hit_amber": 199_999}, "/alert_p_hit_red"),
        ({"check_limits": {"p_hit_warn": 200_001}}, "/check_limits/p_hit_warn"),
        ({"check_limits": {"growth_pass": 96}}, "/check_limits/growth_warn"),
        ({"check_limits": {"growth_pass": 101}}, "/check_limits/growth_pass"),
        ({"check_limits": {"surprise": 1}}, "/check_limits/surprise"),
        ({"reason": "\x00"}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_what_is_no_policy(service: ServiceHarness, change: dict[str, Any], pointer: str) -> None:
    answer = await put(service, **change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert len(await service.rows("SELECT 1 FROM target_policy")) == 1


async def test_the_director_sets_it(service: ServiceHarness) -> None:
    for role, read, write in (
        ("sales_rep", 200, 403),
        ("sales_manager", 200, 403),
        ("auditor", 200, 403),
        ("risk_officer", 403, 403),
        ("sales_director", 200, 200),
    ):
        headers = service.headers(role, role)
        assert (await service.get(PATH, headers=headers)).status_code == read
        assert (await put(service, headers=headers)).status_code == write
    assert (await service.request("PUT", PATH, {"valid_from": str(today()), "reason": "x"})).status_code == 428
