"""Visits, opportunities and answers are credited to their owners, in the units of their days."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from services.targets.events_out import ResultCredited
from tests.targets.conftest import World
from tests.targets.results.heard import Payment, account, answer, moved, opportunity, visit

COUNTED = ("visits", "won", "lost", "answers", "csat_top", "promoters", "detractors", "nps_answers")


async def counted(world: World, *columns: str) -> list[tuple[Any, ...]]:
    """Lines of results: member code, columns, and what is not 0."""
    codes = {member: code for code, member in world.members.items()}
    rows = await world.service.rows(
        "SELECT * FROM credit_line WHERE subject_id IS NOT NULL ORDER BY recorded_at, ordinal"
    )
    return [
        (codes[str(row["member_id"])], *(row[name] for name in columns), {n: row[n] for n in COUNTED if row[n]})
        for row in rows
    ]


def path(world: World, *codes: str) -> list[UUID]:
    return [UUID(world.units[code]) for code in codes]


async def test_a_visit_counts_for_who_made_it_in_the_unit_of_its_day(world: World) -> None:
    one = str(new_id())
    body = {"unit_id": world.units["team-b"], "from": "2026-02-20"}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    await world.service.deliver(
        account(world, one, region="CN-BJ"),
        visit(world, one, "a1", "2026-02-19"),
        visit(world, one, "a1", "2026-02-20"),
        visit(world, one, None),
        visit(world, one, "a1", kind="call"),
    )
    assert await counted(world, "kind", "unit_path", "product_line", "region", "customer_type") == [
        ("a1", "visited", path(world, "company", "north", "team-a"), None, "CN-BJ", "existing", {"visits": 1_000}),
        ("a1", "visited", path(world, "company", "south", "team-b"), None, "CN-BJ", "existing", {"visits": 1_000}),
    ]
    first, _second = await world.service.published(ResultCredited.TYPE)
    assert (first.key, first.payload["order_id"], first.payload["posting_date"]) == (one, None, "2026-02-19")
    assert first.payload["shares"] == {world.members["a1"]: 1_000_000}


async def test_a_visit_of_nobody_known_and_a_stranger(world: World) -> None:
    stranger = str(new_id())
    told = visit(world, None, stranger)
    await world.service.deliver(told)
    (row,) = await world.service.rows("SELECT * FROM credit_line")
    assert (str(row["member_id"]), row["unit_path"], row["account_id"], row["region"]) == (stranger, [], None, None)
    item = (await world.service.get("/v1/credit-lines")).json()["items"][0]
    assert (item["kind"], item["order_id"], item["account_id"], item["visits"]) == ("visited", None, None, 1_000)
    assert item["subject_id"] == told.payload["id"]


async def test_what_is_won_or_lost_counts_on_its_closing_day_until_it_is_open_again(world: World) -> None:
    one = str(new_id())
    deal, other = opportunity(world, one), opportunity(world, one, "b1")
    await world.service.deliver(moved(deal, "won", "2026-02-10"), moved(other, "lost", "2026-02-11"))
    body = {"unit_id": world.units["team-b"], "from": "2026-02-20"}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    await world.service.deliver(
        moved(deal, "reopened", "2026-03-01"), moved(deal, "lost", "2026-03-05", owner_id=world.members["a2"])
    )
    north = path(world, "company", "north", "team-a")
    lines = await counted(world, "kind", "posting_date", "unit_path")
    assert [(code, kind, str(day), count) for code, kind, day, _path, count in lines] == [
        ("a1", "closed", "2026-02-10", {"won": 1_000}),
        ("b1", "closed", "2026-02-11", {"lost": 1_000}),
        ("a1", "reopened", "2026-03-01", {"won": -1_000}),
        ("a2", "closed", "2026-03-05", {"lost": 1_000}),
    ]
    assert lines[2][3] == north, "the credit goes where it stood"
    facts = await world.service.published(ResultCredited.TYPE)
    assert [fact.sequence for fact in facts if fact.subject == deal["id"]] == [1, 2, 3]


async def test_reopened_without_a_closing_that_counted_takes_nothing(world: World) -> None:
    deal = opportunity(world, str(new_id()))
    await world.service.deliver(moved(deal, "reopened", "2026-03-01"), moved(deal, "won", "2026-03-02"))
    assert await counted(world) == [("a1", {"won": 1_000})]
    assert await world.service.parked() == []


@pytest.mark.parametrize(
    ("kind", "score", "expected"),
    [
        ("csat", 3, {"answers": 1_000}),
        ("csat", 4, {"answers": 1_000, "csat_top": 1_000}),
        ("nps", 6, {"answers": 1_000, "detractors": 1_000, "nps_answers": 1_000}),
        ("nps", 8, {"answers": 1_000, "nps_answers": 1_000}),
        ("nps", 9, {"answers": 1_000, "promoters": 1_000, "nps_answers": 1_000}),
        ("ces", 7, None),
        ("custom", None, None),
    ],
)
async def test_an_answer_counts_by_its_kind_and_score(
    world: World, kind: str, score: int | None, expected: dict[str, int] | None
) -> None:
    await world.service.deliver(answer(world, str(new_id()), "a1", kind, score, product_line="rock"))
    assert await counted(world, "product_line") == ([("a1", "rock", expected)] if expected else [])


async def test_an_answer_about_an_order_goes_by_its_shares_in_the_units_of_its_day(world: World) -> None:
    one = str(new_id())
    shares = {"a1": 333_334, "a2": 333_333, "b1": 333_333}
    order = world.order(shares, [100], stream_key=one, account_id=one)
    told = answer(world, one, "b1", "nps", 10, order_id=order["id"])
    before = answer(world, one, "b1", "csat", 5, order_id=order["id"])
    body = {"unit_id": world.units["team-b"], "from": "2026-02-18"}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    await world.service.deliver(before, world.confirmed(order), told)
    assert await counted(world) == [
        ("b1", {"answers": 1_000, "csat_top": 1_000}),
        ("a1", {"answers": 334, "promoters": 334, "nps_answers": 334}),
        ("a2", {"answers": 333, "promoters": 333, "nps_answers": 333}),
        ("b1", {"answers": 333, "promoters": 333, "nps_answers": 333}),
    ]
    lines = await counted(world, "unit_path", "customer_type")
    assert lines[1][1:3] == (path(world, "company", "south", "team-b"), "retail")


async def test_attainment_counts_what_was_heard(world: World) -> None:
    one = str(new_id())
    order = world.order({"a1": 600_000, "b1": 400_000}, [1_000], stream_key=one, account_id=one)
    await world.service.deliver(world.confirmed(order), Payment(order).received((order, 500)), visit(world, one, "a1"))
    for metric, expected in (("collected_cash", 300), ("visit_count", 1_000), ("revenue", 600)):
        asked = {"metric": metric, "unit_id": world.units["team-a"], "from": "2026-02-01"}
        answer = await world.attainment(None, **asked)
        assert [item["actual"] for item in answer["items"]] == [expected], metric


async def test_results_again_count_once(world: World) -> None:
    one = str(new_id())
    deal = opportunity(world, one)
    events = [
        *(visit(world, one, "a1"), answer(world, one, "a1", "nps", 9)),
        *(moved(deal, "won", "2026-02-10"), moved(deal, "reopened", "2026-03-01"), moved(deal, "won", "2026-03-02")),
    ]
    await world.service.deliver(*events)
    before = await world.lines()
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await world.service.deliver(*events)
    assert await world.lines() == before
    assert len(before) == 5


async def test_a_correction_moves_results_too(world: World) -> None:
    one = str(new_id())
    deal = opportunity(world, one)
    await world.service.deliver(
        *(visit(world, one, "a1"), answer(world, one, "a1", "csat", 5)),
        *(moved(deal, "won", "2026-02-10"), moved(deal, "reopened", "2026-03-01"), moved(deal, "lost", "2026-03-02")),
    )
    move, body = f"/v1/members/{world.members['a1']}/move", {"unit_id": world.units["team-b"], "from": "2026-02-01"}
    refused = await world.service.post(move, body)
    assert (refused.status_code, refused.json()["code"], refused.json()["lines"]) == (409, "affects-posted-lines", 5)
    assert (await world.service.post(move, {**body, "correction": True})).status_code == 200
    rows = await world.service.rows(
        "SELECT unit_path, sum(visits)::int AS visits, sum(won)::int AS won, sum(lost)::int AS lost, "
        "sum(csat_top)::int AS csat_top, sum(abs(won))::int AS moved FROM credit_line GROUP BY 1 ORDER BY 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        (path(world, "company", "north", "team-a"), 0, 0, 0, 0, 4_000),
        (path(world, "company", "south", "team-b"), 1_000, 0, 1_000, 1_000, 2_000),
    ]
    differing = await world.service.rows(
        "SELECT 1 FROM credit_line GROUP BY subject_id, posting_date "
        "HAVING abs(sum(visits + won + lost + answers)) <> 1000"
    )
    assert differing == [], "each on its own posting date"
    await world.service.deliver(moved(deal, "reopened", "2026-03-09"))
    last = (await counted(world, "kind", "unit_path"))[-1]
    assert last == ("a1", "reopened", path(world, "company", "south", "team-b"), {"lost": -1_000})
