"""Orders as customer would tell of them, made from quotes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit import clock
from kit.clock import business_date
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.terms import TermsRefused, TermsReserved
from services.customer import events_out as customer
from tests.channels.quotes.offers import account, body, goods, promotion, quoted

RESERVATIONS = "/v1/terms-reservations"
OFF: dict[str, Any] = {"reward": {"type": "line_rate", "share": 100_000}, "kind": "cash_off"}
"""10 % off."""


@dataclass
class Order:
    """An order with its lines: (sku, quantity, unit price, discount)."""

    account_id: str
    quote_id: str | None
    lines: list[tuple[str, int, int, int]]
    id: UUID = field(default_factory=new_id)
    placement: int = 1
    changes: dict[str, Any] = field(default_factory=dict)

    def _event(self, kind: type[Any], **changes: Any) -> Event:
        line = customer.OrderPlaced.EXAMPLE["lines"][0]
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "account_id": self.account_id,
            "stream_key": self.account_id,
            "partner_id": None,
            "channel_id": None,
            "promotions": None,
            "points": None,
            "currency": "USD",
            "base_currency": "USD",
            "exchange_rate": "1",
            "payment_terms_days": 30,
            "quote_id": self.quote_id,
            "placement": self.placement,
            "order_date": business_date("Asia/Shanghai"),
            "placed_at": clock.now(),
            "lines": [
                {
                    **line,
                    "line_no": number,
                    "sku": sku,
                    "quantity": quantity,
                    "unit_price": price,
                    "discount": discount,
                    "net": quantity * price - discount,
                    "net_base": quantity * price - discount,
                }
                for number, (sku, quantity, price, discount) in enumerate(self.lines, 1)
            ],
            **self.changes,
            **changes,
        }
        return make_event(kind.TYPE, payload, UUID(self.account_id), subject=self.id)

    def placed(self, **changes: Any) -> Event:
        return self._event(customer.OrderPlaced, **changes)

    def confirmed(self) -> Event:
        return self._event(customer.OrderConfirmed)

    def cancelled(self) -> Event:
        return self._event(customer.OrderCancelled)

    def held(self, check: str = "terms", reason: str = "released") -> Event:
        return self._event(customer.OrderHeld, check=check, reason=reason, shortfall=0)

    def returned(self, **pieces: int) -> Event:
        """`l1=2`: two pieces of line 1 in all came back so far."""
        event = self.confirmed().payload
        lines = [{**line, "returned": pieces.get(f"l{line['line_no']}", 0)} for line in event["lines"]]
        back = customer.OrderReturned.EXAMPLE["returned_lines"]
        return self._event(customer.OrderReturned, lines=lines, return_id=new_id(), returned_lines=back)


def order_of(quote: dict[str, Any], **changes: Any) -> Order:
    """An order that is what was quoted."""
    lines = [(line["sku"], line["quantity"], line["unit_price"], line["discount"]) for line in quote["lines"]]
    return Order(quote["account_id"], quote["id"], lines, changes={"currency": quote["currency"], **changes})


async def offer(service: ServiceHarness, *lines: Any, buyer: str | None = None, **changes: Any) -> dict[str, Any]:
    """A quote of 3 CD-ROCK, 100.00 each, by default."""
    if not (await service.get("/v1/products")).json()["items"]:
        await goods(service)
    return await quoted(service, body(buyer or await account(service), *(lines or (("CD-ROCK", 3),)), **changes))


async def cash_off(service: ServiceHarness, **changes: Any) -> str:
    """Id of a promotion of 10 % on each line."""
    return await promotion(service, **{**OFF, **changes})


async def answers(service: ServiceHarness) -> list[tuple[str, str | None, str | None]]:
    """(order, reason, detail) of all answers, in the order in which they were given."""
    said = [*await service.published(TermsReserved.TYPE), *await service.published(TermsRefused.TYPE)]
    return [(one.subject, one.payload.get("reason"), one.payload.get("detail")) for one in said]


async def reservations(service: ServiceHarness, **filters: object) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    answer = await service.get(f"{RESERVATIONS}?sort=decided_at&{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def budget(service: ServiceHarness, promotion_id: str) -> dict[str, Any]:
    answer = await service.get(f"/v1/promotions/{promotion_id}/budget")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
