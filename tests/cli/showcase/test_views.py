"""The sides for people: figures in their units, and words where there is no figure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from cli.showcase import channels, views
from cli.showcase.telling import Showcase, Side
from tests.cli.showcase.sides import CHANNELS, CHURN, CUSTOMER, RISK, TARGETS


def test_figures() -> None:
    assert (views.percent(848_485), views.percent(0), views.percent(None)) == ("84.8 %", "0.0 %", "-")
    assert (views.amount(123_456), views.amount(None)) == ("1,234.56", "-")
    assert views.words("about_to_sleep") == "about to sleep"


def test_warnings_stand_beside_what_happened() -> None:
    sentence = views.churn_sentence(CHURN)
    assert "264 of 672 repeat buyers" in sentence
    assert "Until 1998-06-30 84.8 % (80.0 % to 88.7 %) of these ordered nothing" in sentence
    assert "137 days of silence" in sentence
    assert "plain rule" not in views.churn_sentence(replace(CHURN, plain_days=None))
    assert "an unknown share" in views.churn_sentence(replace(CHURN, recall=None))
    lacking = views.churn_sentence(replace(CHURN, insufficient="repeat-buyers: 3 of 200"))
    assert lacking == "Who was leaving on 1998-03-31 cannot be said (repeat-buyers: 3 of 200)."


def test_the_way_to_the_next_level() -> None:
    near, highest = CHANNELS.standings
    assert views.way_of(near) == "silver: revenue 0.20 more, growth"
    assert views.way_of(highest) == "none is higher"
    assert views.way_of(replace(near, missing=())) == "silver: another evaluation"
    deals = (channels.Lack("conflicts", 3, 1, 2), channels.Lack("growth", 0, 50_000, 50_000))
    assert views.way_of(replace(near, missing=deals)) == "silver: conflicts 2 more, growth 5.0 % more"


@pytest.mark.parametrize(
    ("side", "seen"),
    [
        (CUSTOMER, ("champions", "9.90", "2 potential, 3 churned", "84.8 %")),
        (TARGETS, ("0.40", "rep-01", "is red", "A plan", "0.56")),
        (CHANNELS, ("14.99 from 1, 13.99 from 100", "20 + 15 + -5 = 30", "CF-1", "abababababab")),
        (RISK, ("115.7", "CN-SH", "7 automatic", "Customer 1", "90.0 % above 0.10", "a return of 2.00")),
    ],
    ids=["customer", "targets", "channels", "risk"],
)
def test_each_side_is_printed(
    side: Side, seen: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "out", Console(width=160))
    views.print_side(side)
    printed = capsys.readouterr().out
    assert [text for text in seen if text not in printed] == []


def test_what_is_amiss_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    views.print_outcome(Showcase(sides={"customer": CUSTOMER}))
    assert capsys.readouterr() == ("", "")
    views.print_outcome(Showcase(sides={"customer": replace(CUSTOMER, segments=())}, broken={"risk": "no study"}))
    printed = capsys.readouterr()
    assert "does not hold: customer: every ranked account is in one segment" in printed.out
    assert "risk could not be shown: no study" in printed.err
