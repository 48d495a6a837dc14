"""Event door of the channels service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Projection, Subscriptions
from services.channels.conflicts import handlers as conflicts
from services.channels.deals import handlers as deals
from services.channels.directory import handlers as directory
from services.channels.events_in import HEARD
from services.channels.events_out import RebateAccrued
from services.channels.events_out.points import (
    PointsAdjusted,
    PointsDrawn,
    PointsEarned,
    PointsExpired,
    PointsRedeemed,
    PointsReversed,
)
from services.channels.events_out.rebates import RebateAdjusted
from services.channels.events_out.statements import RebatePaid
from services.channels.events_out.terms import (
    TermsCommitted,
    TermsGivenBack,
    TermsRefused,
    TermsReleased,
    TermsReserved,
)
from services.channels.points import handlers as points
from services.channels.points.ledger import FOLDS as POINTS_FOLDS
from services.channels.quotes import handlers as quotes
from services.channels.rebates import handlers as rebates
from services.channels.rebates import posting
from services.channels.rebates.ledger import apply_accruals
from services.channels.redirects import handlers as redirects
from services.channels.sales import handlers as sales
from services.channels.terms import handlers as terms
from services.channels.terms.ledger import FOLDS as TERMS_FOLDS
from services.channels.traits import handlers as traits

_OWN = (
    RebateAccrued,
    RebateAdjusted,
    RebatePaid,
    TermsReserved,
    TermsRefused,
    TermsReleased,
    TermsCommitted,
    TermsGivenBack,
    PointsEarned,
    PointsRedeemed,
    PointsReversed,
    PointsExpired,
    PointsAdjusted,
    PointsDrawn,
)
"""Facts of our own that ledgers fold in a rebuild."""
subscriptions = Subscriptions("channels", {**HEARD, **{model.TYPE: model for model in _OWN}})
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
directory_lane.project(
    Projection(
        "partner_hold",
        ("partner_hold",),
        {"risk.credit.hold_placed.v1": directory.on_hold, "risk.credit.hold_lifted.v1": directory.on_hold},
    )
)
directory_lane.project(
    Projection("calendar_year", ("calendar_year",), {"targets.calendar.changed.v1": directory.on_calendar})
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
core.project(Projection("sale_return", ("sale_return",), {"customer.order.returned.v1": sales.on_return}))
core.project(
    Projection(
        "account_fact",
        ("account_fact",),
        {"customer.account.created.v1": sales.on_account, "customer.account.updated.v1": sales.on_account},
    )
)
core.project(
    Projection(
        "account_identity",
        ("account_identity",),
        {"customer.account.created.v1": directory.on_account, "customer.account.updated.v1": directory.on_account},
    )
)
core.project(
    Projection(
        "opportunity_fact",
        ("opportunity_fact",),
        {
            f"customer.opportunity.{step}.v1": sales.on_opportunity
            for step in ("opened", "updated", "stage_changed", "won", "lost", "reopened")
        },
    )
)
core.project(Projection("activity_fact", ("activity_fact",), {"customer.activity.completed.v1": sales.on_activity}))
core.project(Projection("survey_fact", ("survey_fact",), {"customer.survey.answered.v1": sales.on_survey}))
core.project(
    Projection(
        "case_fact",
        ("case_fact",),
        {f"customer.case.{step}.v1": sales.on_case for step in ("opened", "state_changed", "sla_breached", "closed")},
    )
)
core.project(Projection("account_grade", ("account_grade",), {"customer.grade.changed.v1": traits.on_grade}))
core.project(Projection("account_stage", ("account_stage",), {"customer.lifecycle.changed.v1": traits.on_stage}))
core.project(Projection("account_segment", ("account_segment",), {"customer.segment.changed.v1": traits.on_segment}))
core.project(Projection("exchange_rate", ("exchange_rate",), {"customer.exchange_rate.set.v1": sales.on_rate}))
core.project(
    Projection(
        "account_redirect",
        ("account_redirect", "account_root"),
        {redirects.MERGED: redirects.on_redirect, redirects.UNMERGED: redirects.on_redirect},
    )
)
core.react(rebates.on_order_confirmed, "customer.order.confirmed.v1")
core.react(rebates.on_order_returned, "customer.order.returned.v1")
core.ledger(
    Projection(
        "rebates",
        ("rebate_account", "rebate_layer", "rebate_accrual", "rebate_entry", "rebate_posting"),
        {
            RebateAccrued.TYPE: apply_accruals,
            RebateAdjusted.TYPE: posting.on_adjusted,
            RebatePaid.TYPE: posting.on_paid,
        },
        is_ledger=True,
    )
)
core.react(quotes.on_order_confirmed, "customer.order.confirmed.v1")
core.react(deals.on_order_confirmed, "customer.order.confirmed.v1")
core.react(deals.on_order_returned, "customer.order.returned.v1")
core.react(conflicts.on_order_confirmed, "customer.order.confirmed.v1")
core.react(
    conflicts.on_opportunity,
    *(f"customer.opportunity.{step}.v1" for step in ("opened", "updated", "stage_changed", "reopened")),
)
core.react(deals.on_merged, redirects.MERGED)
core.react(deals.on_account, "customer.account.created.v1", "customer.account.updated.v1")
core.react(conflicts.on_merged, redirects.MERGED)
core.react(conflicts.on_account, "customer.account.created.v1", "customer.account.updated.v1")
core.react(terms.on_order_placed, "customer.order.placed.v1")
core.react(terms.on_order_confirmed, "customer.order.confirmed.v1")
core.react(terms.on_order_held, "customer.order.held.v1")
core.react(terms.on_order_cancelled, "customer.order.cancelled.v1")
core.react(terms.on_order_returned, "customer.order.returned.v1")
core.react(points.on_order_fulfilled, "customer.order.fulfilled.v1")
core.react(points.on_order_returned, "customer.order.returned.v1")
core.ledger(
    Projection(
        "terms",
        (
            "terms_reservation",
            "terms_part",
            "points_lot",
            "points_line",
            "points_use",
            "points_use_lot",
            "points_entry",
            "ledger_account",
            "ledger_entry",
        ),
        {**TERMS_FOLDS, **POINTS_FOLDS},
        is_ledger=True,
    )
)
