"""The sides of the showcase for people: small tables, and a sentence where a table would be too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table as RichTable

from cli.console import err, money, out, say
from cli.showcase.channels import ChannelsSide, Standing
from cli.showcase.customer import Churn, CustomerSide, Share
from cli.showcase.risk import Ageing, Point, RiskSide
from cli.showcase.targets import TargetsSide
from cli.showcase.telling import Showcase, Side

CHANCES = (900_000, 500_000, 200_000, 100_000, 50_000, 10_000)
HASH_LENGTH = 12


def percent(millionths: int | None) -> str:
    """12.3 %, or what stands for a share that nobody knows."""
    return "-" if millionths is None else f"{millionths / 10_000:.1f} %"


def amount(cents: int | None) -> str:
    """12,345.67, or what stands for an amount that nobody knows."""
    return "-" if cents is None else money(cents)


def words(name: str) -> str:
    """A name of the API as words."""
    return name.replace("_", " ")


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> RichTable:
    """The first column names the row, the others are figures."""
    view = RichTable(title=title, title_justify="left")
    for number, column in enumerate(columns):
        view.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        view.add_row(*row)
    return view


def print_side(side: Side) -> None:
    """The side of one service."""
    for part in _parts(side):
        if isinstance(part, str):
            say(out, part)
        else:
            out.print(part)


def _parts(side: Side) -> Iterator[RichTable | str]:
    match side:
        case CustomerSide():
            yield from _customer(side)
        case TargetsSide():
            yield from _targets(side)
        case ChannelsSide():
            yield from _channels(side)
        case RiskSide():
            yield from _risk(side)


def _customer(side: CustomerSide) -> Iterator[RichTable | str]:
    grades = ((row.grade, f"{row.accounts:,}", money(row.revenue_base)) for row in side.grades)
    yield _table(f"customer: grades on {side.as_of}", ("grade", "customers", "revenue of the year"), grades)
    segments = sorted(side.segments, key=lambda row: -row.monetary_base)
    rows = ((words(row.segment), f"{row.accounts:,}", money(row.monetary_base)) for row in segments)
    yield _table(f"customer: RFM segments on {side.as_of}", ("segment", "customers", "revenue"), rows)
    stages = ", ".join(f"{row.accounts:,} {words(row.stage)}" for row in side.stages if row.accounts)
    yield f"Where they stand in their life today: {stages}."
    yield churn_sentence(side.churn)


def churn_sentence(churn: Churn) -> str:
    """What the warnings said, and what happened."""
    if churn.insufficient is not None:
        return f"Who was leaving on {churn.as_of} cannot be said ({churn.insufficient})."
    sentence = (
        f"Warned of on {churn.as_of}: {churn.warned:,} of {churn.judged:,} repeat buyers. Until {churn.until} "
        f"{_share(churn.precision)} of these ordered nothing, of all {_share(churn.base_rate)}; "
        f"of those who left {_share(churn.recall)} had been warned of."
    )
    if churn.plain_days is None:
        return sentence
    return f"{sentence} The plain rule ({churn.plain_days} days of silence): {_share(churn.plain_precision)}."


def _share(share: Share | None) -> str:
    if share is None or share.value is None:
        return "an unknown share"
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"


def _targets(side: TargetsSide) -> Iterator[RichTable | str]:
    quarters = (
        (
            f"{row.name}, {row.as_of}",
            *(amount(cents) for cents in (row.amount, row.actual)),
            *(percent(share) for share in (row.pace, row.p_hit)),
            *(amount(cents) for cents in (row.low, row.expected, row.high, row.final)),
        )
        for row in side.quarters
    )
    figures = ("halfway", "target", "credited", "pace", "chance", "P10", "P50", "P90", "became")
    yield _table("targets: halfway through each quarter, and what it became", figures, quarters)
    tree = side.tree
    branches = (
        (row.name, money(row.amount), money(row.actual), percent(row.attainment), ", ".join(row.best))
        for row in tree.branches
    )
    columns = (tree.name, money(tree.amount), money(tree.actual), "attained", "closest of the sellers")
    yield _table(f"targets: the tree of {tree.name}", columns, branches)
    for alert in side.alerts:
        yield (
            f"Alert, {alert.state}: {alert.name} is {alert.level}, raised on {alert.raised_on}; "
            f"its {words(alert.measure)} is {percent(alert.figure)}, the threshold {percent(alert.threshold)}."
        )
    changes = ((row.name, money(row.before), money(row.after)) for row in side.plan.changes)
    title = f"targets: plan {side.plan.name!r}, {side.plan.state}, from {side.plan.valid_from} on"
    yield _table(title, ("month", "before", "with the plan"), changes)


def _channels(side: ChannelsSide) -> Iterator[RichTable | str]:
    prices: dict[str, list[str]] = {}
    for price in side.prices:
        prices.setdefault(price.sku, []).append(f"{money(price.unit_price)} from {price.min_quantity:,}")
    listed = ((sku, ", ".join(steps)) for sku, steps in prices.items())
    yield _table("channels: price book", ("product", "a piece"), listed)
    budgets = (
        (
            f"{row.name} ({row.state})",
            *map(money, (row.budget_base, row.reserved_base, row.committed_base, row.left_base)),
        )
        for row in side.budgets
    )
    yield _table("channels: promotions", ("promotion", "budget", "reserved", "used", "left"), budgets)
    earned = " + ".join(f"{points:,}" for points in side.points.entries)
    yield f"Points ({side.points.programme}): {earned} = {side.points.available:,}."
    standings = ((row.partner, money(row.revenue), row.level or "-", way_of(row)) for row in side.standings)
    columns = ("partner", f"revenue of {side.period}", "level", "what the next one takes")
    yield _table("channels: levels of partners", columns, standings)
    for conflict in side.conflicts:
        hashes = ", ".join(f"{row.subject} {row.sha256[:HASH_LENGTH]}" for row in conflict.evidence)
        yield (
            f"Conflict {conflict.number}, {words(conflict.kind)}, {conflict.severity}, {conflict.state}: worth "
            f"{money(conflict.value_base)}, shown by {hashes}."
        )


def way_of(standing: Standing) -> str:
    """What a partner lacks for the next level."""
    if standing.next_level is None:
        return "none is higher"
    lacks = ", ".join(
        f"{words(lack.metric)} {_figure(lack.metric, lack.missing)} more"
        if lack.missing is not None
        else words(lack.metric)
        for lack in standing.missing
    )
    return f"{standing.next_level}: {lacks or 'another evaluation'}"


def _figure(metric: str, value: int | None) -> str:
    if metric == "revenue":
        return amount(value)
    return percent(value) if metric in ("growth", "deals_won", "satisfaction") else str(value)


def _risk(side: RiskSide) -> Iterator[RichTable | str]:
    days = ("region", "not due", "1 to 30", "31 to 60", "61 to 90", "over 90 days", "credits", "in all")
    ageing = (_ageing(row) for row in (*side.ageing, side.ageing_total))
    yield _table(f"risk: open on {side.as_of}, by days overdue (DSO {side.dso or '-'})", days, ageing)
    grades = [row for row in side.grades if row.accounts]
    found = [f"{row.accounts:,}" for row in grades]
    yield _table(f"risk: {side.scored:,} customers scored as of {side.as_of}", [row.grade for row in grades], [found])
    decisions = ", ".join(f"{row.orders:,} {row.decision}" for row in side.decisions)
    yield f"Placements: {decisions}."
    for hold in side.holds:
        until = hold.until or "it is lifted"
        yield f"On hold ({words(hold.hold_reason)}) since {hold.placed_on}, until {until}: {hold.name}."
    scenarios = (
        (
            f"{row.title} ({row.losses:,} in the sample)",
            f"{row.rate:.0f} ({row.rate_low:.0f} to {row.rate_high:.0f})",
            money(row.expected_loss),
            percent(row.share),
        )
        for row in side.scenarios
    )
    columns = ("register, estimated from the sample", "a year", "expected loss", "share")
    yield _table(f"risk: expected loss of a year {money(side.expected_loss)}", columns, scenarios)
    curve = [point for point in side.curve if point.probability in CHANCES]
    yield f"Loss curve: {curve_sentence(curve)}."
    treated = side.treatment
    roi = "-" if treated.roi is None else f"{treated.roi:.2f}"
    yield (
        f"Treatment, {treated.title.lower()}: expected loss {money(treated.before)} -> {money(treated.after)} "
        f"for {money(treated.cost)} a year, a return of {roi}."
    )


def _ageing(row: Ageing) -> tuple[str, ...]:
    figures = (row.current, row.d1_30, row.d31_60, row.d61_90, row.over_90, row.credits, row.total)
    return (row.key, *map(money, figures))


def curve_sentence(points: Iterable[Point]) -> str:
    """Chances of losing more than amounts."""
    return ", ".join(f"{percent(point.probability)} above {money(point.amount)}" for point in points)


def print_outcome(showcase: Showcase) -> None:
    """What could not be shown, and what does not hold; nothing when all is well."""
    for name, why in showcase.broken.items():
        say(err, f"{name} could not be shown: {why}", "bold red")
    for law in showcase.broken_laws():
        say(out, f"does not hold: {law}", "bold red")
