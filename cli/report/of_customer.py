"""The funnel of a cohort, RFM segments and the moves of grades."""

from __future__ import annotations

from cli.report import charts
from cli.report.sections import Json, Nothing, Scope, Section, Table

GRADES = ("A", "B", "C", "D")
MILLION = 1_000_000


async def funnel(scope: Scope) -> Section:
    """How far the opportunities that were opened in the period came, with 95 % intervals."""
    numbers = scope.numbers
    answer = await scope.api.get("/v1/funnel", **{"from": scope.first, "to": scope.last})
    if not answer["sample_size"]:
        raise Nothing("No opportunity was opened in this period.")
    stages = answer["stages"]
    rows = [
        (
            stage["name"] or stage["stage"],
            numbers.count(stage["reached"]),
            numbers.count(stage["open"]),
            numbers.count(stage["lost"]),
            _rate(scope, stage["conversion"]),
        )
        for stage in stages
    ]
    values = [
        {
            "name": stage["name"] or stage["stage"],
            "value": stage["conversion"]["value"] / MILLION,
            "low": stage["conversion"]["low"] / MILLION,
            "high": stage["conversion"]["high"] / MILLION,
            "label": f"{numbers.share(stage['conversion']['value'])} of {numbers.count(stage['reached'])}",
        }
        for stage in stages
        if None not in (stage["conversion"]["value"], stage["conversion"]["low"], stage["conversion"]["high"])
    ]
    summary = (
        f"{numbers.count(answer['sample_size'])} opportunities: {numbers.count(answer['won'])} won, "
        f"{numbers.count(answer['lost'])} lost; win rate {_rate(scope, answer['win_rate'])}."
    )
    table = Table(("Stage", "Reached", "Open", "Lost", "Went on (95 % interval)"), rows)
    chart = charts.intervals(values, "share that went on") if values else None
    return Section("funnel", "Funnel", summary, chart, (table,))


def _rate(scope: Scope, rate: Json) -> str:
    share = scope.numbers.share
    if rate["value"] is None:
        return f"too few ({scope.numbers.count(rate['sample_size'])})"
    return f"{share(rate['value'])} ({share(rate['low'])} – {share(rate['high'])})"


async def rfm(scope: Scope) -> Section:
    """Accounts by segment of the latest run, and who moved since the run before."""
    numbers, currency = scope.numbers, scope.currency
    runs = await scope.rows("/v1/rfm-runs", limit=2, sort="-as_of", state="succeeded", **{"as_of[lte]": scope.last})
    if not runs:
        raise Nothing("No RFM run has ended by then.")
    answer = await scope.api.get(f"/v1/rfm-runs/{runs[0]['id']}/segments")
    items = [item for item in answer["items"] if item["accounts"]]
    values = [
        {"name": _word(item["segment"]), "value": item["accounts"], "label": numbers.count(item["accounts"])}
        for item in items
    ]
    rows = [
        (_word(item["segment"]), numbers.count(item["accounts"]), numbers.money(item["monetary_base"], currency))
        for item in items
    ]
    tables = [Table(("Segment", "Accounts", "Revenue"), rows)]
    summary = f"{numbers.count(answer['sample_size'])} accounts as of {numbers.day(answer['as_of'])}."
    if len(runs) == 2 and runs[0]["days"] == runs[1]["days"] and runs[0]["as_of"] != runs[1]["as_of"]:
        days = {"days": runs[0]["days"]} if runs[0]["days"] is not None else {}
        moved = await scope.api.get("/v1/rfm-migrations", **{"from": runs[1]["as_of"], "to": runs[0]["as_of"]}, **days)
        tables.append(
            Table(
                ("Was", "Is", "Accounts"),
                [
                    (_word(item["before"]), _word(item["after"]), numbers.count(item["accounts"]))
                    for item in moved["items"]
                    if item["before"] != item["after"]
                ],
            )
        )
        summary += f" Unchanged since {numbers.day(runs[1]['as_of'])}: {numbers.count(moved['unchanged'])}."
    return Section("rfm", "RFM segments", summary, charts.bars(values, "accounts"), tuple(tables))


def _word(name: str | None) -> str:
    return "none" if name is None else name.replace("_", " ")


async def grades(scope: Scope) -> Section:
    """How many accounts have which grade, and which they had before."""
    numbers = scope.numbers
    run = await scope.first_of(
        "/v1/grading-runs",
        "No grading run has ended by then.",
        sort="-as_of",
        state="succeeded",
        **{"as_of[lte]": scope.last},
    )
    path = f"/v1/grading-runs/{run['id']}/results"

    async def count(**which: str) -> int:
        return int((await scope.api.get(path, limit=1, count="exact", **which))["count"] or 0)

    moves = {(was, now): await count(grade=now, former=was) for was in GRADES for now in GRADES}
    first = {now: await count(grade=now, **{"former[null]": "true"}) for now in GRADES}
    totals = {now: first[now] + sum(moves[was, now] for was in GRADES) for now in GRADES}
    if not sum(totals.values()):
        raise Nothing("The latest grading run graded nobody.")
    values = [{"name": now, "value": totals[now], "label": numbers.count(totals[now])} for now in GRADES]
    rows = [(was, *(numbers.count(moves[was, now]) for now in GRADES)) for was in GRADES]
    rows.append(("none before", *(numbers.count(first[now]) for now in GRADES)))
    rows.append(("all", *(numbers.count(totals[now]) for now in GRADES)))
    summary = f"{numbers.count(sum(totals.values()))} accounts graded as of {numbers.day(run['as_of'])}."
    table = Table(("Grade before", *(f"now {now}" for now in GRADES)), rows)
    return Section("grades", "Grades", summary, charts.columns(values, "accounts"), (table,))
