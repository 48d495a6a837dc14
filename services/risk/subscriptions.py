"""Event door of the risk service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import LANES, Projection, Subscriptions
from services.risk.credit import handlers as credit
from services.risk.credit.ledger import FACTS, apply_credit_facts
from services.risk.deposits import handlers as deposits
from services.risk.directory import handlers as directory
from services.risk.events_in import HEARD
from services.risk.holds import ledger as holds
from services.risk.indicators import handlers as indicators
from services.risk.losses import handlers as losses
from services.risk.obligations import handlers as obligations
from services.risk.payables import handlers as payables
from services.risk.pipeline import handlers as pipeline
from services.risk.profiles import handlers as profiles
from services.risk.receivables import handlers as receivables
from services.risk.redirects import handlers as redirects

PARTNER_FACTS = (
    "channels.partner.applied.v1",
    "channels.partner.screened.v1",
    "channels.partner.activated.v1",
    "channels.partner.suspended.v1",
    "channels.partner.terminated.v1",
)
OPPORTUNITY_FACTS = (
    "customer.opportunity.opened.v1",
    "customer.opportunity.updated.v1",
    "customer.opportunity.stage_changed.v1",
    "customer.opportunity.won.v1",
    "customer.opportunity.lost.v1",
    "customer.opportunity.reopened.v1",
)
CASE_FACTS = (
    "customer.case.opened.v1",
    "customer.case.state_changed.v1",
    "customer.case.sla_breached.v1",
    "customer.case.closed.v1",
)
TARGET_FACTS = (
    "targets.target.activated.v1",
    "targets.target.proposed.v1",
    "targets.target.approved.v1",
    "targets.target.adjusted.v1",
    "targets.target.closed.v1",
)
PAYMENT_FACTS = (
    "customer.payment.received.v1",
    "customer.payment.allocated.v1",
    "customer.payment.refunded.v1",
    "customer.payment.voided.v1",
)
subscriptions = Subscriptions("risk", {**HEARD, **FACTS, **holds.FACTS})

core, directory_lane, insight = (subscriptions.lane(name) for name in LANES)

core.project(
    Projection(
        "account_directory",
        ("account_directory",),
        {"customer.account.created.v1": directory.on_account, "customer.account.updated.v1": directory.on_account},
    )
)
core.react(credit.on_redirect, redirects.MERGED, redirects.UNMERGED)
core.project(
    Projection(
        "account_redirect",
        ("account_redirect", "account_root"),
        {redirects.MERGED: redirects.on_redirect, redirects.UNMERGED: redirects.on_redirect},
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
        "waiting_deposit",
        ("waiting_deposit",),
        {
            "customer.payment.received.v1": deposits.on_payment_named,
            "customer.payment.allocated.v1": deposits.on_payment_named,
            "customer.payment.refunded.v1": deposits.on_payment_refunded,
            "customer.payment.voided.v1": deposits.on_payment_named,
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
    Projection("target_directory", ("target_directory",), dict.fromkeys(TARGET_FACTS, directory.on_target))
)
directory_lane.project(
    Projection(
        "partner_directory",
        ("partner_directory",),
        dict.fromkeys(PARTNER_FACTS, directory.on_partner),
    )
)
directory_lane.project(
    Projection("calendar_year", ("calendar_year",), {"targets.calendar.changed.v1": directory.on_calendar})
)
core.project(
    Projection(
        "tally",
        ("tally_source", "tally_bucket", "tally_case", "tally_warning"),
        {
            "customer.order.placed.v1": indicators.on_order_placed,
            "customer.order.cancelled.v1": indicators.on_order_cancelled,
            "customer.order.confirmed.v1": indicators.on_order_confirmed,
            "customer.order.returned.v1": indicators.on_order_returned,
            "customer.survey.answered.v1": indicators.on_survey_answered,
            "customer.case.opened.v1": indicators.on_case_opened,
            "customer.case.sla_breached.v1": indicators.on_case_breached,
            "customer.churn.warned.v1": indicators.on_warned,
            "customer.churn.cleared.v1": indicators.on_cleared,
        },
    )
)
core.project(
    Projection("discount_tally", ("tally_discount",), {"customer.order.confirmed.v1": indicators.on_order_discounted})
)
core.project(
    Projection(
        "line_tally",
        ("tally_line",),
        {
            "customer.order.confirmed.v1": indicators.on_lines_confirmed,
            "customer.order.returned.v1": indicators.on_lines_returned,
            "customer.survey.answered.v1": indicators.on_line_answered,
        },
    )
)
directory_lane.project(
    Projection("target_pace", ("target_pace",), {"targets.attainment.updated.v1": indicators.on_attainment})
)
directory_lane.project(
    Projection(
        "channel_tally",
        ("tally_breach", "tally_conflict"),
        {
            "channels.price.floor_breached.v1": indicators.on_floor_breached,
            "channels.conflict.opened.v1": indicators.on_conflict_opened,
            "channels.conflict.resolved.v1": indicators.on_conflict_resolved,
        },
    )
)
insight.project(
    Projection("pipeline", ("pipeline_opportunity",), dict.fromkeys(OPPORTUNITY_FACTS, pipeline.on_opportunity))
)
insight.project(Projection("exchange_rate", ("exchange_rate",), {"customer.exchange_rate.set.v1": directory.on_rate}))
insight.project(Projection("case_remedy", ("case_remedy",), dict.fromkeys(CASE_FACTS, losses.on_case)))
insight.project(Projection("churned_account", ("churned_account",), {"customer.lifecycle.changed.v1": losses.on_stage}))
insight.project(
    Projection(
        "payable",
        ("partner_payable_move", "partner_payable"),
        {
            "channels.rebate.accrued.v1": payables.on_accrued,
            "channels.rebate.adjusted.v1": payables.on_adjusted,
            "channels.rebate.paid.v1": payables.on_paid,
        },
    )
)
core.react(profiles.on_account_created, "customer.account.created.v1")
directory_lane.react(profiles.on_partner_activated, "channels.partner.activated.v1")
core.react(credit.on_order_placed, "customer.order.placed.v1")
core.react(credit.on_order_cancelled, "customer.order.cancelled.v1")
core.react(credit.on_order_held, "customer.order.held.v1")
core.react(credit.on_order_returned, "customer.order.returned.v1")
core.react(credit.on_payment_moved, *PAYMENT_FACTS)
core.react(
    obligations.on_order_moved,
    "customer.order.confirmed.v1",
    "customer.order.fulfilled.v1",
    "customer.order.returned.v1",
)
core.react(obligations.on_payment_moved, *PAYMENT_FACTS)
core.react(
    indicators.mark_orders,
    "customer.order.placed.v1",
    "customer.order.cancelled.v1",
    "customer.order.confirmed.v1",
    "customer.order.returned.v1",
)
core.react(indicators.mark_merges, redirects.MERGED, redirects.UNMERGED)
core.react(indicators.mark_payments, *PAYMENT_FACTS)
core.react(indicators.mark_cases, "customer.case.opened.v1", "customer.case.sla_breached.v1")
core.react(indicators.mark_answers, "customer.survey.answered.v1")
core.react(indicators.mark_warnings, "customer.churn.warned.v1", "customer.churn.cleared.v1")
directory_lane.react(indicators.mark_breaches, "channels.price.floor_breached.v1")
directory_lane.react(indicators.mark_conflicts, "channels.conflict.opened.v1", "channels.conflict.resolved.v1")
directory_lane.react(indicators.mark_targets, "targets.attainment.updated.v1")
core.ledger(
    Projection(
        "exposure",
        ("exposure_account", "exposure_partner", "exposure_entry", "order_credit", "credit_decision"),
        dict.fromkeys(FACTS, apply_credit_facts),
        is_ledger=True,
    )
)
core.ledger(Projection("hold", ("credit_hold",), dict.fromkeys(holds.FACTS, holds.fold), is_ledger=True))
