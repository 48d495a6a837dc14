"""Tasks of partners: a mandatory one that is open keeps a partner from selling."""

from __future__ import annotations

from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.partner_documents.test_documents import applied

PATH = "/v1/partner-tasks"


async def test_mandatory_tasks_are_done_before_a_partner_sells(service: ServiceHarness, days: Days) -> None:
    days.on("2026-06-01")
    partner_id = await applied(service)
    needed = await service.post(PATH, {"partner_id": partner_id, "subject": "Train", "is_mandatory": True})
    await service.post(PATH, {"partner_id": partner_id, "subject": "Lunch"})
    other = await applied(service, "P-002")
    assert (await service.post(f"/v1/partners/{other}/activate")).status_code == 200, "tasks of others do not count"
    refused = await service.post(f"/v1/partners/{partner_id}/activate")
    assert (refused.status_code, refused.json()["code"], refused.json()["open"]) == (409, "tasks-open", 1)
    one = f"{PATH}/{needed.json()['id']}"
    done = (await service.post(f"{one}/complete")).json()
    assert (done["state"], done["done_on"], done["done_by"]) == ("done", "2026-06-01", "admin")
    again = (await service.post(f"{one}/reopen")).json()
    assert (again["state"], again["done_on"], again["done_by"]) == ("open", None, None)
    assert (await service.post(f"{one}/complete")).status_code == 200
    assert (await service.post(f"/v1/partners/{partner_id}/activate")).json()["state"] == "active"
