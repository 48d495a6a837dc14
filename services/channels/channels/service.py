"""Use cases of channels."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.web.batch import Results, upsert
from kit.work import Work
from services.channels.channels import repository
from services.channels.channels.enums import ChannelState
from services.channels.channels.models import Channel
from services.channels.channels.rules import MOVES, ChannelCycle, check_pilot
from services.channels.channels.schemas import ChannelCreate, ChannelRow, ChannelUpdate
from services.channels.events_out.channels import ChannelChanged

TERMS = ("code", "name", "kind", "is_direct", "regions", "parent_id", "pilot_from", "pilot_to")


def _resource(work: Work) -> Resource[Channel]:
    def said(one: Change[Channel]) -> ChannelChanged:
        """What is told of a change, on the business day of the work."""
        is_active = one.after.state is ChannelState.ACTIVE
        return ChannelChanged.of(one.after, is_active=is_active, changed=one.changed, business_date=work.today)

    return Resource("channel", Channel, said, audited=TERMS, unique=("code",))


def _new(data: ChannelRow) -> Channel:
    return Channel(**fresh(), **data.model_dump(), state=ChannelState.ACTIVE)


async def create_channel(work: Work, data: ChannelCreate) -> Channel:
    """A new channel; raises Taken, UnknownReference, Invalid."""
    check_pilot(data.pilot_from, data.pilot_to)
    if data.parent_id is not None and not await repository.line_of(work.tx, data.parent_id):
        raise _no_parent()
    return await add(work, _resource(work), _new(data))


async def require_channel(work: Work, channel_id: UUID) -> Channel:
    """A channel by id; raises NotFound."""
    return await require(work, _resource(work), channel_id)


async def update_channel(work: Work, channel_id: UUID, version: Versions, data: ChannelUpdate) -> Channel:
    """Change the fields given; raises NotFound, VersionMismatch, UnknownReference, ChannelCycle, Invalid."""
    given = data.given()
    if given.get("parent_id") is not None:
        await _check_parent(work, channel_id, given["parent_id"])
    before: Channel = await require(work, _resource(work), channel_id, version=version)
    check_pilot(given.get("pilot_from", before.pilot_from), given.get("pilot_to", before.pilot_to))
    return await change(work, _resource(work), before, given)


async def move_channel(work: Work, channel_id: UUID, action: str) -> Channel:
    """Archive or restore; raises NotFound, StateConflict."""
    before: Channel = await require(work, _resource(work), channel_id, lock=True)
    state = next_state("channel", MOVES, action, before.state)
    return await change(work, _resource(work), before, {"state": state}, action=action)


async def upsert_channels(work: Work, rows: Sequence[tuple[int, ChannelRow]], results: Results) -> None:
    """Create or change channels by code; a row whose code came before in the batch is refused."""
    await upsert(work, _resource(work), "code", rows, results, _new)


async def _check_parent(work: Work, channel_id: UUID, parent_id: UUID) -> None:
    await repository.lock_tree(work.tx)
    line = await repository.line_of(work.tx, parent_id)
    if not line:
        raise _no_parent()
    if channel_id in line:
        raise ChannelCycle()


def _no_parent() -> UnknownReference:
    return UnknownReference(errors=[FieldError("/parent_id", "unknown-reference", "no such channel")])
