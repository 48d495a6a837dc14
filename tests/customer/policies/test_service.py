"""Policies over HTTP: drafts, activation, what holds on a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kit.testing.service import codes
from services.customer.policies import service
from services.customer.policies.enums import PolicyKind
from services.customer.policies.schemas import HOURS, SLA
from tests.customer.conftest import World

PATH = "/v1/customer-policies"


async def draft(world: World, **times: dict[str, int]) -> dict[str, Any]:
    """A draft with other times."""
    body = {**SLA, "reason": "x", "body": {**SLA["body"], "times": {**SLA["body"]["times"], **times}}}
    answer = await world.service.post(PATH, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def activate(world: World, policy: dict[str, Any], day: object) -> Any:
    return await world.service.post(f"{PATH}/{policy['id']}/activate", {"valid_from": str(day)})


async def test_the_installed_version_holds_from_the_first_day(world: World) -> None:
    (installed,) = (await world.service.get(f"{PATH}?state=active&kind=sla")).json()["items"]
    assert (installed["kind"], installed["policy_version"], installed["valid_from"]) == ("sla", 1, "1900-01-01")
    assert installed["body"]["times"] == {
        "critical": {"first_response": 60, "resolution": 480},
        "high": {"first_response": 120, "resolution": 960},
        "medium": {"first_response": 240, "resolution": 1440},
        "low": {"first_response": 480, "resolution": 2400},
    }
    by_grade = {"grade_a": 1_000_000, "grade_b": 1_000_000, "grade_c": 1_500_000, "grade_d": 2_000_000}
    factors = {**by_grade, "none": 1_500_000}
    assert installed["body"]["grades"] == factors


async def test_a_version_holds_from_its_day_and_never_changes(world: World) -> None:
    async with world.service.transaction() as tx:
        today = world.service.work(tx).today
    first, second = await draft(world), await draft(world)
    assert (first["policy_version"], second["policy_version"]) == (2, 3)
    early = await activate(world, first, today - timedelta(days=1))
    assert (early.status_code, early.json()["code"], codes(early.json())) == (422, "date-order", ["/valid_from"])
    assert (await activate(world, first, today + timedelta(days=7))).status_code == 200
    assert (await activate(world, second, today + timedelta(days=3))).status_code == 200
    async with world.service.transaction() as tx:
        work = world.service.work(tx)
        versions = [
            (await service.policy_on(work, PolicyKind.SLA, today + timedelta(days=days))).policy_version
            for days in (0, 3, 7, 100)
        ]
    assert versions == [1, 3, 3, 3], "the last word among those that have begun"
    refused = await world.service.patch(f"{PATH}/{first['id']}", {**SLA, "reason": "y"}, 3)
    assert (refused.status_code, refused.json()["code"]) == (409, "policy-not-draft")


async def test_a_broken_sla_names_its_field(world: World) -> None:
    body = {**SLA, "reason": "x", "body": {**SLA["body"], "times": {**SLA["body"]["times"]}}}
    body["body"]["times"]["low"] = {"first_response": 10, "resolution": 9}
    answer = await world.service.post(PATH, body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
        422, "sla-order", ["/body/times/low/resolution"],
    )  # fmt: skip
    body["body"]["times"]["low"] = {"first_response": 0, "resolution": 9}
    assert (await world.service.post(PATH, body)).status_code == 422


async def test_activations_at_once_take_turns(world: World) -> None:
    async with world.service.transaction() as tx:
        today = world.service.work(tx).today
    drafts = await asyncio.gather(*(draft(world) for _ in range(4)))
    assert sorted(one["policy_version"] for one in drafts) == [2, 3, 4, 5]
    answers = await asyncio.gather(*(activate(world, one, today) for one in drafts))
    assert {answer.status_code for answer in answers} == {200}
    states = [one["state"] for one in (await world.service.get(f"{PATH}?kind=sla")).json()["items"]]
    assert sorted(states) == ["active", *["superseded"] * 4]


@pytest.mark.parametrize("role", ["sales_manager", "service_agent", "auditor"])
async def test_directors_write_policies_alone(world: World, role: str) -> None:
    headers = world.service.headers("somebody", role)
    assert (await world.service.post(PATH, {**SLA, "reason": "x"}, headers=headers)).status_code == 403
    assert (await world.service.get(PATH, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("day", "windows", "pointer"),
    [
        ("monday", [("09:00", "09:00")], "/body/weekdays/monday/0/closes"),
        ("friday", [("13:00", "18:00"), ("09:00", "12:00")], "/body/weekdays/friday/1/opens"),
        ("sunday", [("09:00", "12:00"), ("11:59", "18:00")], "/body/weekdays/sunday/1/opens"),
        ("monday", [("22:00", "06:00")], "/body/weekdays/monday/0/closes"),
        ("monday", [("9:00", "12:00")], "/body/weekdays/monday/0/opens"),
        ("monday", [("09:00", "24:01")], "/body/weekdays/monday/0/closes"),
        ("tuesday", [("00:00", "00:01")] * 9, "/body/weekdays/tuesday"),
    ],
)
async def test_hours_of_a_day_follow_each_other(
    world: World, day: str, windows: list[tuple[str, str]], pointer: str
) -> None:
    listed = [{"opens": opens, "closes": closes} for opens, closes in windows]
    body = {**HOURS["body"], "weekdays": {**HOURS["body"]["weekdays"], day: listed}}
    answer = await world.service.post(PATH, {"kind": "hours", "body": body, "reason": "x"})
    assert (answer.status_code, codes(answer.json())) == (422, [pointer]), answer.text


async def test_a_week_works_on_some_day(world: World) -> None:
    nothing: dict[str, Any] = {"weekdays": {day: [] for day in HOURS["body"]["weekdays"]}, "makeup_windows": None}
    answer = await world.service.post(PATH, {"kind": "hours", "body": nothing, "reason": "x"})
    assert (answer.status_code, codes(answer.json())) == (422, ["/body/weekdays"]), answer.text


async def test_hours_hold_by_the_day_whenever_they_were_activated(world: World) -> None:
    """Of the versions that have begun by a day the last activated holds: later ones that began before are past."""
    async with world.service.transaction() as tx:
        today = world.service.work(tx).today
    for first, days in (("08:00", 30), ("07:00", 10), ("06:00", 20)):
        week = {day: [{"opens": first, "closes": "24:00"}] for day in HOURS["body"]["weekdays"]}
        drafted = await world.service.post(PATH, {"kind": "hours", "body": {"weekdays": week}, "reason": first})
        assert (await activate(world, drafted.json(), today + timedelta(days=days))).status_code == 200
    async with world.service.transaction() as tx:
        work = world.service.work(tx)
        held = [
            (one.reason, (one.valid_from - today).days)
            for one in await service.policies_by_day(work, PolicyKind.HOURS)
            if one.valid_from is not None and one.policy_version > 1
        ]
        assert held == [("07:00", 10), ("06:00", 20)]
        for days in (9, 10, 19, 20, 29, 30, 100):
            day = today + timedelta(days=days)
            by_day = [each for each in held if each[1] <= days]
            in_force = await service.policy_on(work, PolicyKind.HOURS, day)
            assert in_force.reason == (by_day[-1][0] if by_day else "Installed")
