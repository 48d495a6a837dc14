"""Use cases of the members: join, move, change role, get a login, leave; each keeps the directory and the credited
lines in step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.clock import business_date
from kit.db.rows import update_row, update_rows
from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.records import Change, Resource, change, changed_row, fresh, record, require, taken
from kit.security.principals import replace_principal
from kit.work import Work
from services.targets.credits import service as credit_lines
from services.targets.events_out import MemberJoined, MemberLeft, MemberMoved
from services.targets.members import repository
from services.targets.members.models import Member, MemberRow, Membership
from services.targets.members.rules import Span, carried, ended, in_role, moved
from services.targets.members.schemas import MemberChangeRole, MemberCreate, MemberLeave, MemberLink, MemberMove
from services.targets.units import service as units
from services.targets.units.models import Unit


class MemberUnknown(Invalid):
    code, title = "unknown-member", "The request names a member who does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, "unknown-member", "no such member")])


class OwnerLeft(Invalid):
    """Who has left the sales organisation is given nothing new."""

    code, title = "owner-left", "The owner has left"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, "has left")])


class AffectsPostedLines(Conflict):
    code, title = "affects-posted-lines", "Credited lines would belong to another unit; send it as a correction"


def _said_by(fact: type[MemberJoined | MemberMoved | MemberLeft]) -> Resource[Member]:
    return Resource(
        "member", Member, lambda one: fact.of(_known(one), changed=one.changed), audited=("code", "role", "memberships")
    )


def _known(one: Change[Member]) -> Member:
    """The member as directories are told of: one who never came belongs to the unit for no day, so that what is theirs
    goes the way of what is left."""
    if one.after.memberships or one.before is None or not one.before.memberships:
        return one.after
    member: Member = one.after
    last: Membership = one.before.memberships[-1]
    never = last.model_copy(update={"valid_to": last.valid_from})
    return member.model_copy(update={"memberships": (never,)})


JOINED, MOVED, LEFT = _said_by(MemberJoined), _said_by(MemberMoved), _said_by(MemberLeft)
MEMBERS = Resource("member", MemberRow, lambda _one: None, audited=("code", "role"), unique=("code", "subject"))
"""Without memberships, to lock a member and to name the one that has a code or subject."""
LINKED: Resource[Any] = Resource("member", MemberRow, MOVED.said, audited=(), unique=("subject",))


async def require_member(work: Work, member_id: UUID) -> Member:
    """A member with all memberships; raises NotFound."""
    member = await repository.get_member(work.tx, member_id)
    if member is None:
        raise NotFound(what="member")
    return member


async def known_members(work: Work, member_ids: Collection[UUID]) -> dict[UUID, str]:
    """Codes of members by id; what is unknown is absent."""
    return await repository.get_codes(work.tx, member_ids)


async def require_named_member(work: Work, member_id: UUID, pointer: str) -> str:
    """The code of the member that a field of the body names; raises MemberUnknown."""
    known = await known_members(work, [member_id])
    if member_id not in known:
        raise MemberUnknown(pointer)
    return known[member_id]


async def left_members(work: Work, member_ids: Collection[UUID], day: date | None = None) -> set[UUID]:
    """Those who have left by a day, by today without."""
    return await repository.list_left(work.tx, member_ids, day or work.today) if member_ids else set()


async def left_before(work: Work, named: Collection[tuple[UUID, date]]) -> set[tuple[UUID, date]]:
    """Those members with days by which they had left."""
    found = set()
    for day in {each for _, each in named}:
        left = await left_members(work, {member_id for member_id, each in named if each == day}, day)
        found |= {(member_id, day) for member_id in left}
    return found


async def check_owner(work: Work, member_id: UUID, pointer: str, before: UUID | None = None) -> None:
    """Whom a field of the body makes an owner; raises MemberUnknown, OwnerLeft unless they were it before."""
    await require_named_member(work, member_id, pointer)
    if member_id != before and await left_members(work, [member_id]):
        raise OwnerLeft(pointer)


async def check_stays(work: Work, member_id: UUID, pointer: str, first: date, last: date | None) -> None:
    """Whom a field of the body makes answer for something from a day on, up to a day (None: for good). Raises
    MemberUnknown, and OwnerLeft for who has left before it begins, or by today while it goes on."""
    await require_named_member(work, member_id, pointer)
    day = max(first, work.today if last is None else min(last, work.today))
    if await left_members(work, [member_id], day):
        raise OwnerLeft(pointer)


async def units_of(work: Work, member_ids: Collection[UUID], first: date, last: date) -> Mapping[UUID, frozenset[UUID]]:
    """The units to which members belong on any day of `first`..`last`, and all above those; without any: absent."""
    return await repository.list_within(work.tx, member_ids, first, last)


async def add_member(work: Work, data: MemberCreate) -> Member:
    """Join a unit; raises UnitUnknown, UnitOutside, Taken."""
    unit = await units.require_named_unit(work, data.unit_id, "/unit_id", hold=True)
    joined = Change(None, new_member(data, unit))
    row = row_of(joined.after)
    if not await repository.add_member(work.tx, row):
        raise await taken(work, MEMBERS, row)
    await store(work, [joined])
    await record(work, JOINED, [joined], action="create")
    return joined.after


def new_member(data: MemberCreate, unit: Unit) -> Member:
    """Somebody who joins a unit; raises UnitOutside."""
    row = MemberRow(**fresh(), **data.model_dump(include={"code", "subject", "role"}))
    span = Span(unit.id, data.valid_from, role=data.role, capacity=data.capacity)
    return _member(row, check_places(placed([span], {unit.id: unit.path}), unit))


async def link_subject(work: Work, member_id: UUID, data: MemberLink) -> Member:
    """Give a member the login of a token subject, another one or none; raises NotFound, Taken."""
    before = await _locked(work, member_id)
    after: Member = await change(work, LINKED, before, {"subject": data.subject}, action="link")
    if after is not before:
        await tell_directory(work, [Change(before, after)])
    return after


async def move_member(work: Work, member_id: UUID, data: MemberMove) -> tuple[Member, UUID | None]:
    """Belong to another unit from a date on; also gives the job that corrects lines when they are many.

    Raises NotFound, UnitUnknown, UnitOutside, AlreadyThere, AffectsPostedLines (unless it is a correction).
    """
    await require_member(work, member_id)
    unit = await units.require_named_unit(work, data.unit_id, "/unit_id", hold=True)  # units are locked before members
    before = await _locked(work, member_id)
    spans = moved(spans_of(before), unit.id, data.start)
    after = check_places(placed(spans, {**paths_of(before), unit.id: unit.path}), unit)
    one, job_id = await _change(work, before, after, data.start, correction=data.correction)
    await record(work, MOVED, [one], action="move")
    return one.after, job_id


def check_places(memberships: tuple[Membership, ...], unit: Unit) -> tuple[Membership, ...]:
    """Memberships, of which those in a unit lie in its days. Raises UnitOutside."""
    for one in memberships:
        if one.unit_id == unit.id:
            last = None if one.valid_to is None else one.valid_to - timedelta(days=1)
            units.check_there(unit, one.valid_from, last, "/unit_id")
    return memberships


async def reorganise_members(
    work: Work, successors: Mapping[UUID, Unit], start: date, *, correction: bool
) -> tuple[Sequence[Member], Sequence[UUID]]:
    """Let everybody who belongs to units from a day on belong to what these go on as; the units are locked, the members
    are in the order of their ids. Gives who that is, and the jobs that correct lines when they are many.

    Raises AffectsPostedLines (unless it is a correction).
    """
    ids = {old: unit.id for old, unit in successors.items()}
    paths = {unit.id: unit.path for unit in successors.values()}
    changes: list[Change[Member]] = []
    before: Member
    for before in await repository.lock_belonging(work.tx, list(ids), start):
        after = placed(carried(spans_of(before), ids, start), {**paths_of(before), **paths})
        one = changed_row(before, {"memberships": after})
        changes += [one] if one.changed else []
    await update_rows(work.tx, MemberRow, [row_of(one.after) for one in changes])
    await store(work, changes)
    since = {one.after.id: start for one in changes}
    jobs: Sequence[UUID] = ()
    if correction:
        jobs = await credit_lines.correct_members(work, since)
    elif lines := sum((await credit_lines.count_misplaced_of(work, since)).values()):
        raise AffectsPostedLines(extra={"lines": lines})
    await record(work, MOVED, changes, action="reorganise")
    return [one.after for one in changes], jobs


async def change_role(work: Work, member_id: UUID, data: MemberChangeRole) -> Member:
    """Have another role from a date on; what was credited stays, as it goes by units. Raises NotFound, NotMember,
    RoleHeld."""
    before = await _locked(work, member_id)
    spans = in_role(spans_of(before), data.role, data.capacity, data.start)
    one = await _write(work, before, placed(spans, paths_of(before)))
    await record(work, MOVED, [one], action="change-role")
    return one.after


async def end_membership(work: Work, member_id: UUID, data: MemberLeave) -> tuple[Member, UUID | None]:
    """Leave the organisation, on the day of the join to undo it; also gives the job that corrects lines when they are
    many. A join can be undone on the day on which it was made, and until the day on which it begins.

    Raises NotFound, NotMember, LaterMemberships, AffectsPostedLines.
    """
    before = await _locked(work, member_id)
    made_on = business_date(work.settings.timezone, before.created_at)
    spans = ended(spans_of(before), data.on, may_undo=work.today in (made_on, data.on) or data.on > work.today)
    one, job_id = await _change(work, before, placed(spans, paths_of(before)), data.on, correction=data.correction)
    await record(work, LEFT, [one], action="leave")
    return one.after, job_id


async def _locked(work: Work, member_id: UUID) -> Member:
    """The lock keeps out other changes and the crediting of the member; the memberships are read under it."""
    row = await require(work, MEMBERS, member_id, lock=True)
    return _member(row, await repository.list_memberships(work.tx, member_id))


def _member(row: MemberRow, memberships: Iterable[Membership]) -> Member:
    return Member.model_validate({**row.model_dump(), "memberships": tuple(memberships)})


def spans_of(member: Member) -> list[Span]:
    """The spans of a member."""
    return [Span(one.unit_id, one.valid_from, one.valid_to, one.role, one.capacity) for one in member.memberships]


def paths_of(member: Member) -> dict[UUID, tuple[UUID, ...]]:
    """The paths of the units of a member."""
    return {one.unit_id: one.path for one in member.memberships}


def placed(spans: Sequence[Span], paths: Mapping[UUID, tuple[UUID, ...]]) -> tuple[Membership, ...]:
    """Spans as memberships."""
    return tuple(Membership(path=paths[span.unit_id], **asdict(span)) for span in spans)


async def _change(
    work: Work, before: Member, memberships: tuple[Membership, ...], since: date, *, correction: bool
) -> tuple[Change[Member], UUID | None]:
    """Crediting needs the lock on the member's row, so no line is posted between the look at them and the commit."""
    one = await _write(work, before, memberships)
    if correction:
        return one, await credit_lines.correct_lines(work, before.id, since)
    if lines := await credit_lines.count_misplaced(work, before.id, since):
        raise AffectsPostedLines(extra={"lines": lines})
    return one, None


async def _write(work: Work, before: Member, memberships: tuple[Membership, ...]) -> Change[Member]:
    role = memberships[-1].role if memberships else before.role
    one = changed_row(before, {"memberships": memberships, "role": role})
    written = {"updated_at": one.after.updated_at, "role": one.after.role}
    await update_row(work.tx, MemberRow, before.id, before.version, written)
    await store(work, [one])
    return one


def row_of(member: Member) -> MemberRow:
    """The member without the memberships."""
    return MemberRow.model_validate(member.model_dump(exclude={"memberships"}))


async def store(work: Work, changes: Sequence[Change[Member]]) -> None:
    """Write the memberships of members, and what the directory of callers says of them."""
    await repository.replace_memberships(work.tx, [one.after for one in changes])
    await tell_directory(work, changes)


async def tell_directory(work: Work, changes: Sequence[Change[Member]]) -> None:
    """Write what the directory of callers says of members."""
    rows: list[dict[str, Any]] = []
    for member in (_known(one) for one in changes):
        shared = {"id": member.id, "code": member.code, "subject": member.subject}
        rows += [
            {**shared, **each.model_dump(include={"path", "valid_from", "valid_to"})} for each in member.memberships
        ]
    await replace_principal(work.tx, rows)
