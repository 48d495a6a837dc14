"""Levels are written once, shown all at once from a later day on, whatever ends the worker meanwhile; appeals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Tx
from kit.jobs.jobs import JobContext
from kit.testing.service import ServiceHarness, codes
from services.channels.tier_evaluations import publication
from tests.channels.conftest import Days
from tests.channels.tier_evaluations.ranked import (
    NEXT,
    PATH,
    a_programme,
    director,
    evaluated,
    publish,
    published,
    read,
    result,
    seller,
    sold,
    tier,
    told,
    work_off,
)

THIRD, FOURTH = ("2026-07-01", "2026-09-30"), ("2026-10-01", "2026-12-31")


async def test_up_at_once_and_down_after_two_failing_in_a_row(service: ServiceHarness, days: Days) -> None:
    programme, one = await a_programme(service), await seller(service)
    await sold(service, one, 100_000_000, "2026-01-05")
    days.on("2026-04-02")
    first = await published(service, await evaluated(service, programme), "2026-04-03")
    assert (await tier(service, one))["level"] is None, "from a later day"
    days.on("2026-04-03")
    found = await tier(service, one, programme_code=programme["code"])
    assert (found["level"], found["name"], found["rank"], found["next_level"]) == ("gold", "Gold", 3, None)
    assert found["benefits"] == {"discount": 50_000, "perks": ["Own account manager"]}
    levels = []
    for period, day, after in (
        (NEXT, "2026-07-02", "2026-07-03"),
        (THIRD, "2026-10-02", "2026-10-03"),
        (FOURTH, "2027-01-04", "2027-01-05"),
    ):
        days.on(day)
        made = await evaluated(service, programme, period)
        moved = await result(service, made, one)
        levels.append((moved["move"], moved["found_level"], moved["new_level"], moved["failures"]))
        await published(service, made, after)
    assert levels == [
        ("stay", "bronze", "gold", 1), ("down", "bronze", "silver", 0), ("stay", "bronze", "silver", 1)
    ]  # fmt: skip
    days.on("2027-01-05")
    found = await tier(service, one)
    assert (found["level"], found["next_level"], found["missing"]) == (
        "silver",
        "gold",
        [{"metric": "revenue", "threshold": 100_000_000, "value": 0, "missing": 100_000_000}],
    )
    assert [(each["level"], each["effective_from"], each["tier_version"]) for each in found["history"]] == [
        ("silver", "2027-01-05", 4), ("silver", "2026-10-03", 3), ("gold", "2026-07-03", 2), ("gold", "2026-04-03", 1)
    ]  # fmt: skip
    said = [(each["old"], each["new"], each["effective_from"], each["version"]) for each in await told(service)]
    assert said == [(None, "gold", "2026-04-03", 1), ("gold", "silver", "2026-10-03", 3)]
    assert first["appeal_until"] == "2026-04-17", "ten working days, Tomb-sweeping Day is none"


async def _of_many(service: ServiceHarness, count: int) -> tuple[dict[str, Any], list[UUID]]:
    programme = await a_programme(service)
    ids = sorted([await seller(service) for _ in range(count)])
    for one in ids:
        await sold(service, one, 30_000_000)
    return await evaluated(service, programme), ids


async def test_a_kill_in_the_middle_shows_nothing_early_and_again_changes_nothing(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.on("2026-04-02")
    made, ids = await _of_many(service, 7)
    monkeypatch.setattr(publication, "STEP", 2)
    monkeypatch.setattr(publication, "CHUNK", 3)
    seen: list[tuple[int, int, int]] = []
    whole = JobContext.checkpoint

    async def die(self: Any, state: Mapping[str, Any], tx: Tx | None = None) -> None:
        """After two steps it dies in the third; then, with all written, before the last one is committed."""
        written = await service.rows("SELECT is_live FROM partner_tier")
        if (len(seen), len(written)) in ((0, 4), (1, 7)):
            days.on("2026-04-20")
            levels = [(await tier(service, one))["level"] for one in ids]
            seen.append((len(written), len(await told(service)), len([each for each in levels if each])))
            raise RuntimeError("killed")
        await whole(self, state, tx)

    monkeypatch.setattr(JobContext, "checkpoint", die)
    done = await published(service, made, "2026-04-10")
    assert seen == [(4, 0, 0), (7, 0, 0)], "also when the day has come meanwhile"
    assert (done["effective_from"], done["published_on"]) == ("2026-04-21", "2026-04-20"), "from a later day even so"
    said = await told(service)
    assert sorted(each["partner_id"] for each in said) == [str(one) for one in ids]
    assert {(each["new"], each["effective_from"]) for each in said} == {("silver", "2026-04-21")}
    rows = await service.rows("SELECT * FROM partner_tier ORDER BY partner_id")
    assert [row["partner_id"] for row in rows] == ids
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'queued', finished_at = NULL, attempts = 0, checkpoint = NULL")
    await work_off(service)
    assert await service.rows("SELECT * FROM partner_tier ORDER BY partner_id") == rows
    assert (await told(service), await read(service, made)) == (said, done)


async def test_what_is_not_published(service: ServiceHarness, days: Days) -> None:
    days.on("2026-07-02")
    programme, one = await a_programme(service), await seller(service)
    await sold(service, one, 30_000_000)
    first, second = await evaluated(service, programme), await evaluated(service, programme, NEXT)
    today = await publish(service, first, "2026-07-02")
    assert (today.status_code, today.json()["code"], codes(today.json())) == (
        422, "validity-invalid", ["/effective_from"]
    )  # fmt: skip
    own = await publish(service, first, "2026-07-03", headers=service.headers())
    assert (own.status_code, own.json()["code"]) == (409, "same-person")
    answers = await asyncio.gather(*(publish(service, first, "2026-07-03") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    other = await publish(service, second, "2026-07-03")
    assert (other.status_code, other.json()["code"]) == (409, "evaluation-publishing")
    await work_off(service)
    stale = await publish(service, second, "2026-07-03")
    assert (stale.status_code, stale.json()["code"]) == (409, "evaluation-outdated"), "made before the first counted"
    assert (await service.post(f"{PATH}/{second['id']}/cancel")).status_code == 200
    await published(service, await evaluated(service, programme, NEXT), "2026-07-03")
    late = await service.post(
        PATH, {"programme_id": programme["id"], "period_from": "2026-02-01", "period_to": "2026-05-31"}
    )
    assert (late.status_code, late.json()["code"]) == (409, "evaluation-out-of-order")


def _at(made: dict[str, Any], partner_id: UUID, verb: str) -> str:
    return f"{PATH}/{made['id']}/results/{partner_id}/{verb}"


async def test_an_appeal_against_a_preview(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    programme, one = await a_programme(service), await seller(service)
    await sold(service, one, 99_000_000)
    made = await evaluated(service, programme)
    for status in (200, 409):
        answer = await service.post(_at(made, one, "appeal"), {"reason": "Nearly gold."})
        assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "tier-appeal-state"
    waits = await publish(service, made, "2026-04-03")
    assert (waits.status_code, waits.json()["code"]) == (409, "appeals-open")
    right = {"is_upheld": True, "level": "gold", "note": "A late order."}
    same = await service.post(_at(made, one, "decide"), right)
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    unknown = await service.post(_at(made, one, "decide"), {**right, "level": "lead"}, headers=director(service))
    assert (unknown.json()["code"], codes(unknown.json())) == ("unknown-reference", ["/level"])
    decided = await service.post(_at(made, one, "decide"), right, headers=director(service))
    assert decided.status_code == 200, decided.text
    found = decided.json()
    assert [found[name] for name in ("appeal_state", "found_level", "new_level", "move", "failures")] == [
        "upheld", "silver", "gold", "up", 0
    ]  # fmt: skip
    assert (await read(service, made))["ups"] == 1
    await published(service, made, "2026-04-03")
    assert [each["new"] for each in await told(service)] == ["gold"]


async def test_an_appeal_against_what_was_published(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    programme, one, other = await a_programme(service), await seller(service), await seller(service)
    made = await published(service, await evaluated(service, programme, ("2026-01-01", "2026-02-28")), "2026-04-01")
    assert made["appeal_until"] == "2026-03-16"
    days.on("2026-03-17")
    late = await service.post(_at(made, other, "appeal"), {"reason": "Too late."})
    assert (late.status_code, late.json()["code"]) == (409, "appeal-too-late")
    days.on("2026-03-16")
    assert (await service.post(_at(made, one, "appeal"), {"reason": "On the last day."})).status_code == 200
    days.on("2026-03-20")
    right = {"is_upheld": True, "level": "silver", "note": "A late order."}
    early = await service.post(
        _at(made, one, "decide"), {**right, "effective_from": "2026-03-20"}, headers=director(service)
    )
    assert (early.json()["code"], codes(early.json())) == ("validity-invalid", ["/effective_from"])
    decided = await service.post(_at(made, one, "decide"), right, headers=director(service))
    assert (decided.status_code, decided.json()["new_level"]) == (200, "silver"), decided.text
    history = (await tier(service, one))["history"]
    assert [(each["level"], each["is_correction"], each["effective_from"]) for each in history] == [
        ("silver", True, "2026-04-01"), ("bronze", False, "2026-04-01")
    ]  # fmt: skip
    days.on("2026-04-01")
    assert [(await tier(service, each))["level"] for each in (one, other)] == ["silver", "bronze"]
    assert [(each["old"], each["new"]) for each in await told(service) if each["partner_id"] == str(one)] == [
        (None, "bronze"), ("bronze", "silver")
    ]  # fmt: skip
    again = await evaluated(service, programme, ("2026-03-01", "2026-03-31"))
    after = await result(service, again, one)
    assert (after["old_level"], after["failures"]) == ("silver", 1)


async def test_an_appeal_that_is_rejected_or_overtaken(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    programme, one, other = await a_programme(service), await seller(service), await seller(service)
    made = await published(service, await evaluated(service, programme), "2026-04-03")
    for each in (one, other):
        assert (await service.post(_at(made, each, "appeal"), {"reason": "More."})).status_code == 200
    no = {"is_upheld": False, "note": "The figures are right."}
    decided = (await service.post(_at(made, one, "decide"), no, headers=director(service))).json()
    assert (decided["appeal_state"], decided["new_level"]) == ("rejected", "bronze")
    await published(service, await evaluated(service, programme, ("2026-04-01", "2026-04-02")), "2026-04-03")
    overtaken = await service.post(
        _at(made, other, "decide"), {"is_upheld": True, "level": "gold", "note": "x"}, headers=director(service)
    )
    assert (overtaken.status_code, overtaken.json()["code"]) == (409, "evaluation-outdated")
