"""Use cases of consents of leads: kept as those of contacts, until they go along with the conversion."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.ids import new_id
from kit.records import audit_added, audit_seen
from kit.security.cipher import DataKey, Place
from kit.security.data_keys import data_keys, sealing_keys
from kit.work import Work
from services.customer.consents.rules import ConsentWithdrawn, NotAConsent, check_past, check_withdrawal, revives
from services.customer.consents.schemas import ConsentCreate
from services.customer.consents.service import Entry, said_of
from services.customer.lead_consents import repository
from services.customer.lead_consents.models import LeadConsent
from services.customer.leads import service as leads
from services.customer.persons.access import may_read_pii
from services.customer.persons.sealing import ring_of


def _place(consent_id: UUID) -> Place:
    return Place("lead_consent", "evidence", consent_id)


async def give(work: Work, lead_id: UUID, data: ConsentCreate) -> LeadConsent:
    """Keep a consent; raises NotFound, LeadConverted, InFuture, ConsentWithdrawn."""
    lead = await leads.get_lead(work, lead_id, lock=True)
    await leads.require_open(work, lead)
    now = clock.now()
    check_past(data.given_at, now, "/given_at")
    consents = await repository.consents_of(work.tx, lead_id)
    if not revives(data.given_at, data.evidence, said_of(consents, data.purpose, data.channel)):
        raise ConsentWithdrawn("a consent after the withdrawal, with its evidence, is needed")
    consent_id = new_id()
    key = (await sealing_keys(work.tx, ring_of(work.settings), [lead_id]))[lead_id]
    consent = LeadConsent(
        id=consent_id,
        lead_id=lead_id,
        purpose=data.purpose,
        channel=data.channel,
        is_granted=True,
        at=data.given_at,
        lawful_basis=data.lawful_basis,
        evidence=key.seal(data.evidence, _place(consent_id)) if data.evidence else None,
        recorded_at=now,
    )
    await _add(work, consent)
    return consent


async def withdraw(work: Work, lead_id: UUID, consent_id: UUID, at: datetime | None) -> LeadConsent:
    """Keep the withdrawal of a consent; a second time it is the first one. What went along with a conversion is
    withdrawn at the contact.

    Raises NotFound, LeadConverted, NotAConsent, InFuture, BeforeGiven.
    """
    lead = await leads.get_lead(work, lead_id, lock=True)
    consents = await repository.consents_of(work.tx, lead_id)
    given = next((one for one in consents if one.id == consent_id), None)
    if given is None:
        raise NotFound(what="consent")
    if not given.is_granted:
        raise NotAConsent()
    if before := next((one for one in consents if one.withdraws == consent_id), None):
        return before
    await leads.require_open(work, lead)
    now = clock.now()
    check_withdrawal(at or now, given.at, now)
    consent = LeadConsent(
        id=new_id(),
        lead_id=lead_id,
        purpose=given.purpose,
        channel=given.channel,
        is_granted=False,
        at=at or now,
        withdraws=given.id,
        recorded_at=now,
    )
    await _add(work, consent)
    return consent


async def _add(work: Work, consent: LeadConsent) -> None:
    await repository.add_consent(work.tx, consent)
    kept = consent.model_dump(mode="json", exclude={"evidence", "recorded_at"})
    await audit_added(work, "lead_consent", consent.id, kept)


async def entries_of(work: Work, lead_id: UUID) -> list[Entry]:
    """All that a lead said, evidence in clear, in the order in which it was recorded."""
    consents = await repository.consents_of(work.tx, lead_id)
    is_sealed = any(one.evidence is not None for one in consents)
    keys = await data_keys(work.tx, ring_of(work.settings), [lead_id]) if is_sealed else {}
    return [
        Entry(
            id=one.id,
            purpose=one.purpose,
            channel=one.channel,
            is_granted=one.is_granted,
            at=one.at,
            lawful_basis=one.lawful_basis,
            evidence=_evidence(one.id, one.evidence, keys.get(lead_id)),
            withdraws=one.withdraws,
        )
        for one in consents
    ]


async def shown(work: Work, consent: LeadConsent) -> dict[str, Any]:
    """An entry as the caller may see it."""
    body = consent.model_dump(mode="json", exclude={"evidence", "lead_id"})
    body["evidence"] = (consent.id, consent.evidence)
    await shown_items(work, consent.lead_id, [body])
    return body


async def shown_items(work: Work, lead_id: UUID, items: list[dict[str, Any]]) -> None:
    """Entries of a lead as the caller may see them, in their places; evidence that is read leaves a trace."""
    with_evidence = [item for item in items if "evidence" in item]
    is_sealed = any(item["evidence"][1] is not None for item in with_evidence)
    may = may_read_pii(work.actor)
    keys = await data_keys(work.tx, ring_of(work.settings), [lead_id]) if may and is_sealed else {}
    for item in with_evidence:
        consent_id, kept = item["evidence"]
        item["evidence"] = _evidence(consent_id, kept, keys.get(lead_id))
    if any(item["evidence"] is not None for item in with_evidence):
        await audit_seen(work, "lead", [lead_id])


def _evidence(consent_id: UUID, kept: bytes | None, key: DataKey | None) -> str | None:
    return None if kept is None or key is None else key.open(kept, _place(consent_id))
