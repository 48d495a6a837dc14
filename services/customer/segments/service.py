"""Use cases of segments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit import clock
from kit.db.lists import ListSpec
from kit.db.rows import insert_rows
from kit.db.saved_filters import SavedFilter, parse_saved_filter
from kit.errors import BadQuery, FieldError, UnknownReference
from kit.events import outbox
from kit.ids import new_id
from kit.records import Change, Resource, change, fresh, record, require
from kit.security.fields import shown_list
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.access import FIELDS
from services.customer.accounts.lists import ACCOUNTS
from services.customer.contacts import service as contacts
from services.customer.contacts.lists import CONTACTS
from services.customer.custom_fields import service as custom_fields
from services.customer.custom_fields.enums import CustomResource
from services.customer.directories import service as directories
from services.customer.events_out.segments import MAX_MEMBERS_PER_EVENT, SegmentChanged
from services.customer.segments import repository
from services.customer.segments.enums import SegmentResource
from services.customer.segments.models import Segment
from services.customer.segments.rules import SegmentCycle, SegmentFilterInvalid, SegmentKind, chunks_of, way_back
from services.customer.segments.schemas import SegmentCreate, SegmentUpdate

EVERY: Final = timedelta(minutes=15)
SEGMENT: Final = "segment"
"""The parameter of a filter that names segments."""
SEGMENTS = Resource("segment", Segment, lambda _: None, audited=("name", "resource", "filter"))
LISTS: dict[SegmentResource, ListSpec] = {SegmentResource.ACCOUNT: ACCOUNTS, SegmentResource.CONTACT: CONTACTS}
CUSTOM: Final = {
    SegmentResource.ACCOUNT: CustomResource.ACCOUNT,
    SegmentResource.CONTACT: CustomResource.CONTACT,
}


def _refused(parameter: str, detail: str) -> SegmentFilterInvalid:
    pointer = f"/filter/{parameter}" if parameter else "/filter"
    return SegmentFilterInvalid(detail, errors=[FieldError(pointer, SegmentFilterInvalid.code, detail)])


def _parsed(spec: ListSpec, text: str) -> SavedFilter:
    """A filter; raises SegmentFilterInvalid, which points at the parameter."""
    try:
        return parse_saved_filter(spec, text, extra=(SEGMENT,))
    except BadQuery as refused:
        if not refused.errors:
            raise _refused("", refused.detail) from None
        faults = [FieldError(f"/filter/{one.pointer}", SegmentFilterInvalid.code, one.detail) for one in refused.errors]
        raise SegmentFilterInvalid(errors=faults) from None


def _asked(chosen: SavedFilter) -> set[UUID]:
    """The segments that a filter names; raises SegmentFilterInvalid."""
    try:
        return {UUID(part) for _, value in chosen.others for part in value.split(",")}
    except ValueError:
        raise _refused(SEGMENT, "expected ids of segments") from None


async def _checked(work: Work, segment_id: UUID, resource: SegmentResource, text: str) -> str:
    """A filter as it is kept; raises SegmentFilterInvalid, SegmentCycle."""
    shown = shown_list(LISTS[resource], FIELDS, work.actor)
    spec = await custom_fields.filtered_by(work, CUSTOM[resource], shown, [text], kept=True)
    chosen = _parsed(spec, text)
    asked = _asked(chosen)
    if asked:
        found = {one.id: one.resource for one in await repository.load_segments(work.tx, asked)}
        for one in sorted(asked):
            if one not in found and one != segment_id:
                raise _refused(SEGMENT, f"no segment {one}")
            if resource is SegmentResource.ACCOUNT and found.get(one) is SegmentResource.CONTACT:
                raise _refused(SEGMENT, f"{one} is a segment of contacts")
        asks = {one.id: _names(one.filter) for one in await repository.asking(work.tx)} | {segment_id: asked}
        if way := way_back(segment_id, asks):
            raise SegmentCycle(extra={"segments": list(map(str, way))})
    await custom_fields.keep_uses(work, CUSTOM[resource], SEGMENT, segment_id, chosen.fields())
    return chosen.text


def _names(text: str) -> set[UUID]:
    return _asked(parse_saved_filter(ACCOUNTS, "&".join(_segment_parts(text)), extra=(SEGMENT,)))


def _segment_parts(text: str) -> list[str]:
    return [part for part in text.split("&") if part.startswith(f"{SEGMENT}=")]


async def _check_ids(work: Work, resource: SegmentResource, ids: Sequence[UUID]) -> None:
    """Raises UnknownReference for what the caller does not see."""
    if resource is SegmentResource.ACCOUNT:
        found = set(await accounts.accounts_by_id(work, ids))
    else:
        found = set(await contacts.accounts_of(work, ids))
    for number, one in enumerate(ids):
        if one not in found:
            detail = f"no {resource} {one}"
            raise UnknownReference(detail, errors=[FieldError(f"/ids/{number}", "unknown-reference", detail)])


async def create_segment(work: Work, data: SegmentCreate) -> Segment:
    """Add a segment and find its members; raises SegmentKind, SegmentFilterInvalid, SegmentCycle, UnknownReference."""
    if (data.filter is None) == (data.ids is None):
        raise SegmentKind(errors=[FieldError("/filter", SegmentKind.code, "give one of filter and ids")])
    begun = fresh()
    if data.ids is not None:
        await _check_ids(work, data.resource, data.ids)
    segment = Segment(
        **begun,
        name=data.name,
        resource=data.resource,
        filter=None if data.filter is None else await _checked(work, begun["id"], data.resource, data.filter),
        ids=tuple(data.ids or ()),
        owner_id=await directories.seller_of_subject(work, work.actor.subject),
        refreshed_at=begun["created_at"],
        due_at=begun["created_at"],
        created_by=work.actor.subject,
    )
    await insert_rows(work.tx, Segment, [segment])
    await record(work, SEGMENTS, [Change(None, segment)], action="create")
    return await refresh(work, segment)


async def get_segment(work: Work, segment_id: UUID) -> Segment:
    """One segment; raises NotFound."""
    return await require(work, SEGMENTS, segment_id)


async def update_segment(work: Work, segment_id: UUID, version: Versions, data: SegmentUpdate) -> Segment:
    """Change the fields given and find the members of another choice; raises NotFound, VersionMismatch and those of
    create."""
    before: Segment = await require(work, SEGMENTS, segment_id, lock=True)
    version.check(before.version)
    given = data.given()
    other = "ids" if before.filter is not None else "filter"
    if other in given:
        raise SegmentKind(errors=[FieldError(f"/{other}", SegmentKind.code, "it is a segment of the other kind")])
    if "filter" in given:
        given["filter"] = await _checked(work, before.id, before.resource, given["filter"])
    if "ids" in given:
        await _check_ids(work, before.resource, given["ids"])
        given["ids"] = tuple(given["ids"])
    after = await change(work, SEGMENTS, before, given)
    return await refresh(work, after) if {"filter", "ids"} & given.keys() and after is not before else after


async def refresh_segment(work: Work, segment_id: UUID) -> Segment:
    """Find the members anew, one at a time; raises NotFound."""
    return await refresh(work, await require(work, SEGMENTS, segment_id, lock=True))


async def refresh(work: Work, before: Segment) -> Segment:
    """Let the members of a locked segment be those that it chooses today, and tell who came and who went."""
    now = clock.now()
    chosen, args = await _choice(work, before)
    moved = await repository.renew(work.tx, before.id, chosen, args, now)
    joined, left = [one.id for one in moved if one.is_in], [one.id for one in moved if not one.is_in]
    chunks = chunks_of(joined, left, MAX_MEMBERS_PER_EVENT)
    steps = {
        "version": before.version + len(chunks),
        "size": before.size + len(joined) - len(left),
        "refreshed_at": now,
        "due_at": now + EVERY,
        **({"updated_at": now} if chunks else {}),
    }
    after = before.model_copy(update=steps)
    await repository.put_refreshed(work.tx, after, len(chunks))
    refresh_id = new_id()
    said = [
        SegmentChanged(
            id=after.id,
            owner_id=after.owner_id,
            resource=after.resource.value,
            refresh_id=refresh_id,
            chunk=number,
            chunks=len(chunks),
            joined=list(chunk.joined),
            left=list(chunk.left),
            version=before.version + number,
            business_date=work.today,
        )
        for number, chunk in enumerate(chunks, 1)
    ]
    await outbox.say(work, [(one, one.version) for one in said])
    return after


async def _choice(work: Work, segment: Segment) -> tuple[str, list[object]]:
    """The statement that chooses the members, and its parameters."""
    if segment.filter is None:
        return repository.NAMED[segment.resource], [list(segment.ids)]
    spec = await custom_fields.filtered_by(work, CUSTOM[segment.resource], LISTS[segment.resource], [segment.filter])
    chosen = _parsed(spec, segment.filter)
    where, args = repository.STANDING[segment.resource][1], list[object]()
    if asked := _asked(chosen):
        found = await repository.load_segments(work.tx, asked)
        parts = []
        for resource, column in ((SegmentResource.ACCOUNT, "a.id"), (SegmentResource.CONTACT, "c.id")):
            ids = [one.id for one in found if one.resource is resource]
            if ids:
                args.append(ids)
                parts.append(repository.in_segments(column, len(args)))
        where += f" AND ({' OR '.join(parts) or 'FALSE'})"
    condition, args = chosen.condition(work.today, work.settings.timezone, where, args)
    return repository.chosen_sql(segment.resource, spec.source, condition), args
