"""What a report has told of a tree is not changed by plans."""

from __future__ import annotations

from datetime import date

from tests.targets.reports.conftest import Desk


async def test_no_plan_changes_what_a_report_has_told(desk: Desk) -> None:
    service = desk.world.service
    root, other = await desk.target("team-a"), await desk.target("team-b")
    await desk.schedule("north")
    await desk.turn(date(2026, 2, 15))
    assert [one["period_end"] for one in await desk.reports()] == ["2026-02-13", "2026-02-14"]
    for target, day, status in ((root, 13, 409), (root, 14, 409), (root, 15, 200), (other, 13, 200)):
        plan = (await service.post("/v1/plans", {"root_id": target, "name": f"From {day}"})).json()
        raised = await service.patch(f"/v1/targets/{plan['branch_id']}", {"amount": 1_700_000 + day}, 1)
        assert raised.status_code == 200, raised.text
        body = {"valid_from": f"2026-02-{day}", "reason": "More"}
        answer = await service.post(f"/v1/plans/{plan['id']}/promote", body)
        assert answer.status_code == status, (day, answer.text)
        if status == 409:
            assert (answer.json()["code"], answer.json()["reported_until"]) == ("already-reported", "2026-02-14")
            assert (await service.get(f"/v1/targets/{target}")).json()["amount"] == 1_600_000
