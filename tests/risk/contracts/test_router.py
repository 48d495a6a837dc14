"""Contracts over HTTP: review under the checklist, two people, one number, terms as of a day."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.events_out.contracts import ContractSigned, ContractTerminated
from tests.risk.conftest import Days, account_created, partner_activated, seller, turn
from tests.risk.contracts.drafts import DIRECTOR, DOCUMENT, OFFICER, PATH, act, draft, reviewed, signed, terms

OTHER = {"uri": "https://documents.example/other.pdf", "sha256": "b" * 64}


async def test_a_contract_on_its_way_to_the_signature(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    path = await signed(service, "2025-12-19")
    row = (await service.get(path)).json()
    assert (row["state"], row["signed_on"], row["terms_from"]) == ("signed", "2025-12-19", "2026-01-01")
    assert (row["notice_by"], row["approved_by"]) == ("2026-11-01", "director")
    (said,) = await service.published()
    assert (said.type, said.key, said.payload["signed_on"]) == (ContractSigned.TYPE, row["account_id"], "2025-12-19")
    assert said.payload["value_base"] == row["value"]
    assert said.payload["business_date"] == "2025-12-20"
    actions = [entry["action"] for entry in await service.rows("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["draft", "submit", "review", "approve", "sign"]


async def test_the_gate_stands_at_approval_and_names_the_clauses(service: ServiceHarness) -> None:
    path = await draft(service)
    headers = service.headers(*DIRECTOR)
    clauses = (await act(service, path, "submit"))["clauses"]
    mandatory = [one["code"] for one in clauses if one["is_mandatory"]]
    refused = await service.post(f"{path}/approve", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "clause-gate")
    assert codes(refused.json()) == [f"/clauses/{code}" for code in mandatory]
    answers = [{"code": code, "result": "pass", "evidence": "read"} for code in mandatory]
    answers[0]["result"] = "fail"
    row = await act(service, path, "review", {"answers": answers})
    assert {one["answered_by"] for one in row["clauses"]} == {"officer", None}
    refused = await service.post(f"{path}/approve", headers=headers)
    assert [each["code"] for each in refused.json()["errors"]] == ["fail"]
    await act(service, path, "review", {"answers": [{"code": mandatory[0], "result": "not_applicable"}]})
    assert (await act(service, path, "approve", by=DIRECTOR))["state"] == "approved"
    unknown = await service.post(f"{await reviewed(service, await draft(service))}/review", {"answers": [
        {"code": "no-such-clause", "result": "pass"}
    ]})
    assert (unknown.status_code, codes(unknown.json())) == (422, ["/answers/0/code"])


async def test_another_document_has_no_answers(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 5))
    path = await reviewed(service, await draft(service))
    await act(service, path, "approve", by=DIRECTOR)
    body = {"signed_on": "2026-01-05", "document": OTHER}
    refused = await service.post(f"{path}/sign", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "clause-gate")
    assert {each["code"] for each in refused.json()["errors"]} == {"open"}


async def test_answers_are_of_one_document(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 5))
    path = await reviewed(service, await draft(service))
    await act(service, path, "reject", {"reason": "another text"})
    kept = await act(service, path, "submit")
    assert all(one["result"] == "pass" for one in kept["clauses"]), "answers to the same document stay"
    await act(service, path, "reject", {"reason": "another text"})
    version = (await service.get(path)).json()["version"]
    assert (await service.patch(path, {"document": OTHER}, version)).status_code == 200
    void = await act(service, path, "submit")
    assert {one["result"] for one in void["clauses"]} == {None}
    assert (await service.post(f"{path}/approve", headers=service.headers(*DIRECTOR))).status_code == 409


@pytest.mark.parametrize("first", ["approve", "reject", None])
async def test_nobody_takes_an_approval_back(service: ServiceHarness, first: str | None) -> None:
    """Of both, whichever comes first holds, also at once."""
    path = await reviewed(service, await draft(service))
    approve = service.post(f"{path}/approve", headers=service.headers(*DIRECTOR))
    reject = service.post(f"{path}/reject", {"reason": "The cap on liability is missing"})
    if first is None:
        answers = [*await asyncio.gather(approve, reject)]
    else:
        answers = [await one for one in ((approve, reject) if first == "approve" else (reject, approve))]
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "contract-state"
    found = (await service.get(path)).json()
    is_approved = found["state"] == "approved"
    assert (found["state"], found["approved_by"]) == (("approved", "director") if is_approved else ("draft", None))
    assert first is None or is_approved is (first == "approve")


async def test_nobody_approves_what_they_wrote(service: ServiceHarness) -> None:
    path = await draft(service)
    version = (await service.get(path)).json()["version"]
    assert (await service.patch(path, {"title": "Mine as well"}, version)).json()["authors"] == ["officer", "admin"]
    await reviewed(service, path)
    for subject in ("officer", "admin"):
        refused = await service.post(f"{path}/approve", headers=service.headers(subject, "administrator"))
        assert (refused.status_code, refused.json()["code"]) == (403, "same-person")
    assert (await act(service, path, "approve", by=DIRECTOR))["approved_by"] == "director"


async def test_a_number_is_one_contract_and_names_it_to_those_who_see_it(service: ServiceHarness) -> None:
    owner, account_id = new_id(), new_id()
    await service.deliver(account_created(account_id, owner))
    body = terms(account_id)
    answers = await asyncio.gather(*(service.post("/v1/contracts", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], codes(refused)) == ("contract-number-taken", ["/number"])
    assert refused["conflicting_id"]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"currency": "CNY"}, "/currency", "currency-not-supported"),
        ({"ends_on": "2025-12-31"}, "/ends_on", "date-order"),
        ({"renew_months": None}, "/renewal", "renewal-incomplete"),
        ({"ends_on": None}, "/renewal", "renewal-incomplete"),
        ({"document": {"uri": "https://x.example", "sha256": "A" * 64}}, "/document/sha256", "hash-invalid"),
        ({"partner_id": str(new_id())}, "/account_id", "one-party"),
        ({"account_id": None}, "/account_id", "one-party"),
        ({"account_id": str(new_id())}, "/account_id", "unknown-reference"),
        ({"account_id": None, "partner_id": str(new_id())}, "/partner_id", "unknown-reference"),
    ],
    ids=["currency", "dates", "months", "end", "hash", "both", "none", "account", "partner"],
)
async def test_bad_terms(service: ServiceHarness, changes: dict[str, object], pointer: str, code: str) -> None:
    account_id = new_id()
    await service.deliver(account_created(account_id))
    answer = await service.post("/v1/contracts", terms(account_id, **changes))
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [(pointer, code)]


async def test_contracts_follow_the_owner_of_the_account_or_the_partner(service: ServiceHarness) -> None:
    owner, other, account_id, partner_id = new_id(), new_id(), new_id(), new_id()
    await service.deliver(
        *(seller(each, name) for each, name in ((owner, "rep-1"), (other, "rep-2"))),
        account_created(account_id, owner),
        partner_activated(partner_id, other),
    )
    mine = await draft(service, account_id)
    theirs = await draft(service, account_id, account_id=None, partner_id=str(partner_id))
    for name, seen, hidden in (("rep-1", mine, theirs), ("rep-2", theirs, mine)):
        headers = service.headers(name, "sales_rep")
        (item,) = (await service.get(PATH, headers=headers)).json()["items"]
        assert f"{PATH}/{item['id']}" == seen
        assert (await service.get(hidden, headers=headers)).status_code == 404
        assert (await service.post(f"{hidden}/submit", headers=headers)).status_code == 404
        assert (await service.post(f"{seen}/review", {}, headers=headers)).status_code == 403
    body = terms(account_id)
    refused = await service.post(PATH, body, headers=service.headers("rep-2", "sales_rep"))
    assert (refused.status_code, codes(refused.json())) == (422, ["/account_id"])
    assert (await service.post(PATH, body, headers=service.headers("rep-1", "sales_rep"))).status_code == 201
    await service.deliver(partner_activated(partner_id, owner, version=3), partner_activated(partner_id, version=1))
    items = (await service.get(PATH, headers=service.headers("rep-1", "sales_rep"))).json()["items"]
    assert len(items) == 3, "an older word of a partner changes nothing"


async def test_notice_and_the_end(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    path = await signed(service, "2025-12-20")
    days.on(date(2026, 11, 1))
    await turn(service)
    refused = await service.post(f"{path}/give-notice", {"given_on": "2026-11-02"})
    assert (refused.status_code, refused.json()["code"]) == (422, "future-date")
    assert (await act(service, path, "give-notice", {"given_on": "2026-11-01"}))["notice_given_on"] == "2026-11-01"
    days.on(date(2026, 12, 31))
    assert await turn(service) == 0
    days.on(date(2027, 1, 1), 0)
    assert await turn(service) == 1
    assert (await service.get(path)).json()["state"] == "expired"
    assert (await service.get("/v1/renewals")).json()["items"] == []


async def test_a_contract_may_end_before_its_time(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    path = await signed(service, "2025-12-20")
    await turn(service)
    for on in ("2025-12-30", "2027-01-01"):
        refused = await service.post(f"{path}/terminate", {"on": on, "reason": "breach"})
        assert (refused.status_code, refused.json()["code"]) == (422, "date-order")
    row = await act(service, path, "terminate", {"on": "2026-07-31", "reason": "breach"})
    assert (row["state"], row["terminated_on"], row["termination_reason"]) == ("terminated", "2026-07-31", "breach")
    said = (await service.published())[-1]
    assert (said.type, said.payload["terminated_on"], said.payload["reason"]) == (
        ContractTerminated.TYPE,
        "2026-07-31",
        "breach",
    )
    days.on(date(2030, 1, 1))
    assert await turn(service) == 0


async def test_renewals_are_what_ends_by_the_last_day_of_notice(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    late = await signed(service, "2026-01-05", notice_days=30)
    soon = await signed(service, "2026-01-05", notice_days=90)
    await signed(service, "2026-01-05", ends_on=None, renewal="none")
    await draft(service)
    items = (await service.get("/v1/renewals")).json()["items"]
    assert [(f"{PATH}/{item['id']}", item["notice_by"]) for item in items] == [
        (soon, "2026-10-02"),
        (late, "2026-12-01"),
    ]
    (item,) = (await service.get("/v1/renewals?notice_by[lte]=2026-11-30")).json()["items"]
    assert f"{PATH}/{item['id']}" == soon


async def test_a_signature_in_the_future_is_none(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    path = await reviewed(service, await draft(service))
    await act(service, path, "approve", by=DIRECTOR)
    tomorrow = str(date(2026, 1, 10) + timedelta(1))
    refused = await service.post(f"{path}/sign", {"signed_on": tomorrow, "document": DOCUMENT})
    assert (refused.status_code, refused.json()["code"]) == (422, "future-date")
    bare = await draft(service, document=None)
    refused = await service.post(f"{bare}/submit", headers=service.headers(*OFFICER))
    assert (refused.status_code, refused.json()["code"]) == (422, "document-missing")
