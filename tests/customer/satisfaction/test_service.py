"""Levels of accounts: told once when answers move them, when answers become too old, and after merges."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.due.loop import DueLoop
from services.customer.satisfaction.dues import SATISFACTION_MARKS_DUE
from tests.customer.conftest import World
from tests.customer.surveys.conftest import Forms


async def _satisfaction(forms: Forms, account_id: str) -> dict[str, Any]:
    answer = await forms.service.get(f"/v1/accounts/{account_id}/satisfaction")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_level_follows_the_mean(forms: Forms) -> None:
    account = await forms.world.account()
    nps, csat, ces = [await forms.survey(kind) for kind in ("nps", "csat", "ces")]
    assert (await _satisfaction(forms, account["id"]))["level"] is None
    steps = [(nps, 8, "high", 80), (csat, 4, "mid", 77), (ces, 1, "low", 51), (ces, 7, "mid", 63)]
    for survey, score, level, mean in steps:
        await forms.answered(survey, await forms.contact(account), score=score)
        found = await _satisfaction(forms, account["id"])
        assert (found["level"], found["score"]) == (level, mean)
        await forms.turn()
        assert (await forms.account(account["id"]))["satisfaction_level"] == level
    assert found["sample_size"] == 4
    assert await forms.levels() == [
        (None, "high", "2026-03-02", 80), ("high", "mid", "2026-03-02", 77), ("mid", "low", "2026-03-02", 51),
        ("low", "mid", "2026-03-02", 63),
    ]  # fmt: skip
    assert (await forms.account(account["id"]))["version"] == account["version"], "no change of the account's"
    page = (await forms.service.get("/v1/accounts?satisfaction_level=mid")).json()["items"]
    assert [one["id"] for one in page] == [account["id"]]


async def test_answers_become_too_old_and_the_level_goes_with_them(forms: Forms) -> None:
    account = await forms.world.account()
    await forms.answered(await forms.survey(), await forms.contact(account), score=0)
    await forms.turn()
    forms.after(days=10)
    await forms.answered(await forms.survey(), await forms.contact(account), score=10)
    await forms.turn()
    forms.after(days=354)
    await forms.turn()
    assert (await forms.account(account["id"]))["satisfaction_level"] == "low"
    forms.after(days=1)
    await forms.turn()
    assert (await forms.account(account["id"]))["satisfaction_level"] == "high"
    forms.after(days=100)
    await forms.turn()
    assert (await forms.account(account["id"]))["satisfaction_level"] is None
    assert await forms.levels() == [
        (None, "low", "2026-03-02", 0), ("low", "high", "2027-03-02", 100), ("high", None, "2027-03-12", None),
    ]  # fmt: skip
    (row,) = await forms.service.rows("SELECT sample_size, score, due_at FROM account_satisfaction")
    assert (row["sample_size"], row["score"], row["due_at"]) == (0, None, None)


async def test_a_system_that_was_off_tells_each_change_as_of_its_day(forms: Forms) -> None:
    account = await forms.world.account()
    await forms.answered(await forms.survey(), await forms.contact(account), score=0)
    forms.after(days=10)
    await forms.answered(await forms.survey(), await forms.contact(account), score=10)
    forms.after(days=500)
    await forms.turn()
    assert await forms.levels() == [
        (None, "low", "2026-03-02", 0), ("low", "high", "2027-03-02", 100), ("high", None, "2027-03-12", None),
    ]  # fmt: skip
    said = await forms.service.published("customer.satisfaction.changed.v1")
    assert [one.sequence for one in said] == [1, 2, 3]


async def test_two_workers_tell_a_change_once(forms: Forms) -> None:
    account = await forms.world.account()
    for _ in range(4):
        await forms.answered(await forms.survey(), await forms.contact(account), score=10)
    loops = [DueLoop(forms.service.runtime, [SATISFACTION_MARKS_DUE]) for _ in range(4)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    await forms.turn()
    assert await forms.levels() == [(None, "high", "2026-03-02", 100)]


async def _merge(world: World, survivor: dict[str, Any], merged: dict[str, Any]) -> str:
    body = {"merged_id": merged["id"], "reason": "the same"}
    answer = await world.service.post(f"/v1/accounts/{survivor['id']}/merge", body)
    assert answer.status_code == 201, answer.text
    merge_id: str = answer.json()["merge_id"]
    return merge_id


async def test_a_merged_account_counts_for_what_it_reads_as(forms: Forms) -> None:
    survivor, merged = await forms.world.account(), await forms.world.account(name="Other")
    survey = await forms.survey()
    late = await forms.token(survey, await forms.contact(merged))
    await forms.answered(survey, await forms.contact(merged), score=10)
    await forms.turn()
    merge_id = await _merge(forms.world, survivor, merged)
    await forms.turn()
    assert (await forms.account(survivor["id"]))["satisfaction_level"] == "high"
    assert (await _satisfaction(forms, survivor["id"]))["sample_size"] == 1
    assert (await forms.answer(late, score=0)).status_code == 200
    await forms.turn()
    assert (await forms.account(survivor["id"]))["satisfaction_level"] == "low"
    answer = await forms.service.post(f"/v1/merges/{merge_id}/unmerge", {})
    assert answer.status_code == 200, answer.text
    await forms.turn()
    assert (await forms.account(survivor["id"]))["satisfaction_level"] is None
    assert (await forms.account(merged["id"]))["satisfaction_level"] == "low", "what was answered since is its own"


async def test_who_sees_no_account_sees_no_satisfaction(forms: Forms) -> None:
    account = await forms.world.account(owner_id=None)
    path = f"/v1/accounts/{account['id']}/satisfaction"
    assert (await forms.service.get(path, headers=forms.service.headers("rep-1", "sales_rep"))).status_code == 404
    assert (await forms.service.get(path, headers=forms.service.headers("a", "auditor"))).status_code == 200
