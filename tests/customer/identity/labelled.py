"""Pairs of names that a person has judged."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Labelled(NamedTuple):
    """Two names, and whether they are of one customer."""

    is_same: bool
    one: str
    other: str


def labelled() -> list[Labelled]:
    """All pairs."""
    lines = Path(__file__).with_name("pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return [Labelled(row[0] == "same", row[2], row[3]) for row in rows]
