"""What the sides have in common: found before it is made, waited for until a deadline, read into typed rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.load.client import ApiError
from cli.showcase import steps
from tests.cli.showcase.gateway import Answers, listed, problem

DAY = date(1998, 3, 31)
RUNS = "/v1/runs"


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    count: int


def test_the_day_is_thirteen_weeks_before_the_sample_ends() -> None:
    assert steps.AS_OF == DAY


def test_rows_take_their_fields_out_of_answers() -> None:
    items = [{"name": "a", "count": 1, "other": None}, {"count": 2, "name": "b"}]
    assert steps.rows_of(Pair, items) == (Pair("a", 1), Pair("b", 2))
    with pytest.raises(KeyError):
        steps.row_of(Pair, {"name": "a"})


@given(st.lists(st.integers(0, 1_000_000)))
def test_sorted_downwards_never_rises(values: list[int]) -> None:
    assert steps.never_rises(sorted(values, reverse=True))
    assert steps.never_rises(values) == (values == sorted(values, reverse=True))


async def test_until_waits_for_an_answer_and_no_longer_than_the_deadline() -> None:
    seen: list[int] = []

    async def third() -> str | None:
        seen.append(1)
        return "there" if len(seen) == 3 else None

    assert await steps.until("it is there", third, pause=0) == "there"

    async def never() -> None:
        return None

    with pytest.raises(steps.ShowcaseFailed, match="it is there"):
        await steps.until("it is there", never, seconds=0, pause=0)


async def test_what_is_there_is_found_and_what_is_missing_made() -> None:
    there = Answers({"GET /v1/things": [listed({"id": "1", "code": "A"})]})
    assert (await steps.ensured(there.api(), "/v1/things", "code", {"code": "A"}))["id"] == "1"
    assert there.posted() == []

    missing = Answers({"GET /v1/things": [listed()], "POST /v1/things": [{"id": "2"}]})
    with pytest.raises(steps.ShowcaseFailed, match="/v1/things"):
        await steps.found(missing.api(), "/v1/things", code="A")
    assert (await steps.ensured(missing.api(), "/v1/things", "code", {"code": "A", "x": 1}))["id"] == "2"
    assert missing.posted() == [("POST /v1/things", {"code": "A", "x": 1})]


async def test_a_command_is_sent_again_while_what_it_names_is_on_its_way() -> None:
    refused = problem(422, code="unknown-reference", retryable=True)
    answers = Answers({"POST /v1/things": [refused, refused, {"id": "1"}]})
    api = answers.api()
    assert await steps.retried("it is heard of", lambda: api.post("/v1/things", {})) == {"id": "1"}
    assert len(answers.posted()) == 3

    final = Answers({"POST /v1/things": [problem(422, code="validation")]})
    with pytest.raises(ApiError):
        await steps.retried("it is heard of", lambda: final.api().post("/v1/things", {}))
    assert len(final.posted()) == 1


async def test_a_state_that_leads_elsewhere_ends_the_waiting() -> None:
    answers = Answers({"GET /v1/things/1": [{"state": "running"}, {"state": "completed"}]})
    assert (await steps.in_state(answers.api(), "/v1/things/1", ("completed",), ("running",)))["state"] == "completed"
    failed = Answers({"GET /v1/things/1": [{"state": "running"}, {"state": "failed"}]})
    with pytest.raises(steps.ShowcaseFailed, match="is failed"):
        await steps.in_state(failed.api(), "/v1/things/1", ("completed",), ("running",))


@pytest.mark.parametrize(
    ("runs", "used", "started"),
    [
        ((), "new", 1),
        (({"id": "old", "state": "succeeded"},), "old", 0),
        (({"id": "going", "state": "running"},), "going", 0),
        (({"id": "going", "state": "queued"}, {"id": "old", "state": "succeeded"}), "old", 0),
        (({"id": "broken", "state": "failed"}, {"id": "ended", "state": "cancelled"}), "new", 1),
    ],
)
async def test_a_run_of_the_day_is_used_and_started_only_without_one(
    runs: tuple[dict[str, str], ...], used: str, started: int
) -> None:
    done = {"id": used, "state": "succeeded"}
    answers = Answers(
        {f"GET {RUNS}": [listed(*runs)], f"POST {RUNS}": [{"id": "new"}], f"GET {RUNS}/{used}": [done]},
    )
    assert await steps.run_as_of(answers.api(), RUNS, DAY) == done
    assert answers.posted() == [(f"POST {RUNS}", {"as_of": "1998-03-31"})] * started
