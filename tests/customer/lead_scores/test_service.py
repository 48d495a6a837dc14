"""Scores over HTTP: by the policy that holds on the day of each write."""

from __future__ import annotations

from typing import Any

import pytest

from kit.clock import business_date
from kit.testing.service import codes
from services.customer.policies.schemas import LEAD_SCORE
from tests.customer.conftest import World
from tests.customer.leads.conftest import acted, lead


async def policy(world: World, *rules: tuple[str, str, int]) -> int:
    """Let a policy hold from today on; its version."""
    body = {"rules": [{"label": label, "filter": text, "points": points} for label, text, points in rules]}
    made = await world.service.post("/v1/customer-policies", {"kind": "lead_score", "body": body, "reason": "Other"})
    assert made.status_code == 201, made.text
    start = {"valid_from": str(business_date("Asia/Shanghai"))}
    held = await world.service.post(f"/v1/customer-policies/{made.json()['id']}/activate", start)
    assert held.status_code == 200, held.text
    version: int = held.json()["policy_version"]
    return version


def scored(one: dict[str, Any]) -> tuple[int, list[str], int]:
    return one["score"], one["score_rules"], one["score_version"]


async def test_the_installed_policy_counts_what_is_known(world: World) -> None:
    made = await lead(world)
    assert scored(made) == (100, ["company", "person", "email", "phone"], 1)
    less = await world.service.patch(f"/v1/leads/{made['id']}", {"email": None, "person_name": None}, 1)
    assert scored(less.json()) == (50, ["company", "phone"], 1)


async def test_a_write_scores_anew_by_the_policy_of_its_day(world: World) -> None:
    made = await lead(world)
    version = await policy(
        world,
        ("fair", "source=trade_fair&created_on[gte]=today-30d", 40),
        ("all", "", 5),
        ("china", "country=CN", 30),
        ("unsourced", "source[null]=true", -20),
        ("others", "campaign[ne]=spring-2026", 7),
    )
    path = f"/v1/leads/{made['id']}"
    assert scored((await world.service.get(path)).json()) == (100, ["company", "person", "email", "phone"], 1)
    moved = await acted(world, made, "start")
    assert scored(moved) == (45, ["fair", "all"], version)
    changed = (await world.service.patch(path, {"source": None, "country": "CN", "campaign": None}, 2)).json()
    assert scored(changed) == (22, ["all", "china", "unsourced", "others"], version)
    rows = [{"company": "Pier", "external_id": {"source": "site", "id": "1"}, "country": "CN"}]
    assert (await world.service.post("/v1/leads/batch", {"rows": rows})).json()["created"] == 1
    (item,) = (await world.service.get("/v1/leads?company=Pier")).json()["items"]
    assert scored(item)[0] == 22
    await policy(world, ("all", "", 100), ("more", "", 100), ("less", "", -50))
    assert (await acted(world, made, "qualify"))["score"] == 100
    await policy(world, ("less", "", -100))
    assert (await lead(world))["score"] == 0


@pytest.mark.parametrize(
    "text", ["email=a@x.example", "score[gt]=5", "state=new", "source[gte", "created_on[gte]=soon"]
)
async def test_filters_are_checked(world: World, text: str) -> None:
    rules = [{"label": "a", "filter": "has_email=true", "points": 1}, {"label": "b", "filter": text, "points": 1}]
    body = {"kind": "lead_score", "body": {"rules": rules}, "reason": "Other"}
    answer = await world.service.post("/v1/customer-policies", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "score-filter-invalid")
    assert set(codes(answer.json())) == {"/body/rules/1/filter"}


async def test_labels_and_points_are_checked(world: World) -> None:
    twice = {"rules": [{"label": "a", "filter": "", "points": 1}] * 2}
    answer = await world.service.post("/v1/customer-policies", {**LEAD_SCORE, "body": twice, "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "score-labels")
    for points in (101, -101, 1.5):
        much = {"rules": [{"label": "a", "filter": "", "points": points}]}
        answer = await world.service.post("/v1/customer-policies", {**LEAD_SCORE, "body": much, "reason": "x"})
        assert answer.status_code == 422
    made = await world.service.post("/v1/customer-policies", {**LEAD_SCORE, "reason": "The fair counts"})
    assert made.status_code == 201, made.text
