"""What the soak calls flat, and what it says of things that grow."""

from __future__ import annotations

from bench.soak import FLAT_MIB_PER_HOUR, KEPT, Series, growing, rows_of, verdict_of


def series(unit: str, slope_per_hour: float, begin: float = 100.0, warm_up: float = 0.0) -> Series:
    """Ten minutes of samples; `warm_up` is what the first third grows besides."""
    points = []
    for second in range(0, 600, 5):
        early = min(second, 200) / 200 * warm_up
        points.append((float(second), begin + early + slope_per_hour * second / 3600))
    return Series(unit, points)


def test_memory_is_flat_after_its_warm_up_and_growth_is_seen() -> None:
    flat = series("MiB (PSS)", 0.0, warm_up=40)
    assert verdict_of("memory risk.api", flat, 100) == "flat"
    leak = series("MiB (PSS)", 2 * FLAT_MIB_PER_HOUR)
    assert verdict_of("memory risk.api", leak, 100) == "grows"
    assert "buffers" in verdict_of("memory postgres", leak, 100)
    assert round(leak.slope_per_hour()) == 2 * FLAT_MIB_PER_HOUR


def test_counters_may_waver_and_not_climb() -> None:
    wavering = Series("events", [(float(n), 50.0 + (n % 7) * 5) for n in range(600)])
    assert verdict_of("events not yet handled (lag)", wavering, 100) == "flat"
    assert verdict_of("events not yet handled (lag)", series("events", 6 * 500, 10), 100) == "grows"


def test_tables_grow_by_the_command_and_say_why() -> None:
    table = series("MiB", 6.0, begin=1.0)
    assert KEPT["outbox"] in verdict_of("table risk.outbox", table, 1000)
    assert verdict_of("table risk.order_credit", table, 1000).startswith("1,0")
    rows = rows_of({"table risk.outbox": table, "memory a": series("MiB (PSS)", 0), "rss a": table}, 1000)
    assert [row["name"] for row in rows] == ["memory a", "table risk.outbox"]
    assert growing(rows) == []
    assert growing(rows_of({"memory a": series("MiB (PSS)", 90)}, 1000)) == ["memory a"]
