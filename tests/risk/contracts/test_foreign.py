"""Contracts in a foreign currency: their value in base currency is by the rate of the day on which it was agreed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.customer.events_out.exchange_rates import ExchangeRateSet
from services.risk.contracts.schemas import EXAMPLE
from services.risk.events_out.contracts import ContractAmended, ContractSigned
from tests.risk.conftest import Days, account_created
from tests.risk.contracts.drafts import DIRECTOR, OFFICER, PATH, act, draft, signed, terms
from tests.risk.contracts.test_scores import in_force
from tests.risk.disputes.disputed import opened


@pytest.fixture(autouse=True)
def today(days: Days) -> Days:
    days.on(date(2026, 2, 14))
    return days


def rate(currency: str, text: str, valid_from: str) -> Event:
    own = {"id": new_id(), "currency": currency, "rate": text, "valid_from": valid_from}
    return make_event(ExchangeRateSet.TYPE, {**ExchangeRateSet.EXAMPLE, **own}, currency, subject=own["id"])


async def shown(service: ServiceHarness, path: str, query: str = "") -> tuple[int, str, str, int]:
    found = (await service.get(f"{path}{query}")).json()
    return found["value"], found["currency"], found["exchange_rate"], found["value_base"]


async def test_without_a_rate_of_the_day_there_is_no_contract(service: ServiceHarness) -> None:
    account_id = new_id()
    await service.deliver(account_created(account_id), rate("CNY", "0.137", "2026-02-15"))
    refused = await service.post(PATH, terms(account_id, currency="CNY"), headers=service.headers(*OFFICER))
    found = refused.status_code, refused.json()["code"], list(codes(refused.json()))
    assert found == (422, "currency-not-supported", ["/currency"])
    await service.deliver(rate("CNY", "0.135", "2026-02-01"))
    assert (await service.post(PATH, terms(account_id, currency="CNY"))).status_code == 201


async def test_a_value_is_rounded_once_half_even(service: ServiceHarness) -> None:
    await service.deliver(
        rate("CNY", "0.15", "2026-01-01"), rate("JPY", "0.0067", "2026-01-01"), rate("KWD", "3.25", "2026-01-01")
    )
    found = [("CNY", 10, 2), ("CNY", 30, 4), ("CNY", 70, 10), ("JPY", 1000, 670), ("KWD", 1000, 325), ("KWD", 2, 1)]
    for currency, value, base in found:
        path = await draft(service, currency=currency, value=value)
        assert (await shown(service, path))[3] == base, (currency, value)
    path = await draft(service, value=500)
    assert await shown(service, path) == (500, "USD", "1", 500)


async def test_a_draft_has_the_rate_of_its_day_and_a_contract_that_of_its_signature(
    service: ServiceHarness, today: Days
) -> None:
    for text, day in (("0.10", "2026-01-01"), ("0.20", "2026-02-10"), ("0.30", "2026-02-14")):
        await service.deliver(rate("CNY", text, day))
    path = await draft(service, currency="CNY", value=1_000)
    assert await shown(service, path) == (1_000, "CNY", "0.30", 300)
    changed = await service.patch(path, {"value": 2_000}, 1)
    assert changed.status_code == 200, changed.text
    assert await shown(service, path) == (2_000, "CNY", "0.30", 600)
    await signed(service, "2026-02-12", path)
    assert await shown(service, path) == (2_000, "CNY", "0.20", 400)
    (said,) = await service.published(ContractSigned.TYPE)
    payload = said.payload
    assert (payload["value"], payload["value_base"], payload["currency"], payload["base_currency"]) == (
        2_000,
        400,
        "CNY",
        "USD",
    )
    assert payload["exchange_rate"] == "0.20"
    await service.deliver(rate("CNY", "0.40", "2026-03-01"))
    today.on(date(2026, 3, 2))
    assert (await shown(service, path))[3] == 400, "what was agreed stays"


async def test_a_signature_before_the_first_rate_is_refused(service: ServiceHarness) -> None:
    await service.deliver(rate("CNY", "0.30", "2026-02-14"))
    path = await draft(service, currency="CNY")
    clauses = (await act(service, path, "submit"))["clauses"]
    await act(service, path, "review", {"answers": [{"code": one["code"], "result": "pass"} for one in clauses]})
    await act(service, path, "approve", by=DIRECTOR)
    body: dict[str, Any] = {"signed_on": "2026-02-13", "document": EXAMPLE["document"]}
    refused = await service.post(f"{path}/sign", body, headers=service.headers(*OFFICER))
    assert (refused.status_code, list(codes(refused.json()))) == (422, ["/signed_on"])
    await act(service, path, "sign", {**body, "signed_on": "2026-02-14"})


async def test_an_amended_value_has_the_rate_of_its_own_signature(service: ServiceHarness) -> None:
    await service.deliver(rate("CNY", "0.10", "2026-01-01"), rate("CNY", "0.20", "2026-02-10"))
    path = await signed(service, "2026-02-01", currency="CNY", value=1_000, starts_on="2026-01-01")
    assert (await shown(service, path))[3] == 100
    for terms_of, base in (({"notice_days": 30}, 100), ({"value": 3_000}, 600)):
        body = {"effective_on": "2026-03-01", "reason": "More", **terms_of}
        made = await service.post(f"{path}/amendments", body, headers=service.headers(*OFFICER))
        assert made.status_code == 201, made.text
        of = f"/v1/amendments/{made.json()['id']}"
        await act(service, of, "approve", by=DIRECTOR)
        await act(service, of, "sign", {"signed_on": "2026-02-14"})
        (*_, last) = await service.published(ContractAmended.TYPE)
        assert last.payload["value_base"] == base
    assert (await shown(service, path, "?as_of=2026-02-28"))[3] == 100
    assert await shown(service, path, "?as_of=2026-03-01") == (3_000, "CNY", "0.20", 600)
    listed = (await service.get(f"{PATH}?as_of=2026-03-01&value_base=600")).json()["items"]
    assert [one["value"] for one in listed] == [3_000]


async def test_shares_and_disputes_are_of_values_in_base_currency(service: ServiceHarness) -> None:
    await service.deliver(rate("CNY", "0.10", "2026-01-01"))
    path = await draft(service, currency="CNY", value=1_000)
    await in_force(service, path)
    await in_force(service, await draft(service, value=900))
    async with service.transaction() as tx:
        await tx.execute("UPDATE contract SET value_base = NULL WHERE currency = 'USD'")
    await opened(service, contract_id=path.rpartition("/")[2], claim=10)
    found = (await service.get(f"{path}/risk-score")).json()
    assert (found["value"], found["in_force"], found["disputed"]) == (100, 1_000, 10)
    assert (found["points"]["disputes"], found["points"]["concentration"]) == ("2.000", "5.000")


async def test_rates_are_kept_once_and_a_rebuild_says_the_same(service: ServiceHarness) -> None:
    first = rate("CNY", "0.10", "2026-01-01")
    await service.deliver(first, first, rate("CNY", "0.90", "2026-01-01"))
    rows = await service.rows("SELECT currency, valid_from, rate FROM exchange_rate")
    assert rows == [{"currency": "CNY", "valid_from": date(2026, 1, 1), "rate": "0.10"}]
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('exchange_rate', 1, 'building')")
    account_id = new_id()
    await service.deliver(account_created(account_id))
    for currency, status in (("CNY", 503), ("USD", 201)):
        answer = await service.post(PATH, terms(account_id, currency=currency))
        assert answer.status_code == status, answer.text


async def test_a_rate_that_is_entered_late_moves_nothing_that_was_agreed(service: ServiceHarness, today: Days) -> None:
    """Rates are entered for days that have passed, too: what is agreed from then on has them, nothing before."""
    await service.deliver(rate("CNY", "0.10", "2026-01-01"))
    path, later = await draft(service, currency="CNY", value=1_000), await draft(service, currency="CNY", value=1_000)
    await signed(service, "2026-02-12", path)
    await service.deliver(rate("CNY", "0.20", "2026-02-10"))
    assert (await shown(service, path))[3] == 100
    assert (await shown(service, later))[3] == 100, "a draft as it was written"
    await signed(service, "2026-02-12", later)
    assert (await shown(service, later))[3] == 200
