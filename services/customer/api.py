"""HTTP door of the customer service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.customer.accounts.router import router as accounts
from services.customer.activities.router import router as activities
from services.customer.cases.router import router as cases
from services.customer.churn.router import router as churn
from services.customer.consents.router import router as consents
from services.customer.contacts.router import router as contacts
from services.customer.conversions.router import router as conversions
from services.customer.custom_fields.router import router as custom_fields
from services.customer.directories.router import router as sellers
from services.customer.duplicates.router import router as duplicates
from services.customer.exchange_rates.router import router as exchange_rates
from services.customer.funnel.router import router as funnel
from services.customer.grading.router import router as grading
from services.customer.imports.router import router as imports
from services.customer.lead_consents.router import router as lead_consents
from services.customer.leads.router import router as leads
from services.customer.lifecycle.router import router as lifecycle
from services.customer.merges.router import router as merges
from services.customer.opportunities.router import router as opportunities
from services.customer.orders.router import router as orders
from services.customer.overviews.router import router as overviews
from services.customer.payments.router import router as payments
from services.customer.pipelines.router import router as pipelines
from services.customer.policies.router import router as policies
from services.customer.returns.router import router as returns
from services.customer.rfm.router import router as rfm
from services.customer.rule_sets.router import router as rule_sets
from services.customer.satisfaction.router import router as satisfaction
from services.customer.segments.router import router as segments
from services.customer.subscriptions import subscriptions
from services.customer.survey_forms.router import router as survey_forms
from services.customer.surveys.router import router as surveys
from services.customer.timeline.router import router as timeline
from services.customer.transfers.router import router as transfers

ROUTERS: tuple[APIRouter, ...] = (
    transfers,
    duplicates,
    merges,
    accounts,
    timeline,
    custom_fields,
    rule_sets,
    segments,
    rfm,
    grading,
    lifecycle,
    churn,
    contacts,
    consents,
    leads,
    lead_consents,
    conversions,
    activities,
    pipelines,
    opportunities,
    funnel,
    cases,
    surveys,
    survey_forms,
    satisfaction,
    policies,
    sellers,
    exchange_rates,
    orders,
    returns,
    payments,
    imports,
    overviews,
    operations_router(subscriptions),
)
