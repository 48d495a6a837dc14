"""Who may read what: routes by group, and the status every principal meets in each."""

from __future__ import annotations

from tests.e2e.register import OF_RISK

STRANGERS = ("rep-33", "manager-south")
"""A seller and a manager to whom nothing of the story belongs."""
GROUPS: dict[str, tuple[str, ...]] = {
    "transfers": ("/v1/accounts/transfers/",),
    "imports": ("/v1/imports/",),
    "customer": (
        "/v1/accounts/",
        "/v1/contacts/",
        "/v1/activities/",
        "/v1/cases/",
        "/v1/customers/",
        "/v1/duplicate-candidates/",
        "/v1/merges/",
        "/v1/orders/",
        "/v1/payments/",
    ),
    "opportunities": ("/v1/opportunities/", "/v1/leads/"),
    "pipelines": ("/v1/pipelines/",),
    "scans": ("/v1/duplicate-scans/",),
    "credit": ("/v1/credit-", "/v1/exposures/", "/v1/financial-statements/", "/v1/order-credits/", "/v1/receivables/"),
    "overviews": ("/v1/channel-overviews/", "/v1/risk-overviews/"),
    "scorings": ("/v1/scoring-runs/",),
    "results": (
        "/v1/targets/",
        "/v1/plans/",
        "/v1/alerts/",
        "/v1/action-plans/",
        "/v1/adjustments/",
        "/v1/report-schedules/",
        "/v1/reports/",
    ),
    "organisation": (
        "/v1/units/",
        "/v1/members/",
        "/v1/roles/",
        "/v1/territories/",
        "/v1/calendar-days/",
        "/v1/rule-sets/",
        "/v1/rfm-runs/",
        "/v1/grading-runs/",
        "/v1/churn-fits/",
        "/v1/segments/",
        "/v1/custom-fields/",
        "/v1/customer-policies/",
        "/v1/surveys/",
        "/v1/survey-forms/",
        "/v1/points-programmes/",
        "/v1/points-draws/",
    ),
    "goods": ("/v1/products/", "/v1/partners/", "/v1/channels/"),
    "plans": ("/v1/rebate-programmes/",),
    "kpis": ("/v1/kpis/", "/v1/observations/"),
    "rebates": ("/v1/rebate-adjustments/", "/v1/rebate-simulations/", "/v1/rebate-statements/"),
    "costs": ("/v1/channel-costs/",),
    "coupon-codes": ("/v1/promotions/{promotion_id}/coupons/runs/{coupon_run_id}/codes",),
    "prices": ("/v1/price-approvals/", "/v1/price-books/", "/v1/promotion"),
    "quotes": (
        "/v1/quotes/",
        "/v1/points-accounts/",
        "/v1/points-adjustments/",
        "/v1/points-balances/",
        "/v1/points-tickets/",
    ),
    "agreements": ("/v1/agreements/", "/v1/tier-", "/v1/partner-", "/v1/trainings/"),
    "deals": ("/v1/deals/",),
    "conflicts": ("/v1/conflicts/",),
    "policies": ("/v1/risk-policies/", "/v1/risk-policy-simulations/"),
    "snapshots": ("/v1/risk-snapshots/",),
    "contracts": OF_RISK,
    "rebuilds": ("/v1/attainment/rebuilds/",),
    "backtests": ("/v1/forecasts/backtests/",),
    "operations": ("/admin/",),
}
OF_FEW = {"imports", "transfers", "scans", "rebuilds", "backtests", "operations", "coupon-codes"}
FULL = dict.fromkeys(GROUPS.keys() - OF_FEW, 200)
ELSEWHERE = (
    FULL
    | dict.fromkeys(
        (
            "customer",
            "opportunities",
            "credit",
            "overviews",
            "results",
            "contracts",
            "quotes",
            "deals",
            "conflicts",
            "snapshots",
        ),
        404,
    )
    | {"plans": 403, "costs": 403, "rebates": 403}
)
MATRIX: dict[str, dict[str, int]] = {
    "rep-33": ELSEWHERE,
    "manager-south": ELSEWHERE | {"plans": 200, "costs": 200, "transfers": 404, "scans": 200, "imports": 404},
    "rep-31": ELSEWHERE
    | dict.fromkeys(
        ("customer", "opportunities", "credit", "overviews", "contracts", "quotes", "deals", "conflicts"), 200
    ),
    "manager-east": FULL | {"transfers": 404, "scans": 200, "snapshots": 404, "rebates": 403, "imports": 404},
    "director": FULL | {"backtests": 200, "transfers": 200, "scans": 200, "imports": 200},
    "officer": {name: 200 for name in FULL if name not in ("results", "kpis", "costs")},
    "channel-manager": dict.fromkeys(
        (
            "customer",
            "opportunities",
            "pipelines",
            "organisation",
            "goods",
            "plans",
            "rebates",
            "prices",
            "coupon-codes",
            "costs",
            "quotes",
            "overviews",
            "agreements",
            "deals",
            "conflicts",
        ),
        200,
    ),
    "agent": dict.fromkeys(("customer", "credit", "overviews", "scorings", "organisation", "goods"), 200),
    "auditor": FULL | {"operations": 200},
    "admin": FULL | dict.fromkeys(OF_FEW, 200),
}
"""Status of reading a thing of the story, by principal and group; what is not named is 403."""


def group_of(path: str) -> str:
    """Group of a route; a route of no group fails the test."""
    return next(name for name, prefixes in GROUPS.items() if path.startswith(prefixes))
