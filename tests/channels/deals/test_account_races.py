"""An account that is told of while somebody decides on claims: whoever commits first, no claim passes another unheard.

Each test runs on two connections that stop where it hurts: one side has done all its work and not committed."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.conflicts import judging
from services.channels.deals import repository
from tests.channels.conflicts.found import found
from tests.channels.deals.claimed import PATH, approved, director, read, registered
from tests.channels.deals.test_detours import TAX_ID, claim, hash_of, renamed
from tests.channels.deals.test_orders import buyer
from tests.channels.gates import Gate, at_once


def approval(service: ServiceHarness, deal: dict[str, Any]) -> Any:
    return service.post(f"{PATH}/{deal['id']}/approve", {}, headers=director(service))


async def two_claims(service: ServiceHarness) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """One that is protected by the name of an account, one that waits by a tax id; and what makes them one."""
    account_id = await buyer(service, "Blau")
    first = await approved(service, customer_name="Blau")
    second = await registered(service, customer_name="Azur", tax_id=TAX_ID)
    return first, second, renamed(account_id, "Blau", tax_id_hash=hash_of(service, TAX_ID))


@pytest.mark.parametrize("first", ["account", "approval"])
async def test_an_account_that_joins_two_claims_while_the_second_is_approved(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The approval is refused, or both partners are in conflict; neither hears nothing."""
    _protected, waiting, event = await two_claims(service)
    gate = Gate()
    if first == "account":
        monkeypatch.setattr(judging, "judge_accounts", gate.after(judging.judge_accounts))
        _, answer = await at_once(service.deliver_alone(event), gate, approval(service, waiting))
    else:
        monkeypatch.setattr(repository, "keep_orders", gate.after(repository.keep_orders))
        answer, _ = await at_once(approval(service, waiting), gate, service.deliver_alone(event))
    conflicts = [one["kind"] for one in await found(service)]
    expected = (409, []) if first == "account" else (200, ["same_customer"])
    assert (answer.status_code, conflicts) == expected, answer.text


@pytest.mark.parametrize("first", ["account", "claim"])
async def test_an_account_that_comes_while_its_customer_is_claimed(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The claim is on the account, whichever was first, so it holds when that is called otherwise."""
    account_id = new_id()
    event = renamed(account_id, "Blau", 1)
    gate = Gate()
    if first == "account":
        monkeypatch.setattr(judging, "judge_accounts", gate.after(judging.judge_accounts))
        _, deal = await at_once(service.deliver_alone(event), gate, registered(service, customer_name="Blau"))
    else:
        monkeypatch.setattr(repository, "open_deals", gate.after(repository.open_deals))
        deal, _ = await at_once(registered(service, customer_name="Blau"), gate, service.deliver_alone(event))
    assert (await read(service, deal))["account_id"] == str(account_id)
    await service.deliver_alone(renamed(account_id, "Azur"))
    refused = await claim(service, customer_name="Azur")
    assert (refused.status_code, refused.json()["number"]) == (409, deal["number"])


@pytest.mark.parametrize("first", ["account", "approval"])
async def test_an_account_that_is_called_otherwise_while_its_claim_is_approved(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """It takes the name of another claim that is protected: by the old name the approval stands, and all hear of it."""
    account_id = await buyer(service, "Blau")
    await approved(service, customer_name="Azur")
    waiting = await registered(service, customer_name="Blau")
    event = renamed(account_id, "Azur")
    gate = Gate()
    if first == "account":
        monkeypatch.setattr(judging, "judge_accounts", gate.after(judging.judge_accounts))
        _, answer = await at_once(service.deliver_alone(event), gate, approval(service, waiting))
    else:
        monkeypatch.setattr(repository, "keep_orders", gate.after(repository.keep_orders))
        answer, _ = await at_once(approval(service, waiting), gate, service.deliver_alone(event))
    conflicts = [one["kind"] for one in await found(service)]
    expected = (409, []) if first == "account" else (200, ["same_customer"])
    assert (answer.status_code, conflicts) == expected, answer.text


async def test_accounts_that_come_by_the_thousand_share_few_locks(service: ServiceHarness) -> None:
    """However many accounts a batch tells of, it takes no more locks than there are turns."""
    events = [renamed(new_id(), f"Import {number}", 1) for number in range(600)]
    async with service.transaction() as tx:
        for lane in service.subscriptions.lanes:
            heard = [event for event in events if event.type in lane.handlers]
            await lane.handle(service.work(tx), heard)
        held = await tx.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
    assert 0 < held <= 256
