"""What the demo answers: everything agrees only when the showcase does too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.demo import _present
from cli.load.table import Table, TableRow
from cli.showcase.telling import Showcase
from cli.story_report import StoryReport
from tests.cli.showcase.sides import CHANNELS, CUSTOMER, RISK, TARGETS

WHOLE = Showcase(sides={"customer": CUSTOMER, "targets": TARGETS, "channels": CHANNELS, "risk": RISK})


def outcome(showcase: Showcase) -> dict[str, Any]:
    table = Table((TableRow("gross", "file", 1, "services", 1),), {}, orders=1, held=0)
    found = {"rebuilt": [], "findings": [], "story": StoryReport()}
    return {"report": None, "table": table, "showcase": showcase, **found}


def test_the_showcase_is_a_part_of_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert _present(outcome(WHOLE), as_json=True)
    body = json.loads(capsys.readouterr().out)
    assert (body["agrees"], body["showcase"]["holds"]) == (True, True)
    assert body["showcase"]["targets"]["plan"]["state"] == "promoted"
    assert body["showcase"]["laws"]["risk"]["a larger loss is never likelier"] is True


def test_for_people_it_follows_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert _present(outcome(WHOLE), as_json=False)
    printed = capsys.readouterr().out
    assert printed.index("What went in") < printed.index("customer: grades") < printed.index("Rebuilt from the log")
    assert "everything agrees" in printed


def test_without_it_nothing_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Showcase(sides=WHOLE.sides, broken={"risk": "no study"})
    assert not _present(outcome(broken), as_json=False)
    assert "something disagrees" in capsys.readouterr().out
