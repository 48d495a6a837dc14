"""HTTP door of the customer service: its routers."""

from __future__ import annotations

from fastapi import APIRouter

from kit.web.operations import operations_router
from services.customer.accounts.router import router as accounts
from services.customer.activities.router import router as activities
from services.customer.consents.router import router as consents
from services.customer.contacts.router import router as contacts
from services.customer.directories.router import router as sellers
from services.customer.exchange_rates.router import router as exchange_rates
from services.customer.orders.router import router as orders
from services.customer.payments.router import router as payments
from services.customer.returns.router import router as returns
from services.customer.rule_sets.router import router as rule_sets
from services.customer.subscriptions import subscriptions
from services.customer.timeline.router import router as timeline
from services.customer.transfers.router import router as transfers

ROUTERS: tuple[APIRouter, ...] = (
    transfers,
    accounts,
    timeline,
    rule_sets,
    contacts,
    consents,
    activities,
    sellers,
    exchange_rates,
    orders,
    returns,
    payments,
    operations_router(subscriptions),
)
