"""Event door of the channels service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Projection, Subscriptions
from services.channels.directory import handlers as directory
from services.channels.events_in import HEARD
from services.channels.events_out import RebateAccrued
from services.channels.rebates import handlers as rebates
from services.channels.rebates.ledger import apply_accruals
from services.channels.sales import handlers as sales

subscriptions = Subscriptions("channels", {**HEARD, RebateAccrued.TYPE: RebateAccrued})
core, directory_lane = subscriptions.lane("core"), subscriptions.lane("directory")

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
core.project(
    Projection(
        "sales",
        ("sale", "sale_line"),
        {
            "customer.order.confirmed.v1": sales.on_order,
            "customer.order.fulfilled.v1": sales.on_order,
            "customer.order.returned.v1": sales.on_order_returned,
        },
    )
)
core.project(
    Projection(
        "account_fact",
        ("account_fact",),
        {"customer.account.created.v1": sales.on_account, "customer.account.updated.v1": sales.on_account},
    )
)
core.project(Projection("exchange_rate", ("exchange_rate",), {"customer.exchange_rate.set.v1": sales.on_rate}))
core.react(rebates.on_order_confirmed, "customer.order.confirmed.v1")
core.react(rebates.on_order_returned, "customer.order.returned.v1")
core.ledger(
    Projection(
        "rebates",
        ("rebate_account", "rebate_accrual", "rebate_entry"),
        {RebateAccrued.TYPE: apply_accruals},
        is_ledger=True,
    )
)
