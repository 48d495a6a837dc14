"""Pure rules of consents: which of them stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from kit.errors import Conflict, FieldError, Invalid


class ConsentWithdrawn(Conflict):
    """The contact withdrew it, and what is given is not later than that, or shows no evidence."""

    code, title = "consent-withdrawn", "The consent was withdrawn"


class NotAConsent(Conflict):
    """What is to be withdrawn is a withdrawal itself."""

    code, title = "not-a-consent", "This is a withdrawal, not a consent"


class InFuture(Invalid):
    """A time that has not come."""

    code, title = "in-future", "The time has not come yet"


class BeforeGiven(Invalid):
    """A withdrawal from before the consent."""

    code, title = "before-given", "The consent was given later than that"


class Said(NamedTuple):
    """What the contact said, and when."""

    at: datetime
    is_granted: bool


def latest(said: Iterable[Said]) -> Said | None:
    """What stands: the latest; at equal times a withdrawal wins."""
    return max(said, key=lambda one: (one.at, not one.is_granted), default=None)


def revives(at: datetime, evidence: str | None, said: Iterable[Said]) -> bool:
    """Whether a consent of that moment may be given: where one was withdrawn it must be later, with evidence."""
    withdrawn = [one.at for one in said if not one.is_granted]
    return not withdrawn or (at > max(withdrawn) and bool(evidence))


def check_past(at: datetime, now: datetime, pointer: str) -> None:
    """Nobody said anything after now; raises InFuture."""
    if at > now:
        raise InFuture(errors=[FieldError(pointer, InFuture.code, "not after now")])


def check_withdrawal(at: datetime, given_at: datetime, now: datetime) -> None:
    """Raises InFuture, BeforeGiven."""
    check_past(at, now, "/withdrawn_at")
    if at < given_at:
        raise BeforeGiven(errors=[FieldError("/withdrawn_at", BeforeGiven.code, "not before the consent")])


class Spoken(NamedTuple):
    """An entry of somebody, to be kept by somebody else: whether it was withdrawn there."""

    said: Said
    evidence: str | None
    is_withdrawn: bool


def goes_along(entry: Spoken, said: Iterable[Said]) -> bool:
    """Whether an entry may be added to what somebody has said already. A withdrawal always; a consent unless it revives
    what was withdrawn: one that its own withdrawal follows allows nothing."""
    return not entry.said.is_granted or entry.is_withdrawn or revives(entry.said.at, entry.evidence, said)
