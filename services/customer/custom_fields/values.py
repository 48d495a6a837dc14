"""Values of rows: what a write makes of them, and those of indexed fields kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from kit.work import Work
from services.customer.custom_fields import repository
from services.customer.custom_fields.enums import CustomResource, CustomType
from services.customer.custom_fields.models import CustomField, CustomValue
from services.customer.custom_fields.rules import Values

KEPT_TEXT = 501
"""Characters of a text that are kept for filters: one more than a filter may name, so comparisons come out the same."""
Fields = Mapping[str, CustomField]
"""Fields of a resource by key."""


class Valued(NamedTuple):
    """The values of a row before and after a write."""

    row_id: UUID
    before: Values
    after: Values


async def fields_for(work: Work, resource: CustomResource, given: Iterable[Values | None]) -> Fields:
    """The fields by which writes that give these values are judged, which nobody changes until the transaction ends;
    none where no write gives any. Called before rows are locked."""
    named = [one for one in given if one is not None]
    if not named:
        return {}
    await repository.hold(work.tx, resource)
    keys = {key for one in named for key in one}
    return {one.key: one for one in await repository.known_fields(work.tx, resource, keys)}


async def keep_values(work: Work, resource: CustomResource, rows: Sequence[Valued]) -> None:
    """Keep apart what writes that `fields_for` knows of changed of indexed fields: two statements for any number."""
    keys = {key for one in rows for key in one.before.keys() | one.after.keys()}
    changed: list[tuple[UUID, UUID]] = []
    values: list[CustomValue] = []
    for field in await repository.fields_by_key(work.tx, resource, keys):
        for one in rows if field.indexed else ():
            before, after = one.before.get(field.key), one.after.get(field.key)
            if before == after:
                continue
            changed += [(field.id, one.row_id)] if before is not None else []
            values += typed(field, one.row_id, after) if after is not None else []
    await repository.put_values(work.tx, changed, values)


def typed(field: CustomField, row_id: UUID, value: Any) -> list[CustomValue]:
    """A value of an indexed field as it is kept apart."""
    parts = value if field.type is CustomType.MULTI_ENUM else [value]
    return [
        CustomValue(field_id=field.id, row_id=row_id, place=place, **_column(field.type, part))
        for place, part in enumerate(parts)
    ]


def _column(kind: CustomType, value: Any) -> dict[str, Any]:
    if kind in (CustomType.INT, CustomType.DECIMAL):
        return {"number_value": Decimal(value)}
    if kind is CustomType.MONEY:
        return {"text_value": value["currency"], "number_value": Decimal(value["amount"])}
    if kind is CustomType.DATE:
        return {"date_value": value}
    if kind is CustomType.BOOL:
        return {"text_value": "true" if value else "false"}
    return {"text_value": value[:KEPT_TEXT]}
