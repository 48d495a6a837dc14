"""Members join, move and leave; credited lines stay where they were unless corrected."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.jobs.jobs import JobRunner
from services.targets.credits import jobs
from services.targets.credits import service as credit_lines
from services.targets.worker import jobs_of


async def move(world: Any, code: str, unit: str, start: str, **more: Any) -> Any:
    body = {"unit_id": world.units[unit], "from": start, **more}
    return await world.service.post(f"/v1/members/{world.members[code]}/move", body)


async def test_every_change_announces_all_memberships_and_keeps_the_directory(world: Any) -> None:
    answer = await move(world, "a1", "team-b", "2026-02-15")
    assert answer.status_code == 200, answer.text
    spans = [(m["unit_id"], m["valid_from"], m["valid_to"]) for m in answer.json()["memberships"]]
    assert spans == [
        (world.units["team-a"], "2026-01-01", "2026-02-15"),
        (world.units["team-b"], "2026-02-15", None),
    ]
    assert answer.headers["etag"] == '"2"'
    left = await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": "2026-06-30"})
    assert left.status_code == 200, left.text
    events = [e for e in await world.service.published() if e.subject == world.members["a1"]]
    assert [(e.type.split(".")[2], e.key, e.sequence) for e in events] == [
        ("joined", "organisation", 1),
        ("moved", "organisation", 2),
        ("left", "organisation", 3),
    ]
    assert events[2].payload["memberships"] == left.json()["memberships"]
    rows = await world.service.rows(
        "SELECT valid_from::text, valid_to::text, subject, path FROM principal WHERE code = 'a1' ORDER BY valid_from"
    )
    assert [(row["valid_from"], row["valid_to"]) for row in rows] == [
        ("2026-01-01", "2026-02-15"),
        ("2026-02-15", "2026-06-30"),
    ]
    assert [str(unit) for unit in rows[1]["path"]] == [world.units[u] for u in ("company", "south", "team-b")]


async def test_a_taken_code_or_subject_names_the_member_that_has_it(world: Any) -> None:
    base = {"role": "sales_rep", "unit_id": world.units["team-a"], "valid_from": "2026-01-01"}
    code = await world.service.post("/v1/members", {**base, "code": "a1", "subject": "fresh"})
    assert (code.status_code, code.json()["code"], code.json()["conflicting_id"]) == (
        409,
        "member-code-taken",
        world.members["a1"],
    )
    subject = await world.service.post("/v1/members", {**base, "code": "fresh", "subject": "a1"})
    assert (subject.status_code, subject.json()["code"]) == (409, "member-subject-taken")


async def test_unknown_unit_and_member(world: Any) -> None:
    body = {"code": "x", "role": "sales_rep", "unit_id": str(new_id()), "valid_from": "2026-01-01"}
    answer = await world.service.post("/v1/members", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/unit_id")
    missing = await world.service.post(
        f"/v1/members/{new_id()}/move", {"unit_id": world.units["north"], "from": "2026-01-01"}
    )
    assert missing.status_code == 404
    assert (await world.service.get(f"/v1/members/{new_id()}")).status_code == 404


async def test_a_backdated_move_over_credited_lines_is_refused_and_changes_nothing(world: Any) -> None:
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [100], "2026-02-14")))
    refused = await move(world, "a1", "team-b", "2026-02-01")
    assert (refused.status_code, refused.json()["code"], refused.json()["lines"]) == (409, "affects-posted-lines", 1)
    member = (await world.service.get(f"/v1/members/{world.members['a1']}")).json()
    assert (member["version"], len(member["memberships"])) == (1, 1)
    later = await move(world, "a1", "team-b", "2026-02-15")
    assert later.status_code == 200
    leave = await world.service.post(f"/v1/members/{world.members['a1']}/leave", {"on": "2026-03-01"})
    assert leave.status_code == 200


async def test_a_correction_posts_reversing_and_new_lines_on_the_same_dates(world: Any) -> None:
    order = world.order({"a1": 600_000, "b1": 400_000}, [411, 100])
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 137)}, "2026-03-05"))
    answer = await move(world, "a1", "team-b", "2026-02-01", correction=True)
    assert answer.status_code == 200, answer.text
    facts = await world.service.published("targets.order.credited.v1")
    assert [(f.sequence, f.payload["kind"], f.payload["amount"]) for f in facts[2:]] == [
        (3, "corrected", 0),
        (4, "corrected", 0),
    ]
    by_unit = {i["key"]: i["actual"] for i in (await world.attainment(group_by="unit"))["items"]}
    assert by_unit == {world.units["team-a"]: 0, world.units["team-b"]: 411 + 100 - 137}
    months = await world.attainment(group_by="month", unit_id=world.units["team-b"])
    assert [(i["key"], i["actual"]) for i in months["items"]] == [("2026-02", 511), ("2026-03", -137)]
    await world.service.deliver(world.returned(order, {1: (137, 411), 2: (0, 100)}, "2026-03-06"))
    assert [i["actual"] for i in (await world.attainment(group_by="unit"))["items"]] == [0, 0]
    again = await move(world, "a1", "team-a", "2026-02-01")
    assert (again.status_code, again.json()["code"]) == (409, "affects-posted-lines"), "February would change"


async def test_a_move_and_the_crediting_of_an_order_exclude_each_other(world: Any) -> None:
    """Whoever comes first, lines and memberships agree, or the move is refused."""
    for number in range(6):
        order = world.order({"a2": 1_000_000}, [100], f"2026-03-{10 + number}")
        unit = ["team-b", "team-a"][number % 2]
        results = await asyncio.gather(
            move(world, "a2", unit, f"2026-03-{10 + number}"), world.service.deliver(world.confirmed(order))
        )
        assert results[0].status_code in (200, 409)
        await world.service.post(
            f"/v1/members/{world.members['a2']}/move",
            {"unit_id": world.units[unit], "from": f"2026-03-{10 + number}", "correction": True},
        )
    wrong = await world.service.rows(
        "SELECT c.order_id, c.unit_path FROM credit_line c LEFT JOIN membership s ON s.member_id = c.member_id "
        "AND s.valid_from <= c.order_date AND (s.valid_to IS NULL OR s.valid_to > c.order_date) "
        "LEFT JOIN unit u ON u.id = s.unit_id WHERE c.unit_path <> u.path GROUP BY 1, 2 HAVING sum(c.amount) <> 0"
    )
    assert wrong == []


async def test_two_moves_at_once_never_overlap(world: Any) -> None:
    answers = await asyncio.gather(
        *(move(world, "b1", unit, f"2026-0{month}-01") for month in (2, 3, 4, 5) for unit in ("team-a", "north"))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    member = (await world.service.get(f"/v1/members/{world.members['b1']}")).json()
    assert member["version"] == 1 + sum(answer.status_code == 200 for answer in answers)
    spans = member["memberships"]
    assert all(a["valid_to"] == b["valid_from"] for a, b in pairwise(spans))


async def test_the_database_refuses_overlapping_memberships(world: Any) -> None:
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with world.service.transaction() as tx:
            await tx.execute(
                "INSERT INTO membership (member_id, unit_id, valid_from, valid_to) VALUES ($1, $2, $3, $4)",
                world.members["a1"],
                world.units["north"],
                date(2026, 3, 1),
                date(2026, 4, 1),
            )


async def test_only_those_who_may_change_the_organisation(world: Any) -> None:
    rep = world.service.headers("a1", "sales_rep")
    body = {"code": "x", "role": "sales_rep", "unit_id": world.units["team-a"], "valid_from": "2026-01-01"}
    assert (await world.service.post("/v1/members", body, headers=rep)).status_code == 403
    assert (await world.service.get("/v1/members", headers=rep)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"code": "a\x00b"},
        {"role": "boss"},
        {"valid_from": "2026-02-30"},
        {"valid_from": "0001-01-01"},
        {"unit_id": "x"},
        {"extra": 1},
        {"subject": 7},
    ],
)
async def test_malformed_bodies(world: Any, change: dict[str, Any]) -> None:
    body = {"code": "x", "role": "sales_rep", "unit_id": world.units["team-a"], "valid_from": "2026-01-01", **change}
    assert (await world.service.post("/v1/members", body)).status_code == 422


async def test_one_key_two_at_once_makes_one_member(world: Any) -> None:
    body = {"code": "x", "role": "sales_rep", "unit_id": world.units["team-a"], "valid_from": "2026-01-01"}
    headers = world.service.headers(Idempotency_Key="k1")
    answers = await asyncio.gather(*(world.service.post("/v1/members", body, headers=headers) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    replay = await world.service.post("/v1/members", body, headers=headers)
    assert replay.status_code == 201
    other = await world.service.post("/v1/members", {**body, "code": "y"}, headers=headers)
    assert other.status_code == 422
    assert len((await world.service.get("/v1/members?code=x")).json()["items"]) == 1


async def test_members_of_a_unit_and_below(world: Any) -> None:
    answer = await world.service.get(f"/v1/members?unit_id={world.units['north']}&sort=code&fields=code")
    assert [item["code"] for item in answer.json()["items"]] == ["a1", "a2", "manager-north"]


def today_of(world: Any) -> date:
    return business_date(world.service.runtime.settings.timezone)


async def join(world: Any, start: date, unit: str = "team-a", code: str = "fresh") -> str:
    body = {"code": code, "role": "sales_rep", "unit_id": world.units[unit], "valid_from": start.isoformat()}
    answer = await world.service.post("/v1/members", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("days", [-30, 0, 5])
async def test_a_join_made_today_is_undone(world: Any, days: int) -> None:
    start = today_of(world) + timedelta(days=days)
    member = await join(world, start)
    world.members["fresh"] = member
    undone = await world.service.post(f"/v1/members/{member}/leave", {"on": start.isoformat()})
    assert (undone.status_code, undone.json()["memberships"]) == (200, []), undone.text
    again = await world.service.post(f"/v1/members/{member}/leave", {"on": start.isoformat()})
    assert (again.status_code, again.json()["code"]) == (409, "not-a-member")
    *_, fact = [event for event in await world.service.published() if event.subject == member]
    (never,) = fact.payload["memberships"]
    assert (fact.type, never["valid_from"], never["valid_to"]) == (
        "targets.member.left.v1",
        start.isoformat(),
        start.isoformat(),
    )
    (known,) = await world.service.rows("SELECT valid_from, valid_to FROM principal WHERE code = 'fresh'")
    assert (known["valid_from"], known["valid_to"]) == (start, start)
    back = await move(world, "fresh", "team-b", start.isoformat())
    assert [one["unit_id"] for one in back.json()["memberships"]] == [world.units["team-b"]]


async def test_a_join_of_another_day_is_left_but_not_undone(world: Any) -> None:
    member = await join(world, today_of(world) - timedelta(days=9))
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE member SET created_at = created_at - interval '3 days' WHERE code = 'fresh'")
    answer = await world.service.post(
        f"/v1/members/{member}/leave", {"on": (today_of(world) - timedelta(days=9)).isoformat()}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not-a-member")


async def test_undoing_a_join_over_credited_lines_needs_a_correction(world: Any) -> None:
    day = today_of(world).isoformat()
    member = world.members["fresh"] = await join(world, today_of(world))
    await world.service.deliver(world.confirmed(world.order({"fresh": 1_000_000}, [100], day)))
    refused = await world.service.post(f"/v1/members/{member}/leave", {"on": day})
    assert (refused.status_code, refused.json()["code"], refused.json()["lines"]) == (409, "affects-posted-lines", 1)
    assert (await world.service.post(f"/v1/members/{member}/leave", {"on": day, "correction": True})).status_code == 200
    rows = await world.service.rows(
        "SELECT unit_path, sum(amount)::int AS amount FROM credit_line GROUP BY 1 ORDER BY 2"
    )
    assert [(len(row["unit_path"]), row["amount"]) for row in rows] == [(3, 0), (0, 100)]


async def eventually_done(world: Any, path: str) -> Any:
    for _ in range(600):
        job = (await world.service.get(path)).json()
        if job["state"] in ("succeeded", "failed"):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(job)


async def test_a_correction_of_many_lines_is_a_job(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the worker: each line is moved once, and orders that come meanwhile go where the member is."""
    monkeypatch.setattr(credit_lines, "AT_ONCE", 6)
    monkeypatch.setattr(credit_lines, "ORDERS_A_STEP", 2)
    for _ in range(4):
        await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [100, 11], "2026-02-14")))
    director = world.service.headers("head", "sales_director")
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    answer = await world.service.post(f"/v1/members/{world.members['a1']}/move", body, headers=director)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued"), answer.text
    path = f"/admin/jobs/{answer.json()['id']}"
    assert (await world.service.get(path, headers=director)).json() == answer.json(), "for whoever started it"
    for others in (world.service.headers("other", "sales_director"), world.service.headers("a1", "sales_rep")):
        assert (await world.service.get(path, headers=others)).status_code == 403
        assert (await world.service.get(f"/admin/jobs/{new_id()}", headers=others)).status_code == 403
    for known in (path, f"/admin/jobs/{new_id()}"):
        allowed = await world.service.get(known, headers=world.service.headers("looks", "auditor"))
        assert allowed.status_code == (200 if known == path else 404)
    assert answer.headers["location"] == f"/admin/targets/jobs/{answer.json()['id']}"
    member = (await world.service.get(f"/v1/members/{world.members['a1']}")).json()
    assert [one["valid_from"] for one in member["memberships"]] == ["2026-01-01", "2026-02-01"]
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [7], "2026-02-15")))

    original, steps = credit_lines.correct_some, []

    async def interrupted(*given: Any) -> int:
        done = await original(*given)
        steps.append(done)
        if len(steps) == 2:
            raise ConnectionError("the worker dies before it commits")
        return done

    monkeypatch.setattr(jobs, "correct_some", interrupted)
    runtime = world.service.runtime
    runner, stop = JobRunner(runtime.db, jobs_of(runtime), poll=0.02, retry_delay=0.01), asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    job = await eventually_done(world, f"/admin/jobs/{answer.json()['id']}")
    stop.set()
    await task
    assert (job["state"], job["result"]) == ("succeeded", {"lines": 8}), job
    assert steps == [4, 4, 4, 0]
    by_unit = {i["key"]: i["actual"] for i in (await world.attainment(group_by="unit"))["items"]}
    assert by_unit == {world.units["team-a"]: 0, world.units["team-b"]: 4 * 111 + 7}
    facts = [f for f in await world.service.published("targets.order.credited.v1") if f.payload["kind"] == "corrected"]
    assert len(facts) == 4


async def test_who_has_left_is_given_nothing_new(world: Any) -> None:
    """Targets, one by one and in a batch, and plans of action with their steps; what was theirs stays editable."""
    gone, here = world.members["a1"], world.members["b1"]
    q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    theirs = (await world.service.post("/v1/targets", {**q1, "owner_id": gone})).json()
    step = {"key": "k", "name": "Do", "owner_id": gone, "due_on": "2026-03-01", "weight": 1}
    body = {"target_id": theirs["id"], "name": "Win", "owner_id": gone, "steps": [step]}
    plan = await world.service.post("/v1/action-plans", body)
    assert plan.status_code == 201, plan.text
    left = await world.service.post(f"/v1/members/{gone}/leave", {"on": "2026-06-30"})
    assert left.status_code == 200, left.text

    async def refused(answer: Any, pointer: str) -> None:
        assert (answer.status_code, answer.json()["code"]) == (422, "owner-left"), answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer

    await refused(await world.service.post("/v1/targets", {**q1, "owner_id": gone}), "/owner_id")
    row = {**q1, "owner_id": gone, "external_id": "T-1"}
    (result,) = (await world.service.post("/v1/targets/batch", {"rows": [row]})).json()["results"]
    assert result["problem"]["code"] == "owner-left"
    other = (await world.service.post("/v1/targets", {**q1, "owner_id": here})).json()
    await refused(await world.service.patch(f"/v1/targets/{other['id']}", {"owner_id": gone}, 1), "/owner_id")
    await refused(await world.service.post("/v1/action-plans", {**body, "steps": []}), "/owner_id")
    await refused(await world.service.post("/v1/action-plans", {**body, "owner_id": here}), "/steps/0/owner_id")
    kept = await world.service.patch(f"/v1/targets/{theirs['id']}", {"owner_id": gone, "name": "New"}, 1)
    assert kept.status_code == 200, kept.text
    path = f"/v1/action-plans/{plan.json()['id']}"
    again = await world.service.patch(path, {"name": "New", "owner_id": gone, "steps": [step]}, 1)
    assert again.status_code == 200, again.text
