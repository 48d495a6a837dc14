"""Segments over HTTP: who is in one, how it follows, what is told, what is refused, who sees whom."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import codes
from services.customer.segments import service as segments
from services.customer.segments.dues import SEGMENTS_DUE
from tests.customer.conftest import OTHER_REP, World

NAMES = ("Ahoy", "Bravo", "Cobalt", "Delta")


async def segment(world: World, text: str | None = None, **fields: Any) -> dict[str, Any]:
    """A new segment of accounts."""
    chosen = {"filter": text} if text is not None else {}
    answer = await world.service.post("/v1/segments", {"name": "S", "resource": "account", **chosen, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def members(world: World, one: dict[str, Any], **options: Any) -> list[str]:
    """Names of the members."""
    answer = await world.service.get(f"/v1/segments/{one['id']}/members", **options)
    assert answer.status_code == 200, answer.text
    return sorted(item["name"] for item in answer.json()["items"])


async def refreshed(world: World, one: dict[str, Any]) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/segments/{one['id']}/refresh")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(world: World) -> list[dict[str, Any]]:
    return [event.payload for event in await world.service.published("customer.segment.changed.v1")]


async def ports(world: World, **fields: Any) -> dict[str, dict[str, Any]]:
    """Accounts by name."""
    return {name: await world.account(name=name, **fields) for name in NAMES}


async def test_it_follows_what_it_chooses_and_tells_who_came_and_went(world: World) -> None:
    known = await ports(world)
    one = await segment(world, "region=CN-BJ")
    assert (one["size"], one["version"], await told(world)) == (0, 1, [])
    for name in ("Bravo", "Delta"):
        await world.service.patch(f"/v1/accounts/{known[name]['id']}", {"region": "CN-BJ"}, 1)
    first = await refreshed(world, one)
    assert (first["size"], first["version"], await members(world, one)) == (2, 2, ["Bravo", "Delta"])
    again = await refreshed(world, one)
    assert (again["version"], len(await told(world))) == (2, 1)
    await world.service.patch(f"/v1/accounts/{known['Bravo']['id']}", {"region": "CN-SH"}, 2)
    await world.service.patch(f"/v1/accounts/{known['Ahoy']['id']}", {"region": "CN-BJ"}, 1)
    await world.service.post(f"/v1/accounts/{known['Delta']['id']}/archive")
    last = await refreshed(world, one)
    assert (last["size"], await members(world, one)) == (1, ["Ahoy"])
    fact = (await told(world))[-1]
    assert (fact["joined"], sorted(fact["left"])) == (
        [known["Ahoy"]["id"]],
        sorted([known["Bravo"]["id"], known["Delta"]["id"]]),
    )
    assert (fact["version"], fact["chunk"], fact["chunks"], fact["resource"]) == (3, 1, 1, "account")


async def test_large_changes_are_told_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_MEMBERS_PER_EVENT", 3)
    known = await ports(world)
    one = await segment(world, "")
    parts = await told(world)
    assert [(part["chunk"], part["chunks"], part["version"], len(part["joined"])) for part in parts] == [
        (1, 2, 2, 3),
        (2, 2, 3, 1),
    ]
    assert {item for part in parts for item in part["joined"]} == {account["id"] for account in known.values()}
    assert len({part["refresh_id"] for part in parts}) == 1
    assert (one["version"], one["size"]) == (3, 4)
    events = await world.service.published("customer.segment.changed.v1")
    assert [(event.key, event.sequence) for event in events] == [(one["id"], 2), (one["id"], 3)]


async def test_ne_keeps_what_has_no_value_and_null_finds_it(world: World) -> None:
    await ports(world)
    await world.account(name="Echo", business_type="retail")
    await world.account(name="Foxtrot", business_type="export")
    assert await members(world, await segment(world, "business_type[ne]=retail")) == [*NAMES, "Foxtrot"]
    assert await members(world, await segment(world, "business_type[null]=true")) == list(NAMES)


async def test_it_is_refreshed_as_time_passes_and_one_at_a_time(world: World) -> None:
    one = await segment(world, "region=CN-SH")
    await ports(world)
    loop = DueLoop(world.service.runtime, [SEGMENTS_DUE])
    assert not await loop.turn()
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE segment SET due_at = now() - interval '3 days'")
    await loop.turn()
    assert not await loop.turn()
    assert await members(world, one) == list(NAMES)
    (row,) = await world.service.rows("SELECT due_at - refreshed_at AS pause FROM segment")
    assert row["pause"].total_seconds() == 900
    await world.account(name="Echo")
    await asyncio.gather(*(refreshed(world, one) for _ in range(4)))
    assert [len(fact["joined"]) for fact in await told(world)] == [4, 1]
    (row,) = await world.service.rows("SELECT size, version, (SELECT count(*) FROM segment_member) AS n FROM segment")
    assert (row["size"], row["version"], row["n"]) == (5, 3, 5)


async def test_named_ones(world: World) -> None:
    known = await ports(world)
    ids = [known["Ahoy"]["id"], known["Bravo"]["id"], known["Ahoy"]["id"]]
    one = await segment(world, ids=ids)
    assert (one["ids"], one["size"], one["filter"]) == (ids[:2], 2, None)
    merge = await world.service.post(f"/v1/accounts/{known['Cobalt']['id']}/merge", {"merged_id": ids[1]})
    assert merge.status_code == 201, merge.text
    assert await members(world, one) == ["Ahoy"]
    await refreshed(world, one)
    assert await members(world, one) == ["Ahoy", "Cobalt"]
    unknown = await world.service.post("/v1/segments", {"name": "S", "resource": "account", "ids": [str(uuid4())]})
    assert (unknown.status_code, codes(unknown.json())) == (422, ["/ids/0"])
    for chosen in ({}, {"filter": "", "ids": ids}):
        refused = await world.service.post("/v1/segments", {"name": "S", "resource": "account", **chosen})
        assert (refused.status_code, refused.json()["code"]) == (422, "segment-kind")
    patched = await world.service.patch(
        f"/v1/segments/{one['id']}", {"filter": ""}, (await refreshed(world, one))["version"]
    )
    assert patched.json()["code"] == "segment-kind"


async def test_a_merged_account_is_in_none(world: World) -> None:
    known = await ports(world)
    one = await segment(world, "region=CN-SH")
    await world.service.post(f"/v1/accounts/{known['Ahoy']['id']}/merge", {"merged_id": known["Bravo"]["id"]})
    assert await members(world, one) == ["Ahoy", "Cobalt", "Delta"]
    await refreshed(world, one)
    assert (await told(world))[-1]["left"] == [known["Bravo"]["id"]]


async def test_segments_of_segments(world: World) -> None:
    known = await ports(world)
    named = await segment(world, ids=[known["Ahoy"]["id"], known["Bravo"]["id"]])
    await world.service.patch(f"/v1/accounts/{known['Bravo']['id']}", {"region": "CN-BJ"}, 1)
    other = await segment(world, ids=[known["Delta"]["id"]])
    one = await segment(world, f"segment={named['id']}&region=CN-SH")
    assert await members(world, one) == ["Ahoy"]
    both = await segment(world, f"segment={named['id']},{other['id']}")
    assert await members(world, both) == ["Ahoy", "Bravo", "Delta"]
    body = {"account_id": known["Ahoy"]["id"], "name": "Zhang Wei"}
    assert (await world.service.post("/v1/contacts", body)).status_code == 201
    assert (
        await world.service.post("/v1/contacts", {**body, "account_id": known["Delta"]["id"], "name": "Li"})
    ).is_success
    people = await segment(world, f"segment={one['id']}", resource="contact")
    assert await members(world, people) == ["Zhang Wei"]
    (fact,) = [fact for fact in await told(world) if fact["resource"] == "contact"]
    assert len(fact["joined"]) == 1


async def test_a_circle_is_refused(world: World) -> None:
    first = await segment(world, "region=CN-SH")
    second = await segment(world, f"segment={first['id']}")
    third = await segment(world, f"region=CN-SH&segment={second['id']}")
    for one, asked in ((first, third), (first, first), (second, third)):
        version = (await world.service.get(f"/v1/segments/{one['id']}")).json()["version"]
        answer = await world.service.patch(f"/v1/segments/{one['id']}", {"filter": f"segment={asked['id']}"}, version)
        assert (answer.status_code, answer.json()["code"]) == (409, "segment-cycle"), answer.text
        assert answer.json()["segments"][0] == one["id"]


async def test_two_that_ask_for_each_other_at_once(world: World) -> None:
    first, second = await segment(world, "region=CN-SH"), await segment(world, "region=CN-BJ")
    answers = await asyncio.gather(
        world.service.patch(f"/v1/segments/{first['id']}", {"filter": f"segment={second['id']}"}, 1),
        world.service.patch(f"/v1/segments/{second['id']}", {"filter": f"segment={first['id']}"}, 1),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize(
    ("resource", "text", "pointer"),
    [
        ("account", "surprise=1", "/filter/surprise"),
        ("account", "region[gt=1", "/filter/region[gt"),
        ("account", "sort=name", "/filter/sort"),
        ("account", "last_order_date[lt]=soon", "/filter/last_order_date[lt]"),
        ("account", "segment=x", "/filter/segment"),
        ("account", "segment=01989f2e-0000-7000-8000-00000000dead", "/filter/segment"),
        ("contact", "birthday=1980-01-01", "/filter/birthday"),
        ("contact", "email=a@x.example", "/filter/email"),
        ("account", "nonsense", "/filter"),
    ],
)
async def test_filters_are_checked(world: World, resource: str, text: str, pointer: str) -> None:
    answer = await world.service.post("/v1/segments", {"name": "S", "resource": resource, "filter": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "segment-filter-invalid"), answer.text
    assert codes(answer.json())[0] == pointer


async def test_who_lists_members_sees_those_of_their_scope(world: World) -> None:
    await world.account(name="Mine")
    await world.account(name="Theirs", owner_id=str(OTHER_REP))
    one = await segment(world, "")
    assert one["size"] == 2
    assert await members(world, one, headers=world.service.headers("rep-1", "sales_rep")) == ["Mine"]
    assert await members(world, one, headers=world.service.headers("rep-3", "sales_rep")) == ["Theirs"]
    assert await members(world, one, headers=world.service.headers("someone", "auditor")) == ["Mine", "Theirs"]
    refused = await world.service.post(
        f"/v1/segments/{one['id']}/refresh", headers=world.service.headers("rep-1", "sales_rep")
    )
    assert refused.status_code == 403


async def test_another_choice_counts_at_once(world: World) -> None:
    known = await ports(world)
    one = await segment(world, "region=CN-SH")
    await world.service.patch(f"/v1/accounts/{known['Ahoy']['id']}", {"region": "CN-BJ"}, 1)
    answer = await world.service.patch(f"/v1/segments/{one['id']}", {"filter": "region=CN-BJ"}, one["version"])
    assert (answer.status_code, answer.json()["size"]) == (200, 1), answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert await members(world, one) == ["Ahoy"]
    fact = (await told(world))[-1]
    assert (len(fact["left"]), fact["joined"], fact["version"]) == (3, [], answer.json()["version"])
