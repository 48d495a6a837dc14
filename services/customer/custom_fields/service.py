"""Use cases of custom fields: their definitions, and the lists that ask for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from kit import clock
from kit.db.lists import ListSpec
from kit.errors import Taken
from kit.jobs.jobs import enqueue
from kit.records import Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.customer.custom_fields import repository
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.lists import asked_of, with_custom
from services.customer.custom_fields.models import CustomField, CustomOption
from services.customer.custom_fields.rules import (
    PREFIX,
    FieldArchived,
    FieldInUse,
    check_limits,
    keys_asked,
    options_after,
)
from services.customer.custom_fields.schemas import CustomFieldCreate, CustomFieldUpdate
from services.customer.custom_fields.values import typed

INDEX: Final = "custom-fields.index"
"""Kind of the job that keeps the values of a field apart, or drops what was kept."""


class Phase(StrEnum):
    """What the job is at."""

    CLEAR = "clear"
    FILL = "fill"
    DONE = "done"


class Place(NamedTuple):
    """Where the job is: behind which row, after how many."""

    phase: Phase = Phase.CLEAR
    after: UUID = UUID(int=0)
    rows: int = 0


AT_ONCE: Final = 1_000
FIELDS = Resource("custom-field", CustomField, lambda _: None, audited=("resource", "key", "type", "required"))


def shown(field: CustomField) -> dict[str, Any]:
    """What an answer has that is no column of the row."""
    return {"is_filterable": field.is_filterable, "is_archived": field.is_archived}


def _options(data: CustomFieldCreate | CustomFieldUpdate, before: CustomField | None, kind: Any) -> Any:
    given = options_after(kind, data.options, before.options if before else ())
    return tuple(CustomOption(value=value, is_withdrawn=is_withdrawn) for value, is_withdrawn in given)


async def create_field(work: Work, data: CustomFieldCreate) -> CustomField:
    """Add a field to a resource, whose rows have no value of it; raises OptionsInvalid, Taken, FieldLimit."""
    options = _options(data, None, data.type)
    await repository.hold(work.tx, data.resource, alone=True)
    begun = fresh()
    field = CustomField(
        **begun,
        **data.model_dump(exclude={"options"}),
        options=options,
        indexed_at=begun["created_at"] if data.indexed else None,
        created_by=work.actor.subject,
    )
    for other in await repository.fields_by_key(work.tx, data.resource, [data.key]):
        raise Taken(FIELDS.noun, "key", other.id)
    await _check_limits(work, field)
    return await add(work, FIELDS, field)


async def get_field(work: Work, field_id: UUID) -> CustomField:
    """One field; raises NotFound."""
    return await require(work, FIELDS, field_id)


async def update_field(work: Work, field_id: UUID, version: Versions, data: CustomFieldUpdate) -> CustomField:
    """Change the fields given; values are kept apart for filters, or dropped, by a job. Raises NotFound,
    VersionMismatch, FieldArchived, OptionsInvalid, FieldLimit, FieldInUse (of one that shall not be indexed)."""
    before = await _alone(work, field_id)
    version.check(before.version)
    given = data.given()
    if before.is_archived:
        raise FieldArchived()
    if "options" in given:
        given["options"] = _options(data, before, before.type)
    is_turned = "indexed" in given and given["indexed"] != before.indexed
    if is_turned:
        given |= {"index_no": before.index_no + 1, "indexed_at": None}
        if before.indexed:
            await _refuse_used(work, before)
        else:
            await _check_limits(work, before.model_copy(update={"indexed": True}))
        asked = {"field_id": str(field_id), "index_no": given["index_no"]}
        await enqueue(work.tx, INDEX, asked, work.actor.subject)
    return await change(work, FIELDS, before, given)


async def archive_field(work: Work, field_id: UUID) -> CustomField:
    """Let no row get another value of a field; those that have one keep it. Raises NotFound, FieldArchived,
    FieldInUse."""
    before = await _alone(work, field_id)
    if before.is_archived:
        raise FieldArchived()
    await _refuse_used(work, before)
    return await change(work, FIELDS, before, {"archived_at": clock.now()}, action="archive")


async def restore_field(work: Work, field_id: UUID) -> CustomField:
    """Undo an archive; raises NotFound, FieldLimit."""
    before = await _alone(work, field_id)
    if before.is_archived:
        await _check_limits(work, before)
    return await change(work, FIELDS, before, {"archived_at": None}, action="restore")


async def _alone(work: Work, field_id: UUID) -> CustomField:
    """A field that nobody else changes, or writes by, until the transaction ends; raises NotFound."""
    found = await require(work, FIELDS, field_id)
    await repository.hold(work.tx, found.resource, alone=True)
    return await require(work, FIELDS, field_id, lock=True)


async def _check_limits(work: Work, field: CustomField) -> None:
    others = await repository.count_fields(work.tx, field.resource, field.id)
    check_limits(others.standing + 1, others.indexed + field.indexed)


async def _refuse_used(work: Work, field: CustomField) -> None:
    users = await repository.users_of(work.tx, field.id)
    if users:
        raise FieldInUse(extra={"used_by": [{"kind": one.used_by, "id": str(one.user_id)} for one in users]})


async def filtered(work: Work, resource: CustomResource, spec: ListSpec, names: Collection[str]) -> ListSpec:
    """A list of a resource that can be asked for the custom fields that these parameters name, as far as there are
    such fields and their values are indexed."""
    keys = keys_asked(names)
    fields = await repository.fields_by_key(work.tx, resource, keys) if keys else []
    asked = asked_of([one for one in fields if one.is_filterable])
    return with_custom(spec, asked) if asked else spec


async def fields_named(work: Work, resource: CustomResource, keys: Collection[str]) -> list[CustomField]:
    """The fields of a resource that have these keys, archived ones too."""
    return await repository.fields_by_key(work.tx, resource, keys)


async def filtered_by(
    work: Work, resource: CustomResource, spec: ListSpec, texts: Collection[str], *, kept: bool = False
) -> ListSpec:
    """The same for saved filters, query strings; `kept`: they are about to be, so no field is archived meanwhile."""
    names = {name for text in texts for name, _ in parse_qsl(text, keep_blank_values=True, errors="replace")}
    if kept and keys_asked(names):
        await repository.hold(work.tx, resource)
    return await filtered(work, resource, spec, names)


async def keep_uses(work: Work, resource: CustomResource, used_by: str, user_id: UUID, names: Collection[str]) -> None:
    """Note which custom fields (`custom.<key>` among these names of fields) a saved filter asks for, instead of those
    before."""
    keys = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    fields = await repository.fields_by_key(work.tx, resource, keys)
    await repository.put_uses(work.tx, used_by, user_id, [one.id for one in fields])


async def index_some(work: Work, asked: Mapping[str, Any], at: Place) -> Place:
    """One step of a job: first what was kept apart before is dropped, then the values of rows are kept, in order of
    id; rows written meanwhile keep theirs. Returns where it is then."""
    field = await _asked(work, asked)
    if field is None:
        return Place(Phase.DONE)
    if at.phase is Phase.CLEAR:
        if await repository.clear_values(work.tx, field.id, AT_ONCE):
            return at
        return at._replace(phase=Phase.FILL if field.indexed else Phase.DONE)
    rows = await repository.next_rows(work.tx, field, at.after, AT_ONCE)
    await repository.add_values(work.tx, [value for one in rows for value in typed(field, one.row_id, one.value)])
    if rows:
        return Place(Phase.FILL, rows[-1].row_id, at.rows + len(rows))
    return at._replace(phase=Phase.DONE)


async def _asked(work: Work, asked: Mapping[str, Any]) -> CustomField | None:
    """The field of a job; None when it was turned again, so that another job does it."""
    field: CustomField = await require(work, FIELDS, UUID(asked["field_id"]))
    await repository.hold(work.tx, field.resource)
    field = await require(work, FIELDS, field.id)
    return field if field.index_no == asked["index_no"] else None


async def finish_index(work: Work, asked: Mapping[str, Any]) -> None:
    """Lists may ask for a field whose values are all kept apart."""
    field = await _alone(work, UUID(asked["field_id"]))
    if field.indexed and field.index_no == asked["index_no"]:
        await change(work, FIELDS, field, {"indexed_at": clock.now()}, action="index")
