"""The checker's pure rules find each kind of damage, and none where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from bench.faults import broad, rules
from bench.faults.breadth import ROWS_OF_AN_IMPORT
from bench.faults.client import Ack
from bench.faults.log import Entry, first_occurrences, resent
from bench.faults.rules import DUPLICATED, LOST, REORDERED, WRONG
from kit.events.bus import Record
from kit.events.envelope import Event

TOPIC = "crmesh.customer.events.v1"
PLACED = "customer.order.placed.v1"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def event(subject: str, sequence: int, event_type: str = PLACED, key: str = "k", **data: object) -> Event:
    return Event(uuid4(), event_type, "/crmesh/customer", subject, NOW, key, sequence, orjson.dumps(data))


def entry(one: Event, offset: int, partition: int = 0) -> Entry:
    return Entry(Record(TOPIC, partition, offset, one.key, one.data, (), 0), one, one.type)


def log(*events: Event) -> list[Entry]:
    return [entry(one, offset) for offset, one in enumerate(events)]


def placed(subject: str, version: int, number: int = 0) -> Ack:
    return Ack(number, "0a", "place", "/place", subject, "k", {"version": version}, 1, 0.0)


def kinds(damage: list[rules.Damage]) -> list[str]:
    return [one.kind for one in damage]


def test_acknowledged_commands_have_exactly_one_event() -> None:
    one, other = event("a", 2), event("b", 2)
    acks = [placed("a", 2), placed("b", 2)]
    entries = log(one, other, one)
    assert resent(entries) == 1
    assert rules.check_acks(acks, rules.index_of(first_occurrences(entries)), ()) == []
    assert kinds(rules.check_acks(acks, rules.index_of(first_occurrences(log(one))), ())) == [LOST]
    twice = rules.index_of(first_occurrences(log(one, other, event("a", 2))))
    assert kinds(rules.check_acks(acks, twice, ())) == [DUPLICATED]
    unasked = event("c", 2)
    index = rules.index_of(first_occurrences(log(one, other, unasked)))
    assert kinds(rules.check_acks(acks, index, ())) == [DUPLICATED]
    assert rules.check_acks(acks, index, {unasked.id}) == []
    assert DUPLICATED in kinds(rules.check_acks([*acks, placed("a", 2)], rules.index_of(()), ()))


def test_events_of_a_subject_come_in_order_of_their_sequence() -> None:
    first, second = event("a", 1), event("a", 2)
    assert rules.check_subjects(first_occurrences(log(first, second, first)), ()) == []
    assert kinds(rules.check_subjects(first_occurrences(log(second, first)), ())) == [REORDERED]
    judged = event("a", 1, "customer.lifecycle.changed.v1"), event("a", 2, "customer.churn.warned.v1")
    assert rules.check_subjects(first_occurrences(log(first, second, *judged)), ()) == [], "counted apart"
    assert kinds(rules.check_subjects(first_occurrences(log(*reversed(judged))), ())) == [REORDERED]
    elsewhere = [entry(first, 0), entry(second, 0, partition=1)]
    assert kinds(rules.check_subjects(first_occurrences(elsewhere), ())) == [REORDERED]


def test_a_lane_keeps_its_order_in_the_log() -> None:
    a, b = event("a", 2), event("b", 2)
    acks = [placed("a", 2), placed("b", 2, 1)]
    assert rules.check_lanes(acks, rules.index_of(first_occurrences(log(a, b)))) == []
    assert kinds(rules.check_lanes(acks, rules.index_of(first_occurrences(log(b, a))))) == [REORDERED]


def credit_fact(kind: str, amount: int, before: int, limit: int = 100) -> Event:
    fields: dict[str, Any] = {
        "account_id": "x",
        "order_id": str(UUID(int=1)),
        "amount": amount,
        "exposure_before": before,
    }
    return event("o", 1, f"risk.credit.{kind}.v1", **fields, limit=limit, decision="automatic")


def test_replayed_decisions_never_pass_a_limit_and_saw_the_true_exposure() -> None:
    fine = [credit_fact("reserved", 60, 0), credit_fact("released", 30, 0), credit_fact("reserved", 70, 30)]
    assert rules.check_limits(fine) == []
    on_hold = event("x", 1, "risk.credit.hold_placed.v1", account_id="x", hold_reasons=["overdue"])
    assert rules.check_limits([*fine[:2], on_hold, *fine[2:]]) == []
    assert kinds(rules.check_limits([*fine, credit_fact("reserved", 1, 100)])) == [WRONG]
    assert kinds(rules.check_limits([*fine, credit_fact("refused", 1, 99)])) == [WRONG]


def test_rows_and_sums_are_compared_both_ways() -> None:
    assert rules.compare_ids("order", ["a", "b"], ["b", "a"]) == []
    assert kinds(rules.compare_ids("order", ["a", "b"], ["b", "c"])) == [LOST, DUPLICATED]
    assert kinds(rules.compare_ids("order", ["a", "a"], ["a"])) == [DUPLICATED]
    assert rules.compare_sums("credit", {"a": 5, "b": 0}, {"a": 5}) == []
    assert kinds(rules.compare_sums("credit", {"a": 5, "b": 5}, {"a": 10})) == [DUPLICATED, LOST]


def test_a_job_ends_well_unless_its_worker_died_too_often() -> None:
    done, given_up = ("succeeded", None), ("failed", "worker died in 5 attempts")
    assert rules.check_jobs({"a": 0, "b": 5}, {"a": done, "b": given_up}) == []
    assert kinds(rules.check_jobs({"a": 4}, {"a": given_up})) == [WRONG]
    assert kinds(rules.check_jobs({"a": 9}, {"a": ("failed", "ValueError")})) == [WRONG]
    assert kinds(rules.check_jobs({"a": 9}, {"a": ("running", None)})) == [WRONG]
    assert kinds(rules.check_jobs({"a": 0}, {"b": done})) == [LOST, WRONG]


def parked_row(lane: str, key: str, **more: object) -> dict[str, Any]:
    return {"lane": lane, "key": key, "event_id": uuid4(), "type": PLACED, "error": "", "discarded_at": None, **more}


def test_parked_events() -> None:
    """Of a projection that always fails few keys may wait, in its lane, until it is set aside."""
    keys = [f"key-{n}" for n in range(10)]
    poison = parked_row("core", "k", discarded_at=NOW)
    held = [parked_row("insight", "key-1"), parked_row("insight", "key-1")]
    assert rules.check_parked("risk", [poison, *held], {poison["event_id"]}, "live", keys[:9]) == []
    assert rules.check_parked("risk", [], (), "aside", keys) == []
    for rows, state, failed in (
        ([poison], "", []),
        ([parked_row("core", "key-1")], "live", keys[:9]),
        ([parked_row("insight", "other")], "live", keys[:9]),
        ([parked_row("insight", "key-1", discarded_at=NOW)], "live", keys[:9]),
        (held[:1], "aside", keys),
        (held[:1], "", keys[:9]),
        ([], "live", keys),
    ):
        assert kinds(rules.check_parked("risk", rows, (), state, failed)) == [WRONG]


def test_what_other_lanes_asked_for_is_there_and_has_ended() -> None:
    def ack(kind: str, of: str) -> Ack:
        return Ack(0, "broad-0", kind, "/", of, "", {}, 1, 0.0)

    acks = [ack("quote", "q"), ack("import", "i"), ack("start", "i"), ack("answer", ""), ack("merge", "")]
    numbers = {"answers": 1, "merges": 1, "leads": ROWS_OF_AN_IMPORT, "ungraded": 0}
    rows = {"quote": ["q"], "import": ["i"]}
    assert broad.damage_of(acks, broad.Found(rows, {"start": ["i"]}, numbers)) == []
    assert kinds(broad.damage_of(acks, broad.Found({**rows, "quote": []}, {"start": ["i"]}, numbers))) == [LOST]
    assert kinds(broad.damage_of(acks, broad.Found({**rows, "study": ["s"]}, {}, numbers))) == [DUPLICATED]
    assert kinds(broad.damage_of(acks, broad.Found(rows, {"start": []}, numbers))) == [LOST], "it has not ended"
    for name, wrong, kind in (("answers", 2, DUPLICATED), ("leads", 19, LOST), ("ungraded", 1, DUPLICATED)):
        assert kinds(broad.damage_of(acks, broad.Found(rows, {}, {**numbers, name: wrong}))) == [kind]
