"""Documents of partners: warned of in time, and a mandatory one that is over keeps a partner from selling."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.channels.partner_documents.dues import PARTNER_DOCUMENTS_DUE
from services.channels.partner_documents.rules import warning_day
from tests.channels.conftest import Days
from tests.channels.partners.test_router import HARBOUR

PATH = "/v1/partner-documents"


async def applied(service: ServiceHarness, code: str = "P-001") -> str:
    """A partner that does not sell yet."""
    made = await service.post("/v1/partners", HARBOUR | {"code": code})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def worked(service: ServiceHarness) -> int:
    """How many documents are warned of by what is due now."""
    counted = "SELECT count(*) FROM audit_log WHERE action = 'warn'"
    (before,) = await service.rows(counted)
    loop = DueLoop(service.runtime, [PARTNER_DOCUMENTS_DUE])
    while await loop.turn():
        pass
    (after,) = await service.rows(counted)
    return int(after["count"] - before["count"])


async def enter(service: ServiceHarness, partner_id: str, number: str, **changes: Any) -> dict[str, Any]:
    body = {"partner_id": partner_id, "kind": "licence", "number": number, "is_mandatory": True}
    made = await service.post(PATH, body | changes)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


@pytest.mark.parametrize(
    ("today", "warned"),
    [
        ("2026-06-01", "2026-12-01"),
        ("2026-12-01", "2026-12-01"),
        ("2026-12-20", "2026-12-20"),
        ("2026-12-31", "2026-12-31"),
        ("2027-01-01", None),
    ],
)
def test_warned_30_days_ahead_or_at_once_never_of_what_is_over(today: str, warned: str | None) -> None:
    found = warning_day(date(2026, 12, 31), date.fromisoformat(today))
    assert found == (date.fromisoformat(warned) if warned else None)


async def test_an_end_is_warned_of_once_and_anew_with_another_day(service: ServiceHarness, days: Days) -> None:
    days.on("2026-06-01")
    partner_id = await applied(service)
    made = await enter(service, partner_id, "L-1", valid_to="2026-12-31")
    over = await enter(service, partner_id, "L-0", valid_to="2026-05-31")
    days.on("2026-11-30")
    assert await worked(service) == 0
    days.on("2026-12-01")
    assert await worked(service) == 1
    assert await worked(service) == 0
    one = (await service.get(f"{PATH}/{made['id']}")).json()
    assert (one["warned_on"], one["version"]) == ("2026-12-01", 2)
    assert (await service.get(f"{PATH}/{over['id']}")).json()["warned_on"] is None
    moved = await service.patch(f"{PATH}/{made['id']}", {"valid_to": "2027-12-31"}, 2)
    assert moved.json()["warned_on"] is None
    days.on("2027-12-01")
    assert await worked(service) == 1
    audited = await service.rows("SELECT FROM audit_log WHERE action = 'warn'")
    assert len(audited) == 2


async def test_a_mandatory_one_that_is_over_blocks_until_one_of_its_kind_is_valid(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-06-01")
    partner_id = await applied(service)
    await enter(service, partner_id, "L-1", valid_to="2026-06-01")
    await enter(service, partner_id, "B-1", kind="brochure", is_mandatory=False, valid_to="2026-05-01")
    days.on("2026-06-02")
    activate = f"/v1/partners/{partner_id}/activate"
    refused = await service.post(activate)
    assert (refused.status_code, refused.json()["code"], refused.json()["kinds"]) == (
        409,
        "document-expired",
        ["licence"],
    )
    assert (await service.get(f"/v1/partners/{partner_id}")).json()["state"] == "applied"
    await enter(service, partner_id, "L-2", is_mandatory=False, valid_to="2026-06-02")
    assert (await service.post(activate)).status_code == 200
    assert (await service.post(f"/v1/partners/{partner_id}/suspend", {"reason": "late"})).status_code == 200
    days.on("2026-06-03")
    assert (await service.post(activate)).json()["code"] == "document-expired"


async def test_a_kind_has_each_number_once(service: ServiceHarness) -> None:
    partner_id = await applied(service)
    made = await enter(service, partner_id, "L-1")
    body = {"partner_id": partner_id, "kind": "licence", "number": "L-1"}
    twice = await service.post(PATH, body)
    assert (twice.status_code, twice.json()["code"]) == (409, "partner-document-number-taken")
    assert twice.json()["conflicting_id"] == made["id"]
    assert (await service.post(PATH, body | {"kind": "tax"})).status_code == 201
