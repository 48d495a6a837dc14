"""Event door of the targets service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Projection, Subscriptions
from services.targets.credits.handlers import on_order_confirmed, on_order_returned
from services.targets.credits.ledger import apply_credits
from services.targets.events_in import HEARD, OrderConfirmed, OrderReturned
from services.targets.events_out import OrderCredited
from services.targets.products.handlers import project_product

CREDITS = Projection(
    "credits",
    ("credited_order", "credit_label", "credit_bucket", "credit_month", "credit_line"),
    {OrderCredited.TYPE: apply_credits},
    is_ledger=True,
)

subscriptions = Subscriptions("targets", {**HEARD, OrderCredited.TYPE: OrderCredited})
core, directory = subscriptions.lane("core"), subscriptions.lane("directory")
core.react(on_order_confirmed, OrderConfirmed.TYPE)
core.react(on_order_returned, OrderReturned.TYPE)
core.ledger(CREDITS)
directory.project(
    Projection("product_directory", ("product_directory",), {"channels.product.changed.v1": project_product})
)
