"""What the resources of customer have in common with all others."""

from __future__ import annotations

from services.customer.events_out import AccountCreated, AccountUpdated
from tests.shared_suites.resources import Created, Family, Listed, Patched, Scoped


class TestAccounts(Created, Listed, Patched, Scoped):
    family = Family(
        path="/v1/accounts",
        noun="account",
        body={"kind": "organization", "name": "Blue Harbour", "region": "CN-SH"},
        numbered=lambda n: {"external_ids": {"erp": f"C-{n}"}},
        patch={"region": "CN-BJ", "tags": ["a"]},
        reader="auditor",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=AccountCreated,
        changed=AccountUpdated,
    )


class TestExchangeRates(Created, Listed):
    family = Family(
        path="/v1/exchange-rates",
        noun="exchange_rate",
        body={"rate": "1.08", "valid_from": "2026-03-01"},
        numbered=lambda n: {"currency": ("CNY", "EUR")[n - 1]},
        reader="sales_rep",
    )
