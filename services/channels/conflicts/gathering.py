"""What findings come to: which conflicts they open, which they join, and what is kept of each.

Nothing is read and nothing written here. Findings are taken one after the other, so what comes of them is the same
whether they come in one batch or in many; each conflict is opened once and changed once for all that join it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.channels.conflicts.enums import ConflictSubject
from services.channels.conflicts.findings import Finding
from services.channels.conflicts.models import Conflict
from services.channels.conflicts.repository import Cover
from services.channels.conflicts.rules import meets

Key = tuple[str, str, str]
"""Kind, parties and place of a conflict; of evidence the subject (as text) stands for the place."""


class Piece(NamedTuple):
    """A piece of evidence that is kept: the finding, and what of it shows the conflict."""

    finding: Finding
    subject_id: UUID

    @property
    def is_own(self) -> bool:
        """Whether it is the subject itself, not an order that it was found beside."""
        return self.subject_id == self.finding.subject.id

    @property
    def kind(self) -> ConflictSubject:
        """What it is: all that something is found beside are orders."""
        return self.finding.subject.kind if self.is_own else ConflictSubject.ORDER


@dataclass(slots=True)
class Gathered:
    """What a conflict gets of a batch. `conflict` is the one that lives, None: `opening` opens it, whose pieces it
    shows at once; `joining` come after."""

    conflict: Conflict | None
    opening: Finding | None = None
    opened_with: list[Piece] = field(default_factory=list)
    joining: list[Piece] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        """All that is kept as evidence, in its order."""
        return [*self.opened_with, *self.joining]


class Gathering:
    """What findings come to, beside what is known, what lives and what was decided."""

    def __init__(
        self, known: Iterable[tuple[UUID, str, str]], live: Iterable[Conflict], covers: Iterable[Cover]
    ) -> None:
        self._known = set(known)
        self._live: dict[Key, Gathered] = {}
        for one in sorted(live, key=lambda row: (row.opened_on, row.number)):
            self._live[one.kind, one.parties, one.place] = Gathered(one)
        self._covers: dict[Key, list[Cover]] = {}
        for cover in covers:
            self._covers.setdefault((cover.kind, cover.parties, cover.place), []).append(cover)
        self._order = {key: number for number, key in enumerate(self._live)}

    @property
    def touched(self) -> list[Gathered]:
        """Conflicts that something opens or joins, those that live first, the others as they open."""
        return [one for one in self._live.values() if one.opening is not None or one.joining]

    def take(self, one: Finding) -> None:
        """Open or join a conflict, unless it was found before or lies in days that a decision covers."""
        if (one.subject.id, one.kind, one.parties) in self._known:
            return
        keys = [(one.kind, one.parties, place) for place in one.places]
        if any(_holds(cover, one.subject.day) for key in keys for cover in self._covers.get(key, ())):
            return
        fresh = [Piece(one, each) for each in one.shown if (each, one.kind, one.parties) not in self._known]
        self._known |= {(piece.subject_id, one.kind, one.parties) for piece in fresh}
        standing = [key for key in keys if key in self._live]
        if standing:
            self._live[min(standing, key=self._order.__getitem__)].joining += fresh
            return
        self._live[keys[0]] = Gathered(None, one, fresh)
        self._order[keys[0]] = len(self._order)


def _holds(cover: Cover, day: date) -> bool:
    return meets(cover.valid_from, cover.valid_to, day, day)


def keys_of(findings: Iterable[Finding]) -> set[Key]:
    """Kinds, parties and places that findings may be about."""
    return {(one.kind, one.parties, place) for one in findings for place in one.places}


def orders_in(pieces: Iterable[Piece]) -> list[UUID]:
    """Orders among pieces of evidence, in their order."""
    return [one.subject_id for one in pieces if one.kind is ConflictSubject.ORDER]


Parts = Mapping[str, Mapping[UUID, dict[str, object]]]
"""What is known of orders, deals, agreements and opportunities, by kind and id."""


def snapshot_of(piece: Piece, parts: Parts) -> dict[str, object]:
    """What a piece shows: itself and, of the subject, what it was found by."""
    finding = piece.finding
    deals = _known_parts(parts, "deals", finding.claims if piece.is_own else ())
    agreements = _known_parts(parts, "agreements", set(finding.agreements) if piece.is_own else ())
    return {
        "orders": _known_parts(parts, "orders", _if(piece, ConflictSubject.ORDER)),
        "deals": sorted(deals, key=lambda one: str(one["number"])),
        "agreements": sorted(agreements, key=lambda one: (str(one["number"]), str(one["agreement_version"]).zfill(9))),
        "opportunities": _known_parts(parts, "opportunities", _if(piece, ConflictSubject.OPPORTUNITY)),
        "prices": list(finding.prices) if piece.is_own else [],
    }


def _if(piece: Piece, kind: ConflictSubject) -> tuple[UUID, ...]:
    return (piece.subject_id,) if piece.kind is kind else ()


def _known_parts(parts: Parts, kind: str, ids: Iterable[UUID]) -> list[dict[str, object]]:
    found = parts.get(kind, {})
    return [found[each] for each in ids if each in found]
