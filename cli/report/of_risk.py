"""Ageing of receivables, the heat map and the curve of losses."""

from __future__ import annotations

from cli.report import charts
from cli.report.numbers import major
from cli.report.sections import Nothing, Scope, Section, Table

BUCKETS = (
    ("current", "not due"),
    ("d1_30", "1–30 days"),
    ("d31_60", "31–60 days"),
    ("d61_90", "61–90 days"),
    ("over_90", "over 90 days"),
)
LISTED = 25


async def ageing(scope: Scope) -> Section:
    """What was open at the end of the period, by how late it was."""
    numbers, currency = scope.numbers, scope.currency
    found = await scope.rows("/v1/receivable-ageings", by="total", as_of=scope.as_of)
    if not found:
        raise Nothing("Nothing was open.")
    row = found[0]
    values = [
        {"name": text, "value": float(major(row[name], currency)), "label": numbers.money(row[name], currency)}
        for name, text in BUCKETS
    ]
    rows = [(text, numbers.money(row[name], currency)) for name, text in BUCKETS]
    rows += [
        ("credits", numbers.money(row["credits"], currency)),
        ("money on account", numbers.money(row["unallocated"], currency)),
        ("total", numbers.money(row["total"], currency)),
        ("of it disputed", numbers.money(row["disputed"], currency)),
    ]
    summary = f"{numbers.money(row['total'], currency)} open as of {numbers.day(row['as_of'])}."
    chart = charts.columns(values, currency) if any(row[name] for name, _ in BUCKETS) else None
    return Section("ageing", "Receivables by age", summary, chart, (Table(("Age", "Amount"), rows),))


async def heat_map(scope: Scope) -> Section:
    """Risks by likelihood and impact, as assessed now."""
    numbers = scope.numbers
    answer = await scope.api.get("/v1/heat-maps", kind="current", as_of=scope.as_of)
    placed = sum(cell["count"] for cell in answer["cells"])
    waiting = answer["unassessed"]["count"]
    if not placed and not waiting:
        raise Nothing("The register has no risk.")
    values = [
        {
            "x": cell["impact"],
            "y": cell["likelihood"],
            "band": cell["band"],
            "label": numbers.count(cell["count"]) if cell["count"] else "",
        }
        for cell in answer["cells"]
    ]
    rows = [
        (risk["code"], risk["title"], str(cell["likelihood"]), str(cell["impact"]), cell["band"])
        for cell in sorted(answer["cells"], key=lambda one: (-one["likelihood"] * one["impact"], -one["impact"]))
        for risk in cell["risks"]
    ]
    summary = f"{numbers.count(placed)} risks assessed, {numbers.count(waiting)} not yet."
    table = Table(("Risk", "Title", "Likelihood", "Impact", "Band"), rows[:LISTED])
    return Section("heat-map", "Heat map of risks", summary, charts.grid(values, "impact", "likelihood"), (table,))


async def losses(scope: Scope) -> Section:
    """The loss exceedance curve of the study of reference, else of the latest."""
    numbers = scope.numbers
    studies = await scope.rows("/v1/studies", state="completed", sort="-created_at", limit=1, is_reference="true")
    studies = studies or await scope.rows("/v1/studies", state="completed", sort="-created_at", limit=1)
    if not studies:
        raise Nothing("No study has been completed.")
    study = studies[0]
    answer = await scope.api.get(f"/v1/studies/{study['id']}/loss-curve")
    currency = answer["currency"]
    values = [
        {"x": float(major(point["amount"], currency)), "y": point["probability"] / 1_000_000}
        for point in answer["points"]
    ]
    step = max(1, len(answer["points"]) // LISTED)
    rows = [
        (
            numbers.money(point["amount"], currency),
            numbers.share(point["probability"]),
            numbers.count(round(point["years"])),
        )
        for point in answer["points"][::step]
    ]
    expected, rare = (numbers.money(study[name], currency) for name in ("expected_loss", "var_95"))
    trials = numbers.count(study["trials"])
    summary = (
        f"{study['name']}, of {numbers.day(study['created_at'][:10])}: {expected} expected in "
        f"{study['horizon_months']} months; one year in twenty loses {rare} or more ({trials} trials)."
    )
    return Section(
        "losses",
        "What losses may be passed",
        summary,
        charts.curve(values, currency, "probability of more"),
        (Table(("Loss", "Probability of at least that", "Once in so many years"), rows),),
    )
