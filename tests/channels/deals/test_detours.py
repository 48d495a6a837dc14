"""No claim passes another by a detour: another spelling, the account that both are on, what that is called later,
merges, long reviews and extensions."""

from __future__ import annotations

import asyncio
import unicodedata
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.names import fold_name
from kit.security.identity import identity_hash
from kit.tax_ids import tax_id_key
from kit.testing.service import ServiceHarness, make_event
from services.channels.deals import repository
from services.channels.events_out.deals import DealRegistered
from services.customer import events_out as customer
from tests.channels.conflicts.found import merged
from tests.channels.conftest import Days
from tests.channels.deals.claimed import DEAL, PATH, a_seller, approved, director, partner_of, read, registered
from tests.channels.deals.test_orders import buyer, confirmed, order
from tests.channels.quotes.offers import OWNER, SELLER, member

TAX_ID = "91310000MA1K000001"
SPELLINGS: dict[str, tuple[str, ...]] = {
    "café": (
        "Café Blau Vertriebs GmbH",
        "CAFÉ BLAU VERTRIEBS GMBH",
        unicodedata.normalize("NFD", "Café Blau Vertriebs GmbH"),
        "Ｃａｆｅ\u0301　Ｂｌａｕ　Ｖｅｒｔｒｉｅｂｓ",
        "café-blau  vertriebs G.m.b.H.",
        "Café Blau Vertriebs",
    ),
    "harbour": (
        "上海藍港貿易有限公司",
        "上海 蓝港 贸易（股份有限公司）",
        "上海蓝港贸易",
        "上海藍港貿易(有限责任公司)",
        "　上海蓝港贸易　有限公司　",
    ),
}
TAX_IDS = (
    TAX_ID,
    TAX_ID.lower(),
    f"{TAX_ID[:8]} {TAX_ID[8:]}",
    f"{TAX_ID[:2]}-{TAX_ID[2:]}",
    "９１３１００００ＭＡ１Ｋ０００００１",
)
DOMAINS = ("blau.example", "https://WWW.Blau.example/shop", "http://blau.example:8080", "www.blau.example")


async def claim(service: ServiceHarness, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    """The answer to a claim of another partner."""
    body = {**DEAL, **await a_seller(service), "customer_name": f"Other {new_id().hex}", **changes}
    return await service.post(PATH, body, headers=headers)


def renamed(account_id: UUID, name: str, version: int = 9, **changes: Any) -> Any:
    """An account that is called otherwise now."""
    payload = {
        **customer.AccountUpdated.EXAMPLE,
        "id": account_id,
        "stream_key": account_id,
        "name_key": fold_name(name),
        "country": "CN",
        "tax_id_hash": None,
        "domain_hash": None,
        "is_archived": False,
        "version": version,
        **changes,
    }
    return make_event(customer.AccountUpdated.TYPE, payload, account_id, subject=account_id, sequence=version)


def hash_of(service: ServiceHarness, tax_id: str) -> str | None:
    return identity_hash(service.runtime.settings, "tax_id", "CN", tax_id_key("CN", tax_id))


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("sign", ["name", "tax_id", "domain", "all"])
async def test_of_fifty_at_once_one_wins_by_whatever_sign(service: ServiceHarness, name: str, sign: str) -> None:
    """Names, tax ids, domains, or one of the three, each in all its spellings."""
    await member(service, SELLER, "seller")
    await member(service, OWNER, "owner")
    people = [None, service.headers("seller", "sales_rep"), service.headers("owner", "sales_rep")]
    sellers = [await a_seller(service) for _ in range(10)]
    names, tax_ids, domains = (list(islice(cycle(each), 50)) for each in (SPELLINGS[name], TAX_IDS, DOMAINS))
    bodies = []
    for n in range(50):
        own = {"customer_name": names[n]} if sign in ("name", "all") else {"customer_name": f"Blau {n}"}
        own |= {"tax_id": tax_ids[n]} if sign == "tax_id" or (sign == "all" and n % 2) else {}
        own |= {"domain": domains[n]} if sign == "domain" or (sign == "all" and n % 3 == 0) else {}
        bodies.append({**DEAL, **sellers[n % 10], **own})
    answers = await asyncio.gather(*(service.post(PATH, body, headers=people[n % 3]) for n, body in enumerate(bodies)))
    won = [(n, answer.json()) for n, answer in enumerate(answers) if answer.status_code == 201]
    assert (len(won), {answer.status_code for answer in answers}) == (1, {201, 409})
    ((winner, deal),) = won
    owner_id = {0: None, 1: str(SELLER), 2: str(OWNER)}[winner % 3]
    assert deal["owner_id"] == owner_id
    for n, answer in enumerate(answers):
        if n == winner:
            continue
        told = answer.json()
        assert (told["code"], told["number"], told["registered_at"]) == (
            "duplicate-deal",
            deal["number"],
            deal["registered_at"].replace("Z", "+00:00"),
        )
        is_seen = n % 3 == 0 or (owner_id is not None and n % 3 == winner % 3)
        assert ("partner_id" in told, "deal_id" in told) == (is_seen, is_seen), (n, winner)
        assert told.get("partner_id", deal["partner_id"]) == deal["partner_id"]
    assert len(await service.published(DealRegistered.TYPE)) == 1


async def test_a_name_and_a_tax_id_of_one_account_are_one_customer(service: ServiceHarness) -> None:
    """A claim on an account is one on it by whatever it is known by."""
    await buyer(service, "Blau", tax_id_hash=hash_of(service, TAX_ID))
    first = await registered(service, customer_name="Blau Ltd.")
    for refused in (await claim(service, tax_id=TAX_ID), await claim(service, customer_name="BLAU")):
        assert (refused.status_code, refused.json()["number"]) == (409, first["number"])
    assert (await claim(service, tax_id="91310000MA1K000002")).status_code == 201


async def test_of_fifty_on_one_account_by_other_signs_one_wins(service: ServiceHarness) -> None:
    domain = identity_hash(service.runtime.settings, "domain", "blau.example")
    await buyer(service, "Blau", tax_id_hash=hash_of(service, TAX_ID), domain_hash=domain)
    sellers = [await a_seller(service) for _ in range(10)]
    signs = [{"customer_name": "Blau"}, {"tax_id": TAX_ID}, {"domain": "www.blau.example"}]
    bodies = [{**DEAL, **sellers[n % 10], "customer_name": f"X {n}", **signs[n % 3]} for n in range(50)]
    answers = await asyncio.gather(*(service.post(PATH, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
    assert len({answer.json()["number"] for answer in answers}) == 1


@pytest.mark.parametrize("is_known", [True, False])
async def test_who_is_called_otherwise_is_claimed_still(service: ServiceHarness, days: Days, is_known: bool) -> None:
    """Whether the account was there before the claim or came after it."""
    days.on("2026-03-02")
    account_id = await buyer(service, "Blau") if is_known else new_id()
    deal = await registered(service, customer_name="Blau")
    if not is_known:
        await service.deliver(renamed(account_id, "Blau", 1))
        assert (await read(service, deal))["account_id"] == str(account_id)
    await service.deliver(renamed(account_id, "Azur"))
    refused = await claim(service, customer_name="Azur")
    assert (refused.status_code, refused.json()["number"]) == (409, deal["number"])
    assert (await claim(service, customer_name="Blau")).json()["number"] == deal["number"]
    answer = await service.post(f"{PATH}/{deal['id']}/approve", {}, headers=director(service))
    assert answer.status_code == 200, answer.text
    await service.deliver(confirmed(order(partner_of(deal), account_id)))
    assert (await read(service, deal))["state"] == "won"


async def test_a_claim_that_may_be_of_two_accounts_is_filed_under_none(service: ServiceHarness) -> None:
    deal = await registered(service, customer_name="Blau")
    one, other = new_id(), new_id()
    await service.deliver(renamed(one, "Blau", 1, tax_id_hash="a"))
    await service.deliver(renamed(other, "Blau", 1, tax_id_hash="b"))
    filed = (await read(service, deal))["account_id"]
    assert filed == str(one), "the first was the only one when it came"
    second = await registered(service, customer_name="Azur")
    await service.deliver(renamed(new_id(), "Azur", 1, tax_id_hash="c"), renamed(new_id(), "Azur", 1, tax_id_hash="d"))
    assert (await read(service, second))["account_id"] is None
    (row,) = await service.rows("SELECT count(*) AS number FROM audit_log WHERE action = 'file'")
    assert row["number"] == 1


@pytest.mark.parametrize("verb", ["approve", "extend"])
async def test_of_two_claims_that_a_merge_joins_the_first_goes_on(
    service: ServiceHarness, days: Days, verb: str
) -> None:
    days.on("2026-03-02")
    survivor, loser = await buyer(service, "Azur"), await buyer(service, "Blau")
    made = registered if verb == "approve" else approved
    first = await made(service, customer_name="Blau")
    second = await made(service, customer_name="Azur")
    await service.deliver(merged(survivor, loser))
    body: dict[str, Any] = {} if verb == "approve" else {"days": 30, "evidence": "Tender"}
    refused = await service.post(f"{PATH}/{second['id']}/{verb}", body, headers=director(service))
    assert (refused.status_code, refused.json()["code"], refused.json()["number"]) == (
        409,
        "duplicate-deal",
        first["number"],
    )
    gone_on = await service.post(f"{PATH}/{first['id']}/{verb}", body, headers=director(service))
    assert gone_on.status_code == 200, gone_on.text
    await service.post(f"{PATH}/{first['id']}/withdraw", {"reason": "lost"})
    freed = await service.post(f"{PATH}/{second['id']}/{verb}", body, headers=director(service))
    assert freed.status_code == 200, "the first is given up"


async def test_who_waits_over_midnight_extends_nothing_that_another_has(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.on("2026-03-02")
    deal = await approved(service, customer_name="Blau")
    held = repository.hold_locks

    async def over_midnight(*args: Any) -> None:
        days.on("2026-06-01", 0)
        await held(*args)

    days.on("2026-05-31", 23)
    monkeypatch.setattr(repository, "hold_locks", over_midnight)
    body = {"days": 90, "evidence": "Tender"}
    late = await service.post(f"{PATH}/{deal['id']}/extend", body, headers=director(service))
    assert (late.status_code, late.json()["state"]) == (409, "expired")


async def test_extended_and_claimed_at_once_one_has_it(service: ServiceHarness, days: Days) -> None:
    """On its last day a protection is prolonged, whoever claims meanwhile."""
    days.on("2026-03-02")
    deal = await approved(service, customer_name="Blau")
    days.on("2026-05-31", 23)
    body = {"days": 1, "evidence": "Tender"}
    answers = await asyncio.gather(
        service.post(f"{PATH}/{deal['id']}/extend", body, headers=director(service)),
        *(claim(service, customer_name="BLAU") for _ in range(20)),
    )
    assert [answer.status_code for answer in answers] == [200] + [409] * 20
