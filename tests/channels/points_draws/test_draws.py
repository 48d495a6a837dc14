"""Draws: the digest before, the seed after, each ticket paid once, no prize given twice."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out.draws import PointsDrawClosed, PointsDrawOpened
from services.channels.events_out.points import PointsDrawn
from services.channels.points_draws.dues import DRAWS_DUE
from services.channels.points_draws.rules import Prize, digest_of, drawn, won
from tests.channels.conflicts.found import merged
from tests.channels.conftest import Days
from tests.channels.points.spent import buckets
from tests.channels.points.test_points import adjusted, entries, joined, programme, standing
from tests.channels.points_draws.drawing import (
    DIRECTOR,
    DRAW,
    PATH,
    a_draw,
    a_rich_member,
    an_open_draw,
    closed,
    drafted,
    draw,
)
from tests.channels.quotes.offers import account, heard_rate
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings

__all__ = ["logged"]
CHANCES = [Prize(one["code"], one["weight"], one["stock"]) for one in DRAW["prizes"]]


def replayed(seed: str, count: int) -> list[str | None]:
    """What tickets win, by the published rule."""
    found: list[str | None] = []
    for number in range(1, count + 1):
        code = drawn(seed, number, CHANCES, DRAW["blanks"])
        found.append(won(code, CHANCES, found.count(code)))
    return found


async def tickets(service: ServiceHarness, made: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await service.get(f"/v1/points-tickets?draw_id={made['id']}&sort=number&limit=100")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_the_digest_comes_before_and_the_seed_after(service: ServiceHarness) -> None:
    made, member = await a_draw(service, 5_000)
    (opened,) = await service.published(PointsDrawOpened.TYPE)
    assert (made["seed"], opened.payload["seed_hash"]) == (None, made["seed_hash"])
    assert "seed" not in opened.payload
    answers = [await draw(service, made, member) for _ in range(40)]
    assert {one.status_code for one in answers} == {201}
    won_by = [one.json()["prize_code"] for one in answers]
    ended = await closed(service, made)
    assert digest_of(ended["seed"]) == made["seed_hash"]
    assert won_by == replayed(ended["seed"], 40)
    assert (ended["tickets"], ended["won"]) == (40, {code: won_by.count(code) for code in ended["won"]})
    assert won_by.count("HEADSET") <= 2
    (said,) = await service.published(PointsDrawClosed.TYPE)
    assert (said.payload["seed"], said.payload["tickets"]) == (ended["seed"], 40)
    assert [one["number"] for one in await tickets(service, made)] == list(range(1, 41))
    late = await draw(service, made, member)
    assert (late.status_code, late.json()["code"]) == (409, "points-draw-state")
    stored = await service.rows("SELECT sealed_seed FROM points_draw")
    assert stored[0]["sealed_seed"] is None


async def test_nobody_learns_the_seed_of_an_open_draw(service: ServiceHarness) -> None:
    made, member = await a_draw(service)
    await draw(service, made, member)
    stored = (await service.rows("SELECT sealed_seed, seed FROM points_draw"))[0]
    ended = await closed(service, made)
    shown = str([one.payload for one in await service.published(PointsDrawn.TYPE)])
    assert stored["seed"] is None
    assert ended["seed"] not in stored["sealed_seed"]
    assert ended["seed"] not in shown


async def test_a_ticket_costs_what_expires_first_and_the_ledger_sums_to_zero(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-03-01")
    made, member = await a_draw(service, 30, valid_to="2027-12-31")
    days.on("2026-03-02")
    assert (await adjusted(service, member, 100)).status_code == 200
    answer = await draw(service, made, member)
    assert answer.status_code == 201, answer.text
    (said,) = await service.published(PointsDrawn.TYPE)
    assert [(lot["points"], lot["expires_on"]) for lot in said.payload["lots"]] == [
        (30, "2027-03-01"),
        (20, "2027-03-02"),
    ]
    assert (said.payload["ticket_id"], said.payload["number"], said.key) == (answer.json()["id"], 1, member)
    assert await buckets(service) == {"issued": -130, "available": 80, "drawn": 50}
    assert (await entries(service, member))[-1] == ("drawn", -50, 80)
    (total,) = await service.rows("SELECT sum(amount)::int AS total FROM ledger_entry WHERE unit = 'point'")
    assert total["total"] == 0
    assert (await draw(service, made, member)).status_code == 201
    short = await draw(service, made, member)
    assert (short.status_code, short.json()["code"]) == (409, "points-short")
    assert await standing(service, member) == (30, 30)
    assert len(await tickets(service, made)) == 2


async def test_tickets_at_once_have_each_its_number_and_stock_is_kept(service: ServiceHarness) -> None:
    club = await programme(service)
    prizes = [{"code": "CAR", "name": "Car", "weight": 1, "stock": 3, "value": 5_000_000}]
    made = await an_open_draw(service, club, prizes=prizes, blanks=0)
    members = [await a_rich_member(service, club, 150) for _ in range(4)]
    answers = await asyncio.gather(*(draw(service, made, member) for member in members * 4))
    good = [one.json() for one in answers if one.status_code == 201]
    assert sorted(one["number"] for one in good) == list(range(1, 13)), "three tickets of each member's points"
    assert {one.json()["code"] for one in answers if one.status_code != 201} == {"points-short"}
    assert sum(one["prize_code"] == "CAR" for one in good) == 3
    assert [await standing(service, member) for member in members] == [(0, 0)] * 4


async def test_the_same_request_twice_draws_once(service: ServiceHarness) -> None:
    made, member = await a_draw(service)
    headers = service.headers() | {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(draw(service, made, member, headers=headers) for _ in range(3)))
    assert {one.json().get("id") for one in answers if one.status_code == 201} == {
        (await tickets(service, made))[0]["id"]
    }
    assert len(await tickets(service, made)) == 1
    again = await draw(service, made, member, headers=headers)
    assert again.json()["number"] == 1
    assert (await standing(service, member))[0] == 950


async def test_members_that_are_one_pay_together(service: ServiceHarness) -> None:
    club = await programme(service)
    made = await an_open_draw(service, club)
    accounts = [await account(service) for _ in range(2)]
    members = [await joined(service, club, one) for one in accounts]
    for member in members:
        assert (await adjusted(service, member, 30)).status_code == 200
    assert (await draw(service, made, members[0])).json()["code"] == "points-short"
    await service.deliver(merged(UUID(accounts[0]), UUID(accounts[1])))
    answer = await draw(service, made, members[0])
    assert answer.status_code == 201, answer.text
    facts = await service.published(PointsDrawn.TYPE)
    assert sum(one.payload["points"] for one in facts) == 50
    assert {one.payload["ticket_id"] for one in facts} == {answer.json()["id"]}
    assert (await standing(service, members[0]))[0] == 10


async def test_a_draw_is_opened_by_somebody_else_and_closed_by_its_last_day(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-03-01")
    club = await programme(service)
    made = await drafted(service, club, valid_from="2026-03-02", valid_to="2026-03-03")
    member = await a_rich_member(service, club)
    path = f"{PATH}/{made['id']}"
    assert (await draw(service, made, member)).json()["code"] == "points-draw-state"
    same = await service.post(f"{path}/open")
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    opened = await service.post(f"{path}/open", headers=service.headers(*DIRECTOR))
    assert opened.status_code == 200, opened.text
    early = await draw(service, made, member)
    assert (early.status_code, early.json()["code"]) == (409, "points-draw-not-open")
    days.on("2026-03-03", hour=23)
    assert (await draw(service, made, member)).status_code == 201
    await work_dues(service)
    assert (await service.get(path)).json()["state"] == "open"
    days.on("2026-03-04", hour=1)
    late = await draw(service, made, member)
    assert late.json()["code"] == "points-draw-not-open"
    await asyncio.gather(*(work_dues(service) for _ in range(3)))
    found = (await service.get(path)).json()
    assert (found["state"], digest_of(found["seed"])) == ("closed", made["seed_hash"])
    assert len(await service.published(PointsDrawClosed.TYPE)) == 1


async def work_dues(service: ServiceHarness) -> None:
    await DueLoop(service.runtime, [DRAWS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"prizes": [DRAW["prizes"][0] | {"value": 5_000_001}]}, "prize-too-large", "/prizes/0/value"),
        ({"prizes": [DRAW["prizes"][0]] * 2}, "invalid", ""),
        ({"prizes": []}, "invalid", "/prizes"),
        ({"prizes": [DRAW["prizes"][0] | {"weight": 0}]}, "invalid", "/prizes/0/weight"),
        ({"valid_to": "2019-12-31"}, "validity-invalid", "/valid_to"),
        ({"valid_from": "2020-01-01", "valid_to": "2020-02-01"}, "validity-invalid", "/valid_to"),
        ({"points_programme_id": str(new_id())}, "unknown-reference", "/points_programme_id"),
        ({"price": 0}, "invalid", "/price"),
        ({"currency": "XXQ"}, "invalid", "/currency"),
    ],
)
async def test_terms_that_do_not_fit_are_named(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    sent = {"code": "SPRING", **DRAW, "points_programme_id": await programme(service), **changes}
    answer = await service.post(PATH, sent)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])


async def test_a_prize_is_judged_at_the_rate_of_the_day(service: ServiceHarness) -> None:
    """Over CNY 50,000: 422; in base currency at 7.00 CNY, 7,142.85 USD are within it and 7,142.86 are not."""
    club = await programme(service)
    largest = {"code": "CAR", "name": "Car", "weight": 1, "stock": 1, "value": 714_285}
    sent = {"code": "CAR", **DRAW, "points_programme_id": club, "currency": "USD", "prizes": [largest]}
    missing = await service.post(PATH, sent)
    assert (missing.status_code, missing.json()["code"]) == (409, "exchange-rate-missing")
    await service.deliver(heard_rate("CNY", "0.142857142857", "2020-01-01"))
    assert (await service.post(PATH, sent)).status_code == 201
    above = await service.post(PATH, sent | {"code": "CAR-2", "prizes": [largest | {"value": 714_286}]})
    assert (above.status_code, above.json()["code"]) == (422, "prize-too-large")


async def test_who_pays_must_be_a_member_that_the_caller_sees(service: ServiceHarness) -> None:
    made, member = await a_draw(service)
    other = await joined(service, await programme(service, code="OTHER"), await account(service))
    for wrong in (str(new_id()), other):
        answer = await draw(service, made, wrong)
        assert (answer.status_code, codes(answer.json())) == (422, ["/points_account_id"])
    stranger = service.headers("stranger", "sales_rep")
    assert (await draw(service, made, member, headers=stranger)).status_code == 422
    ticket = (await draw(service, made, member)).json()
    path = "/v1/points-tickets"
    assert (await service.get(f"{path}/{ticket['id']}")).json() == ticket
    assert (await service.get(f"{path}/{ticket['id']}", headers=stranger)).status_code == 404
    assert (await service.get(path, headers=stranger)).json()["items"] == []


async def test_draws_are_verified_and_rebuilt(logged: ServiceHarness) -> None:
    service = logged
    made, member = await a_draw(service)
    for _ in range(8):
        assert (await draw(service, made, member)).status_code == 201
    await closed(service, made)
    await publish_all(service, [])
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE points_ticket SET prize_code = CASE WHEN prize_code = 'MUG' THEN NULL ELSE 'MUG' END WHERE number = 2",
        "UPDATE points_ticket SET points = points + 1 WHERE number = 2",
        "DELETE FROM points_ticket WHERE number = 2",
        "UPDATE points_draw SET seed_hash = 'other'",
    ],
)
async def test_damaged_draws_are_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    made, member = await a_draw(service)
    for _ in range(3):
        await draw(service, made, member)
    await closed(service, made)
    await publish_all(service, [])
    assert await wrong_findings(service) == []
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    assert await wrong_findings(service) != []
