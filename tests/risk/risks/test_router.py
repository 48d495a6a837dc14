"""Risks over HTTP, and what their days of review bring about."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.risk.controls.schemas import EXAMPLE as CONTROL
from services.risk.indicators.schemas import EXAMPLE as INDICATOR
from services.risk.risks.schemas import EXAMPLE
from services.risk.treatments.schemas import EXAMPLE as TREATMENT
from services.targets.events_out.members import MemberLeft
from tests.risk.conftest import Days, account_created, partner_activated, seller, turn
from tests.risk.risks.register import assessed, entered, state_of

REVIEW = date(2026, 6, 30)


async def refused(service: ServiceHarness, **changes: Any) -> tuple[int, str, list[str]]:
    answer = await service.post("/v1/risks", {**EXAMPLE, **changes})
    body = answer.json()
    return answer.status_code, body.get("code", ""), list(codes(body))


async def test_what_a_risk_may_not_say(service: ServiceHarness) -> None:
    assert await refused(service, source="rival_watch") == (422, "source-not-of-class", ["/source"])
    halves = [{"code": "a", "title": "A", "share": 500_000}]
    assert await refused(service, causes=halves) == (422, "distribution-invalid", ["/causes"])
    assert await refused(service, consequences=halves) == (422, "distribution-invalid", ["/consequences"])
    assert await refused(service, review_on="2020-01-01") == (422, "date-order", ["/review_on"])
    assert await refused(service, owner_id=str(new_id())) == (422, "unknown-reference", ["/owner_id"])
    links = [{"kind": "region", "id": "EAST"}, {"kind": "account", "id": str(new_id())}]
    assert await refused(service, links=links) == (422, "unknown-reference", ["/links/1/id"])
    assert (await refused(service, links=[{"kind": "unit", "id": "EAST"}]))[0] == 422
    assert await service.rows("SELECT FROM risk") == []


async def test_a_risk_is_about_what_is_known(service: ServiceHarness) -> None:
    account, partner, member = new_id(), new_id(), new_id()
    await service.deliver(account_created(account), partner_activated(partner), seller(member, "rep-1"))
    links = [
        {"kind": "account", "id": str(account).upper()},
        {"kind": "partner", "id": str(partner)},
        {"kind": "target", "id": str(new_id())},
    ]
    path = await entered(service, links=links, owner_id=str(member))
    risk = (await service.get(path, headers=service.headers("rep-1", "sales_rep"))).json()
    assert risk["links"][0] == {"kind": "account", "id": str(account)}
    for query, count in (
        (f"link_id={account}", 1),
        (f"link_id={new_id()}", 0),
        ("class=credit", 1),
        ("class=market", 0),
    ):
        found = (await service.get(f"/v1/risks?{query}")).json()["items"]
        assert len(found) == count, query


async def test_a_batch_answers_row_by_row(service: ServiceHarness) -> None:
    rows = [{**EXAMPLE, "external_id": f"x-{n}", "code": f"R-{n}"} for n in range(4)]
    wrong = [
        {**rows[0], "code": "R-9"},
        {**EXAMPLE, "code": "R-5"},
        {**rows[1], "external_id": "X-1", "code": "r-1"},
        {**rows[2], "external_id": "x-7", "code": "R-7", "owner_id": str(new_id())},
    ]
    answer = (await service.post("/v1/risks/batch", {"rows": [*rows, *wrong]})).json()
    assert [row["status"] for row in answer["results"]] == ["created"] * 4 + ["problem"] * 4
    found = [(row["problem"]["code"], codes(row["problem"])) for row in answer["results"][4:]]
    assert found == [
        ("row-repeated", ["/rows/4/external_id"]),
        ("invalid", ["/rows/5/external_id"]),
        ("risk-code-taken", ["/rows/6/code"]),
        ("unknown-reference", ["/rows/7/owner_id"]),
    ]
    again = [rows[0], {**rows[1], "title": "Another title"}]
    answer = (await service.post("/v1/risks/batch", {"rows": again})).json()
    assert [row["status"] for row in answer["results"]] == ["unchanged", "updated"]
    assert len(await service.published("risk.risk.identified.v1")) == 4


async def test_batches_at_once_enter_each_risk_once(service: ServiceHarness) -> None:
    rows = [{**EXAMPLE, "external_id": f"x-{n}", "code": f"R-{n}"} for n in range(20)]
    answers = await asyncio.gather(*(service.post("/v1/risks/batch", {"rows": rows[::step]}) for step in (1, -1, 1)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["created"] for answer in answers) == 20
    assert len(await service.published("risk.risk.identified.v1")) == 20


async def test_a_day_of_review_that_passed_sets_the_risk_back_once(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 5))
    path = await entered(service, review_on=str(REVIEW))
    await assessed(service, path)
    days.on(REVIEW, 23)
    assert await turn(service) == 0
    days.on(REVIEW + timedelta(1), 0)
    assert await turn(service) == 1
    assert await state_of(service, path) == ("identified", "review_due")
    days.on(REVIEW + timedelta(30))
    assert await turn(service) == 0
    said = await service.published("risk.risk.identified.v1")
    assert [fact.payload["reassess_cause"] for fact in said] == [None, "review_due"]
    await assessed(service, path)
    assert await state_of(service, path) == ("assessed", None)
    answer = await service.patch(path, {"review_on": "2026-12-31"}, (await service.get(path)).json()["version"])
    assert answer.status_code == 200
    days.on(date(2027, 3, 1))
    assert await turn(service) == 1
    assert await state_of(service, path) == ("identified", "review_due")


async def test_one_episode_is_said_once_whatever_brings_it_about(service: ServiceHarness, days: Days) -> None:
    """A closed risk that was opened again waits already when its day of review passes."""
    days.on(date(2026, 1, 5))
    path = await entered(service, review_on=str(REVIEW))
    await assessed(service, path)
    await service.post(f"{path}/monitor")
    await service.post(f"{path}/close", {"reason": "over"})
    await service.post(f"{path}/reopen", {"reason": "not over"})
    days.on(REVIEW + timedelta(1))
    assert await turn(service) == 1
    assert await state_of(service, path) == ("identified", "reopened")
    assert len(await service.published("risk.risk.identified.v1")) == 2


async def test_a_closed_risk_is_reviewed_too(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 5))
    path = await entered(service, review_on=str(REVIEW))
    await assessed(service, path)
    await service.post(f"{path}/monitor")
    assert (await service.post(f"{path}/close", {"reason": "over"})).status_code == 200
    days.on(REVIEW + timedelta(400))
    await asyncio.gather(*(turn(service) for _ in range(3)))
    assert await state_of(service, path) == ("identified", "review_due")
    assert len(await service.published("risk.risk.closed.v1")) == 1
    assert len(await service.published("risk.risk.identified.v1")) == 2


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a" * 5000])
async def test_odd_text_is_refused(service: ServiceHarness, text: str) -> None:
    body = {**EXAMPLE, "cause": text}
    answer = await service.client.post(
        "/v1/risks", content=json.dumps(body), headers={**service.headers(), "Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text


async def test_who_has_left_is_given_nothing_new(service: ServiceHarness) -> None:
    """Risks, controls, indicators and actions of treatments; what was theirs stays editable."""
    gone, here = new_id(), new_id()
    await service.deliver(seller(gone, "gone"), seller(here, "here"))
    theirs = await entered(service, owner_id=str(gone))
    control = {**CONTROL, "risk_id": theirs.rpartition("/")[2], "owner_id": str(gone)}
    action = {"title": "Ask", "due_on": "2099-03-31", "owner_id": str(gone)}
    treatment = {**TREATMENT, "risk_id": control["risk_id"], "actions": [action]}
    indicator = {**INDICATOR, "owner_id": str(gone)}
    bodies = {"/v1/controls": control, "/v1/treatments": treatment, "/v1/indicators": indicator}
    made = [await service.post(path, body) for path, body in bodies.items()]
    assert [answer.status_code for answer in made] == [201, 201, 201], [answer.text for answer in made]
    membership = {"path": [new_id()], "valid_from": "2020-01-01", "valid_to": "2026-01-31"}
    left = {**MemberLeft.EXAMPLE, "id": gone, "subject": "gone", "memberships": [membership], "version": 9}
    await service.deliver(make_event(MemberLeft.TYPE, left, gone, sequence=9))

    wanted = {**bodies, "/v1/risks": {**EXAMPLE, "code": "R-NEW", "owner_id": str(gone)}}
    for path, body in wanted.items():
        answer = await service.post(path, body)
        pointer = "/actions/0/owner_id" if path == "/v1/treatments" else "/owner_id"
        assert (answer.status_code, answer.json()["code"], list(codes(answer.json()))) == (422, "owner-left", [pointer])
    other = await entered(service, owner_id=str(here))
    assert (await service.patch(other, {"owner_id": str(gone)}, 1)).json()["code"] == "owner-left"
    same = {"owner_id": str(gone), "title": "Later"}
    paths = [theirs, *(str(one.headers["location"]) for one in (made[0], made[2]))]
    for path in paths:
        given = same if "indicators" not in path else {"owner_id": str(gone), "red": 300_000}
        assert (await service.patch(path, given, 1)).status_code == 200, path
    again = await service.patch(str(made[1].headers["location"]), {"actions": [{**action, "title": "Ask twice"}]}, 1)
    assert again.status_code == 200, again.text
