"""Event door of the customer service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import LANES, Projection, Subscriptions
from services.customer.cases.handlers import on_calendar_changed
from services.customer.credit_terms.handlers import project_terms
from services.customer.directories.handlers import project_member, project_partner, project_product
from services.customer.events_in import HEARD
from services.customer.heard.handlers import TOLD, project_heard
from services.customer.offers.handlers import project_channel, project_promotion, project_quote
from services.customer.orders.handlers import (
    on_credit_refused,
    on_credit_reserved,
    on_terms_refused,
    on_terms_released,
    on_terms_reserved,
)
from services.customer.organisation.handlers import project_calendar, project_unit
from services.customer.payments.handlers import on_check_passed

subscriptions = Subscriptions("customer", HEARD)
core, directory, insight = (subscriptions.lane(name) for name in LANES)

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
            "channels.partner.screened.v1": project_partner,
            "channels.partner.terminated.v1": project_partner,
        },
    )
)
directory.project(
    Projection("channel_directory", ("channel_directory",), {"channels.channel.changed.v1": project_channel})
)
directory.project(
    Projection(
        "promotion_directory",
        ("promotion_directory",),
        {
            "channels.promotion.activated.v1": project_promotion,
            "channels.promotion.ended.v1": project_promotion,
            "channels.promotion.budget_exhausted.v1": project_promotion,
        },
    )
)
directory.project(
    Projection(
        "quote_directory",
        ("quote_directory",),
        {
            "channels.quote.issued.v1": project_quote,
            "channels.quote.withdrawn.v1": project_quote,
            "channels.quote.accepted.v1": project_quote,
            "channels.quote.expired.v1": project_quote,
        },
    )
)
directory.project(
    Projection("product_directory", ("product_directory",), {"channels.product.changed.v1": project_product})
)
directory.project(
    Projection(
        "credit_terms",
        ("credit_terms",),
        {
            "risk.credit.grade_changed.v1": project_terms,
            "risk.credit.limit_changed.v1": project_terms,
            "risk.credit.hold_placed.v1": project_terms,
            "risk.credit.hold_lifted.v1": project_terms,
        },
    )
)
directory.project(Projection("unit_lead", ("unit_lead",), {"targets.unit.changed.v1": project_unit}))
directory.project(Projection("calendar_year", ("calendar_year",), {"targets.calendar.changed.v1": project_calendar}))
insight.project(
    Projection(
        "heard_fact",
        ("heard_fact",),
        {event_type: project_heard for event_type, model in HEARD.items() if model in TOLD},
    )
)
directory.react(on_calendar_changed, "targets.calendar.changed.v1")
core.react(on_credit_reserved, "risk.credit.reserved.v1")
core.react(on_check_passed, "risk.credit.reserved.v1")
core.react(on_credit_refused, "risk.credit.refused.v1")
core.react(on_terms_reserved, "channels.terms.reserved.v1")
core.react(on_check_passed, "channels.terms.reserved.v1")
core.react(on_terms_refused, "channels.terms.refused.v1")
core.react(on_terms_released, "channels.terms.released.v1")
