"""What the resources of risk have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.contracts.schemas import EXAMPLE
from services.risk.disputes.schemas import EXAMPLE as DISPUTE
from services.risk.events_out.disputes import DisputeOpened
from services.risk.events_out.profiles import CreditLimitChanged
from services.risk.obligations.schemas import EXAMPLE as OBLIGATION
from tests.risk.conftest import FORWARD, Order, account_created, draft_policy, open_account
from tests.risk.contracts.drafts import act, draft, reviewed, signed
from tests.risk.holds.owing import place
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful, Step
from tests.shared_suites.resources import Created, Family, Listed, Patched, Scoped


async def profile(service: ServiceHarness) -> str:
    return f"/v1/credit-profiles/{await open_account(service, 700, owner_id=new_id())}"


class TestCreditProfiles(Listed, Patched, Scoped):
    family = Family(
        path="/v1/credit-profiles",
        noun="credit_profile",
        made=profile,
        patch={"credit_limit": 900},
        reason={"reason": "review"},
        changed=CreditLimitChanged,
        reader="sales_director",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )


async def hold(service: ServiceHarness) -> str:
    return await place(service, account_id=str(await open_account(service, 700, owner_id=new_id())), reason="rumour")


class TestCreditHolds(Listed, Stateful):
    family = Family(
        path="/v1/credit-holds",
        noun="credit_hold",
        made=hold,
        reader="sales_director",
        stranger="channel_manager",
    )


TODAY = {"effective_from": str(business_date("Asia/Shanghai"))}


async def policy(service: ServiceHarness) -> str:
    """A draft of somebody else than the administrator, who may approve it."""
    return f"/v1/risk-policies/{(await draft_policy(service))['id']}"


async def supersede(service: ServiceHarness, _path: str) -> None:
    path = await policy(service)
    await service.post(f"{path}/approve")
    assert (await service.post(f"{path}/activate", TODAY)).status_code == 200


async def simulation(service: ServiceHarness) -> str:
    """One that was asked for; its job waits."""
    answer = await service.post(f"{await policy_in_force(service)}/simulate")
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


async def policy_in_force(service: ServiceHarness) -> str:
    (one,) = (await service.get("/v1/risk-policies?kind=terms&state=active")).json()["items"]
    return f"/v1/risk-policies/{one['id']}"


class TestRiskPolicySimulations(Listed):
    family = Family(
        path="/v1/risk-policy-simulations",
        noun="risk_policy_simulation",
        made=simulation,
        reader="sales_director",
        stranger="channel_manager",
    )


class TestRiskPolicies(Created, Listed, Patched, Stateful):
    family = Family(
        path="/v1/risk-policies",
        noun="risk_policy",
        body=FORWARD,
        numbered=lambda n: {"reason": f"Draft {n}"},
        made=policy,
        patch={"kind": "forward", "body": {**FORWARD["body"], "commit": 950000}},
        reader="sales_director",
        stranger="channel_manager",
        installed=6,
    )
    by_others: ClassVar = {("active", "superseded"): supersede}
    bodies: ClassVar = {"activate": TODAY}


async def receivable(service: ServiceHarness) -> str:
    order = Order(new_id(), 500)
    await service.deliver(order.confirmed())
    return f"/v1/receivables/{order.id}"


class TestReceivables(Listed):
    family = Family(
        path="/v1/receivables",
        noun="receivable",
        made=receivable,
        reader="sales_director",
        stranger="channel_manager",
    )


async def account(service: ServiceHarness) -> dict[str, Any]:
    """An account to agree with."""
    account_id = new_id()
    await service.deliver(account_created(account_id))
    return {"account_id": str(account_id)}


async def contract(service: ServiceHarness) -> str:
    """A draft of an officer that was reviewed before: its answers are kept."""
    path = await reviewed(service, await draft(service, notice_days=30))
    await act(service, path, "reject", {"reason": "once more"})
    return path


def by_date(state: str, table: str = "contract") -> Step:
    """What dates, or facts, do, of this row alone."""

    async def moved(service: ServiceHarness, path: str) -> None:
        async with service.transaction() as tx:
            sql = f"UPDATE {table} SET state = $2 WHERE id = $1"
            await tx.execute(sql, UUID(path.rpartition("/")[2]), state)

    return moved


class TestContracts(Created, Listed, Patched, Scoped, Stateful, Named, Coded):
    table, name_field, code_field = "contract", "title", "number"
    family = Family(
        path="/v1/contracts",
        noun="contract",
        body=EXAMPLE,
        numbered=lambda n: {"number": f"CT-{n}"},
        needs=account,
        made=contract,
        patch={"value": 12000000, "notice_days": 90},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
    )
    by_others: ClassVar = {
        ("signed", "in_force"): by_date("in_force"),
        ("in_force", "fulfilled"): by_date("fulfilled"),
        ("in_force", "expired"): by_date("expired"),
    }
    bodies: ClassVar = {"review": {"answers": [{"code": "parties", "result": "not_applicable"}]}}


async def obligation(service: ServiceHarness) -> str:
    """A report of an officer's contract that is signed."""
    path = await draft(service)
    report = {"kind": "report", "side": "us", "amount": None, "recurrence": None}
    body = {**OBLIGATION, **report, "contract_id": path.rpartition("/")[2]}
    answer = await service.post("/v1/obligations", body, headers=service.headers("officer", "risk_officer"))
    await signed(service, "2026-01-05", path)
    return str(answer.headers["location"])


async def of_a_draft(service: ServiceHarness) -> str:
    path = await obligation(service)
    async with service.transaction() as tx:
        await tx.execute("UPDATE obligation_book SET stage = 'open', due_at = NULL")
    return path


async def drafted(service: ServiceHarness) -> dict[str, Any]:
    """A contract that is a draft."""
    return {"contract_id": (await draft(service)).rpartition("/")[2]}


class TestObligations(Created, Listed, Patched, Scoped, Named):
    table, name_field = "obligation", "title"
    family = Family(
        path="/v1/obligations",
        noun="obligation",
        body=OBLIGATION,
        numbered=lambda n: {"title": f"Purchases {n}"},
        needs=drafted,
        made=of_a_draft,
        patch={"title": "Another report", "falls_on": "2026-04-30"},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
    )


class TestMovesOfObligations(Stateful):
    family = Family(path="/v1/obligations", noun="obligation", made=obligation, reader="auditor")
    by_others: ClassVar = {("pending", "late"): by_date("late", "obligation")}
    bodies: ClassVar = {"meet": {"on": "2026-01-06", "evidence": "sent"}}


async def disputed(service: ServiceHarness) -> dict[str, Any]:
    """A contract to dispute about."""
    return {**await drafted(service), "orders": []}


class TestDisputes(Created, Listed, Patched, Scoped, Stateful, Named, Coded):
    table, name_field, code_field = "dispute", "title", "number"
    family = Family(
        path="/v1/disputes",
        noun="dispute",
        body=DISPUTE,
        numbered=lambda n: {"number": f"DP-{n}"},
        needs=disputed,
        patch={"claim": 140, "limitation_on": "2030-01-01"},
        said=DisputeOpened,
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )
