"""A contract with a company: what it obliges both sides to is met by an order and by a payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, Act, Book, dollars
from cli.year.company import PIECE_PRICE
from cli.year.offers import QUOTED, SKU, ordered
from cli.year.trade import order_in

PIECES = 20
AMOUNT = PIECES * PIECE_PRICE
DOCUMENT = {"uri": "https://documents.example/contracts/frame.pdf", "sha256": "9" * 64}
OBLIGATIONS = (("delivery", "us", "What is delivered"), ("payment", "them", "What is paid"))


async def contracted(book: Book) -> Act:
    """An officer writes a contract, another signs it; its order is delivered and paid."""
    account = book.accounts[QUOTED]
    contract, obligations = await _signed(book, account)
    line = {"sku": SKU, "quantity": PIECES, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    order = await ordered(book, "contract", account, [line], contract_id=contract)
    await order_in(book, order["id"], "confirmed")
    await book.api.post(f"/v1/orders/{order['id']}/fulfil")
    delivered = await _met(book, obligations["delivery"], "a delivery meets an obligation of its contract")
    payment = {
        "account_id": account,
        "currency": CURRENCY,
        "amount": AMOUNT,
        "received_on": book.today,
        "method": "bank_transfer",
        "allocations": [{"order_id": order["id"], "amount": AMOUNT}],
    }
    await book.api.post("/v1/payments", payment)
    paid = await _met(book, obligations["payment"], "a payment meets an obligation of its contract")
    return Act(
        "A contract",
        (f"A contract over {dollars(AMOUNT)} is signed, its order delivered and paid: nobody owes anything.",),
        (Law("both obligations were met today", {delivered["met_on"], paid["met_on"]} == {str(book.today)}),),
    )


async def _signed(book: Book, account: str) -> tuple[str, dict[str, str]]:
    """A contract that is signed, and its obligations by kind."""
    body = {
        "number": book.code("CT"),
        "title": "Pizzas for a feast",
        "type": "sales",
        "account_id": account,
        "value": AMOUNT,
        "currency": CURRENCY,
        "starts_on": book.calendar.start,
        "ends_on": book.calendar.end,
        "document": DOCUMENT,
    }
    contract = (await book.made("/v1/contracts", body, by="officer"))["id"]
    obligations = {}
    for kind, side, title in OBLIGATIONS:
        owed = {
            "contract_id": contract,
            "kind": kind,
            "side": side,
            "title": title,
            "falls_on": book.today + timedelta(days=14),
            "amount": AMOUNT,
        }
        obligations[kind] = (await book.made("/v1/obligations", owed, by="officer"))["id"]
    path = f"/v1/contracts/{contract}"
    await book.api.post(f"{path}/submit")
    clauses = (await book.api.get(path))["clauses"]
    await book.api.post(f"{path}/review", {"answers": [{"code": one["code"], "result": "pass"} for one in clauses]})
    await book.api.post(f"{path}/approve")
    await book.api.post(f"{path}/sign", {"signed_on": book.today, "document": DOCUMENT})
    await steps.in_state(book.api, path, ("in_force",), ("signed",))
    return contract, obligations


async def _met(book: Book, obligation: str, effect: str) -> dict[str, Any]:
    async def met() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/obligations/{obligation}")
        return found if found["state"] == "met" else None

    return await book.effect(effect, met)
