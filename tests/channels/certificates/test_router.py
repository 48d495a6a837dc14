"""Certificates of partners: whose, and from when to when."""

from __future__ import annotations

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from tests.channels.tier_evaluations.ranked import seller

PATH = "/v1/partner-certificates"


async def test_a_certificate_is_a_partners_and_does_not_end_before_it_begins(service: ServiceHarness) -> None:
    body = {"partner_id": str(await seller(service)), "kind": "engineer", "number": "A", "valid_from": "2026-01-01"}
    stranger = await service.post(PATH, {**body, "partner_id": str(new_id())})
    assert (stranger.json()["code"], codes(stranger.json())) == ("unknown-reference", ["/partner_id"])
    turned = await service.post(PATH, {**body, "valid_to": "2025-12-31"})
    assert (turned.json()["code"], codes(turned.json())) == ("validity-invalid", ["/valid_to"])
    made = await service.post(PATH, {**body, "valid_to": "2026-01-01"})
    assert made.status_code == 201, made.text
    twice = await service.post(PATH, body)
    assert (twice.status_code, twice.json()["code"]) == (409, "partner-certificate-number-taken")
    one = f"{PATH}/{made.json()['id']}"
    late = await service.patch(one, {"valid_from": "2026-01-02"}, 1)
    assert (late.json()["code"], codes(late.json())) == ("validity-invalid", ["/valid_to"])
    assert (await service.patch(one, {"valid_to": None}, 1)).json()["valid_to"] is None
