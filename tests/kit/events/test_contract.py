"""Payload models: where a record of a payload goes."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from kit.events.contract import Published, sample_id
from kit.events.outbox import Fact, make_event

ONE, OTHER = UUID(int=1), UUID(int=2)


class Moved(Published):
    """Something moved."""

    TYPE: ClassVar[str] = "kit.thing.moved.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "owner_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {"id": str(ONE), "owner_id": str(OTHER)}

    id: UUID
    owner_id: UUID


class Swept(Moved):
    """All of it moved."""

    KEY: ClassVar[str] = "=everything"


def test_subject_and_key_are_fields_of_the_payload() -> None:
    assert Moved.address_of(Moved.EXAMPLE) == (str(ONE), str(OTHER))
    assert Moved.address_of(Moved.model_validate(Moved.EXAMPLE).model_dump()) == (str(ONE), str(OTHER))


def test_a_key_may_be_one_word_for_all() -> None:
    assert Swept.address_of(Swept.EXAMPLE) == (str(ONE), "everything")


class Grown(Moved):
    """A later release says more."""

    place: str | None = None


class Row(BaseModel):
    id: UUID
    owner_id: UUID


class GrownRow(Row):
    place: str | None


def test_an_optional_field_that_the_row_does_not_have_is_absent_on_the_wire() -> None:
    def sent(row: BaseModel) -> dict[str, Any]:
        payload = Grown.of(row)
        data: dict[str, Any] = json.loads(make_event("kit", Fact(Grown.TYPE, ONE, OTHER, 1, payload)).data)
        return data

    assert sent(Row(id=ONE, owner_id=OTHER)) == Moved.EXAMPLE
    assert sent(GrownRow(id=ONE, owner_id=OTHER, place=None)) == {**Moved.EXAMPLE, "place": None}


def test_a_required_field_must_come_from_somewhere() -> None:
    class Half(BaseModel):
        id: UUID

    with pytest.raises(ValidationError, match="owner_id"):
        Moved.of(Half(id=ONE))
    assert Moved.of(Half(id=ONE), owner_id=OTHER).owner_id == OTHER


def test_ids_of_examples_are_ids() -> None:
    assert str(UUID(sample_id("a1"))) == sample_id("a1")
    assert len({sample_id(tail) for tail in ("1", "01", "10", "a1")}) == 3
