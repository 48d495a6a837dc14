"""Use cases of the members: join, move, leave; each keeps the directory and the credited lines in step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, NotFound
from kit.events.outbox import Fact, announce
from kit.ids import new_id
from kit.security import audit
from kit.security.principals import Actor, replace_principal
from services.targets.credits.corrections import correct_lines, count_misplaced
from services.targets.events_out import ORGANISATION_KEY, MemberJoined, MemberLeft, MemberMoved, MemberSnapshot
from services.targets.members import repository
from services.targets.members.models import Member
from services.targets.members.rules import Span, ended, moved
from services.targets.members.schemas import MemberCreate, MemberLeave, MemberMove
from services.targets.units.repository import get_units
from services.targets.units.service import UnitUnknown

SERVICE = "targets"

Announced = type[MemberJoined] | type[MemberMoved] | type[MemberLeft]


class MemberNotFound(NotFound):
    code, title = "member-not-found", "No such member"


class MemberCodeTaken(Conflict):
    code, title = "member-code-taken", "A member with this code exists"


class MemberSubjectTaken(Conflict):
    code, title = "member-subject-taken", "Another member has this subject"


class AffectsPostedLines(Conflict):
    code, title = "affects-posted-lines", "Credited lines would belong to another unit; send it as a correction"


async def require_member(tx: Tx, member_id: UUID) -> Row:
    """The member's row with memberships as JSON text; raises MemberNotFound."""
    row = await repository.get_member(tx, member_id)
    if row is None:
        raise MemberNotFound
    return row


async def add_member(tx: Tx, actor: Actor, data: MemberCreate, secret: bytes) -> Row:
    """Join a unit. Raises UnitUnknown, MemberCodeTaken or MemberSubjectTaken with the id of that member."""
    await _require_unit(tx, data.unit_id)
    member_id, now = new_id(), clock.now()
    row = {
        "id": member_id,
        "code": data.code,
        "subject": data.subject,
        "role": data.role,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    if not await repository.add_member(tx, row):
        taken = await repository.get_taken(tx, data.code, data.subject)
        error = MemberCodeTaken if taken is None or taken["same_code"] else MemberSubjectTaken
        raise error(extra={"id": str(taken["id"])} if taken else None)
    await repository.replace_spans(tx, member_id, [Span(data.unit_id, data.valid_from)])
    return await _changed(tx, actor, member_id, MemberJoined, "create", [], secret)


async def move_member(tx: Tx, actor: Actor, member_id: UUID, data: MemberMove, secret: bytes) -> Row:
    """Belong to another unit from a date on.

    Raises MemberNotFound, UnitUnknown, AlreadyThere, AffectsPostedLines (unless it is a correction).
    """
    version, before = await _locked(tx, member_id)
    await _require_unit(tx, data.unit_id)
    after = moved(before, data.unit_id, data.start)
    await _store(tx, member_id, version, after)
    await _settle_credits(tx, member_id, data.start, correction=data.correction)
    return await _changed(tx, actor, member_id, MemberMoved, "move", before, secret)


async def end_membership(tx: Tx, actor: Actor, member_id: UUID, data: MemberLeave, secret: bytes) -> Row:
    """Leave the organisation. Raises MemberNotFound, NotMember, LaterMemberships, AffectsPostedLines."""
    version, before = await _locked(tx, member_id)
    await _store(tx, member_id, version, ended(before, data.on))
    await _settle_credits(tx, member_id, data.on, correction=data.correction)
    return await _changed(tx, actor, member_id, MemberLeft, "leave", before, secret)


async def _require_unit(tx: Tx, unit_id: UUID) -> None:
    if not await get_units(tx, [unit_id]):
        raise UnitUnknown("/unit_id")


async def _locked(tx: Tx, member_id: UUID) -> tuple[int, list[Span]]:
    version = await repository.get_member_version(tx, member_id)
    if version is None:
        raise MemberNotFound
    return version, await repository.list_spans(tx, member_id)


async def _store(tx: Tx, member_id: UUID, version: int, spans: Sequence[Span]) -> None:
    await update_row(tx, Member, member_id, version, {"updated_at": clock.now()})
    await repository.replace_spans(tx, member_id, spans)


async def _settle_credits(tx: Tx, member_id: UUID, since: date, *, correction: bool) -> None:
    """Crediting holds a lock on the member's row, so no line can be posted between this look and the commit."""
    if correction:
        await correct_lines(tx, member_id, since)
        return
    if lines := await count_misplaced(tx, member_id, since):
        raise AffectsPostedLines(extra={"lines": lines})


async def _changed(
    tx: Tx, actor: Actor, member_id: UUID, announced: Announced, action: str, before: Sequence[Span], secret: bytes
) -> Row:
    """Write directory, event and audit row of a member as it stands now."""
    row = await require_member(tx, member_id)
    fields: dict[str, Any] = {**dict(row), "memberships": orjson.loads(row["memberships"])}
    names = set(MemberSnapshot.model_fields) - {"changed"}
    payload = announced(
        **{name: fields[name] for name in names}, changed=[] if announced is MemberJoined else ["memberships"]
    )
    await replace_principal(
        tx,
        [
            {
                "id": row["id"],
                "code": row["code"],
                "subject": row["subject"],
                "path": span["path"],
                "valid_from": span["valid_from"],
                "valid_to": span["valid_to"],
            }
            for span in fields["memberships"]
        ],
    )
    await announce(tx, SERVICE, [Fact(announced.TYPE, member_id, ORGANISATION_KEY, row["version"], payload)])
    spans = [{"unit_id": str(s.unit_id), "valid_from": s.valid_from, "valid_to": s.valid_to} for s in before]
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action=action,
        resource="member",
        resource_id=str(member_id),
        before={"memberships": spans} if before else None,
        after={"code": row["code"], "role": row["role"], "memberships": fields["memberships"]},
        key=secret,
    )
    return row
