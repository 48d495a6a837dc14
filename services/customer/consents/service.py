"""Use cases of consents: append-only, the latest entry of (purpose, channel) decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.events import outbox
from kit.ids import new_id
from kit.records import audit_added, audit_seen
from kit.security.cipher import DataKey, Place
from kit.security.data_keys import data_keys, sealing_keys
from kit.work import Work
from services.customer.consents import repository
from services.customer.consents.models import Consent
from services.customer.consents.rules import (
    ConsentWithdrawn,
    NotAConsent,
    Said,
    Spoken,
    check_past,
    check_withdrawal,
    goes_along,
    latest,
    revives,
)
from services.customer.consents.schemas import ConsentCreate
from services.customer.contacts import service as contacts
from services.customer.contacts.models import AllowedChannel, Contact
from services.customer.events_out import ContactConsentChanged
from services.customer.persons.access import may_read_pii
from services.customer.persons.enums import LawfulBasis
from services.customer.persons.sealing import ring_of


def _place(consent_id: UUID) -> Place:
    return Place("contact_consent", "evidence", consent_id)


class Uttered(Protocol):
    """What somebody said of a purpose and a channel."""

    @property
    def purpose(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def is_granted(self) -> bool: ...

    @property
    def at(self) -> datetime: ...


class Entry(NamedTuple):
    """What somebody said before they were a contact, evidence in clear."""

    id: UUID
    purpose: str
    channel: str
    is_granted: bool
    at: datetime
    lawful_basis: LawfulBasis | None
    evidence: str | None
    withdraws: UUID | None


def said_of(consents: Iterable[Uttered], purpose: str, channel: str) -> list[Said]:
    """What a contact said of a purpose and a channel."""
    return [Said(one.at, one.is_granted) for one in consents if (one.purpose, one.channel) == (purpose, channel)]


def channels_of(consents: Sequence[Consent]) -> tuple[AllowedChannel, ...]:
    """Where and for what a contact may be written to."""
    named = sorted({(one.channel, one.purpose) for one in consents})
    return tuple(
        AllowedChannel(channel=channel, purpose=purpose)
        for channel, purpose in named
        if (stands := latest(said_of(consents, purpose, channel))) is not None and stands.is_granted
    )


def allows(channels: Sequence[AllowedChannel], purpose: str, channel: str) -> bool:
    """Whether a contact for whom these stand may be written to: the same as `allowed`, of many at once. Whoever sends
    holds the contact until it has decided, and asks whether it is archived."""
    return AllowedChannel(channel=channel, purpose=purpose) in channels


async def give(work: Work, contact_id: UUID, data: ConsentCreate) -> Consent:
    """Keep a consent; raises NotFound, ContactArchived, InFuture, ConsentWithdrawn."""
    contact = await contacts.get_contact(work, contact_id, lock=True)
    contacts.require_open(contact)
    check_past(data.given_at, clock.now(), "/given_at")
    consents = await repository.consents_of(work.tx, contact_id)
    if not revives(data.given_at, data.evidence, said_of(consents, data.purpose, data.channel)):
        raise ConsentWithdrawn("a consent after the withdrawal, with its evidence, is needed")
    consent_id = new_id()
    key = (await sealing_keys(work.tx, ring_of(work.settings), [contact_id]))[contact_id]
    consent = Consent(
        id=consent_id,
        contact_id=contact_id,
        purpose=data.purpose,
        channel=data.channel,
        is_granted=True,
        at=data.given_at,
        lawful_basis=data.lawful_basis,
        evidence=_sealed(consent_id, data.evidence, key),
        recorded_at=clock.now(),
    )
    await _add(work, contact, consents, consent)
    return consent


async def withdraw(work: Work, contact_id: UUID, consent_id: UUID, at: datetime | None) -> Consent:
    """Keep the withdrawal of a consent, also of an archived contact; a second time it is the first one.

    Raises NotFound, NotAConsent, InFuture, BeforeGiven.
    """
    contact = await contacts.get_contact(work, contact_id, lock=True)
    consents = await repository.consents_of(work.tx, contact_id)
    given = next((one for one in consents if one.id == consent_id), None)
    if given is None:
        raise NotFound(what="consent")
    if not given.is_granted:
        raise NotAConsent()
    if before := next((one for one in consents if one.withdraws == consent_id), None):
        return before
    now = clock.now()
    moment = at or now
    check_withdrawal(moment, given.at, now)
    consent = Consent(
        id=new_id(),
        contact_id=contact_id,
        purpose=given.purpose,
        channel=given.channel,
        is_granted=False,
        at=moment,
        withdraws=given.id,
        recorded_at=clock.now(),
    )
    await _add(work, contact, consents, consent)
    return consent


async def take_over(work: Work, contact_id: UUID, entries: Sequence[Entry]) -> int:
    """Keep what somebody said before they were this contact, in the order in which it was recorded; how many entries
    that are. A consent that would revive what the contact withdrew is left out. Raises NotFound, ContactArchived."""
    if not entries:
        return 0
    contact = await contacts.get_contact(work, contact_id, lock=True)
    contacts.require_open(contact)
    consents = await repository.consents_of(work.tx, contact_id)
    key = (await sealing_keys(work.tx, ring_of(work.settings), [contact_id]))[contact_id]
    ended = {one.withdraws for one in entries}
    ids: dict[UUID, UUID] = {}
    for one in entries:
        spoken = Spoken(Said(one.at, one.is_granted), one.evidence, one.id in ended)
        if not goes_along(spoken, said_of(consents, one.purpose, one.channel)):
            continue
        ids[one.id] = new_id()
        consent = Consent(
            id=ids[one.id],
            contact_id=contact_id,
            purpose=one.purpose,
            channel=one.channel,
            is_granted=one.is_granted,
            at=one.at,
            lawful_basis=one.lawful_basis,
            evidence=_sealed(ids[one.id], one.evidence, key),
            withdraws=ids[one.withdraws] if one.withdraws else None,
            recorded_at=clock.now(),
        )
        contact = await _add(work, contact, consents, consent)
        consents.append(consent)
    return len(ids)


def _sealed(consent_id: UUID, evidence: str | None, key: DataKey) -> bytes | None:
    return key.seal(evidence, _place(consent_id)) if evidence else None


async def _add(work: Work, contact: Contact, before: Sequence[Consent], consent: Consent) -> Contact:
    """Write an entry and what the contact allows after it; the contact has a new version by each."""
    await repository.add_consent(work.tx, consent)
    one = await contacts.set_channels(work, contact, channels_of([*before, consent]))
    said = ContactConsentChanged.of(
        one.after,
        **contacts.said_of(work, one),
        channel=consent.channel,
        purpose=consent.purpose,
        is_granted=consent.is_granted,
    )
    await outbox.say(work, [(said, one.after.version)])
    kept = consent.model_dump(mode="json", exclude={"evidence", "recorded_at"})
    await audit_added(work, "consent", consent.id, kept)
    return one.after


async def allowed(work: Work, contact_id: UUID, purpose: str, channel: str) -> dict[str, Any]:
    """Whether the contact may be written to, and the entry that says so; nobody archived may. Raises NotFound."""
    contact = await contacts.get_contact(work, contact_id)
    consents = await repository.consents_of(work.tx, contact_id)
    stands = latest(said_of(consents, purpose, channel))
    decides = [
        one.id
        for one in consents
        if (one.purpose, one.channel, Said(one.at, one.is_granted)) == (purpose, channel, stands)
    ]
    return {
        "contact_id": contact_id,
        "purpose": purpose,
        "channel": channel,
        "is_allowed": stands is not None and stands.is_granted and not contact.is_archived,
        "consent_id": decides[-1] if decides else None,
    }


async def shown(work: Work, consent: Consent) -> dict[str, Any]:
    """An entry as the caller may see it."""
    body = consent.model_dump(mode="json", exclude={"evidence", "contact_id"})
    body["evidence"] = (consent.id, consent.evidence)
    await shown_items(work, consent.contact_id, [body])
    return body


async def shown_items(work: Work, contact_id: UUID, items: list[dict[str, Any]]) -> None:
    """Entries of a contact as the caller may see them, in their places; evidence that is read leaves a trace."""
    with_evidence = [item for item in items if "evidence" in item]
    may = may_read_pii(work.actor)
    keys = await data_keys(work.tx, ring_of(work.settings), [contact_id]) if may and with_evidence else {}
    for item in with_evidence:
        consent_id, sealed = item["evidence"]
        item["evidence"] = _evidence(consent_id, sealed, keys.get(contact_id))
    if any(item["evidence"] is not None for item in with_evidence):
        await audit_seen(work, "contact", [contact_id])


def _evidence(consent_id: UUID, sealed: bytes | None, key: DataKey | None) -> str | None:
    return None if sealed is None or key is None else key.open(sealed, _place(consent_id))
