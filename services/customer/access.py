"""Who may do what in the customer service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.customer.accounts.access import GRANTS as ACCOUNTS
from services.customer.activities.access import GRANTS as ACTIVITIES
from services.customer.cases.access import GRANTS as CASES
from services.customer.contacts.access import GRANTS as CONTACTS
from services.customer.directories.access import GRANTS as DIRECTORIES
from services.customer.duplicates.access import GRANTS as DUPLICATES
from services.customer.exchange_rates.access import GRANTS as EXCHANGE_RATES
from services.customer.imports.access import GRANTS as IMPORTS
from services.customer.leads.access import GRANTS as LEADS
from services.customer.opportunities.access import GRANTS as OPPORTUNITIES
from services.customer.orders.access import GRANTS as ORDERS
from services.customer.payments.access import GRANTS as PAYMENTS
from services.customer.persons.access import GRANTS as PERSONS
from services.customer.roles import ADMINISTRATOR, AUDITOR
from services.customer.rule_sets.access import GRANTS as RULE_SETS
from services.customer.surveys.access import GRANTS as SURVEYS

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR,
    OPERATIONS,
    ACCOUNTS,
    ACTIVITIES,
    CASES,
    CONTACTS,
    DIRECTORIES,
    EXCHANGE_RATES,
    IMPORTS,
    LEADS,
    OPPORTUNITIES,
    DUPLICATES,
    ORDERS,
    PAYMENTS,
    PERSONS,
    RULE_SETS,
    SURVEYS,
)
