"""Who commits to what and until when, and what a decomposition makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from kit.clock import business_date
from kit.ids import new_id

TODAY = business_date("Asia/Shanghai")
CODES = ("a1", "a2", "b1", "manager-north")
"""A, B, C and D of the requirement's numbers."""


async def plan(world: Any, amount: int = 1_000_000, **more: Any) -> tuple[str, str, dict[str, str]]:
    """A draft over the members: its id, that of the decomposition, and the children by code."""
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": amount, **more}
    made = await world.service.post("/v1/targets", body)
    assert made.status_code == 201, made.text
    root = made.json()["id"]
    children = [{"member_id": world.members[code]} for code in CODES]
    split = await world.service.post(
        f"/v1/targets/{root}/decompositions", {"dimension": "member", "children": children}
    )
    assert split.status_code == 201, split.text
    by_member = {child["member_id"]: child["target_id"] for child in split.json()["children"]}
    return root, split.json()["id"], {code: by_member[world.members[code]] for code in CODES}


def rep(world: Any, name: str = "a1") -> dict[str, str]:
    headers: dict[str, str] = world.service.headers(name, "sales_rep")
    return headers


def manager(world: Any) -> dict[str, str]:
    headers: dict[str, str] = world.service.headers("manager-north", "sales_manager")
    return headers


async def commit(
    world: Any, target: str, amount: int | None, headers: dict[str, str] | None = None, note: str = ""
) -> tuple[int, Any]:
    """Status, and the number of the commit or the code of the problem."""
    body = {"amount": amount, "note": note}
    answer = await world.service.post(f"/v1/targets/{target}/commits", body, headers=headers)
    return answer.status_code, answer.json()["number" if answer.status_code == 201 else "code"]


async def gap(world: Any, root: str, split: str) -> dict[str, Any]:
    answer = await world.service.get(f"/v1/targets/{root}/decompositions/{split}/gap")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(world: Any, target: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/targets/{target}/commits", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_decomposition_says_what_was_committed_and_what_is_missing(world: Any) -> None:
    root, split, children = await plan(world)
    assert await commit(world, children["a1"], 300_000, rep(world)) == (201, 1)
    assert await commit(world, children["b1"], 250_000, rep(world, "b1")) == (201, 1)
    found = await gap(world, root, split)
    assert [found[name] for name in ("amount", "committed", "gap", "open")] == [1_000_000, 550_000, 450_000, 2]
    by_target = {child["target_id"]: (child["commit"], child["difference"]) for child in found["children"]}
    assert [by_target[children[code]] for code in CODES] == [
        (300_000, 50_000),
        (None, None),
        (250_000, 0),
        (None, None),
    ]
    await commit(world, children["a2"], 530_000)
    assert (await gap(world, root, split))["gap"] == -80_000, "8 % over"
    assert await world.service.rows("SELECT * FROM outbox WHERE type LIKE '%commit%'") == []


async def test_the_newest_counts_null_is_none_and_zero_is_zero(world: Any) -> None:
    root, split, children = await plan(world)
    seen = []
    for number, amount in enumerate((300_000, 0, None, 200_000), 1):
        assert await commit(world, children["a1"], amount, rep(world), note=f"step {number}") == (201, number)
        found = await gap(world, root, split)
        seen.append((found["committed"], found["gap"], found["open"]))
    assert seen == [(300_000, 700_000, 3), (0, 1_000_000, 3), (0, 1_000_000, 4), (200_000, 800_000, 3)]
    items = await listed(world, children["a1"], rep(world))
    assert [(one["number"], one["amount"], one["note"], one["author"]) for one in items] == [
        (4, 200_000, "step 4", "a1"),
        (3, None, "step 3", "a1"),
        (2, 0, "step 2", "a1"),
        (1, 300_000, "step 1", "a1"),
    ]
    audited = await world.service.rows("SELECT after FROM audit_log WHERE action = 'commit' ORDER BY id")
    assert len(audited) == 4
    assert "step" not in str(audited), "what somebody typed is not audited"


async def test_members_commit_to_their_own_and_leads_to_what_is_of_their_units(world: Any) -> None:
    root, split, children = await plan(world)
    missing = (404, "target-not-found")
    assert await commit(world, children["a2"], 1, rep(world)) == missing
    assert await commit(world, root, 1, rep(world)) == missing
    assert await commit(world, children["a2"], 2, manager(world)) == (201, 1), "of a team of the region"
    assert await commit(world, children["manager-north"], 3, manager(world)) == (201, 1)
    assert await commit(world, children["b1"], 4, manager(world)) == missing
    assert await commit(world, children["b1"], 5, world.service.headers("dora", "sales_director")) == (201, 1)
    assert (await commit(world, children["b1"], 6, world.service.headers("audit", "auditor")))[0] == 403
    assert (await commit(world, children["b1"], 6, world.service.headers("cho", "channel_manager")))[0] == 403
    assert await commit(world, str(new_id()), 6) == missing
    for path in (f"{children['a2']}/commits", f"{root}/decompositions/{split}/gap"):
        answer = await world.service.get(f"/v1/targets/{path}", headers=rep(world))
        assert (answer.status_code, answer.json()["code"]) == missing, path
    answer = await world.service.get(f"/v1/targets/{root}/decompositions/{new_id()}/gap")
    assert (answer.status_code, answer.json()["code"]) == (404, "decomposition-not-found")
    assert len(await listed(world, children["a2"], world.service.headers("audit", "auditor"))) == 1


async def test_commits_are_taken_until_their_last_day_and_for_drafts_alone(world: Any) -> None:
    closed = (409, "commits-closed")
    root, _, children = await plan(world, commit_until=str(TODAY))
    assert await commit(world, children["a1"], 1, rep(world)) == (201, 1)
    path = f"/v1/targets/{root}"
    past = await world.service.patch(path, {"commit_until": str(TODAY - timedelta(days=1))}, 1)
    assert (past.status_code, past.json()["version"]) == (200, 2), past.text
    assert await commit(world, children["a1"], 2, rep(world)) == closed
    assert await commit(world, root, 2) == closed
    own = await world.service.patch(f"/v1/targets/{children['a1']}", {"commit_until": str(TODAY)}, 1)
    assert own.status_code == 200, own.text
    assert await commit(world, children["a1"], 3, rep(world)) == (201, 2), "its own day wins"
    assert await commit(world, children["a2"], 3) == closed
    assert (await world.service.patch(path, {"commit_until": None}, 2)).status_code == 200
    assert await commit(world, children["a2"], 4) == (201, 1)
    assert (await world.service.post(f"{path}/activate")).status_code == 200
    answer = await world.service.post(f"/v1/targets/{children['a1']}/commits", {"amount": 5}, headers=rep(world))
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (*closed, "active")
    assert [one["number"] for one in await listed(world, children["a1"])] == [2, 1], "what was said stays"


async def test_commits_at_once_are_all_kept_and_one_counts(world: Any) -> None:
    root, split, children = await plan(world)
    answers = await asyncio.gather(*(commit(world, children["a1"], amount) for amount in (10, 20, 30, 40)))
    assert sorted(answers) == [(201, number) for number in (1, 2, 3, 4)]
    newest = (await listed(world, children["a1"]))[0]
    assert (await gap(world, root, split))["committed"] == newest["amount"]


async def test_a_commit_and_an_activation_at_once(world: Any) -> None:
    root, _, children = await plan(world)
    activated, (status, _said) = await asyncio.gather(
        world.service.post(f"/v1/targets/{root}/activate"), commit(world, children["a1"], 10)
    )
    assert activated.status_code == 200
    assert len(await listed(world, children["a1"])) == (status == 201)
    assert status in (201, 409)


async def test_a_commit_that_is_no_amount_names_the_field(world: Any) -> None:
    root, _, _ = await plan(world)
    for body, pointer in (
        ({}, "/amount"),
        ({"amount": "7"}, "/amount"),
        ({"amount": 10**16}, "/amount"),
        ({"amount": 1, "note": "x" * 201}, "/note"),
    ):
        answer = await world.service.post(f"/v1/targets/{root}/commits", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), body
    bad = await world.service.get(f"/v1/targets/{root}/commits?amount=x")
    assert bad.status_code == 400
