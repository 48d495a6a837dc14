"""Event door of the customer service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Projection, Subscriptions
from services.customer.directories.handlers import project_member, project_partner, project_product
from services.customer.events_in import HEARD
from services.customer.orders.handlers import on_credit_refused, on_credit_reserved
from services.customer.payments.handlers import on_check_passed

subscriptions = Subscriptions("customer", HEARD)
core, directory = subscriptions.lane("core"), subscriptions.lane("directory")

directory.project(
    Projection(
        "principal",
        ("principal",),
        {
            "targets.member.joined.v1": project_member,
            "targets.member.moved.v1": project_member,
            "targets.member.left.v1": project_member,
        },
    )
)
directory.project(
    Projection(
        "partner_directory",
        ("partner_directory",),
        {
            "channels.partner.applied.v1": project_partner,
            "channels.partner.activated.v1": project_partner,
            "channels.partner.suspended.v1": project_partner,
        },
    )
)
directory.project(
    Projection("product_directory", ("product_directory",), {"channels.product.changed.v1": project_product})
)
core.react(on_credit_reserved, "risk.credit.reserved.v1")
core.react(on_check_passed, "risk.credit.reserved.v1")
core.react(on_credit_refused, "risk.credit.refused.v1")
