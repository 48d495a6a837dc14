"""What may be in conflict: orders and opportunities as they are looked at, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.events.envelope import Event
from services.channels.agreements.rules import covering
from services.channels.conflicts.enums import ConflictKind, ConflictSubject, SellingMode
from services.channels.conflicts.rules import parties_key
from services.channels.sales.models import AccountFact


class Subject(NamedTuple):
    """An order, an opportunity or a claim with the accounts that are its customer (the root first).

    `lines` are the folded product lines of which something is kept; None: any, of an opportunity or a claim on all.
    `later` are orders that came with it and after it: it is looked at as if they had not come, however a batch is cut.
    `turn` is its place among those that came with it.
    """

    id: UUID
    kind: ConflictSubject
    cause: Event
    members: tuple[UUID, ...]
    account: AccountFact | None
    partner_id: UUID | None
    deal_id: UUID | None
    day: date
    region: str | None
    mode: SellingMode | None
    lines: Sequence[str] | None
    later: tuple[UUID, ...] = ()
    turn: int = 0

    @property
    def asked(self) -> dict[str, Any]:
        """As the statements take it."""
        return {
            "subject_id": self.id,
            "members": self.members,
            "partner_id": self.partner_id,
            "deal_id": self.deal_id,
            "day": self.day,
            "regions": covering(self.region),
            "homes": covering(self.account.region if self.account is not None else None),
            "mode": self.mode,
            "lines": self.lines,
            "later": self.later,
        }


class Finding(NamedTuple):
    """A conflict that a subject shows, and by what; `cell` is the folded region it is about, None: the account."""

    kind: ConflictKind
    subject: Subject
    partner_ids: tuple[UUID, ...]
    cell: str | None = None
    orders: tuple[UUID, ...] = ()
    deals: tuple[UUID, ...] = ()
    agreements: tuple[UUID, ...] = ()
    prices: tuple[dict[str, Any], ...] = ()

    @property
    def lines(self) -> Sequence[str]:
        """Folded product lines of a conflict that is about no order yet."""
        return self.subject.lines or ()

    @property
    def claims(self) -> list[UUID]:
        """Deals that it is about: those that it was found by, and the subject when it is one."""
        own = (self.subject.id,) if self.subject.kind is ConflictSubject.DEAL else ()
        return sorted({*own, *self.deals})

    @property
    def parties(self) -> str:
        """The partners in one text, whatever their order."""
        return parties_key(self.partner_ids)

    @property
    def places(self) -> list[str]:
        """What the conflict may be about; accounts that are one are one place, the root's first."""
        return [self.cell] if self.cell is not None else [str(member) for member in self.subject.members]

    @property
    def shown(self) -> list[UUID]:
        """What is evidence: orders that it was found beside, and itself."""
        return [*sorted(set(self.orders) - {self.subject.id}), self.subject.id]

    @property
    def order_ids(self) -> list[UUID]:
        """Orders that it is about: the subject when it is one, and those it was found beside; each once, sorted."""
        own = (self.subject.id,) if self.subject.kind is ConflictSubject.ORDER else ()
        return sorted({*own, *self.orders})


def in_turn(subjects: Sequence[Subject]) -> list[Subject]:
    """Subjects that came together, each knowing its place and which of the same customer came after it."""
    later: dict[UUID, tuple[UUID, ...]] = {}
    found = []
    for turn, one in reversed(list(enumerate(subjects))):
        after = later.get(one.members[0], ())
        found.append(one._replace(later=after, turn=turn))
        later[one.members[0]] = (one.id, *after)
    return found[::-1]


def folded(lines: Iterable[str | None]) -> list[str]:
    """Product lines folded, each once; what has none matches nothing."""
    return sorted({line.lower() for line in lines if line is not None})


def together(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of each kind, subject and parties, with all that shows it, as their subjects came."""
    found: dict[tuple[UUID, str, str], Finding] = {}
    for one in findings:
        key = (one.subject.id, one.kind, one.parties)
        known = found.get(key)
        if known is None:
            found[key] = one
            continue
        found[key] = known._replace(
            orders=(*known.orders, *one.orders),
            deals=(*known.deals, *one.deals),
            agreements=(*known.agreements, *one.agreements),
            prices=(*known.prices, *one.prices),
        )
    return sorted(found.values(), key=lambda one: (one.subject.turn, one.kind, one.parties))
