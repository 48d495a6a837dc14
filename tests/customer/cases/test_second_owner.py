"""The second owner of a grave complaint: who may be one, what an approval is of, what voids it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.testing.service import make_event
from services.customer.cases.rules import digest
from tests.customer.cases.conftest import SECOND, Desk
from tests.customer.conftest import MANAGER, REP_1, REP_2, UNITS, member

TEXT = "We are sorry; a new box is on its way."


async def grave(desk: Desk, **fields: Any) -> dict[str, Any]:
    """A grave complaint of rep-1 that is looked into, its answer written down."""
    base = {"severity": "high", "owner_id": str(REP_1), "second_owner_id": str(SECOND)}
    case = await desk.investigating(**{**base, **fields})
    return await desk.changed(case, response=TEXT)


async def approve(desk: Desk, case: dict[str, Any], subject: str = "rep-3", text: str = TEXT) -> tuple[int, str]:
    headers = desk.service.headers(subject, "sales_manager")
    answer = await desk.tell(case, "approve-response", {"response_sha256": digest(text)}, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def respond(desk: Desk, case: dict[str, Any], text: str | None = None) -> tuple[int, str]:
    answer = await desk.tell(case, "respond", {} if text is None else {"response": text})
    return answer.status_code, answer.json().get("code", "")


async def test_a_grave_complaint_is_answered_with_what_was_approved(desk: Desk) -> None:
    case = await grave(desk)
    assert case["response_sha256"] == digest(TEXT)
    assert await respond(desk, case) == (409, "second-owner-required")
    assert await approve(desk, case) == (200, "")
    approved = await desk.read(case)
    assert (approved["approved_by"], approved["approved_sha256"]) == ("rep-3", digest(TEXT))
    assert await approve(desk, case) == (200, "")
    assert (await desk.read(case))["version"] == approved["version"], "the same again is nothing"
    assert await respond(desk, case, TEXT + " ") == (409, "second-owner-required")
    assert await respond(desk, case, TEXT) == (200, "")


@pytest.mark.parametrize(("kind", "severity"), [("complaint", "medium"), ("incident", "critical")])
async def test_what_is_not_grave_or_no_complaint_needs_nobody(desk: Desk, kind: str, severity: str) -> None:
    case = await desk.investigating(kind=kind, severity=severity)
    assert await respond(desk, case, TEXT) == (200, "")


async def test_the_second_owner_alone_approves_what_they_read(desk: Desk) -> None:
    case = await grave(desk)
    assert await approve(desk, case, text="another") == (409, "response-changed")
    assert await approve(desk, case, "manager-north") == (409, "second-owner-required")
    assert await approve(desk, case, "admin") == (404, "case-not-found"), "a manager of no unit"
    seller = desk.service.headers("rep-3", "sales_rep")
    answer = await desk.tell(case, "approve-response", {"response_sha256": digest(TEXT)}, headers=seller)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    await desk.changed(case, response=None)
    assert await approve(desk, case) == (422, "response-missing")


@pytest.mark.parametrize("change", ["text", "owner", "second owner", "worse", "milder", "subject"])
async def test_what_voids_an_approval(desk: Desk, change: str) -> None:
    case = await grave(desk)
    assert await approve(desk, case) == (200, "")
    voids = change not in ("milder", "subject")
    match change:
        case "text":
            after = await desk.changed(case, response=TEXT + "!")
        case "owner":
            after = await desk.done(case, "assign", {"owner_id": str(REP_2)})
        case "second owner":
            after = await desk.changed(case, second_owner_id=str(MANAGER))
        case "worse":
            after = await desk.changed(case, severity="critical")
        case "milder":
            await desk.changed(case, severity="medium")
            after = await desk.read(case)
        case _:
            after = await desk.changed(case, subject="Another")
    assert (after["approved_by"] is None) is voids
    assert await respond(desk, case) == ((409, "second-owner-required") if voids else (200, ""))


async def test_a_reopened_complaint_is_approved_anew(desk: Desk) -> None:
    case = await grave(desk)
    assert await approve(desk, case) == (200, "")
    assert await respond(desk, case) == (200, "")
    await desk.done(case, "reopen")
    assert await respond(desk, case) == (409, "second-owner-required")


async def test_who_has_a_part_is_no_second_owner(desk: Desk) -> None:
    account = await desk.world.account(owner_id=str(MANAGER))
    order = await desk.world.draft(account)
    body = {"kind": "complaint", "subject": "s", "severity": "high", "order_id": order["id"], "owner_id": str(SECOND)}
    for partial in (MANAGER, REP_1, REP_2, SECOND):
        answer = await desk.service.post("/v1/cases", {**body, "second_owner_id": str(partial)})
        assert (answer.status_code, answer.json()["code"]) == (409, "second-owner-not-impartial"), partial
    twin = UUID(int=7)
    joined = make_event("targets.member.joined.v1", member(twin, "rep-3", UNITS[:2]), "organisation")
    await desk.service.deliver(joined)
    answer = await desk.service.post("/v1/cases", {**body, "second_owner_id": str(twin)})
    assert answer.json()["code"] == "second-owner-not-impartial", "who logs in as the owner"


async def test_who_placed_the_order_and_who_has_the_root_have_a_part(desk: Desk) -> None:
    account, survivor = await desk.world.account(), await desk.world.account(owner_id=str(SECOND))
    order = await desk.world.draft(account, credits=[])
    placing = desk.service.headers("manager-north", "sales_manager")
    answer = await desk.service.post(f"/v1/orders/{order['id']}/place", headers=placing)
    assert answer.status_code == 200, answer.text
    body = {"kind": "complaint", "subject": "s", "severity": "high", "order_id": order["id"]}
    for second, status in ((MANAGER, 409), (SECOND, 201)):
        made = await desk.service.post("/v1/cases", {**body, "second_owner_id": str(second)})
        assert made.status_code == status, made.text
    merged = await desk.service.post(f"/v1/accounts/{survivor['id']}/merge", {"merged_id": account["id"]})
    assert merged.status_code == 201, merged.text
    made = await desk.service.post("/v1/cases", {**body, "second_owner_id": str(SECOND)})
    assert (made.status_code, made.json()["code"]) == (409, "second-owner-not-impartial")


async def test_who_got_a_part_later_is_asked_again(desk: Desk) -> None:
    account = await desk.world.account()
    case = await grave(desk, account_id=account["id"])
    assert await approve(desk, case) == (200, "")
    path = f"/v1/accounts/{account['id']}/transfer"
    assert (await desk.service.post(path, {"owner_id": str(SECOND)})).status_code == 200
    assert await respond(desk, case) == (409, "second-owner-not-impartial")
    assert await approve(desk, case) == (409, "second-owner-not-impartial")
    await desk.changed(case, second_owner_id=str(MANAGER))
    assert await approve(desk, case, "manager-north") == (200, "")
    assert await respond(desk, case) == (200, "")
