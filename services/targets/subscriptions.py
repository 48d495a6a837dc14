"""Event door of the targets service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import LANES, Projection, Subscriptions
from services.targets.accounts.handlers import ACCOUNTS, project_account
from services.targets.channels.handlers import CHANNEL, project_channel
from services.targets.crediting_splits.handlers import project_split
from services.targets.credits.handlers import (
    PRODUCT,
    RESOLVED,
    on_conflict_resolved,
    on_order_confirmed,
    on_order_returned,
    on_product_changed,
)
from services.targets.credits.ledger import TABLES, apply_credits
from services.targets.events_in import HEARD, OrderConfirmed, OrderReturned
from services.targets.events_out import OrderCredited, ResultCredited
from services.targets.kpi_facts import handlers as kpi_facts
from services.targets.products.handlers import project_product
from services.targets.redirects.handlers import MERGED, UNMERGED, on_redirect
from services.targets.results import handlers as results
from services.targets.results.allocations import PAYMENTS
from services.targets.results.service import ANSWERED, CLOSED, COMPLETED, REOPENED
from services.targets.risk_alerts.handlers import ALERTS, project_risk_alert

CREDITS = Projection(
    "credits", TABLES, {OrderCredited.TYPE: apply_credits, ResultCredited.TYPE: apply_credits}, is_ledger=True
)

subscriptions = Subscriptions(
    "targets", {**HEARD, OrderCredited.TYPE: OrderCredited, ResultCredited.TYPE: ResultCredited}
)
core, directory, insight = (subscriptions.lane(name) for name in LANES)
core.project(
    Projection("account_redirect", ("account_redirect", "account_root"), {MERGED: on_redirect, UNMERGED: on_redirect})
)
core.project(Projection("crediting_split", ("crediting_split",), {RESOLVED: project_split}))
core.project(
    Projection(
        "order_cash",
        ("order_cash", "freed_order"),
        {**dict.fromkeys(PAYMENTS, results.project_cash), results.CANCELLED: results.project_freed},
    )
)
core.project(Projection("kpi_account", ("kpi_account",), dict.fromkeys(ACCOUNTS, kpi_facts.on_account), version=2))
core.react(on_conflict_resolved, RESOLVED)
core.react(results.on_conflict_resolved, RESOLVED)
core.react(on_order_confirmed, OrderConfirmed.TYPE)
core.react(results.on_order_confirmed, OrderConfirmed.TYPE)
core.react(on_order_returned, OrderReturned.TYPE)
core.react(results.on_paid, *PAYMENTS)
core.react(results.on_activity, COMPLETED)
core.react(results.on_closed, *CLOSED)
core.react(results.on_reopened, REOPENED)
core.react(results.on_answer, ANSWERED)
core.ledger(CREDITS)
directory.project(Projection("risk_alert", ("risk_alert",), dict.fromkeys(ALERTS, project_risk_alert)))
directory.project(Projection("product_directory", ("product_directory",), {PRODUCT: project_product}, version=2))
directory.react(on_product_changed, PRODUCT)
directory.project(Projection("channel_directory", ("channel_directory",), {CHANNEL: project_channel}))
directory.project(Projection("account_directory", ("account_directory",), dict.fromkeys(ACCOUNTS, project_account)))
insight.project(
    Projection(
        "kpi_sale",
        ("kpi_sale", "kpi_movement"),
        {OrderConfirmed.TYPE: kpi_facts.on_confirmed, OrderReturned.TYPE: kpi_facts.on_returned},
    )
)
insight.project(
    Projection(
        "kpi_payment",
        ("kpi_payment",),
        {
            "customer.payment.received.v1": kpi_facts.on_paid,
            "customer.payment.allocated.v1": kpi_facts.on_paid,
            "customer.payment.refunded.v1": kpi_facts.on_refunded,
            "customer.payment.voided.v1": kpi_facts.on_paid,
        },
    )
)
insight.project(Projection("kpi_share", ("kpi_share",), {OrderCredited.TYPE: kpi_facts.on_credited}))
insight.project(Projection("kpi_visit", ("kpi_visit",), {"customer.activity.completed.v1": kpi_facts.on_activity}))
insight.project(
    Projection(
        "kpi_opportunity",
        ("kpi_opportunity",),
        {
            f"customer.opportunity.{step}.v1": kpi_facts.on_opportunity
            for step in ("opened", "updated", "stage_changed", "won", "lost", "reopened")
        },
    )
)
insight.project(Projection("kpi_answer", ("kpi_answer",), {"customer.survey.answered.v1": kpi_facts.on_answer}))
insight.project(Projection("kpi_stage", ("kpi_stage",), {"customer.lifecycle.changed.v1": kpi_facts.on_lifecycle}))
insight.project(
    Projection(
        "kpi_lead",
        ("kpi_lead",),
        {f"customer.lead.{step}.v1": kpi_facts.on_lead for step in ("created", "converted", "disqualified")},
    )
)
insight.project(
    Projection(
        "kpi_case_step",
        ("kpi_case_step",),
        {
            f"customer.case.{step}.v1": kpi_facts.on_case
            for step in ("opened", "state_changed", "sla_breached", "closed")
        },
    )
)
