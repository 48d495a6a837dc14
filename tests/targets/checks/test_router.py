"""Checks over HTTP: run when asked, at proposals and approvals; refused where the policy asks for them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from kit.clock import business_date
from kit.db.database import Tx
from services.targets.checks import repository
from services.targets.checks.models import TargetCheckRun
from tests.targets.conftest import World

SETTLED = ("specific", "measurable", "achievable", "challenging", "resourced", "time_bound", "consistent")


def today() -> date:
    return business_date("Asia/Shanghai")


async def make(world: World, **more: Any) -> str:
    """A draft of team-a that begins tomorrow."""
    period = {"period_start": str(today() + timedelta(1)), "period_end": str(today() + timedelta(60))}
    body = {"name": "Next", "amount": 1_000_000, "unit_id": world.units["team-a"], **period, **more}
    answer = await world.service.post("/v1/targets", body, headers=director(world, "dora"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def director(world: World, name: str) -> dict[str, str]:
    return world.service.headers(name, "sales_director")


async def act(world: World, target: str, verb: str, by: str, body: Any = None) -> Any:
    return await world.service.post(f"/v1/targets/{target}/{verb}", body, headers=director(world, by))


async def ask(world: World) -> None:
    body = {"valid_from": str(today()), "reason": "checked", "checks": "required"}
    headers = world.service.headers(If_Match="*")
    answer = await world.service.request("PUT", "/v1/target-policies", body, headers=headers)
    assert (answer.status_code, answer.json()["checks"]) == (200, "required"), answer.text


async def runs(world: World, target: str, query: str = "") -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/targets/{target}/checks{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def verdicts(run: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["verdict"] for each in run["findings"]}


async def test_a_target_without_history(world: World) -> None:
    target = await make(world)
    answer = await act(world, target, "checks", "dora")
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/targets/{target}/checks")
    run = answer.json()
    assert verdicts(run) == dict(
        zip(
            SETTLED,
            ("fail", "fail", "insufficient_data", "insufficient_data", "insufficient_data", "pass", "pass"),
            strict=True,
        )
    )
    assert (run["verdict"], run["cause"], run["as_of"]) == ("fail", "asked", str(today() - timedelta(1)))
    lacking = {each["check"]: each["lack"] for each in run["findings"] if each["lack"]}
    assert lacking["resourced"] == {"reason": "capacity", "have": 0, "need": 1}
    assert lacking["achievable"]["need"] == 13
    assert run["findings"][0]["fix"] == "name_owner"
    assert await runs(world, target) == [run]


async def test_what_was_credited_counts(world: World) -> None:
    """Two years of a seller, each month a million; of the same days a year earlier there is something too."""
    day, orders = date(today().year - 3, 1, 1), []
    while day < today():
        orders.append(world.order({"a1": 1_000_000}, [1_000_000], str(day)))
        day += timedelta(days=10)
    body = {"correction": False, "unit_id": world.units["team-a"], "valid_from": "2020-01-01"}
    joined = await world.service.post(
        "/v1/members",
        {"code": "old", "subject": "old", "role": "sales_rep", **{k: body[k] for k in ("unit_id", "valid_from")}},
    )
    assert joined.status_code == 201, joined.text
    for order in orders:
        order["credits"] = [{"member_id": joined.json()["id"], "share": 1_000_000}]
    await world.service.deliver(*(world.confirmed(order) for order in orders))
    target = await make(world, amount=6_500_000, owner_id=world.members["a1"])
    run = (await act(world, target, "checks", "dora")).json()
    found = verdicts(run)
    assert (found["specific"], found["measurable"]) == ("pass", "pass")
    assert found["achievable"] != "insufficient_data"
    assert found["challenging"] != "insufficient_data"
    figures = {one["name"]: one["value"] for one in run["findings"][2]["evidence"]}
    assert figures["growths"] >= 12
    assert 5_000_000 <= figures["last_year"] <= 7_000_000


async def test_runs_are_kept_at_proposals_and_approvals(world: World) -> None:
    target = await make(world)
    assert (await act(world, target, "propose", "dora")).status_code == 200
    answer = await act(world, target, "approve", "erna")
    assert (answer.status_code, answer.json()["state"]) == (200, "approved"), "the policy lets checks advise"
    kept = await runs(world, target)
    assert [(run["cause"], run["author"], run["target_version"]) for run in kept] == [
        ("approved", "erna", 3),
        ("proposed", "dora", 2),
    ]
    assert await runs(world, target, "?cause=proposed&verdict=fail") == kept[1:]


async def test_the_policy_asks_for_checks(world: World) -> None:
    await ask(world)
    target = await make(world)
    assert (await act(world, target, "propose", "dora")).status_code == 200
    refused = await act(world, target, "approve", "erna")
    assert (refused.status_code, refused.json()["code"]) == (409, "checks-failed")
    assert [each["check"] for each in refused.json()["failed"]] == ["specific", "measurable"]
    assert len(await runs(world, target)) == 1, "what was refused has left nothing"
    assert await world.service.published("targets.target.approved.v1") == []
    one = await act(world, target, "approve", "erna", {"overrides": {"specific": "he comes in May"}})
    assert [each["check"] for each in one.json()["failed"]] == ["measurable"]
    overrides = {"specific": "he comes in May", "measurable": "a new line", "consistent": "does not fail"}
    answer = await act(world, target, "approve", "erna", {"overrides": overrides})
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    kept = (await runs(world, target))[0]
    assert kept["overrides"] == [
        {"check": "measurable", "reason": "a new line"},
        {"check": "specific", "reason": "he comes in May"},
    ]
    assert (kept["policy_version"], kept["cause"]) == (2, "approved")
    (event,) = await world.service.published("targets.target.approved.v1")
    assert "May" not in event.data.decode()


async def test_two_approvals_at_once_keep_one_run(world: World) -> None:
    target = await make(world)
    await act(world, target, "propose", "dora")
    answers = await asyncio.gather(*(act(world, target, "approve", by) for by in ("erna", "fritz", "gerd")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert [run["cause"] for run in await runs(world, target)] == ["approved", "proposed"]


async def test_a_kill_leaves_neither_an_approval_nor_a_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    target = await make(world)
    await act(world, target, "propose", "dora")
    add = repository.add_run

    async def killed(tx: Tx, row: TargetCheckRun) -> None:
        await add(tx, row)
        raise RuntimeError("killed")

    monkeypatch.setattr(repository, "add_run", killed)
    assert (await act(world, target, "approve", "erna")).status_code == 500
    monkeypatch.setattr(repository, "add_run", add)
    assert (await world.service.get(f"/v1/targets/{target}")).json()["state"] == "proposed"
    assert [run["cause"] for run in await runs(world, target)] == ["proposed"]
    assert await world.service.published("targets.target.approved.v1") == []
    assert (await act(world, target, "approve", "erna")).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"overrides": {"nonsense": "x"}}, 422),
        ({"overrides": {"specific": ""}}, 422),
        ({"overrides": {"specific": None}}, 422),
        ({"surprise": 1}, 422),
        ({}, 200),
    ],
)
async def test_bodies_of_an_approval(world: World, body: Any, status: int) -> None:
    target = await make(world)
    await act(world, target, "propose", "dora")
    assert (await act(world, target, "approve", "erna", body)).status_code == status


async def test_overriding_needs_its_permission(world: World) -> None:
    root = await make(world, unit_id=world.units["north"])
    children = [{"unit_id": world.units["team-a"]}]
    made = await act(world, root, "decompositions", "dora", {"dimension": "unit", "children": children})
    child = made.json()["children"][0]["target_id"]
    assert (await act(world, child, "propose", "dora")).status_code == 200
    manager = world.service.headers("manager-north", "sales_manager")
    path, body = f"/v1/targets/{child}/approve", {"overrides": {"specific": "x"}}
    assert (await world.service.post(path, body, headers=manager)).status_code == 403
    assert (await world.service.post(path, headers=manager)).status_code == 200


async def test_doubles_and_longer_targets_of_the_same_scope(world: World) -> None:
    same = await make(world, amount=1_000_000)
    assert (await act(world, same, "activate", "dora")).status_code == 200
    long = {"period_start": str(today() - timedelta(300)), "period_end": str(today() + timedelta(600))}
    year = await make(world, amount=1_000_000_000, **long)
    assert (await act(world, year, "activate", "dora")).status_code == 200
    target = await make(world)
    run = (await act(world, target, "checks", "dora")).json()
    consistent = run["findings"][-1]
    figures = {one["name"]: one["value"] for one in consistent["evidence"]}
    assert (consistent["verdict"], consistent["fix"], figures["doubles"]) == ("fail", "close_double", 1)
    assert 0 < figures["share_of_long"] < 750_000
    other = await make(world, unit_id=world.units["team-b"])
    assert verdicts((await act(world, other, "checks", "dora")).json())["consistent"] == "pass"


async def test_commits_and_siblings(world: World) -> None:
    root = await make(world, unit_id=world.units["north"])
    made = await act(world, root, "decompositions", "dora", {"dimension": "month"})
    for child in made.json()["children"]:
        answer = await act(world, child["target_id"], "commits", "dora", {"amount": child["amount"] * 8 // 10})
        assert answer.status_code == 201, answer.text
    run = (await act(world, root, "checks", "dora")).json()
    consistent = run["findings"][-1]
    assert (consistent["verdict"], consistent["fix"]) == ("fail", "reconcile")
    assert verdicts(run)["time_bound"] == "pass"


async def test_who_runs_and_reads_them(world: World) -> None:
    target = await make(world)
    for subject, role, read, run in (
        ("manager-north", "sales_manager", 200, 201),
        ("auditor", "auditor", 200, 403),
        ("b1", "sales_rep", 404, 403),
        ("risk", "risk_officer", 403, 403),
    ):
        headers, path = world.service.headers(subject, role), f"/v1/targets/{target}/checks"
        assert (await world.service.get(path, headers=headers)).status_code == read
        assert (await world.service.post(path, headers=headers)).status_code == run
