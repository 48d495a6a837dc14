"""What customer tells of payments, visits, opportunities and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from tests.targets.conftest import World

Parts = list[tuple[dict[str, Any], int]]
"""Orders and what is allocated to each."""


@dataclass
class Payment:
    """A payment of the account of an order, as it becomes."""

    order: dict[str, Any]
    id: str = field(default_factory=lambda: str(new_id()))
    key: str = ""
    version: int = 0

    def _event(self, what: str, parts: Parts, **more: Any) -> Event:
        self.version += 1
        key = self.key or self.order["stream_key"]
        data = {
            "id": self.id,
            "account_id": self.order["account_id"],
            "stream_key": key,
            "base_currency": "USD",
            "received_on": "2026-02-20",
            "allocations": [{"order_id": order["id"], "amount_base": amount} for order, amount in parts],
            "version": self.version,
            **more,
        }
        return make_event(f"customer.payment.{what}.v1", data, key, sequence=self.version)

    def received(self, *parts: tuple[dict[str, Any], int], on: str = "2026-02-20", **more: Any) -> Event:
        return self._event("received", list(parts), received_on=on, **more)

    def allocated(self, *parts: tuple[dict[str, Any], int], on: str = "2026-02-20") -> Event:
        return self._event("allocated", list(parts), received_on=on, allocated_on="2026-03-05")

    def refunded(self, *parts: tuple[dict[str, Any], int], on: str = "2026-03-10") -> Event:
        return self._event("refunded", list(parts), id=str(new_id()), payment_id=self.id, refunded_on=on)

    def voided(self, *parts: tuple[dict[str, Any], int], on: str = "2026-03-20") -> Event:
        return self._event("voided", list(parts), voided_on=on)


def cancelled(order: dict[str, Any]) -> Event:
    return make_event("customer.order.cancelled.v1", order, order["stream_key"], sequence=4)


def _known(world: World, account: str | None, owner: str | None, day: str, **more: Any) -> dict[str, Any]:
    made = str(new_id())
    same = {"account_id": account, "stream_key": account or made, "business_date": day, "id": made}
    return {**same, "owner_id": world.members.get(owner or "", owner), **more}


def account(world: World, account_id: str, **more: Any) -> Event:
    known = _known(world, account_id, "a1", "2026-02-01", id=account_id, version=1, is_archived=False)
    return make_event(
        "customer.account.created.v1", {**known, "region": "CN-SH", "customer_type": "existing", **more}, account_id
    )


def visit(world: World, account_id: str | None, owner: str | None, day: str = "2026-02-20", **more: Any) -> Event:
    data = _known(world, account_id, owner, day, kind="visit", opportunity_id=None, purpose=None, outcome="met")
    return make_event("customer.activity.completed.v1", {**data, **more}, data["stream_key"], sequence=2)


def opportunity(world: World, account_id: str, owner: str | None = "a1") -> dict[str, Any]:
    data = _known(world, account_id, owner, "2026-02-01", pipeline="p", stage="offer", previous_stage=None)
    data |= {"days_in_stage": None, "amount_base": 900, "opened_on": "2026-02-01", "expected_close": None}
    return data | {"forecast_category": "commit", "lost_reason": None, "state": "open", "closed_on": None, "version": 1}


def moved(one: dict[str, Any], what: str, day: str, **more: Any) -> Event:
    """An opportunity is won, lost or reopened on a day."""
    closing = {"state": what, "closed_on": day} if what in {"won", "lost"} else {"state": "open", "closed_on": None}
    one |= {**closing, "version": one["version"] + 1, "business_date": day, **more}
    return make_event(f"customer.opportunity.{what}.v1", dict(one), one["stream_key"], sequence=one["version"])


def answer(world: World, account_id: str, owner: str | None, kind: str, score: int | None, **more: Any) -> Event:
    data = _known(world, account_id, owner, "2026-02-20", kind=kind, score=score, order_id=None, product_line=None)
    return make_event("customer.survey.answered.v1", {**data, **more}, account_id)
