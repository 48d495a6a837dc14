"""Trainings: who passes has a certificate from that day on, once, whatever is entered again."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.trainings.models import Attendance
from services.channels.trainings.rules import AttendanceInvalid, check_attendance
from tests.channels.conftest import Days
from tests.channels.partner_contacts.test_contacts import contact
from tests.channels.tier_evaluations.ranked import seller

PATH = "/v1/trainings"
CERTIFICATES = "/v1/partner-certificates"
BODY: dict[str, Any] = {
    "code": "SE-1", "name": "Engineer", "held_on": "2026-02-14", "certificate_kind": "engineer",
}  # fmt: skip


async def training(service: ServiceHarness, **changes: Any) -> str:
    """Path of a training."""
    made = await service.post(PATH, BODY | changes)
    assert made.status_code == 201, made.text
    return f"{PATH}/{made.json()['id']}"


async def attend(service: ServiceHarness, path: str, *rows: dict[str, Any]) -> httpx.Response:
    """Set who came, over the version as it is."""
    version = (await service.get(path)).headers["etag"]
    return await service.request(
        "PUT", f"{path}/attendance", {"attendance": list(rows)}, headers=service.headers(If_Match=version)
    )


async def held(service: ServiceHarness, partner_id: object) -> list[tuple[str, str, str | None]]:
    """Certificates of a partner: number, first and last day."""
    items = (await service.get(f"{CERTIFICATES}?partner_id={partner_id}")).json()["items"]
    return sorted((one["number"], one["valid_from"], one["valid_to"]) for one in items)


async def test_who_passes_has_a_certificate_from_that_day_on(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path, passed = await training(service), await contact(service)
    failed, absent = str(await seller(service)), str(await seller(service))
    winner = {
        "partner_id": passed["partner_id"],
        "contact_id": passed["id"],
        "attended": True,
        "passed": True,
        "certificate_to": "2028-02-13",
    }
    rows = (winner, {"partner_id": failed, "attended": True}, {"partner_id": absent, "attended": False})
    answer = await attend(service, path, *rows)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"'), answer.text
    found = {one["partner_id"]: one for one in answer.json()["attendance"]}
    assert found[failed]["certificate_id"] is None
    number = f"SE-1:{UUID(passed['id']).hex[-12:]}"
    assert await held(service, passed["partner_id"]) == [(number, "2026-02-14", "2028-02-13")]
    certificate = (await service.get(f"{CERTIFICATES}/{found[passed['partner_id']]['certificate_id']}")).json()
    assert (certificate["kind"], certificate["number"]) == ("engineer", number)
    assert (await held(service, failed), await held(service, absent)) == ([], [])
    again = await attend(service, path, *rows)
    assert again.headers["etag"] == '"2"', "nothing differs"
    moved = await attend(service, path, winner | {"certificate_to": None})
    assert moved.status_code == 200, moved.text
    assert await held(service, passed["partner_id"]) == [(number, "2026-02-14", None)]
    listed = (await service.get(f"{PATH}?partner_id={passed['partner_id']}")).json()["items"]
    assert [one["code"] for one in listed] == ["SE-1"]
    assert (await service.get(f"{PATH}?partner_id={failed}")).json()["items"] == []


async def test_who_has_a_certificate_has_passed(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path, partner_id = await training(service), str(await seller(service))
    row = {"partner_id": partner_id, "attended": True, "passed": True}
    assert (await attend(service, path, row)).status_code == 200
    for rows in ((), (row | {"passed": False},)):
        refused = await attend(service, path, *rows)
        assert (refused.status_code, refused.json()["code"], refused.json()["partner_ids"]) == (
            409,
            "certificate-issued",
            [partner_id],
        )
    late = await service.patch(path, {"held_on": "2026-02-15"}, 2)
    assert (late.status_code, late.json()["code"]) == (409, "training-held")
    assert len(await held(service, partner_id)) == 1


async def test_two_at_once_issue_once(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path, partner_id = await training(service), str(await seller(service))
    row = {"partner_id": partner_id, "attended": True, "passed": True}
    headers = service.headers(If_Match='"1"')
    answers = await asyncio.gather(
        *(service.request("PUT", f"{path}/attendance", {"attendance": [row]}, headers=headers) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert len(await held(service, partner_id)) == 1


async def test_without_a_kind_there_is_no_certificate(service: ServiceHarness, days: Days) -> None:
    days.on("2026-02-13")
    path, partner_id = await training(service, certificate_kind=None), str(await seller(service))
    row = {"partner_id": partner_id, "attended": True, "passed": True}
    early = await attend(service, path, row)
    assert (early.status_code, early.json()["code"]) == (409, "training-ahead")
    days.on("2026-02-14")
    assert (await attend(service, path, row)).json()["attendance"][0]["certificate_id"] is None
    assert await held(service, partner_id) == []


async def test_a_number_that_is_taken_changes_nothing(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path, partner_id = await training(service), await seller(service)
    own = {"kind": "engineer", "number": f"SE-1:{partner_id.hex[-12:]}", "valid_from": "2026-01-01"}
    assert (await service.post(CERTIFICATES, own | {"partner_id": str(partner_id)})).status_code == 201
    refused = await attend(service, path, {"partner_id": str(partner_id), "attended": True, "passed": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "partner-certificate-number-taken")
    assert (await service.get(path)).json()["attendance"] == []


async def test_who_is_named_is_known(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path, one, other = await training(service), await contact(service), await contact(service)
    stranger = {"partner_id": str(new_id()), "attended": True}
    foreign = {"partner_id": one["partner_id"], "contact_id": other["id"], "attended": True}
    answer = await attend(service, path, stranger, foreign)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
        422,
        "unknown-reference",
        ["/attendance/0/partner_id", "/attendance/1/contact_id"],
    )


@pytest.mark.parametrize(
    ("changes", "kind", "pointer"),
    [
        ({"attended": False, "passed": True}, "engineer", "passed"),
        ({"passed": False, "certificate_to": date(2027, 1, 1)}, "engineer", "certificate_to"),
        ({"certificate_to": date(2027, 1, 1)}, None, "certificate_to"),
        ({"certificate_to": date(2026, 2, 13)}, "engineer", "certificate_to"),
    ],
)
def test_what_an_attendance_cannot_say(changes: dict[str, Any], kind: str | None, pointer: str) -> None:
    fine: dict[str, Any] = {"partner_id": UUID(int=1), "attended": True, "passed": True}
    check_attendance([Attendance(**fine, certificate_to=date(2026, 2, 14))], date(2026, 2, 14), "engineer")
    with pytest.raises(AttendanceInvalid) as refused:
        check_attendance([Attendance(**fine | changes)], date(2026, 2, 14), kind)
    assert [one.pointer for one in refused.value.errors] == [f"/attendance/0/{pointer}"]
    with pytest.raises(AttendanceInvalid):
        check_attendance([Attendance(**fine), Attendance(**fine)], date(2026, 2, 14), kind)
