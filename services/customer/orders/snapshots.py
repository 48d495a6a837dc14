"""Orders as others see them: event payloads, answers, audit entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kit.events.outbox import Fact
from kit.security.audit import AuditEntry
from services.customer.deps import Desk
from services.customer.events_out import OrderLine, OrderSnapshot
from services.customer.orders.answers import OrderCheckRead, OrderSummary

SERVICE = "customer"
_SNAPSHOT = tuple(
    name
    for name, field in OrderSnapshot.model_fields.items()
    if field.is_required() and name not in ("credits", "lines", "changed")
)
_LINE = tuple(name for name, field in OrderLine.model_fields.items() if field.is_required())
_SUMMARY = tuple(OrderSummary.model_fields)
_CHECK = tuple(OrderCheckRead.model_fields)


def _credits(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"member_id": credit["member_id"], "share": credit["share"]} for credit in order["credits"]]


def _lines(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: line[name] for name in _LINE} for line in order["lines"]]


def order_fact(model: Any, order: Mapping[str, Any], changed: Collection[str], **extra: Any) -> Fact:
    """The event `model` (a subclass of OrderSnapshot) about an order that was placed once."""
    payload = model.model_validate(
        {
            **{name: order[name] for name in _SNAPSHOT},
            "credits": _credits(order),
            "lines": _lines(order),
            "changed": sorted(changed),
            **extra,
        }
    )
    return Fact(model.TYPE, order["id"], order["stream_key"], order["version"], payload)


def order_body(order: Mapping[str, Any]) -> dict[str, Any]:
    """The order as OrderRead."""
    return {
        **{name: order[name] for name in _SUMMARY},
        "lines": _lines(order),
        "credits": _credits(order),
        "checks": [{name: check[name] for name in _CHECK} for check in order["checks"]],
    }


def order_entry(
    desk: Desk, action: str, order: Mapping[str, Any], before: Mapping[str, Any] | None = None, reason: str = ""
) -> AuditEntry:
    """One audited thing done to an order, with the figures that matter before and after."""
    shown = ("number", "account_id", "state", "placement", "order_date", "currency", "gross", "gross_base", "version")
    return AuditEntry(
        actor=desk.actor.subject,
        roles=sorted(desk.actor.roles),
        action=action,
        resource="order",
        resource_id=str(order["id"]),
        before=None if before is None else {name: _plain(before[name]) for name in shown},
        after={name: _plain(order[name]) for name in shown},
        reason=reason,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) or value is None else str(value)
