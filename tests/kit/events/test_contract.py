"""Payload models: where a record of a payload goes."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published

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
