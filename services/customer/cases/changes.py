"""How changes of cases are announced and audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.events.contract import Published
from kit.records import Change, Resource
from kit.work import Work
from services.customer.cases.models import Case
from services.customer.cases.rules import NOUN
from services.customer.events_out.cases import CaseSlaBreached, CaseSnapshot
from services.customer.slas.models import CaseClock

AUDITED = ("number", "kind", "severity", "account_id", "contact_id", "order_id", "owner_id", "second_owner_id")
WRITTEN = ("description", "remedy_sought", "response")
CASES = Resource(NOUN, Case, lambda _one: None, audited=AUDITED, hashed=WRITTEN)
"""Cases, of whose changes nobody is told."""


def _fact(work: Work, kind: type[Published], one: Change[Case], more: Mapping[str, Any]) -> Published:
    case = one.after
    return kind.of(
        case,
        days_open=((case.closed_on or work.today) - case.opened_on).days,
        changed=[name for name in one.changed if name in CaseSnapshot.model_fields],
        business_date=work.today,
        **more,
    )


def saying(work: Work, kind: type[Published], **more: Any) -> Resource[Case]:
    """Cases whose changes are announced as `kind`."""
    return Resource(NOUN, Case, lambda one: _fact(work, kind, one, more), audited=AUDITED, hashed=WRITTEN)


def saying_breaches(work: Work, breached: Mapping[UUID, CaseClock]) -> Resource[Case]:
    """Cases of which each that has a clock here is announced as breached by it."""

    def said(one: Change[Case]) -> Published | None:
        row = breached.get(one.after.id)
        if row is None:
            return None
        named = ("clock", "attempt", "breached_at", "detected_at")
        return _fact(work, CaseSlaBreached, one, {name: getattr(row, name) for name in named})

    return Resource(NOUN, Case, said, audited=AUDITED, hashed=WRITTEN)
