"""`crmesh report` of a running system: the API's own figures, with the caller's own rights."""

from __future__ import annotations

import html
import re
from pathlib import Path

from kit.testing.program import run_program
from tests.e2e.ways import lasting
from tests.e2e.world import World

TITLES = {
    "attainment": "Attainment against plan",
    "tree": "The tree of targets",
    "funnel": "Funnel",
    "rfm": "RFM segments",
    "grades": "Grades",
    "ageing": "Receivables by age",
    "budgets": "Budgets of promotions",
    "ladder": "Levels of partners",
    "heat-map": "Heat map of risks",
    "losses": "What losses may be passed",
    "alerts": "Standing alerts",
}


def write(world: World, out: Path, *more: str) -> tuple[int, str, str]:
    done = run_program("report", "--url", world.url, "--out", str(out), *more)
    return done.returncode, done.stderr, out.read_text() if out.is_file() else ""


def section(page: str, key: str) -> str:
    found = re.search(rf'<section id="{key}".*?</section>', page, re.DOTALL)
    assert found, key
    return html.unescape(found.group())


def test_figures_are_those_of_the_api(world: World, tmp_path: Path) -> None:
    unit = world.get("/v1/units", limit=1, **{"parent_id[null]": "true"})["items"][0]
    whole_unit = {"unit_id": unit["id"], "member_id": None}
    target = world.make("/v1/targets", lasting(world) | whole_unit)
    world.make(f"/v1/targets/{target['id']}/activate")
    period = f"{target['period_start']}..{target['period_end']}"
    code, said, page = write(
        world, tmp_path / "r.html", "--unit", unit["code"], "--period", period, "--as", "admin", "--locale", "en-US"
    )
    assert code == 0, said
    for key, title in TITLES.items():
        assert f">{title}</h2>" in section(page, key)
    amount = target["amount"]
    assert f"{amount / 100:,.2f}" in section(page, "attainment")
    assert "data:image/svg+xml" in section(page, "attainment")
    total = world.get("/v1/receivable-ageings?by=total")["items"][0]["total"]
    assert f"{total / 100:,.2f} open as of" in section(page, "ageing")
    for key in TITLES:
        assert "not valid" not in section(page, key), "every query is one that the API knows"


def test_who_may_not_see_a_unit_is_told(world: World, tmp_path: Path) -> None:
    for principal, reason in (("agent", "needs the permission attainment:read"), ("rep-31", "your own records")):
        code, said, page = write(world, tmp_path / "r.html", "--period", "2026", "--as", principal)
        assert (code, page) == (1, "")
        assert reason in said


def test_what_is_wrong_with_the_call_is_said_and_nothing_written(world: World, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    for arguments, status, word in (
        (("--period", "2026-Q5"), 2, "--period"),
        (("--locale", "klingon"), 2, "--locale"),
        (("--unit", "no-such-unit"), 1, "no-such-unit"),
        (("--period", "9999"), 1, "to: "),
        (("--as", "nobody"), 1, "client_id"),
    ):
        code, said, page = write(world, out, *arguments)
        assert (code, page) == (status, ""), said
        assert word in said
    (tmp_path / "file").touch()
    for place in (tmp_path / "missing" / "r.html", tmp_path):
        code, said, _ = write(world, place, "--period", "2026")
        assert (code, "cannot be written" in said, "Traceback" in said) == (2, True, False)
    code, said, _ = write(world, out, "--period", "2026", "--pictures", str(tmp_path / "file" / "below"))
    assert (code, "cannot be written" in said, "Traceback" in said) == (2, True, False)
