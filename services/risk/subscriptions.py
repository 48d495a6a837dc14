"""Event door of the risk service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Projection, Subscriptions
from services.risk.credit import handlers as credit
from services.risk.credit.ledger import FACTS, apply_credit_facts
from services.risk.directory import handlers as directory
from services.risk.events_in import HEARD
from services.risk.obligations import handlers as obligations
from services.risk.profiles import handlers as profiles
from services.risk.receivables import handlers as receivables

PARTNER_FACTS = (
    "channels.partner.applied.v1",
    "channels.partner.screened.v1",
    "channels.partner.activated.v1",
    "channels.partner.suspended.v1",
    "channels.partner.terminated.v1",
)
PAYMENT_FACTS = (
    "customer.payment.received.v1",
    "customer.payment.allocated.v1",
    "customer.payment.refunded.v1",
    "customer.payment.voided.v1",
)
subscriptions = Subscriptions("risk", {**HEARD, **FACTS})

core, directory_lane = subscriptions.lane("core"), subscriptions.lane("directory")

core.project(
    Projection(
        "account_directory",
        ("account_directory",),
        {"customer.account.created.v1": directory.on_account, "customer.account.updated.v1": directory.on_account},
    )
)
core.project(
    Projection(
        "receivable",
        ("receivable_move", "receivable"),
        {
            "customer.order.confirmed.v1": receivables.on_order_confirmed,
            "customer.order.returned.v1": receivables.on_order_returned,
            "customer.payment.received.v1": receivables.on_payment_received,
            "customer.payment.allocated.v1": receivables.on_payment_allocated,
            "customer.payment.refunded.v1": receivables.on_payment_refunded,
            "customer.payment.voided.v1": receivables.on_payment_voided,
        },
    )
)
core.project(
    Projection(
        "fulfilment",
        ("fulfilment_move",),
        {
            "customer.order.confirmed.v1": obligations.on_order_confirmed,
            "customer.order.fulfilled.v1": obligations.on_order_fulfilled,
            "customer.order.returned.v1": obligations.on_order_returned,
        },
    )
)
directory_lane.project(
    Projection(
        "principal",
        ("principal",),
        {
            "targets.member.joined.v1": directory.on_member,
            "targets.member.moved.v1": directory.on_member,
            "targets.member.left.v1": directory.on_member,
        },
    )
)
directory_lane.project(
    Projection(
        "partner_directory",
        ("partner_directory",),
        dict.fromkeys(PARTNER_FACTS, directory.on_partner),
    )
)
core.react(profiles.on_account_created, "customer.account.created.v1")
core.react(credit.on_order_placed, "customer.order.placed.v1")
core.react(credit.on_order_cancelled, "customer.order.cancelled.v1")
core.react(credit.on_order_returned, "customer.order.returned.v1")
core.react(credit.on_payment_moved, *PAYMENT_FACTS)
core.react(
    obligations.on_order_moved,
    "customer.order.confirmed.v1",
    "customer.order.fulfilled.v1",
    "customer.order.returned.v1",
)
core.react(obligations.on_payment_moved, *PAYMENT_FACTS)
core.ledger(
    Projection(
        "exposure",
        ("exposure_account", "exposure_entry", "order_credit", "credit_decision"),
        dict.fromkeys(FACTS, apply_credit_facts),
        is_ledger=True,
    )
)
