"""Members by code in a batch, and their logins: a result per row, each as the single commands would have it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from services.targets.members.enums import MemberRole
from services.targets.members.rules import Span, in_role, moved, settled
from tests.targets.members.test_roles import A, B, day

REP, LEAD = MemberRole.SALES_REP, MemberRole.SALES_SUPERVISOR


def test_a_row_says_where_and_what_somebody_is_from_a_day_on() -> None:
    spans = [Span(A, day(0), day(20)), Span(B, day(20))]
    assert settled(spans, A, REP, None, day(5)) == spans, "nothing differs"
    assert settled(spans, B, LEAD, 500_000, day(10)) == [
        Span(A, day(0), day(10)),
        Span(B, day(10), day(20), LEAD, 500_000),
        Span(B, day(20), None, LEAD, 500_000),
    ] or settled(spans, B, LEAD, 500_000, day(10)) == [
        Span(A, day(0), day(10)),
        Span(B, day(10), None, LEAD, 500_000),
    ]
    assert settled([], A, LEAD, None, day(3)) == [Span(A, day(3), None, LEAD)], "whose join was undone joins again"


@given(
    st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([REP, LEAD]), st.integers(0, 40)), max_size=8),
    st.tuples(st.sampled_from([A, B]), st.sampled_from([REP, LEAD]), st.integers(0, 40)),
)
def test_a_row_sent_again_changes_nothing(before: list[Any], last: tuple[UUID, MemberRole, int]) -> None:
    spans = [Span(A, day(10))]
    for unit, role, number in before:
        spans = settled(spans, unit, role, None, day(number))
    unit, role, number = last
    after = settled(spans, unit, role, 700_000, day(number))
    held = next(span for span in after if span.covers(day(number)))
    assert (held.unit_id, held.role, held.capacity) == (unit, role, 700_000)
    assert settled(after, unit, role, None, day(number)) == after
    assert [s for s in after if s.valid_to and s.valid_to <= day(number)] == [
        s for s in (*spans, *_cut(spans, number)) if s.valid_to and s.valid_to <= day(number)
    ], "what was before the day stays"


def _cut(spans: list[Span], number: int) -> list[Span]:
    """The span that the day cuts, until it."""
    return [
        Span(s.unit_id, s.valid_from, day(number), s.role, s.capacity)
        for s in spans
        if s.covers(day(number)) and s.valid_from < day(number)
    ]


def test_it_is_a_move_and_a_change_of_role() -> None:
    spans = [Span(A, day(0), day(9)), Span(A, day(9), role=LEAD)]
    assert settled(spans, B, LEAD, 400_000, day(4)) == in_role(moved(spans, B, day(4)), LEAD, 400_000, day(4))


def row(world: Any, code: str, unit: str = "team-a", start: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {"code": code, "role": "sales_rep", "unit_id": world.units[unit], "valid_from": start, **more}


async def send(world: Any, *rows: dict[str, Any], **options: Any) -> Any:
    answer = await world.service.post("/v1/members/batch", {"rows": list(rows)}, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def statuses(answer: Any) -> list[str]:
    return [one["problem"]["code"] if one["problem"] else one["status"] for one in answer["results"]]


async def spans(world: Any, member_id: str) -> list[tuple[str, str | None, str, str, int]]:
    names = {unit: code for code, unit in world.units.items()}
    said = (await world.service.get(f"/v1/members/{member_id}")).json()["memberships"]
    return [(m["valid_from"], m["valid_to"], names[m["unit_id"]], m["role"], m["capacity"]) for m in said]


async def test_each_row_has_its_result(world: Any) -> None:
    before = len(await world.service.published())
    answer = await send(
        world,
        row(world, "new", subject="new", capacity=500_000),
        row(world, "a1", subject="a1"),
        row(world, "a2", "team-b", "2026-03-01", role="sales_supervisor"),
        row(world, "NEW"),
        row(world, "other", subject="b1"),
        row(world, "third", subject="new"),
        {**row(world, "lost"), "unit_id": str(new_id())},
        {"code": "broken"},
    )
    assert statuses(answer) == [
        *("created", "unchanged", "updated", "row-repeated", "member-subject-taken", "member-subject-taken"),
        *("unknown-unit", "invalid"),
    ]
    assert (answer["created"], answer["unchanged"], answer["updated"], answer["problems"]) == (1, 1, 1, 5)
    results = answer["results"]
    assert results[1]["id"] == world.members["a1"]
    assert results[4]["problem"]["conflicting_id"] == world.members["b1"]
    assert [one["pointer"] for one in results[6]["problem"]["errors"]] == ["/rows/6/unit_id"]
    assert await spans(world, results[0]["id"]) == [("2026-01-01", None, "team-a", "sales_rep", 500_000)]
    assert await spans(world, world.members["a2"]) == [
        ("2026-01-01", "2026-03-01", "team-a", "sales_rep", 1_000_000),
        ("2026-03-01", None, "team-b", "sales_supervisor", 1_000_000),
    ]
    said = (await world.service.published())[before:]
    assert [(e.type.split(".")[2], e.subject, e.sequence) for e in said] == [
        ("joined", results[0]["id"], 1),
        ("moved", world.members["a2"], 2),
    ]
    assert set(said[1].payload["changed"]) == {"memberships", "role"}
    rows = await world.service.rows("SELECT code, subject FROM principal WHERE code IN ('new', 'a2') ORDER BY 1")
    assert [(one["code"], one["subject"]) for one in rows] == [("a2", "a2"), ("a2", "a2"), ("new", "new")]
    again = await send(world, row(world, "new", subject="new"), row(world, "a2"))
    assert statuses(again) == ["unchanged", "unchanged"], "a row of earlier days is no news after later changes"
    assert len(await world.service.published()) == before + 2


async def test_what_a_row_leaves_out_stays(world: Any) -> None:
    await send(world, row(world, "x", subject="x", capacity=400_000))
    assert statuses(await send(world, row(world, "x"))) == ["unchanged"]
    taken = await send(world, row(world, "x", subject=None))
    assert statuses(taken) == ["updated"]
    member = (await world.service.get(f"/v1/members/{taken['results'][0]['id']}")).json()
    assert (member["subject"], member["memberships"][0]["capacity"]) == (None, 400_000)


async def test_a_row_that_would_displace_credited_lines_is_refused_alone(world: Any) -> None:
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [500], "2026-02-14")))
    lines = await world.lines()
    answer = await send(
        world,
        row(world, "a1", "team-b", "2026-02-01"),
        row(world, "a2", "team-b", "2026-02-01"),
        row(world, "new"),
    )
    assert statuses(answer) == ["affects-posted-lines", "updated", "created"]
    assert [one[2] for one in await spans(world, world.members["a1"])] == ["team-a"]
    assert [one[2] for one in await spans(world, world.members["a2"])] == ["team-a", "team-b"]
    assert await world.lines() == lines
    later = await send(world, row(world, "a1", "team-b", "2026-02-15"))
    assert statuses(later) == ["updated"], "what was credited is from before"


async def test_two_batches_at_once_make_each_member_once(world: Any) -> None:
    rows = [row(world, f"c-{n}", subject=f"c-{n}") for n in range(20)]
    answers = await asyncio.gather(send(world, *rows), send(world, *reversed(rows)))
    assert sorted(answers[0][name] + answers[1][name] for name in ("created", "unchanged")) == [20, 20]
    assert sum(one["problems"] for one in answers) == 0
    assert len(await world.service.rows("SELECT 1 FROM member WHERE code LIKE 'c-%'")) == 20
    joined = await world.service.published("targets.member.joined.v1")
    assert len(joined) == len({one.subject for one in joined}) == 24


async def test_the_number_of_statements_does_not_grow_with_the_rows(world: Any) -> None:
    many = await send(world, *(row(world, f"m-{n}") for n in range(500)))
    assert many["created"] == 500
    shifted = await send(world, *(row(world, f"m-{n}", "team-b", "2026-05-01") for n in range(500)))
    assert shifted["updated"] == 500


async def link(world: Any, code: str, subject: Any, **options: Any) -> Any:
    return await world.service.post(f"/v1/members/{world.members[code]}/link", {"subject": subject}, **options)


async def test_a_login_is_linked_changed_and_taken_away(world: Any) -> None:
    moved_before = len(await world.service.published("targets.member.moved.v1"))
    answer = await link(world, "a1", "anna")
    assert (answer.status_code, answer.json()["subject"], answer.headers["etag"]) == (200, "anna", '"2"')
    (fact,) = (await world.service.published("targets.member.moved.v1"))[moved_before:]
    assert (fact.payload["subject"], fact.payload["changed"]) == ("anna", ["subject"])
    assert fact.payload["memberships"] == answer.json()["memberships"]
    seen = await world.service.rows("SELECT subject FROM principal WHERE code = 'a1'")
    assert [one["subject"] for one in seen] == ["anna"]
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [500])))
    own = world.service.headers("anna", "sales_rep")
    assert len((await world.service.get("/v1/credit-lines", headers=own)).json()["items"]) == 1
    before = world.service.headers("a1", "sales_rep")
    assert (await world.service.get("/v1/credit-lines", headers=before)).json()["items"] == []
    assert (await link(world, "a1", "anna")).json()["version"] == 2, "nothing differs"
    assert (await link(world, "a1", None)).json()["subject"] is None
    assert (await world.service.get("/v1/credit-lines", headers=own)).json()["items"] == []


async def test_of_two_who_want_a_login_one_gets_it(world: Any) -> None:
    answers = await asyncio.gather(*(link(world, code, "shared") for code in ("a1", "a2", "b1")))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    (refused, _) = (one.json() for one in answers if one.status_code == 409)
    assert refused["code"] == "member-subject-taken"
    assert refused["conflicting_id"] in world.members.values()


async def test_who_never_came_can_have_a_login_and_come_back(world: Any) -> None:
    made = (await send(world, row(world, "ghost")))["results"][0]["id"]
    world.members["ghost"] = made
    left = await world.service.post(f"/v1/members/{made}/leave", {"on": "2026-01-01"})
    assert (left.status_code, left.json()["memberships"]) == (200, [])
    assert (await link(world, "ghost", "ghost")).status_code == 200
    assert statuses(await send(world, row(world, "ghost", start="2026-04-01"))) == ["updated"]
    assert await spans(world, made) == [("2026-04-01", None, "team-a", "sales_rep", 1_000_000)]


@pytest.mark.parametrize("subject", ["", "a b", "x" * 65, 7, "\x00"])
async def test_what_is_no_login(world: Any, subject: Any) -> None:
    answer = await link(world, "a1", subject)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/subject")


async def test_the_director_links_and_batches(world: Any) -> None:
    for role, status in (("sales_rep", 403), ("sales_manager", 403), ("auditor", 403), ("sales_director", 200)):
        headers = world.service.headers(role, role)
        assert (await link(world, "a1", "anna", headers=headers)).status_code == status
        answer = await world.service.post("/v1/members/batch", {"rows": [row(world, "n")]}, headers=headers)
        assert answer.status_code == status
    assert (await world.service.post(f"/v1/members/{new_id()}/link", {"subject": "x"})).status_code == 404
