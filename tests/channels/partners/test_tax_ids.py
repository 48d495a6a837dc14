"""One number is one tax id of partners and of end customers, however it is written: the rule of accounts."""

from __future__ import annotations

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.deals.claimed import DEAL, a_seller, fresh_name
from tests.channels.deals.claimed import PATH as DEALS
from tests.channels.partners.identified import PATH, body, made
from tests.shared_suites.tax_ids import COMPANIES, SPELLINGS


@pytest.mark.parametrize(("country", "shown", "spellings"), [*SPELLINGS, *COMPANIES])
async def test_every_spelling_is_the_same_partner(
    service: ServiceHarness, country: str, shown: str, spellings: list[str]
) -> None:
    one = await made(service, country=country, tax_id=shown)
    assert one["tax_id"] == shown
    for spelling in (shown, *spellings):
        taken = await service.post(PATH, body(f"P-{new_id().hex}", country=country, tax_id=spelling))
        assert (taken.status_code, taken.json()["code"]) == (409, "duplicate-partner"), spelling
        assert taken.json()["conflicting_id"] == one["id"]
        found = await service.client.get(PATH, params={"tax_id": spelling}, headers=service.headers())
        assert [each["id"] for each in found.json()["items"]] == [one["id"]], spelling


@pytest.mark.parametrize(("country", "shown", "spellings"), [*SPELLINGS, *COMPANIES])
async def test_every_spelling_is_the_same_end_customer(
    service: ServiceHarness, country: str, shown: str, spellings: list[str]
) -> None:
    answers = [
        await service.post(
            DEALS, {**DEAL, **fresh_name(), **await a_seller(service), "country": country, "tax_id": spelling}
        )
        for spelling in (shown, *spellings)
    ]
    assert [answer.status_code for answer in answers] == [201] + [409] * len(spellings)
    assert {answer.json()["number"] for answer in answers} == {answers[0].json()["number"]}
