"""Applicants are weighed by criteria that stay theirs, and taken by somebody else."""

from __future__ import annotations

import asyncio

import pytest

from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, codes, service_harness
from services.channels.events_out.partners import PartnerApplied, PartnerScreened
from tests.channels.partner_documents.test_documents import applied
from tests.channels.partner_screening.screened import (
    CRITERIA,
    POINTS,
    TERMS,
    director,
    latest,
    published,
    score,
    screened,
)


async def test_an_applicant_is_weighed_and_taken_by_somebody_else(service: ServiceHarness) -> None:
    await published(service)
    partner_id = await screened(service)
    weighed = await latest(service, partner_id)
    assert (weighed["score"], weighed["is_passed"], weighed["failures"]) == (7550, True, [])
    approve = f"/v1/partners/{partner_id}/approve"
    same = await service.post(approve, {})
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    manager = service.headers("manager", "channel_manager")
    assert (await service.post(approve, {}, headers=manager)).status_code == 403
    answers = await asyncio.gather(*(service.post(approve, {"note": "good"}, headers=director(service)) for _ in "abc"))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (fact,) = await service.published(PartnerScreened.TYPE)
    told = {name: fact.payload[name] for name in ("state", "score", "is_passed", "criteria_version", "changed")}
    assert told == {
        "state": "approved", "score": 7550, "is_passed": True, "criteria_version": 1, "changed": ["state"],
    }  # fmt: skip
    assert "good" not in str(fact.payload)
    decided = await latest(service, partner_id)
    assert (decided["state"], decided["decided_by"], decided["decision_note"]) == ("approved", "director", "good")
    assert (await service.post(f"/v1/partners/{partner_id}/activate")).json()["state"] == "active"


async def test_a_missing_score_is_not_0(service: ServiceHarness) -> None:
    await published(service, pass_mark=0, group_minimums=[])
    partner_id = await screened(service, {"payment": 80})
    weighed = await latest(service, partner_id)
    assert (weighed["score"], weighed["is_passed"]) == (None, None)
    refused = await service.post(f"/v1/partners/{partner_id}/approve", {}, headers=director(service))
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (
        409,
        "screening-incomplete",
        ["coverage", "commitment"],
    )
    assert (await score(service, partner_id, {**POINTS, "coverage": 0, "commitment": 0})).json()["score"] == 3200
    assert (await service.post(f"/v1/partners/{partner_id}/approve", {}, headers=director(service))).status_code == 200


async def test_who_fails_is_not_taken_and_may_be_screened_anew(service: ServiceHarness) -> None:
    await published(service)
    partner_id = await screened(service, {"payment": 39, "coverage": 49, "commitment": 90})
    path = f"/v1/partners/{partner_id}"
    refused = await service.post(f"{path}/approve", {}, headers=director(service))
    assert (refused.json()["code"], refused.json()["failures"]) == (
        "screening-failed",
        ["knock-out:payment", "group:strength", "pass-mark"],
    )
    assert (await service.post(f"{path}/reject", {"reason": "weak"})).json()["code"] == "same-person"
    back = await service.post(f"{path}/reject", {"reason": "weak"}, headers=director(service))
    assert (back.status_code, back.json()["state"]) == (200, "applied")
    (fact,) = await service.published(PartnerScreened.TYPE)
    assert (fact.payload["state"], fact.payload["is_passed"]) == ("applied", False)
    again = await service.post(f"{path}/screen")
    assert again.json()["state"] == "screening"
    assert ((await latest(service, partner_id))["state"], (await latest(service, partner_id))["scores"]) == ("open", [])
    plain = await service.post(f"{path}/reject", {"reason": "late"}, headers=director(service))
    assert plain.json()["state"] == "applied"
    assert [fact.payload["state"] for fact in await service.published(PartnerApplied.TYPE)][-2:] == [
        "screening",
        "applied",
    ]


async def test_who_decided_stays_whoever_comes_later(service: ServiceHarness) -> None:
    """An approved partner is not rejected but screened anew, and each screening keeps its decision."""
    await published(service)
    partner_id = await screened(service)
    path, other = f"/v1/partners/{partner_id}", service.headers("other-director", "sales_director")
    assert (await service.post(f"{path}/approve", {"note": "good"}, headers=director(service))).is_success
    decided = await latest(service, partner_id)
    for action, body in (("reject", {"reason": "late"}), ("approve", {"note": "as well"})):
        refused = await service.post(f"{path}/{action}", body, headers=other)
        assert (refused.status_code, refused.json()["code"]) == (409, "partner-state")
    assert await latest(service, partner_id) == decided
    assert (await service.post(f"{path}/screen")).json()["state"] == "screening"
    assert (await service.post(f"{path}/reject", {"reason": "late"}, headers=other)).json()["state"] == "applied"
    again = await latest(service, partner_id)
    assert (again["state"], again["decided_by"]) == ("rejected", "other-director")
    refused = await service.post(f"{path}/approve", {}, headers=director(service))
    assert (refused.status_code, refused.json()["code"]) == (409, "partner-state")
    assert (await service.get(f"/v1/partner-screenings/{decided['id']}")).json() == decided
    assert await latest(service, partner_id) == again


async def test_of_two_who_decide_at_once_one_does(service: ServiceHarness) -> None:
    await published(service)
    for number in range(6):
        partner_id = await screened(service, code=f"P-{number}")
        path, other = f"/v1/partners/{partner_id}", service.headers("other-director", "sales_director")
        asked = [
            service.post(f"{path}/reject", {"reason": "late"}, headers=other),
            service.post(f"{path}/approve", {}, headers=director(service)),
        ]
        answers = await asyncio.gather(*asked[:: 1 if number % 2 else -1])
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        assert (won.status_code, lost.status_code, lost.json()["code"]) == (200, 409, "partner-state")
        found = await latest(service, partner_id)
        decided = {"applied": ("rejected", "other-director"), "approved": ("approved", "director")}
        assert (found["state"], found["decided_by"]) == decided[won.json()["state"]]


async def test_criteria_of_a_screening_stay_those_of_its_beginning(service: ServiceHarness) -> None:
    early = await applied(service)
    missing = await service.post(f"/v1/partners/{early}/screen")
    assert (missing.status_code, missing.json()["code"]) == (409, "criteria-missing")
    await published(service)
    partner_id = await screened(service, {}, "P-002")
    one = [{"code": "fit", "group": "strength", "weight": 1_000_000}]
    newer = await published(service, criteria=one, group_minimums=[], pass_mark=0)
    assert newer["criteria_version"] == 2
    unknown = await score(service, partner_id, {"fit": 1})
    assert (unknown.status_code, unknown.json()["code"], codes(unknown.json())) == (
        422,
        "unknown-reference",
        ["/scores/0/criterion"],
    )
    assert (await score(service, partner_id)).json()["score"] == 7550
    other = await screened(service, {"FIT": 1}, "P-003")
    found = await latest(service, other)
    assert (found["criteria_version"], found["scores"][0]["criterion"]) == (2, "fit")


async def test_scores_are_set_on_the_version_that_was_read_and_while_it_is_screened(service: ServiceHarness) -> None:
    await published(service)
    partner_id = await screened(service, {})
    path, body = f"/v1/partners/{partner_id}/scores", {"scores": [{"criterion": "payment", "score": 1}]}
    version = (await latest(service, partner_id))["version"]
    headers = service.headers(If_Match=f'"{version}"')
    answers = await asyncio.gather(*(service.request("PUT", path, body, headers=headers) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    twice = {"scores": [{"criterion": name, "score": 1} for name in ("payment", "PAYMENT")]}
    version = (await latest(service, partner_id))["version"]
    repeated = await service.request("PUT", path, twice, headers=service.headers(If_Match=f'"{version}"'))
    assert (repeated.json()["code"], codes(repeated.json())) == ("scores-invalid", ["/scores/1/criterion"])
    assert (await service.post(path.replace("scores", "reject"), {"reason": "x"}, headers=director(service))).is_success
    late = await service.request("PUT", path, body, headers=service.headers(If_Match='"4"'))
    assert (late.status_code, late.json()["code"]) == (409, "partner-state")


@pytest.mark.parametrize("points", [-1, 101, 1.5, "80", None])
async def test_points_are_whole_and_lie_between_0_and_100(service: ServiceHarness, points: object) -> None:
    await published(service)
    partner_id = await screened(service, {})
    body = {"scores": [{"criterion": "payment", "score": points}]}
    headers = service.headers(If_Match='"1"')
    answer = await service.request("PUT", f"/v1/partners/{partner_id}/scores", body, headers=headers)
    assert (answer.status_code, codes(answer.json())) == (422, ["/scores/0/score"])


async def test_versions_get_their_number_when_they_are_published_however_many_at_once(service: ServiceHarness) -> None:
    drafts = [(await service.post(CRITERIA, TERMS)).json() for _ in range(4)]
    assert {draft["criteria_version"] for draft in drafts} == {None}
    same = await service.post(f"{CRITERIA}/{drafts[0]['id']}/publish")
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    answers = await asyncio.gather(
        *(service.post(f"{CRITERIA}/{draft['id']}/publish", headers=director(service)) for draft in drafts)
    )
    assert sorted(answer.json()["criteria_version"] for answer in answers) == [1, 2, 3, 4]
    short = await service.post(CRITERIA, TERMS | {"criteria": TERMS["criteria"][:2]})
    assert (short.json()["code"], codes(short.json())) == ("criteria-invalid", ["/criteria"])


@pytest.mark.parametrize("required", [False, True])
async def test_whether_applicants_are_screened_first_is_a_setting(postgres_server: TestServer, required: bool) -> None:
    async with service_harness(postgres_server, "channels", screening_required=required) as service:
        partner_id = await applied(service)
        answer = await service.post(f"/v1/partners/{partner_id}/activate")
        if not required:
            assert answer.json()["state"] == "active"
            return
        assert (answer.status_code, answer.json()["code"]) == (409, "screening-required")
        await published(service)
        path = f"/v1/partners/{await screened(service, POINTS, 'P-002')}"
        assert (await service.post(f"{path}/approve", {}, headers=director(service))).is_success
        assert (await service.post(f"{path}/activate")).json()["state"] == "active"
        assert (await service.post(f"{path}/suspend", {"reason": "late"})).is_success
        assert (await service.post(f"{path}/activate")).json()["state"] == "active", "it was approved once"
