"""Use cases of surveys: made, changed, closed; contacts invited; what the forms of invitations need."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows
from kit.errors import NotFound
from kit.ids import new_id
from kit.records import Resource, add, audit_added, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.consents.service import allows
from services.customer.offers import service as offers
from services.customer.surveys import repository
from services.customer.surveys.enums import SurveyRefusal
from services.customer.surveys.models import Answer, Invitation, Survey
from services.customer.surveys.repository import Invitee
from services.customer.surveys.rules import (
    AlreadyAnswered,
    InvitationExpired,
    SurveyClosed,
    SurveyInUse,
    channels_to,
    check_asks,
)
from services.customer.surveys.schemas import (
    SurveyCreate,
    SurveyInvite,
    SurveyInvited,
    SurveyInvitedBody,
    SurveyInvitedRead,
    SurveyUpdate,
)

TOKEN_BYTES: Final = 20
"""160 bits: nobody guesses one."""
SURVEYS: Final = Resource(
    "survey", Survey, lambda _: None, audited=("name", "kind", "purpose", "channels", "valid_days", "owner_id")
)
OWN: Final = replace(SURVEYS, owner="owner_id")
"""Everybody who reads surveys sees all of them, and changes those of their record scope."""


async def create_survey(work: Work, data: SurveyCreate) -> Survey:
    """Add a survey; raises Invalid, UnknownReference, OwnerLeft."""
    check_asks(data.kind, len(data.questions))
    owner_id = data.owner_id or await accounts.own_seller(work)
    if owner_id is not None:
        await accounts.check_owner(work, owner_id)
    return await add(work, SURVEYS, Survey.model_validate({**fresh(), **data.model_dump(), "owner_id": owner_id}))


async def get_survey(work: Work, survey_id: UUID) -> Survey:
    """One survey; raises NotFound."""
    return await require(work, SURVEYS, survey_id)


async def update_survey(work: Work, survey_id: UUID, version: Versions, data: SurveyUpdate) -> Survey:
    """Change the fields given; raises NotFound, VersionMismatch, Invalid, SurveyClosed, SurveyInUse (for questions,
    once somebody was invited)."""
    before = await require(work, OWN, survey_id, version=version, lock=True)
    given = data.given()
    asked = Survey.model_validate({**before.__dict__, **given}).questions
    if before.closed_at is not None:
        raise SurveyClosed()
    check_asks(before.kind, len(asked))
    if asked != before.questions and await repository.has_invited(work.tx, survey_id):
        raise SurveyInUse()
    return await change(work, SURVEYS, before, given)


async def close_survey(work: Work, survey_id: UUID) -> Survey:
    """Invite nobody any more; who was invited may still answer. A second time nothing changes. Raises NotFound."""
    before = await require(work, OWN, survey_id, lock=True)
    return await change(work, SURVEYS, before, {"closed_at": before.closed_at or clock.now()}, action="close")


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


async def invite(work: Work, survey_id: UUID, data: SurveyInvite) -> SurveyInvited:
    """Invite those of the contacts who allow it, can be reached and were not invited lately; to a survey of the
    caller's scope or of the company. Raises NotFound, SurveyClosed.
    """
    survey = await require(work, SURVEYS, survey_id, lock=True)
    if survey.owner_id is not None and not (await work.scope()).sees(survey.owner_id):
        raise NotFound(what="survey")
    if survey.closed_at is not None:
        raise SurveyClosed()
    found = await repository.invitees(work.tx, work.visible, [(one.contact_id, one.order_id) for one in data.contacts])
    about = {one.promotion_id for one in data.contacts if one.promotion_id is not None}
    unknown = about - await offers.known_promotions(work, about)
    reached = {
        one.contact_id: SurveyRefusal.UNKNOWN_PROMOTION
        if one.promotion_id in unknown
        else _channel(survey, found.get(one.contact_id))
        for one in data.contacts
    }
    ready = {contact: word for contact, word in reached.items() if not isinstance(word, SurveyRefusal)}
    now = clock.now()
    free = await repository.take_turns(work.tx, ready, now)
    made = {
        one.contact_id: _invited(work, survey, one, found[one.contact_id].account_id, ready[one.contact_id], now)
        for one in data.contacts
        if one.contact_id in free
    }
    await insert_rows(work.tx, Invitation, [invitation for invitation, _ in made.values()])
    items = [_told(one.contact_id, made, reached) for one in data.contacts]
    refused = len(items) - len(made)
    if made:
        await audit_added(work, "survey_invitations", survey.id, {"invited": len(made), "refused": refused})
    return SurveyInvited(invited=len(made), refused=refused, items=items)


def _channel(survey: Survey, contact: Invitee | None) -> str | SurveyRefusal:
    """By which channel a contact is invited, or why not."""
    if contact is None:
        return SurveyRefusal.UNKNOWN_CONTACT
    if not contact.is_order_known:
        return SurveyRefusal.UNKNOWN_ORDER
    reachable = channels_to(
        survey.channels, contact.preferred_channel, has_email=contact.has_email, has_phone=contact.has_phone
    )
    if not reachable:
        return SurveyRefusal.NO_CHANNEL
    allowed = [one for one in reachable if allows(contact.channels, survey.purpose, one)]
    return allowed[0] if allowed and not contact.is_archived else SurveyRefusal.NO_CONSENT


def _invited(
    work: Work, survey: Survey, asked: SurveyInvitedBody, account_id: UUID, channel: str, now: datetime
) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        id=new_id(),
        survey_id=survey.id,
        account_id=account_id,
        channel=channel,
        token_sha256=digest_of(token),
        invited_at=now,
        invited_by=work.actor.subject,
        expires_at=now + timedelta(days=survey.valid_days),
        **asked.model_dump(),
    )
    return invitation, token


def _told(
    contact_id: UUID, made: Mapping[UUID, tuple[Invitation, str]], reached: Mapping[UUID, str | SurveyRefusal]
) -> SurveyInvitedRead:
    if contact_id not in made:
        word = reached[contact_id]
        return SurveyInvitedRead(
            contact_id=contact_id, refused=word if isinstance(word, SurveyRefusal) else SurveyRefusal.FATIGUE_CAP
        )
    invitation, token = made[contact_id]
    return SurveyInvitedRead(
        contact_id=contact_id,
        invitation_id=invitation.id,
        channel=invitation.channel,
        token=token,
        expires_at=invitation.expires_at,
    )


async def form_of(work: Work, token: str) -> tuple[Invitation, Survey]:
    """What a token opens; raises NotFound."""
    invitation = await repository.find_invitation(work.tx, digest_of(token))
    if invitation is None:
        raise NotFound(what="survey-form")
    return invitation, await require(work, SURVEYS, invitation.survey_id)


def check_open(invitation: Invitation, now: datetime) -> None:
    """Raises AlreadyAnswered, InvitationExpired."""
    if invitation.answered_at is not None:
        raise AlreadyAnswered()
    if now >= invitation.expires_at:
        raise InvitationExpired()


async def take_invitation(work: Work, invitation: Invitation, now: datetime) -> None:
    """From now on the invitation is answered, by one transaction alone; raises AlreadyAnswered."""
    if not await repository.take_invitation(work.tx, invitation.id, now):
        raise AlreadyAnswered()


async def add_answer(work: Work, answer: Answer) -> None:
    """Keep the answer of an invitation that was taken."""
    await repository.add_answer(work.tx, answer)
