"""How an order comes to its content and is placed, on plain values: nothing here waits for the database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from kit.errors import FieldError, Forbidden, Invalid
from kit.ids import new_id
from kit.money import SHARE_WHOLE
from services.customer.accounts.rules import AccountArchived
from services.customer.deps import Desk
from services.customer.orders.enums import OrderAction, OrderState
from services.customer.orders.references import References
from services.customer.orders.rules import Amounts, LineInput, check_split, next_state, price_order

AMOUNTS = ("net", "tax", "gross", "net_base", "tax_base", "gross_base")
CONTENT = ("currency", "order_date", "partner_id", "region", "customer_type", "payment_terms_days", "lines", "credits")


class TotalMismatch(Invalid):
    """The client's total is not the server's."""

    code, title = "total-mismatch", "The total differs from the sum of the lines"


def check_date(desk: Desk, day: date, pointer: str = "/order_date") -> None:
    """Business dates are today, or earlier with `orders:backdate` (Forbidden); never in the future (Invalid)."""
    if day > desk.today:
        detail = f"{day} lies after today, {desk.today}"
        raise Invalid(detail, errors=[FieldError(pointer, "future-date", detail)])
    if day < desk.today and not desk.actor.may("orders:backdate"):
        raise Forbidden("past dates need the permission orders:backdate")


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash of what the body of an order says, to see that it was sent before."""
    said = {name: value for name, value in content.items() if name not in ("place", "total", "external_id")}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def new_draft(desk: Desk, account: Mapping[str, Any], content: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A draft of the body `content`, not filled in and without number; raises AccountArchived."""
    named = content["external_id"] or {"source": None, "id": None}
    if account["archived_at"] is not None:
        raise AccountArchived()
    return {
        "id": new_id(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "number": "",
        "stream_key": account["stream_key"],
        "account_id": account["id"],
        "owner_id": account["owner_id"],
        "account_region": account["region"],
        "account_customer_type": account["customer_type"],
        "account_archived_at": account["archived_at"],
        "state": OrderState.DRAFT,
        "placement": 0,
        "order_date": None,
        "base_currency": desk.base_currency,
        "exchange_rate": None,
        "paid": 0,
        "paid_base": 0,
        "placed_at": None,
        "cancel_reason": None,
        "external_source": named["source"],
        "external_id": named["id"],
        "content_hash": content_hash(content),
        "checks": [],
    }


def fill(desk: Desk, order: Mapping[str, Any], content: Mapping[str, Any], refs: References) -> dict[str, Any]:
    """The draft with `content` (the CONTENT fields and `total`), priced in its own currency.

    Raises Invalid, Forbidden, UnknownReference, CreditSplitInvalid, OrderLineRefused, TotalMismatch.
    """
    order_date = content["order_date"] or desk.today
    if order_date != order["order_date"]:
        check_date(desk, order_date)
    credits = list(content["credits"])
    if not credits and order["owner_id"] is not None:
        credits = [{"member_id": order["owner_id"], "share": SHARE_WHOLE}]
    filled = {
        **order,
        **{name: content[name] for name in CONTENT},
        "order_date": order_date,
        "credits": [
            {"order_id": order["id"], "member_id": c["member_id"], "position": position, "share": c["share"]}
            for position, c in enumerate(credits, 1)
        ],
    }
    check_split([(str(c["member_id"]), c["share"]) for c in credits], len(content["lines"]))
    refs.check(filled)
    filled |= _priced(filled, "1", filled["currency"])
    if content["total"] not in (None, filled["gross"]):
        detail = f"the lines sum to {filled['gross']}"
        raise TotalMismatch(detail, errors=[FieldError("/total", TotalMismatch.code, detail)])
    zero = {name: 0 for name in AMOUNTS if name.endswith("_base")}
    return {**filled, **zero, "lines": [{**line, **zero} for line in filled["lines"]]}


def _priced(order: Mapping[str, Any], rate: str, base_currency: str) -> dict[str, Any]:
    inputs = [
        LineInput(number, line["quantity"], line["unit_price"], line["discount"], line["tax_rate"])
        for number, line in enumerate(order["lines"], 1)
    ]
    priced = price_order(inputs, order["currency"], rate, base_currency)
    lines: Sequence[Mapping[str, Any]] = order["lines"]
    rows = [
        {
            "order_id": order["id"],
            "line_no": item.number,
            "sku": line["sku"],
            "product_line": None,
            "quantity": item.quantity,
            "returned": 0,
            "unit_price": item.unit_price,
            "discount": item.discount,
            "tax_rate": item.tax_rate,
            **_amounts(amounts),
        }
        for item, line, amounts in zip(inputs, lines, priced.lines, strict=True)
    ]
    return {**_amounts(priced.total), "lines": rows}


def _amounts(amounts: Amounts) -> dict[str, int]:
    return {name: getattr(amounts, name) for name in AMOUNTS}


def placed(order: Mapping[str, Any], refs: References, now: datetime) -> dict[str, Any]:
    """The order asking for its checks: the next placement, with product lines, exchange rate and base
    amounts fixed; region and customer type are the account's unless given.

    Raises OrderStateConflict, AccountArchived, UnknownReference, NoExchangeRate, AmountOverflow, AmountVanishes.
    """
    state = next_state(OrderState(order["state"]), OrderAction.PLACE)
    if order["account_archived_at"] is not None:
        raise AccountArchived()
    refs.check(order)
    rate = refs.rate(order)
    priced = _priced(order, rate, order["base_currency"])
    placement = order["placement"] + 1
    return {
        **order,
        **priced,
        "lines": [{**line, "product_line": refs.products[line["sku"]]} for line in priced["lines"]],
        "state": state,
        "placement": placement,
        "exchange_rate": rate,
        "region": order["region"] or order["account_region"],
        "customer_type": order["customer_type"] or order["account_customer_type"],
        "placed_at": now,
        "checks": [*order["checks"], pending_check(order, placement)],
    }


def pending_check(order: Mapping[str, Any], placement: int) -> dict[str, Any]:
    """The credit check of a placement."""
    return {
        "order_id": order["id"],
        "placement": placement,
        "kind": "credit",
        "state": "pending",
        "decision": None,
        "reason": None,
        "shortfall": None,
        "answer_event_id": None,
        "answered_at": None,
    }
