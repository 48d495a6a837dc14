"""Entries about partners: what was said stays, what is to follow has a day."""

from __future__ import annotations

import pytest

from kit.testing.service import ServiceHarness, codes
from tests.channels.conftest import Days
from tests.channels.partner_contacts.test_contacts import contact

PATH = "/v1/partner-logs"


async def test_an_entry_is_open_while_something_is_to_follow(service: ServiceHarness) -> None:
    of = await contact(service)
    body = {"partner_id": of["partner_id"], "kind": "contact", "happened_on": "2026-02-14", "note": "Called"}
    told = (await service.post(PATH, body | {"contact_id": of["id"]})).json()
    assert (told["state"], told["contact_id"], told["written_by"]) == ("closed", of["id"], "admin")
    late = await service.patch(f"{PATH}/{told['id']}", {"follow_up_on": "2026-02-20"}, 1)
    assert (late.status_code, late.json()["code"]) == (409, "partner-log-state")
    need = (await service.post(PATH, body | {"kind": "need", "follow_up_on": "2026-02-20"})).json()
    due = (await service.get(f"{PATH}?state=open&follow_up_on[lte]=2026-02-20")).json()["items"]
    assert [one["id"] for one in due] == [need["id"]]
    closed = (await service.post(f"{PATH}/{need['id']}/close", {"outcome": "Sent"})).json()
    assert (closed["state"], closed["outcome"], closed["follow_up_on"]) == ("closed", "Sent", "2026-02-20")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"happened_on": "2026-02-15"}, "/happened_on"),
        ({"follow_up_on": "2026-02-13"}, "/follow_up_on"),
        ({"note": ""}, "/note"),
        ({"kind": "rumour"}, "/kind"),
    ],
)
async def test_what_cannot_be_is_named(
    service: ServiceHarness, days: Days, changes: dict[str, str], pointer: str
) -> None:
    days.on("2026-02-14")
    of = await contact(service)
    body = {"partner_id": of["partner_id"], "kind": "contact", "happened_on": "2026-02-14", "note": "Called"}
    answer = await service.post(PATH, body | changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_a_contact_is_one_of_the_partner(service: ServiceHarness) -> None:
    of, other = await contact(service), await contact(service)
    body = {"partner_id": of["partner_id"], "kind": "contact", "happened_on": "2026-02-14", "note": "Called"}
    answer = await service.post(PATH, body | {"contact_id": other["id"]})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
        422,
        "unknown-reference",
        ["/contact_id"],
    )
