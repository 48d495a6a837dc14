"""Policies over HTTP: the versions that were installed, two people, one active of a kind, and what holds on a day."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from kit.clock import business_date
from kit.testing.service import ServiceHarness, codes
from services.risk.policies import service as policies
from services.risk.policies.bodies import check_body
from services.risk.policies.enums import RiskPolicyKind
from services.risk.policies.models import RiskPolicy
from services.risk.policies.rules import Activation, in_force
from tests.risk.conftest import FORWARD, draft_policy

PATH = "/v1/risk-policies"


def today() -> date:
    return business_date("Asia/Shanghai")


async def body_of(service: ServiceHarness, kind: str) -> dict[str, Any]:
    (item,) = (await service.get(f"{PATH}?kind={kind}&state=active")).json()["items"]
    body: dict[str, Any] = deepcopy(item["body"])
    return {**body, "binds_unrated": False} if kind == RiskPolicyKind.TERMS else body


async def approved(service: ServiceHarness, **changes: Any) -> str:
    path = f"{PATH}/{(await draft_policy(service, **changes))['id']}"
    assert (await service.post(f"{path}/approve")).status_code == 200
    return path


async def activate(service: ServiceHarness, path: str, on: date) -> httpx.Response:
    return await service.post(f"{path}/activate", {"effective_from": str(on)})


async def version_on(service: ServiceHarness, day: date) -> int:
    async with service.transaction() as tx:
        return (await policies.policy_on(service.work(tx), RiskPolicyKind.FORWARD, day)).policy_version


async def test_the_defaults_are_installed_and_sound(service: ServiceHarness) -> None:
    items = (await service.get(f"{PATH}?state=active")).json()["items"]
    assert [(item["kind"], item["policy_version"]) for item in items] == [(str(kind), 1) for kind in RiskPolicyKind]
    rows = await service.rows("SELECT * FROM risk_policy")
    for row in rows:
        check_body(RiskPolicy.model_validate(row).body)
    terms, matrix = items[1]["body"], items[3]["body"]
    by_grade = {row["grade"]: row for row in terms["grades"]}
    assert (by_grade["BBB"]["limit_factor"], by_grade["BBB"]["limit_cap"]) == (1_500_000, 20_000_000)
    assert (by_grade["B"]["terms_days"], by_grade["B"]["deposit_share"], terms["lgd"]) == (15, 300_000, 450_000)
    bands = {(cell["likelihood"], cell["impact"]): cell["band"] for cell in matrix["cells"]}
    assert [bands[cell] for cell in ((2, 2), (3, 3), (1, 5), (2, 5), (3, 5))] == [
        "low",
        "medium",
        "high",
        "high",
        "extreme",
    ]


@pytest.mark.parametrize("kind", list(RiskPolicyKind))
async def test_each_kind_is_drafted_as_it_reads(service: ServiceHarness, kind: RiskPolicyKind) -> None:
    body = await body_of(service, kind)
    drafted = await draft_policy(service, kind=kind, body=body)
    assert (drafted["policy_version"], drafted["body"], drafted["authors"]) == (2, body, ["author"])
    assert (await service.get(f"{PATH}/{drafted['id']}")).json() == drafted


async def refused(service: ServiceHarness, kind: str, body: Any) -> tuple[int, str, list[str]]:
    answer = await service.post(PATH, {"kind": kind, "body": body, "reason": "test"})
    return answer.status_code, answer.json()["code"], list(codes(answer.json()))


async def test_bodies_that_do_not_hold_together(service: ServiceHarness) -> None:
    scorecard, terms, matrix = [await body_of(service, kind) for kind in ("scorecard", "terms", "matrix")]
    scorecard["factors"]["days_late"]["bands"][1]["low"] = 1
    pointer = "/body/factors/days_late/bands/1/low"
    assert await refused(service, "scorecard", scorecard) == (422, "band-gap", [pointer])
    del matrix["cells"][7]
    assert await refused(service, "matrix", matrix) == (422, "band-gap", ["/body/cells"])
    grades = terms["grades"]
    for at, field, value, code in ((3, "pd", 5_000, "pd-not-rising"), (7, "score_from", 5, "band-gap")):
        body = {**terms, "grades": [{**row, field: value} if n == at else row for n, row in enumerate(grades)]}
        assert await refused(service, "terms", body) == (422, code, [f"/body/grades/{at}/{field}"])
    body = {**terms, "grades": grades[:-1]}
    assert await refused(service, "terms", body) == (422, "grade-missing", ["/body/grades"])


async def test_bodies_are_read_as_their_kind_says(service: ServiceHarness) -> None:
    body = FORWARD["body"]
    assert (await refused(service, "forward", {**body, "surprise": 1}))[::2] == (422, ["/body/surprise"])
    assert (await refused(service, "forward", {**body, "commit": 1_000_001}))[::2] == (422, ["/body/commit"])
    assert (await refused(service, "holds", body))[0] == 422
    assert (await refused(service, "weather", body))[::2] == (422, ["/kind"])
    shapes: tuple[object, ...] = (None, [], "x", 3)
    for wrong in shapes:
        assert (await refused(service, "forward", wrong))[::2] == (422, ["/body"])
    clauses = await body_of(service, "clauses")
    clauses["nda"].append(clauses["nda"][0])
    assert (await refused(service, "clauses", clauses))[::2] == (422, ["/body/nda"])


async def test_who_wrote_a_draft_does_not_approve_it(service: ServiceHarness) -> None:
    drafted = await draft_policy(service, by="anna")
    path, officer = f"{PATH}/{drafted['id']}", "administrator"
    edit = {"kind": "forward", "body": {**FORWARD["body"], "commit": 1}}
    edited = await service.patch(path, edit, 1, headers=service.headers("bert", officer))
    assert (edited.status_code, edited.json()["authors"]) == (200, ["anna", "bert"])
    for author in ("anna", "bert"):
        answer = await service.post(f"{path}/approve", headers=service.headers(author, officer))
        assert (answer.status_code, answer.json()["code"]) == (403, "same-person")
    answer = await service.post(f"{path}/approve", headers=service.headers("dora", "sales_director"))
    assert (answer.json()["state"], answer.json()["approved_by"]) == ("approved", "dora")


async def test_an_approval_may_name_the_draft_that_was_read(service: ServiceHarness) -> None:
    path = f"{PATH}/{(await draft_policy(service))['id']}"
    edit = {"kind": "forward", "reason": "Another one"}
    assert (await service.patch(path, edit, 1)).status_code == 200
    reader = service.headers("dora", "sales_director", If_Match='"1"')
    assert (await service.post(f"{path}/approve", headers=reader)).status_code == 412
    reader = service.headers("dora", "sales_director", If_Match='"2"')
    assert (await service.post(f"{path}/approve", headers=reader)).status_code == 200


async def test_only_a_draft_changes_and_it_keeps_its_kind(service: ServiceHarness) -> None:
    path = f"{PATH}/{(await draft_policy(service))['id']}"
    holds = {"kind": "holds", "body": await body_of(service, "holds")}
    answer = await service.patch(path, holds, 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "kind-fixed")
    assert (await service.post(f"{path}/approve")).status_code == 200
    answer = await service.patch(path, FORWARD, 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "policy-not-draft")


@pytest.mark.parametrize(
    ("role", "write", "approve"), [("risk_officer", 201, 403), ("sales_director", 403, 200), ("auditor", 403, 403)]
)
async def test_who_writes_and_who_approves(service: ServiceHarness, role: str, write: int, approve: int) -> None:
    path, headers = f"{PATH}/{(await draft_policy(service))['id']}", service.headers("somebody", role)
    assert (await service.post(PATH, FORWARD, headers=headers)).status_code == write
    assert (await service.post(f"{path}/approve", headers=headers)).status_code == approve


async def test_a_version_holds_from_its_day_on_and_the_one_before_until_then(service: ServiceHarness) -> None:
    later, same = [await approved(service, reason=reason) for reason in ("Later", "The same day")]
    yesterday = await activate(service, later, today() - timedelta(1))
    assert (yesterday.status_code, yesterday.json()["code"]) == (422, "date-order")
    assert (await activate(service, later, today() + timedelta(10))).status_code == 200
    days = [today() + timedelta(ahead) for ahead in (-400, 0, 9, 10, 30)]
    assert [await version_on(service, day) for day in days] == [1, 1, 1, 2, 2]
    sooner = await activate(service, same, today() + timedelta(9))
    assert (sooner.status_code, sooner.json()["code"]) == (409, "effective-before-last")
    assert codes(sooner.json()) == ["/effective_from"]
    assert (await service.get(same)).json()["state"] == "approved"
    assert [await version_on(service, day) for day in days] == [1, 1, 1, 2, 2]
    assert (await activate(service, same, today() + timedelta(10))).status_code == 200
    assert [await version_on(service, day) for day in days] == [1, 1, 1, 3, 3]
    items = (await service.get(f"{PATH}?kind=forward")).json()["items"]
    assert [item["state"] for item in items] == ["superseded", "superseded", "active"]


async def test_the_statement_and_the_rule_agree_on_what_holds(service: ServiceHarness) -> None:
    for ahead in (7, 0, 3, 3):
        await activate(service, await approved(service), today() + timedelta(ahead))
    rows = await service.rows("SELECT * FROM risk_policy WHERE kind = 'forward' AND activation IS NOT NULL")
    version = {row["activation"]: row["policy_version"] for row in rows}
    activations = [Activation(row["activation"], row["effective_from"]) for row in rows]
    for ahead in range(-2, 10):
        day = today() + timedelta(ahead)
        held = in_force(activations, day)
        assert held is not None
        assert await version_on(service, day) == version[held.ordinal]


async def test_many_at_once_leave_one_active_and_no_version_twice(service: ServiceHarness) -> None:
    drafted = await asyncio.gather(*(draft_policy(service) for _ in range(6)))
    assert sorted(row["policy_version"] for row in drafted) == [2, 3, 4, 5, 6, 7]
    paths = [f"{PATH}/{row['id']}" for row in drafted]
    await asyncio.gather(*(service.post(f"{path}/approve") for path in paths))
    answers = await asyncio.gather(*(activate(service, path, today()) for path in paths))
    assert {answer.status_code for answer in answers} == {200}
    rows = await service.rows("SELECT state, activation FROM risk_policy WHERE kind = 'forward' ORDER BY activation")
    assert [(row["activation"], row["state"]) for row in rows] == [
        *((number, "superseded") for number in range(1, 7)),
        (7, "active"),
    ]


async def test_the_same_activation_twice_at_once_happens_once(service: ServiceHarness) -> None:
    path = await approved(service)
    answers = await asyncio.gather(*(activate(service, path, today()) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"risk-policy-state"}
