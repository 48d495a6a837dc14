"""Fields of a list out of a row type: the same from a helper in the annotation and from one as the value."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field as Column

from kit.db.columns import DECODED, FrozenRow, document, identifier, identifiers, text
from kit.db.filters import Field, fields_of


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


class Lamp(FrozenRow):
    id: Annotated[UUID, identifier(primary_key=True)]
    name: Annotated[str | None, text(nullable=True)] = None
    light: Annotated[Light, text(nullable=False)]
    rooms: Annotated[tuple[str, ...], Column(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    owners: tuple[UUID, ...] = identifiers(nullable=False)
    shape: Annotated[dict[str, int], DECODED, document(nullable=False)]


def test_kinds_follow_from_the_types() -> None:
    assert fields_of(Lamp, "l", sortable=("name",)) == {
        "id": Field("l.id", "uuid"),
        "name": Field("l.name", nullable=True, sortable=True),
        "light": Field("l.light", enum=("red", "green")),
        "rooms": Field("to_jsonb(l.rooms)", "json"),
        "owners": Field("to_jsonb(l.owners)", "json"),
        "shape": Field("l.shape", "json"),
    }


def test_what_is_left_out_is_left_out() -> None:
    assert fields_of(Lamp, "l", without=("rooms", "owners", "shape", "light", "name")) == {"id": Field("l.id", "uuid")}
