"""A side of each service, small and whole."""

from __future__ import annotations

from datetime import date

from cli.showcase import channels, customer, risk, targets

DAY = date(1998, 3, 31)

SHARE = customer.Share(848_485, 800_257, 886_716, 264)
CHURN = customer.Churn(DAY, "1998-06-30", 672, 264, SHARE, SHARE, SHARE, 137, SHARE, SHARE, None)
CUSTOMER = customer.CustomerSide(
    as_of=DAY,
    accounts=5,
    accounts_graded=3,
    grades=(customer.Graded("A", 1, 900), customer.Graded("D", 2, 100)),
    accounts_ranked=3,
    segments=(customer.Segment("lost", 1, 10), customer.Segment("champions", 2, 990)),
    stages=(customer.Stage("potential", 2), customer.Stage("churned", 3)),
    churn=CHURN,
)

BRANCHES = (
    targets.Branch("January", 60, 30, 500_000, 60, ("rep-01",)),
    targets.Branch("February", 41, 11, 268_293, 41, ()),
)
TARGETS = targets.TargetsSide(
    quarters=(targets.Quarter("Q1", DAY, 101, 20, 500_000, 30, 40, 50, 100_000, 42, 415_842),),
    tree=targets.Tree("Q1", 101, 42, 1, BRANCHES),
    running="Showcase 2026-10",
    alerts=(targets.Alert("Showcase 2026-10", "open", "red", "p_hit", 0, 300_000, "2026-11-30"),),
    plan=targets.Plan(
        "A plan", "promoted", "2026-11-30", 101, (targets.Change("a", 50, 45), targets.Change("b", 51, 56))
    ),
)

LACKS = (channels.Lack("revenue", 80, 100, 20), channels.Lack("growth", None, 50_000, None))
EVIDENCE = (channels.Evidence("order", "2026-11-30", "ab" * 32), channels.Evidence("order", "2026-11-30", "cd" * 32))
CHANNELS = channels.ChannelsSide(
    prices=(channels.Price("CD", 1, 1499), channels.Price("CD", 100, 1399)),
    budgets=(
        channels.Budget("A", "One", "active", 100, 10, 20, 70),
        channels.Budget("B", "Two", "active", 50, 0, 50, 0),
    ),
    points=channels.Points("Club", 30, (20, 15, -5)),
    period="1998Q1",
    standings=(channels.Standing("P", 80, "bronze", "silver", LACKS), channels.Standing("Q", 900, "gold", None, ())),
    conflicts=(channels.Conflict("CF-1", "same_customer", "medium", "opened", 205, 2, EVIDENCE),),
)

REGION = risk.Ageing("CN-BJ", 1, 2, 3, 4, 5, 6, 7, 2)
RISK = risk.RiskSide(
    as_of=DAY,
    ageing=(REGION, risk.Ageing("CN-SH", 1, 0, 0, 0, 0, 0, 0, 1)),
    ageing_total=risk.Ageing("total", 2, 2, 3, 4, 5, 6, 7, 3),
    dso="115.7",
    scored=5,
    grades=(risk.Graded("AAA", 2), risk.Graded("NR", 3)),
    decisions=(risk.Decided("automatic", 7),),
    holds=(risk.Hold("Customer 1", "manual", "2026-11-30", None),),
    scenarios=(risk.Scenario("R", "A risk", 12, 8.0, 5.0, 12.0, 70, 700_000),),
    expected_loss=100,
    curve=(risk.Point(10, 900_000), risk.Point(20, 500_000), risk.Point(30, 500_000)),
    treatment=risk.Treated("Ask for a deposit", 10, 70, 40, 2.0, 0),
)
