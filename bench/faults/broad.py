"""What is acknowledged to broad lanes against what is there: rows, runs that ended, answers and rows of imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.faults import rules
from bench.faults.breadth import ROWS_OF_AN_IMPORT
from bench.faults.client import Ack
from bench.faults.rules import Damage
from kit.runtime import Runtime


class Kind(NamedTuple):
    """A kind of command, and where what it makes lies."""

    name: str
    service: str
    table: str


KINDS = (
    Kind("quote", "channels", "quote"),
    Kind("activity", "customer", "activity"),
    Kind("case", "customer", "service_case"),
    Kind("contact", "customer", "contact"),
    Kind("import", "customer", "import_run"),
    Kind("grading", "customer", "grading_run"),
    Kind("study", "risk", "study"),
    Kind("plan", "targets", "target_plan"),
)


class Ended(NamedTuple):
    """What a command brought about in the end: rows in another state are wrong."""

    name: str
    service: str
    table: str
    state: str


ENDED = (
    Ended("start", "customer", "import_run", "succeeded"),
    Ended("run", "risk", "study", "completed"),
    Ended("promote", "targets", "target_plan", "promoted"),
)
_NUMBERS = """
SELECT (SELECT count(*) FROM survey_answer) AS answers, (SELECT count(*) FROM account_merge) AS merges,
  (SELECT count(*) FROM lead) AS leads,
  (SELECT count(*) FROM job j JOIN grading_run g ON g.id = j.id WHERE j.state <> 'succeeded') AS ungraded
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: ids by the name of a kind, ids of what has ended by the name of an end, and numbers."""

    rows: Mapping[str, Sequence[str]]
    ended: Mapping[str, Sequence[str]]
    numbers: Mapping[str, int]


async def check_broad(acks: Sequence[Ack], made: dict[str, Runtime]) -> list[Damage]:
    """All of it; without commands of broad lanes there must be nothing."""
    rows = {kind.name: await _ids(made, kind.service, f"SELECT id::text FROM {kind.table}") for kind in KINDS}
    ended = {
        end.name: await _ids(made, end.service, f"SELECT id::text FROM {end.table} WHERE state = '{end.state}'")
        for end in ENDED
    }
    async with made["customer"].db.reading() as tx:
        (numbers,) = await tx.fetch(_NUMBERS)
    return damage_of(acks, Found(rows, ended, dict(numbers)))


def damage_of(acks: Sequence[Ack], found: Found) -> list[Damage]:
    """What was acknowledged against what is there, both ways."""

    def ids(kind: str) -> list[str]:
        return [ack.id for ack in acks if ack.kind == kind]

    damage: list[Damage] = []
    for name, rows in found.rows.items():
        damage += rules.compare_ids(name, ids(name), rows)
    for name, rows in found.ended.items():
        damage += rules.compare_ids(f"{name} of", ids(name), rows)
    wanted = {
        "answers": len(ids("answer")),
        "merges": len(ids("merge")),
        "leads": ROWS_OF_AN_IMPORT * len(ids("start")),
        "ungraded": 0,
    }
    return damage + rules.compare_sums("number of", wanted, dict(found.numbers))


def counts_of(acks: Sequence[Ack]) -> dict[str, int]:
    """How many commands of each kind were acknowledged."""
    names = [*(kind.name for kind in KINDS), *(end.name for end in ENDED), "answer", "merge"]
    return {f"{name} commands": sum(ack.kind == name for ack in acks) for name in names}


async def _ids(made: dict[str, Runtime], service: str, sql: str) -> list[str]:
    async with made[service].db.reading() as tx:
        return [row[0] for row in await tx.fetch(sql)]
