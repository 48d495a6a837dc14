"""Contacts, cases, activities, opportunities, leads and answers to surveys of both sides of merges, before, between and
after them, and at once with them: each stays filed where it was written, the root reads them all."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.customer.conftest import World
from tests.customer.merges.test_load import end_all, said_once, standing, to_and_fro
from tests.customer.merges.test_service import merge, unmerge
from tests.customer.surveys.conftest import Forms, days, forms

__all__ = ["days", "forms"]

Filed = dict[str, Counter[str]]
TABLES = {"contact": "contacts", "service_case": "cases", "activity": "activities", "opportunity": "opportunities"}
_FILED = " UNION ALL ".join(
    f"SELECT '{table}' AS kind, account_id FROM {table}" for table in (*TABLES, "survey_answer")
)


async def made(world: World, path: str, **body: Any) -> dict[str, Any]:
    answer = await world.service.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def worked(forms: Forms, survey: dict[str, Any], account: dict[str, Any], filed: Filed) -> dict[str, str]:
    """One of each of an account, which name one another; paths by kind."""
    world, of = forms.world, {"account_id": account["id"]}
    contact = await forms.contact(account)
    named = {**of, "contact_id": contact["id"]}
    opportunity = await made(world, "/v1/opportunities", name="Range", amount=100, currency="USD", **named)
    case = await made(world, "/v1/cases", kind="question", subject="Where?", severity="low", **named)
    row = {
        **named,
        "external_id": {"source": "pbx", "id": contact["id"]},
        "kind": "call",
        "opportunity_id": opportunity["id"],
        "case_id": case["id"],
        "participants": [contact["id"]],
        "outcome": "interested",
    }
    answer = await world.service.post("/v1/activities/batch", {"rows": [row]})
    assert answer.json()["created"] == 1, answer.text
    await forms.answered(survey, contact, score=9)
    filed[account["id"]] += Counter([*TABLES, "survey_answer"])
    ids = {"contacts": contact["id"], "opportunities": opportunity["id"], "cases": case["id"]}
    ids["activities"] = answer.json()["results"][0]["id"]
    return {kind: f"/v1/{kind}/{one}" for kind, one in ids.items()}


async def hold(world: World, filed: Filed, roots: dict[str, str]) -> None:
    """Everything is filed as it was written, and lists of any member have all of its group."""
    found: Filed = {account_id: Counter() for account_id in filed}
    for row in await world.service.rows(_FILED):
        found[str(row["account_id"])][row["kind"]] += 1
    assert found == filed
    for account_id in filed:
        root = roots.get(account_id, account_id)
        group = [one for one in filed if roots.get(one, one) == root]
        for table, path in TABLES.items():
            items = (await world.service.get(f"/v1/{path}?account_id={account_id}&limit=200")).json()["items"]
            assert {item["account_id"] for item in items} <= {root}
            by_filed = Counter(item["filed_account_id"] for item in items)
            assert by_filed == Counter({one: filed[one][table] for one in group if filed[one][table]}), path


async def edited(world: World, paths: dict[str, str]) -> None:
    """What was written can be edited, whatever became of the accounts that it names."""
    changes = {
        "contacts": {"title": "Buyer"},
        "cases": {"subject": "Where now?"},
        "opportunities": {"next_step": "Ask"},
    }
    for kind, change in {**changes, "activities": {"notes": {"listen": "less"}}}.items():
        version = (await world.service.get(paths[kind])).json()["version"]
        answer = await world.service.patch(paths[kind], change, version)
        assert answer.status_code == 200, (kind, answer.text)


async def test_what_is_written_before_between_and_after(forms: Forms) -> None:
    """B into A, then A into C; the lower one ends first, then the upper one. What was written between names people of
    the other side, and stays."""
    world = forms.world
    accounts = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt")]
    a, b, c = (account["id"] for account in accounts)
    filed: Filed = {account["id"]: Counter() for account in accounts}
    survey = await forms.survey()

    async def all_work() -> list[dict[str, str]]:
        return [await worked(forms, survey, account, filed) for account in accounts]

    first = await all_work()
    await hold(world, filed, {})
    lower = await merge(world, accounts[0], accounts[1])
    between = await all_work()
    contact_of_a = between[0]["contacts"].rpartition("/")[2]
    across = await made(
        world, "/v1/cases", kind="question", subject="?", severity="low", account_id=b, contact_id=contact_of_a
    )
    filed[b]["service_case"] += 1
    await hold(world, filed, {b: a})
    upper = await merge(world, accounts[2], accounts[0])
    above = await all_work()
    await hold(world, filed, {a: c, b: c})
    await unmerge(world, lower["merge_id"])
    await hold(world, filed, {a: c})
    await unmerge(world, upper["merge_id"])
    after = await all_work()
    await hold(world, filed, {})
    for paths in (*first, *between, *above, *after):
        await edited(world, paths)
    answer = await world.service.patch(f"/v1/cases/{across['id']}", {"subject": "Whose?"}, across["version"])
    assert (answer.status_code, answer.json()["contact_id"]) == (200, contact_of_a), answer.text
    answer = await world.service.post(
        "/v1/cases",
        {"kind": "question", "subject": "?", "severity": "low", "account_id": b, "contact_id": contact_of_a},
    )
    assert answer.status_code == 422, "they are two again"


@pytest.mark.parametrize("seed", range(2))
async def test_merges_and_their_ends_beside_work_on_both_sides(forms: Forms, seed: int) -> None:
    world = forms.world
    accounts = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt", "Dover")]
    filed: Filed = {account["id"]: Counter() for account in accounts}
    survey = await forms.survey()
    works = asyncio.gather(*(worked(forms, survey, account, filed) for account in (*accounts, *accounts)))
    await asyncio.gather(*(to_and_fro(world, accounts, 20 * seed + number, 8) for number in range(3)))
    done = await works
    await hold(world, filed, await standing(world))
    await said_once(world)
    await end_all(world)
    await hold(world, filed, {})
    for paths in done:
        await edited(world, paths)
