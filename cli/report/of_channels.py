"""Budgets of promotions and the ladder of partners."""

from __future__ import annotations

from collections import Counter

from cli.report import charts
from cli.report.numbers import major
from cli.report.sections import Nothing, Scope, Section, Table

PROMOTIONS = 20
PARTNERS = 200
NO_LEVEL = "no level"


async def budgets(scope: Scope) -> Section:
    """What promotions of the period have spent, reserved and left."""
    numbers, currency = scope.numbers, scope.currency
    found = await scope.rows(
        "/v1/promotions",
        limit=PROMOTIONS,
        sort="code",
        **{
            "budget_base[null]": "false",
            "starts_at[lt]": f"{scope.last}T23:59:59Z",
            "state[in]": "scheduled,active,paused,ended",
        },
    )
    found = [item for item in found if item["ends_at"] is None or item["ends_at"][:10] >= scope.first]
    if not found:
        raise Nothing("No promotion with a budget ran in this period.")
    values, rows = [], []
    for promotion in found:
        budget = await scope.api.get(f"/v1/promotions/{promotion['id']}/budget")
        parts = {"spent": budget["committed_base"], "reserved": budget["reserved_base"], "left": budget["left_base"]}
        values += [
            {"name": promotion["code"], "part": part, "value": float(major(max(0, amount or 0), currency))}
            for part, amount in parts.items()
        ]
        rows.append(
            (
                f"{promotion['code']} {promotion['name']}",
                numbers.money(budget["budget_base"], currency),
                *(numbers.money(amount, currency) for amount in parts.values()),
                numbers.count(budget["committed_uses"]),
            )
        )
    table = Table(("Promotion", "Budget", "Spent", "Reserved", "Left", "Uses"), rows)
    summary = f"{numbers.count(len(rows))} promotions with a budget."
    chart = charts.stacked(values, currency, ["spent", "reserved", "left"])
    return Section("budgets", "Budgets of promotions", summary, chart, (table,))


async def ladder(scope: Scope) -> Section:
    """How many partners stand on which level, and what each lacks for the next."""
    numbers, currency = scope.numbers, scope.currency
    run = await scope.first_of(
        "/v1/tier-evaluations",
        "No levels of partners have been published by then.",
        sort="-period_to",
        state="published",
        **{"period_to[lte]": scope.last},
    )
    results = await scope.rows(f"/v1/tier-evaluations/{run['id']}/results", limit=PARTNERS)
    programme = await scope.api.get(f"/v1/tier-programmes/{run['programme_id']}")
    names = {level["code"]: level["name"] for level in sorted(programme["levels"], key=lambda one: -one["rank"])}
    partners = {item["id"]: item["name"] for item in await scope.rows("/v1/partners", limit=PARTNERS)}
    counts = Counter(names.get(item["new_level"], NO_LEVEL) for item in results)
    values = [
        {"name": name, "value": counts[name], "label": numbers.count(counts[name])}
        for name in (*names.values(), NO_LEVEL)
    ]

    def lack(metric: str, missing: int | None) -> str:
        if missing is None:
            return f"{metric}: too little data"
        return f"{metric}: {numbers.money(missing, currency) if metric == 'revenue' else numbers.count(missing)}"

    rows = [
        (
            str(partners.get(item["partner_id"], item["partner_id"])),
            str(names.get(item["new_level"], NO_LEVEL)),
            str(item["move"]),
            numbers.money(item["revenue"], currency),
            "; ".join(lack(one["metric"], one["missing"]) for one in item["missing"]),
        )
        for item in results
    ]
    summary = (
        f"{numbers.count(len(rows))} partners, {numbers.day(run['period_from'])} to {numbers.day(run['period_to'])}."
    )
    table = Table(("Partner", "Level", "Move", "Revenue", "Missing for the next"), rows)
    return Section("ladder", "Levels of partners", summary, charts.bars(values, "partners"), (table,))
