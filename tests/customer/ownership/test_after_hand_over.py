"""What an account has is worked by who has it now, old rows too, and by nobody who had it: verb by verb."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kit.testing.service import make_event
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, refused
from tests.customer.ownership.conftest import as_, hand_over

OF = {"account_id": "{account}"}
ORDER = {**OF, "currency": "CNY", "lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 9}]}
MONEY = {**OF, "currency": "CNY", "amount": 5, "method": "cash", "for_order_id": "{draft}"}
CASE = {**OF, "kind": "question", "severity": "low", "subject": "s"}
REFUND = {"amount": 5, "allocations": [{"order_id": "{returned}", "amount": 5}]}
LINES = {"lines": [{"line_no": 1, "quantity": 1}]}
FORMER, NEW = "manager-north", "manager-south"


class Verb(NamedTuple):
    """A call on a row that the account had before; in path and body `{name}` is the id of a row. Who had the account is
    answered `refused`."""

    name: str
    path: str
    body: Any = None
    refused: int = 404
    method: str = "POST"


WORKED = (
    Verb("read a draft", "/v1/orders/{draft}", method="GET"),
    Verb("read a return", "/v1/orders/{returned}/returns", method="GET"),
    Verb("change a draft", "/v1/orders/{draft}", {"payment_terms_days": 9}, method="PATCH"),
    Verb("place a draft", "/v1/orders/{draft}/place"),
    Verb("cancel a draft", "/v1/orders/{spare}/cancel", {"reason": "customer_request"}),
    Verb("change what is on hold", "/v1/orders/{held}", {"payment_terms_days": 9}, method="PATCH"),
    Verb("cancel what is placed", "/v1/orders/{held}/cancel", {"reason": "customer_request"}),
    Verb("place again what is on hold", "/v1/orders/{waiting}/place"),
    Verb("fulfil", "/v1/orders/{confirmed}/fulfil"),
    Verb("take back", "/v1/orders/{confirmed}/returns", LINES),
    Verb("close", "/v1/orders/{settled}/close"),
    Verb("order", "/v1/orders", ORDER, 422),
    Verb("read a payment", "/v1/payments/{payment}", method="GET"),
    Verb("allocate", "/v1/payments/{deposit}/allocations", {"allocations": [{"order_id": "{confirmed}", "amount": 5}]}),
    Verb("refund", "/v1/payments/{payment}/refunds", REFUND),
    Verb("void", "/v1/payments/{deposit}/void", {"reason": "bounced"}),
    Verb("take money for a draft", "/v1/payments", MONEY, 422),
    Verb("read a case", "/v1/cases/{case}", method="GET"),
    Verb("acknowledge a case", "/v1/cases/{case}/acknowledge"),
    Verb("pause a case", "/v1/cases/{case}/pause", {"reason": "waiting-for-customer"}),
    Verb("resume a case", "/v1/cases/{case}/resume"),
    Verb("assign a case", "/v1/cases/{case}/assign", {"owner_id": str(OTHER_REP)}),
    Verb("answer a case", "/v1/cases/{case}/respond", {"response": "Tomorrow."}),
    Verb("close a case", "/v1/cases/{case}/close", {"accepted": True}),
    Verb("reopen a case", "/v1/cases/{case}/reopen"),
    Verb("open a case", "/v1/cases", CASE, 422),
    Verb("read a contact", "/v1/contacts/{contact}", method="GET"),
    Verb("change a contact", "/v1/contacts/{contact}", {"title": "CFO"}, method="PATCH"),
    Verb("read a timeline", "/v1/accounts/{account}/timeline", method="GET"),
    Verb("read who had it", "/v1/accounts/{account}/owners", method="GET"),
    Verb("win", "/v1/opportunities/{open}/win", {}),
    Verb("hand it on", "/v1/accounts/{account}/transfer", {"owner_id": str(OTHER_REP)}),
)  # fmt: skip


async def _made(world: World, path: str, body: Any = None) -> dict[str, Any]:
    answer = await world.service.post(path, body)
    assert answer.status_code in (200, 201), (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


async def _paid(world: World, account: dict[str, Any], amount: int, *orders: dict[str, Any]) -> dict[str, Any]:
    parts = [{"order_id": order["id"], "amount": amount} for order in orders]
    body = {"account_id": account["id"], "currency": "CNY", "amount": amount, "method": "cash", "allocations": parts}
    return await _made(world, "/v1/payments", body)


async def lived(world: World) -> dict[str, str]:
    """Ids of the rows of an account that has gone through everything, by name."""
    account = await world.account()
    of = {"account_id": account["id"]}
    rows = {name: await world.draft(account) for name in ("draft", "spare")}
    rows |= {name: await world.confirmed(account) for name in ("confirmed", "returned", "settled")}
    for name in ("held", "waiting"):
        rows[name] = await world.placed(account)
        await world.service.deliver(refused(rows[name]))
    await _made(world, f"/v1/orders/{rows['settled']['id']}/fulfil")
    await _paid(world, account, rows["settled"]["gross"], rows["settled"])
    rows["payment"] = await _paid(world, account, 100, rows["returned"])
    rows["deposit"] = await _paid(world, account, 100)
    await _made(world, f"/v1/orders/{rows['returned']['id']}/returns", LINES)
    case = {"kind": "question", "severity": "low", "subject": "s", "owner_id": str(OTHER_REP), **of}
    rows["case"] = await _made(world, "/v1/cases", case)
    rows["contact"] = await _made(world, "/v1/contacts", {"name": "Li", **of})
    opportunity = {"name": "n", "amount": 1, "currency": "CNY", "owner_id": str(REP_1), **of}
    rows["open"] = await _made(world, "/v1/opportunities", opportunity)
    return {name: row["id"] for name, row in {**rows, "account": account}.items()}


def _filled(part: Any, ids: dict[str, str]) -> Any:
    if isinstance(part, str):
        return part.format(**ids) if part.startswith(("{", "/")) else part
    if isinstance(part, dict):
        return {name: _filled(one, ids) for name, one in part.items()}
    return [_filled(one, ids) for one in part] if isinstance(part, list) else part


async def called(world: World, verb: Verb, ids: dict[str, str], subject: str) -> int:
    """The status of a call."""
    path, headers = _filled(verb.path, ids), as_(world, subject)
    if verb.method == "PATCH":
        version = (await world.service.get(path)).json()["version"]
        return (await world.service.patch(path, verb.body, version, headers=headers)).status_code
    answer = await world.service.request(verb.method, path, _filled(verb.body, ids), headers=headers)
    return answer.status_code


async def given_by(world: World, way: str, ids: dict[str, str]) -> None:
    """The account comes to its new owner: handed over, by a change, or by a row."""
    change = {"owner_id": str(OTHER_REP)}
    path = f"/v1/accounts/{ids['account']}"
    if way == "transfer":
        await hand_over(world, {"id": ids["account"]})
    elif way == "patch":
        version = (await world.service.get(path)).json()["version"]
        assert (await world.service.patch(path, change, version)).status_code == 200
    else:
        version = (await world.service.get(path)).json()["version"]
        named = await world.service.patch(path, {"external_ids": {"erp": "C-1"}}, version)
        assert named.status_code == 200, named.text
        row = {"kind": "organization", "name": "Blue Harbour", "external_ids": {"erp": "C-1"}, **change}
        answer = await world.service.post("/v1/accounts/batch", {"rows": [row]})
        assert answer.json()["updated"] == 1, answer.text


@pytest.mark.parametrize("way", ["transfer", "patch", "batch"])
async def test_every_verb_is_for_who_has_the_account(south: World, way: str) -> None:
    """A change or a row leaves what people have of their own: an opportunity is the former seller's as well."""
    ids = await lived(south)
    await given_by(south, way, ids)
    verbs = [verb for verb in WORKED if way == "transfer" or verb.name != "win"]
    told = {verb.name: await called(south, verb, ids, FORMER) for verb in verbs}
    assert told == {verb.name: verb.refused for verb in verbs}
    if way != "transfer":
        path = f"/v1/opportunities/{ids['open']}"
        assert (await south.service.get(path, headers=as_(south, FORMER))).json()["owner_id"] == str(REP_1)
    for verb in WORKED:
        assert await called(south, verb, ids, NEW) < 300, verb.name


@pytest.mark.parametrize("way", ["transfer", "patch", "batch"])
async def test_who_sees_what_of_an_account_that_was_given_away(south: World, way: str) -> None:
    """Its former and its new seller, and their managers; what is somebody's own is theirs as well."""
    ids = await lived(south)
    call = {"account_id": ids["account"], "kind": "call", "phase": "pre_sale", "owner_id": str(REP_1)}
    ids["activity"] = (await _made(south, "/v1/activities", call))["id"]
    await given_by(south, way, ids)
    paths = {
        f"{resource}s": f"/v1/{resource}s/{ids[name]}"
        for resource, name in (
            ("account", "account"),
            ("order", "confirmed"),
            ("payment", "payment"),
            ("contact", "contact"),
        )
    } | {
        "cases": f"/v1/cases/{ids['case']}",
        "opportunities": f"/v1/opportunities/{ids['open']}",
        "activities": f"/v1/activities/{ids['activity']}",
    }
    own = {"activities"} if way == "transfer" else {"activities", "opportunities"}
    for subject, seen in (
        ("rep-3", set(paths)),
        ("manager-south", set(paths)),
        ("rep-1", own),
        ("manager-north", own),
    ):
        headers = as_(south, subject)
        found = {name for name, path in paths.items() if (await south.service.get(path, headers=headers)).is_success}
        assert found == seen, subject


@pytest.mark.parametrize(
    "resource", ["orders", "payments", "returns", "cases", "contacts", "opportunities", "accounts"]
)
async def test_lists_show_what_is_theirs_now(south: World, resource: str) -> None:
    ids = await lived(south)
    before = (await south.service.get(f"/v1/{resource}", headers=as_(south, FORMER))).json()["items"]
    assert before
    await hand_over(south, {"id": ids["account"]})
    for subject, there in ((FORMER, []), (NEW, before)):
        items = (await south.service.get(f"/v1/{resource}", headers=as_(south, subject))).json()["items"]
        assert sorted(one["id"] for one in items) == sorted(one["id"] for one in there), subject


async def test_what_is_open_goes_along_and_no_more(south: World) -> None:
    """Of one account as of many: what its owner has open there, unless told otherwise."""
    for told, follows in (({}, True), ({"opportunities": True}, True), ({"opportunities": False}, False)):
        account = await south.account()
        of = {"account_id": account["id"], "name": "n", "amount": 1, "currency": "CNY"}
        mine, lost, theirs = [
            await _made(south, "/v1/opportunities", {**of, "owner_id": str(owner)}) for owner in (REP_1, REP_1, REP_2)
        ]
        await _made(south, f"/v1/opportunities/{lost['id']}/lose", {"lost_reason": "price"})
        body = {"owner_id": str(OTHER_REP), **told}
        await _made(south, f"/v1/accounts/{account['id']}/transfer", body)
        found = {one["id"]: one["owner_id"] for one in (await south.service.get("/v1/opportunities")).json()["items"]}
        expected = OTHER_REP if follows else REP_1
        assert [found[one["id"]] for one in (mine, lost, theirs)] == [str(expected), str(REP_1), str(REP_2)], told
    said = await south.service.published("customer.opportunity.updated.v1")
    assert [(one.payload["owner_id"], one.payload["changed"]) for one in said] == [(str(OTHER_REP), ["owner_id"])] * 2


async def test_what_nobody_has_open_goes_to_who_gets_the_account(south: World) -> None:
    account = await south.account(owner_id=None)
    body = {"account_id": account["id"], "name": "n", "amount": 1, "currency": "CNY"}
    opportunity = await _made(south, "/v1/opportunities", body)
    assert (account["owner_id"], opportunity["owner_id"]) == (None, None)
    await hand_over(south, account)
    found = (await south.service.get(f"/v1/opportunities/{opportunity['id']}")).json()
    assert found["owner_id"] == str(OTHER_REP)


async def test_credits_of_what_was_sold_stay(south: World) -> None:
    """What is returned, paid and refunded after a hand-over is told with the splits of the sale."""
    ids = await lived(south)
    order = await south.order(ids["confirmed"])
    await hand_over(south, {"id": ids["account"]})
    await _made(south, f"/v1/orders/{order['id']}/returns", LINES)
    await _paid(south, {"id": ids["account"]}, 5, order)
    (event,) = [
        one for one in await south.service.published("customer.order.returned.v1") if one.payload["id"] == order["id"]
    ]
    assert event.payload["owner_id"] == str(OTHER_REP)
    assert event.payload["credits"] == order["credits"]


async def test_an_answer_of_risk_to_a_placement_of_before_counts(south: World) -> None:
    account = await south.account()
    order = await south.placed(account)
    await hand_over(south, account)
    payload = {"order_id": order["id"], "placement": 1, "decision": "automatic"}
    await south.service.deliver(
        make_event("risk.credit.reserved.v1", payload, order["stream_key"], subject=order["id"])
    )
    found = await south.order(order["id"])
    assert (found["state"], found["owner_id"]) == ("confirmed", str(OTHER_REP))
    (event,) = await south.service.published("customer.order.confirmed.v1")
    assert event.payload["owner_id"] == str(OTHER_REP)
