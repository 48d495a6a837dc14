"""Targets: drafts change, trees become active, nothing is half done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import new_id

Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 10000001}


async def make(world: Any, **more: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/targets", {**Q1, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def split(world: Any, target_id: str, dimension: str = "month", **more: Any) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/targets/{target_id}/decompositions", {"dimension": dimension, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_root_is_a_draft_in_base_currency(world: Any) -> None:
    target = await make(world, unit_id=world.units["north"], region="CN-SH", currency="USD")
    assert (target["state"], target["currency"], target["root_id"]) == ("draft", "USD", target["id"])
    assert target["parent_id"] is target["child_key"] is target["computed"] is None
    read = await world.service.get(f"/v1/targets/{target['id']}")
    assert (read.json(), read.headers["etag"]) == (target, '"1"')


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"currency": "EUR"}, "/currency"),
        ({"currency": "XXX"}, "/currency"),
        ({"period_end": "2025-12-31"}, "/period_end"),
        ({"period_end": "2036-12-31"}, "/period_end"),
        ({"amount": 10**13 + 1}, "/amount"),
        ({"amount": 2**70}, "/amount"),
        ({"amount": 1.5}, "/amount"),
        ({"name": "a\x00"}, "/name"),
        ({"name": " "}, "/name"),
        ({"metric": "joy"}, "/metric"),
        ({"owner": "me"}, "/owner"),
        ({"unit_id": str(new_id())}, "/unit_id"),
        ({"member_id": str(new_id())}, "/member_id"),
        ({"region": "Shanghai"}, "/region"),
        ({"region": "cn-sh"}, "/region"),
        ({"region": "CN-XX"}, "/region"),
        ({"product_line": "Rok "}, "/product_line"),
    ],
)
async def test_what_is_no_target(world: Any, change: dict[str, Any], pointer: str) -> None:
    answer = await world.service.post("/v1/targets", {**Q1, **change})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_draft_changes_with_its_version_until_it_is_decomposed(world: Any) -> None:
    target = await make(world)
    path = f"/v1/targets/{target['id']}"
    changed = await world.service.patch(path, {"amount": 500, "name": "New"}, 1)
    assert (changed.status_code, changed.json()["amount"], changed.json()["version"]) == (200, 500, 2)
    assert (await world.service.patch(path, {"amount": 1}, 1)).status_code == 412
    child = (await split(world, target["id"]))["children"][0]
    refused = await world.service.patch(path, {"amount": 1}, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "target-decomposed")
    assert (await world.service.patch(f"/v1/targets/{child['target_id']}", {"amount": 1}, 1)).status_code == 409
    assert (await world.service.patch(path, {"name": "Newer"}, 2)).status_code == 200
    await world.service.post(f"{path}/activate")
    assert (await world.service.patch(path, {"name": "Late"}, 4)).status_code == 409


async def test_activation_takes_the_whole_tree_with_one_event_each(world: Any) -> None:
    root = await make(world)
    months = (await split(world, root["id"]))["children"]
    members = [{"member_id": world.members[code]} for code in ("a1", "b1")]
    leaves = (await split(world, months[0]["target_id"], "member", children=members))["children"]
    early = await world.service.post(f"/v1/targets/{months[0]['target_id']}/activate")
    assert (early.status_code, early.json()["code"]) == (409, "target-state")
    answer = await world.service.post(f"/v1/targets/{root['id']}/activate")
    assert (answer.status_code, answer.json()["state"], answer.headers["etag"]) == (200, "active", '"2"')
    events = await world.service.published("targets.target.activated.v1")
    assert events[0].subject == root["id"]
    assert {e.subject for e in events[1:]} == {c["target_id"] for c in (*months, *leaves)}
    assert {(e.key, e.sequence, e.payload["state"]) for e in events} == {(root["id"], 2, "active")}
    assert (await world.service.post(f"/v1/targets/{root['id']}/activate")).status_code == 409
    later = await split(world, months[1]["target_id"], "member", children=members)
    assert {child["state"] for child in later["children"]} == {"active"}
    assert len(await world.service.published("targets.target.activated.v1")) == 8


async def test_closing_ends_it(world: Any) -> None:
    root = await make(world)
    months = (await split(world, root["id"]))["children"]
    closed = await world.service.post(f"/v1/targets/{root['id']}/close")
    assert closed.json()["state"] == "closed"
    assert (await world.service.get(f"/v1/targets/{months[2]['target_id']}")).json()["state"] == "closed"
    assert (await world.service.post(f"/v1/targets/{root['id']}/close")).status_code == 409
    again = await world.service.post(f"/v1/targets/{root['id']}/decompositions", {"dimension": "quarter"})
    assert (again.status_code, again.json()["code"]) == (409, "target-state")


async def test_decomposing_and_changing_at_once_never_disagree(world: Any) -> None:
    for _ in range(4):
        target = await make(world)
        path = f"/v1/targets/{target['id']}"
        answers = await asyncio.gather(
            world.service.patch(path, {"amount": 77}, 1),
            world.service.post(f"{path}/decompositions", {"dimension": "month"}),
            world.service.post(f"{path}/activate"),
            world.service.post(f"{path}/decompositions", {"dimension": "quarter"}),
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 409, 412}
        now = (await world.service.get(path)).json()
        children = (await world.service.get(f"/v1/targets?parent_id={target['id']}")).json()["items"]
        assert {child["state"] for child in children} <= {now["state"]}
        by_split = {c["decomposition_id"] for c in children}
        for key in by_split:
            assert sum(c["amount"] for c in children if c["decomposition_id"] == key) == now["amount"]


async def test_unknown_targets_and_roles(world: Any) -> None:
    for path in ("", "/decompositions", f"/decompositions/{new_id()}"):
        assert (await world.service.get(f"/v1/targets/{new_id()}{path}")).status_code == 404
    for verb in ("activate", "close"):
        assert (await world.service.post(f"/v1/targets/{new_id()}/{verb}")).status_code == 404
    rep = world.service.headers("a1", "sales_rep")
    assert (await world.service.post("/v1/targets", Q1, headers=rep)).status_code == 403
    officer = world.service.headers("o", "risk_officer")
    assert (await world.service.get("/v1/targets", headers=officer)).status_code == 403
    roots = await world.service.get("/v1/targets?parent_id[null]=true")
    assert roots.json()["items"] == []
