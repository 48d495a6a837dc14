"""A lead becomes an order; a quote with a promotion passes terms and credit; an order over its limit is released."""

from __future__ import annotations

import asyncio
from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, Act, Book, dollars
from cli.year.company import PIECE_PRICE
from cli.year.sales import NET_DAYS, sku_of
from cli.year.trade import LIMIT, SOLD, order_in

QUOTED = 1
"""Number of the company that gets the offer."""
HELD = 4
PIECES = 40
SKU = sku_of("chicken")
OFF = 100_000
BUDGET = 5_000_000
OPEN_FROM = {"ends_on": "2199-12-31"}


async def lead_won(book: Book) -> Act:
    """A lead is qualified and converted, and its opportunity is won with an order."""
    name = book.code("Blue Harbour")
    lead = await book.made(
        "/v1/leads",
        {
            "company": name,
            "person_name": "Zhang Wei",
            "email": f"zhang.wei@{book.run}.harbour.example",
            "source": "trade_fair",
            "owner_id": book.seller(1),
        },
    )
    path = f"/v1/leads/{lead['id']}"
    await book.api.post(f"{path}/start")
    await book.api.post(f"{path}/qualify")
    opportunity = {"name": "A first delivery", "amount": 12 * PIECE_PRICE, "currency": CURRENCY}
    became = await book.api.post(f"{path}/convert", {"create_account": {"region": "CN-SH"}, "opportunity": opportunity})
    account = became["account_id"]
    book.others.append(account)
    await book.effect("a new account has a credit profile", lambda: book.api.get(f"/v1/credit-profiles/{account}"))
    await book.rows("/v1/credit-profiles/batch", [{"account_id": account, "credit_limit": LIMIT}])
    line = {"sku": SKU, "quantity": 12, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    order = await _confirmed(book, await ordered(book, "lead", account, [line]))
    won = await book.api.post(f"/v1/opportunities/{became['opportunity_id']}/win", {"order_id": order["id"]})
    return Act(
        "A lead",
        (
            "A lead of a fair is qualified and becomes an account, "
            f"its opportunity an order over {dollars(order['net'])}.",
        ),
        (Law("the opportunity is won with the order", won["state"] == "won"),),
    )


async def ordered(book: Book, ref: str, account: str, lines: list[dict[str, Any]], **more: object) -> dict[str, Any]:
    """An order of today, placed."""
    body = {
        "external_id": book.ref(ref),
        "account_id": account,
        "currency": CURRENCY,
        "payment_terms_days": NET_DAYS,
        "credits": [{"member_id": book.seller(1), "share": 1_000_000}],
        "lines": lines,
        "place": True,
        **more,
    }
    return await book.made("/v1/orders", body)


async def _confirmed(book: Book, placed: dict[str, Any]) -> dict[str, Any]:
    """The order once it is confirmed and its money is in the other services, each timed from the placement on."""
    of = placed["id"]

    async def credited() -> bool | None:
        return True if await _sum_of(book, "/v1/credit-lines", of) == placed["net_base"] else None

    async def entered() -> bool | None:
        return True if await _sum_of(book, "/v1/exposure-entries", of) == placed["gross_base"] else None

    async def accrued() -> bool | None:
        return True if await _base(book, of) == placed["net_base"] else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("a confirmed order is in the exposure of risk", entered))
        group.create_task(book.effect("a confirmed order is credited to its sellers", credited))
        if placed["partner_id"] is not None:
            group.create_task(book.effect("a confirmed order is accrued to its partner", accrued))
        order = group.create_task(_sold(book, of, "a placed order is checked and confirmed"))
    return order.result()


async def _sold(book: Book, order: str, effect: str) -> dict[str, Any]:
    async def sold() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/orders/{order}")
        return found if found["state"] in SOLD else None

    return await book.effect(effect, sold)


async def quoted(book: Book) -> Act:
    """A promotion gives a tenth off; the quote becomes an order that takes its budget."""
    account, partner = book.accounts[QUOTED], book.partners[QUOTED]
    promotion = await a_tenth_off(book, ("Year", "TENTH"), "A tenth off chicken", {"account_ids": [account]})
    asked = {
        "account_id": account,
        "partner_id": partner,
        "currency": CURRENCY,
        "payment_terms_days": NET_DAYS,
        "lines": [{"sku": SKU, "quantity": PIECES}],
    }
    quote = await book.made("/v1/quotes", asked)
    names = ("sku", "quantity", "unit_price", "discount")
    lines = [{name: line[name] for name in names} for line in quote["lines"]]
    order = await ordered(book, "quote", account, lines, partner_id=partner, quote_id=quote["id"])
    async with asyncio.TaskGroup() as group:
        taken = group.create_task(_committed(book, promotion))
        confirmed = group.create_task(_confirmed(book, order))
    order, budget = confirmed.result(), taken.result()
    given = PIECES * PIECE_PRICE * OFF // 1_000_000
    return Act(
        "A quote with a promotion",
        (
            f"{PIECES} pizzas at {dollars(PIECE_PRICE)}, a tenth off: the order over {dollars(order['net'])} "
            "keeps what was offered, passes its terms and its credit, and counts for the partner's rebate.",
            f"The promotion has given {dollars(budget['committed_base'])} of its {dollars(budget['budget_base'])}.",
        ),
        (
            Law("the order costs what was offered", order["net"] == PIECES * PIECE_PRICE - given),
            Law("the promotion's budget gave the discount", budget["committed_base"] == given),
        ),
    )


async def a_tenth_off(book: Book, codes: tuple[str, str], name: str, audience: dict[str, list[str]]) -> str:
    """A promotion of a group of its own, by the codes of both; returns its id.

    Written by the channel manager, approved by the administrator.
    """
    group_code, code = codes
    group = {"code": book.code(group_code.upper()), "name": book.code(group_code), "phase": "line"}
    made = await book.made("/v1/promotion-groups", group, by="channel-manager")
    body = {
        "code": book.code(code),
        "name": name,
        "goal": "sales",
        "kind": "cash_off",
        "reward": {"type": "line_rate", "share": OFF},
        "budget_base": BUDGET,
        "group_id": made["id"],
        "products": {"skus": [SKU]},
        "audience": audience,
        "windows": [{"starts_on": book.calendar.start, **OPEN_FROM}],
    }
    promotion = await book.made("/v1/promotions", body, by="channel-manager")
    path = f"/v1/promotions/{promotion['id']}"
    await book.api.post(f"{path}/approve")
    await steps.in_state(book.api, path, ("active",), ("approved", "scheduled"))
    return str(promotion["id"])


async def _committed(book: Book, promotion: str) -> dict[str, Any]:
    async def used() -> dict[str, Any] | None:
        budget: dict[str, Any] = await book.api.get(f"/v1/promotions/{promotion}/budget")
        return budget if budget["committed_base"] else None

    return await book.effect("a confirmed order takes a promotion's budget", used)


async def _base(book: Book, order: str) -> int:
    """What counts for the rebate of the order's partner."""
    entries = await book.all_of("/v1/rebate-entries", order_id=order, ledger_account="rebate_expense")
    return sum(entry["volume"] for entry in entries)


async def _sum_of(book: Book, path: str, order: str) -> int:
    return sum([entry["amount"] for entry in await book.all_of(path, order_id=order)])


async def given_back(book: Book) -> Act:
    """One pizza of the offer comes back, and the rest is paid: everywhere at once."""
    order = (await book.all_of("/v1/orders", external_source=book.source, external_id="quote"))[0]
    of = order["id"]
    body = {"lines": [{"line_no": 1, "quantity": 1}], "return_date": book.today}
    returned = await book.api.post(f"/v1/orders/{of}/returns", body)
    left = order["net_base"] + returned["net_base"]

    async def credits() -> bool | None:
        return True if await _sum_of(book, "/v1/credit-lines", of) == left else None

    async def rebate() -> bool | None:
        return True if await _base(book, of) == left else None

    async def exposure() -> bool | None:
        return True if await _sum_of(book, "/v1/exposure-entries", of) == left else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("a return is taken from the exposure of risk", exposure))
        group.create_task(book.effect("a return is taken from the base of the rebate", rebate))
        group.create_task(book.effect("a return is taken from the sellers' credits", credits))
    payment = {
        "account_id": order["account_id"],
        "currency": CURRENCY,
        "amount": left,
        "received_on": book.today,
        "method": "bank_transfer",
        "allocations": [{"order_id": of, "amount": left}],
    }
    await book.api.post("/v1/payments", payment)

    async def nothing() -> bool | None:
        return True if await _sum_of(book, "/v1/exposure-entries", of) == 0 else None

    await book.effect("a payment lowers the exposure of risk", nothing)
    return Act(
        "A piece comes back",
        (f"One pizza of the offer comes back; the other {dollars(left)} are paid before their day.",),
        (
            Law("the partner's base is what was kept", await _base(book, of) == left),
            Law("the sellers' credit is what was kept", await _sum_of(book, "/v1/credit-lines", of) == left),
        ),
    )


async def held(book: Book) -> Act:
    """An order is over the limit, and an officer who knows the customer releases it."""
    account, officer = book.accounts[HELD], book.api.acting_as("officer")
    profile = await book.api.get(f"/v1/credit-profiles/{account}")
    limit = profile["exposure"] + 100
    await _limit(book, profile, limit)
    line = {"sku": SKU, "quantity": 1, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    placed = await ordered(book, "held", account, [line], partner_id=book.partners[HELD % len(book.partners)])
    waiting = await order_in(book, placed["id"], "on_hold")
    short = waiting["checks"][-1]["shortfall"]
    body = {"order_id": placed["id"], "decision": "override", "reason": "known_customer"}
    await officer.post("/v1/credit-decisions", body)

    order = await _sold(book, placed["id"], "an officer's override confirms the order")
    await _limit(book, await book.api.get(f"/v1/credit-profiles/{account}"), LIMIT)
    return Act(
        "An order on hold",
        (f"{dollars(order['gross'])} is {dollars(short)} over the limit of a company; an officer releases it.",),
        (Law("it is short by what is over the limit", short == order["gross_base"] - 100),),
    )


async def _limit(book: Book, profile: dict[str, Any], limit: int) -> None:
    headers = {"If-Match": f'"{profile["version"]}"'}
    body = {"credit_limit": limit, "reason": "of the year"}
    officer = book.api.acting_as("officer")
    await officer.call("PATCH", f"/v1/credit-profiles/{profile['account_id']}", body, headers=headers)
