"""Bodies and answers of custom fields, and the values of a row."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from kit.money import MAX_AMOUNT
from kit.web.lists import page_of
from kit.web.schema import ABSENT, Label, Schema
from services.customer.custom_fields.enums import CustomResource, CustomType
from services.customer.custom_fields.rules import INT64, MAX_CHOSEN, MAX_FIELDS, MAX_TEXT

CustomKey = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_]*$")]
_TEXT = {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^[^\x00]*$"}
_MONEY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "currency"],
    "properties": {
        "amount": {"type": "integer", "minimum": -MAX_AMOUNT, "maximum": MAX_AMOUNT},
        "currency": {"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^[A-Z]{3}$"},
    },
}
_SHAPES: list[dict[str, Any]] = [
    _TEXT,
    {"type": "integer", "minimum": -INT64, "maximum": INT64 - 1},
    {"type": "boolean"},
    {"type": "array", "items": _TEXT, "maxItems": MAX_CHOSEN},
    _MONEY,
]


def _shallow(value: object) -> object:
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    if any(isinstance(part, list | dict) for part in parts):
        raise PydanticCustomError("wrong-type", "no field holds lists within lists or objects within objects")
    return value


GivenValue = Annotated[object, AfterValidator(_shallow), WithJsonSchema({"anyOf": [*_SHAPES, {"type": "null"}]})]
"""What is checked by its field: here everything passes that is no deeper than a value may be."""
CustomGiven = Annotated[
    dict[CustomKey, GivenValue],
    Field(
        max_length=MAX_FIELDS,
        description="values of custom fields by key: those not given stay, null takes one away; decimals and dates are "
        "texts, money is {amount, currency} in minor units",
    ),
]
CustomShown = Annotated[
    dict[str, Annotated[object, WithJsonSchema({"anyOf": _SHAPES})]],
    Field(description="values of custom fields by key"),
]
OptionText = Annotated[Label, Field(max_length=100)]

_EXAMPLE: dict[str, Any] = {
    "resource": "account",
    "key": "delivery_tier",
    "type": "enum",
    "required": False,
    "options": ["gold", "silver"],
    "indexed": True,
}


class CustomFieldCreate(Schema):
    """A new field of a resource; its type and its key never change."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    resource: CustomResource
    key: CustomKey
    type: CustomType
    required: bool = False
    options: Annotated[list[OptionText], Field(max_length=200)] = Field(default_factory=list)
    indexed: bool = False


class CustomFieldUpdate(Schema):
    """Fields to change. `options` are those that stand from now on: one that is left out is withdrawn, and stays on the
    rows that have it."""

    model_config = ConfigDict(json_schema_extra={"example": {"options": ["gold", "silver", "bronze"]}})

    required: bool = ABSENT
    options: Annotated[list[OptionText], Field(max_length=200)] = ABSENT
    indexed: bool = ABSENT


class CustomOptionRead(Schema):
    """An option; one that was withdrawn is chosen no more."""

    value: str
    is_withdrawn: bool


class CustomFieldRead(Schema):
    """A custom field; lists may ask for it once it `is_filterable`."""

    id: UUID
    version: int
    resource: CustomResource
    key: str
    type: CustomType
    required: bool
    options: list[CustomOptionRead]
    indexed: bool
    is_filterable: bool
    is_archived: bool
    created_by: str
    created_at: datetime
    updated_at: datetime


CustomFieldPage = page_of(CustomFieldRead)
