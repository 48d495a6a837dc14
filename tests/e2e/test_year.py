"""A company's year in its short form: every act happens, every service ties to every other, and so does the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.load.client import connected
from cli.year.page import page_of
from cli.year.play import FIRST_DAY, FIRST_ZONE, NEXT_DAY, NEXT_ZONE, Year, begun, ended
from cli.year.sales import SHORT
from kit.testing.native import make_folder, run_apart
from kit.testing.program import Program, run_program
from tests.e2e.conftest import remove, running_system

EFFECTS = (
    "a move of a seller is known to customer",
    "a new account has a credit profile",
    "a placed order is checked and confirmed",
    "a confirmed order is in the exposure of risk",
    "a confirmed order is credited to its sellers",
    "a confirmed order is accrued to its partner",
    "a confirmed order takes a promotion's budget",
    "an officer's override confirms the order",
    "a return is taken from the exposure of risk",
    "a return is taken from the base of the rebate",
    "a return is taken from the sellers' credits",
    "a payment lowers the exposure of risk",
    "an order through another partner is found to be in conflict",
    "a split shares an order between its sellers",
    "a split shares an order between its partners",
    "what is overdue turns an indicator red",
    "a red indicator asks for an assessment of its risk",
    "an indicator is calm when what was overdue is paid",
    "a complaint is counted by risk",
    "a merge is known to risk",
    "an unmerge is known to risk",
    "the days to pay of a credit grade are those of new orders",
    "an order with more days to pay than its customer has is held",
    "a delivery meets an obligation of its contract",
    "a payment meets an obligation of its contract",
    "a target behind its pace turns an indicator red",
    "what may be lost is taken off the forecast",
    "whoever has stopped buying is warned of",
    "churn warnings turn an indicator red",
    "a red indicator of churn asks for an assessment of its risk",
    "an answer counts for the target of satisfaction",
    "a grade gives its customer another price",
    "a grade has its customer's complaints answered sooner",
    "an order wins the deal that it names",
    "a merge joins what was credited",
    "a merge joins the points",
    "an unmerge parts the points",
)


@dataclass(frozen=True)
class Played:
    """A running system on which the year was played."""

    program: Program
    folder: Path
    year: Year


async def play(url: str, year: Year | None) -> Year:
    async with connected(url) as api:
        return await (begun(api, SHORT) if year is None else ended(api, year))


@pytest.fixture(scope="module", params=["embedded", pytest.param("kafka", marks=pytest.mark.nightly)])
def lived(request: pytest.FixtureRequest, prepared: Callable[[Path], Path]) -> Iterator[Played]:
    folder = prepared(make_folder("year"))
    try:
        with running_system(request.param, folder, {"CRMESH_TIMEZONE": FIRST_ZONE}) as program:
            year = run_apart(play(program.url, None))
        with running_system(request.param, folder, {"CRMESH_TIMEZONE": NEXT_ZONE}) as program:
            yield Played(program, folder, run_apart(play(program.url, year)))
    finally:
        remove(folder)


def test_every_act_happens_and_its_laws_hold(lived: Played) -> None:
    assert lived.year.broken == ""
    assert len(lived.year.acts) == len(FIRST_DAY) + len(NEXT_DAY)
    assert lived.year.broken_laws() == []


def test_every_service_says_the_same_to_the_cent(lived: Played) -> None:
    assert lived.year.table is not None
    assert [row for row in lived.year.table.rows if not row.ties] == []
    assert {row.right.partition(":")[0] for row in lived.year.table.rows} >= {"targets", "channels", "risk", "customer"}
    assert sum(row.says != 0 for row in lived.year.table.rows) >= len(lived.year.table.rows) - 1, "only the ledger is 0"


def test_rebuilt_and_derived_again_it_is_the_same(lived: Played) -> None:
    rebuilt = run_program("rebuild", "all", "--data", str(lived.folder), "--json")
    assert rebuilt.returncode == 0, rebuilt.stdout[-3000:]
    assert all(report["equal"] for report in json.loads(rebuilt.stdout))
    verified = run_program("verify", "--data", str(lived.folder), "--json")
    assert verified.returncode == 0, verified.stdout[-3000:]
    assert all(finding["ok"] for finding in json.loads(verified.stdout))


def test_a_page_tells_it(lived: Played) -> None:
    page = page_of(lived.year)
    for act in lived.year.acts:
        assert f". {act.name}\n" in page
    assert "**" not in page, "nothing differs"


@pytest.mark.parametrize("effect", EFFECTS)
def test_what_one_service_does_comes_true_in_another(
    lived: Played, effect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert effect in lived.year.worst, f"the year ended before: {lived.year.broken}"
    with capsys.disabled():
        print(f"\n{lived.year.worst[effect]:8.0f} ms at worst: {effect}", end="")


def test_every_effect_has_its_test(lived: Played) -> None:
    assert set(lived.year.worst) == set(EFFECTS)
