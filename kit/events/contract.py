"""Payload models: what a producer publishes (`Published`) and what a consumer reads of it (`Heard`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
"""Why something happened, as one word of a list: free text never leaves in an event."""
KeyedHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,64}$")]
"""What identifies somebody (a tax id, a domain), hashed under the key that all services share: equal means the same."""


def sample_id(tail: str) -> str:
    """The id of examples that ends in `tail`, hexadecimal."""
    return f"01989f2e-0000-7000-8000-{tail:>012}"


@lru_cache(maxsize=512)
def _same_names(payload: type[BaseModel], row: type[BaseModel]) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    names = tuple(name for name in payload.model_fields if name in row.model_fields or hasattr(row, name))
    return names, attrgetter(*names) if len(names) > 1 else lambda one: tuple(getattr(one, name) for name in names)


def same_fields(payload: type[BaseModel], row: BaseModel) -> dict[str, Any]:
    """Fields of a payload, or of a part of one, that a row has. Which ones is asked once for each type: validation
    that looks for attributes which are not there takes three times as long."""
    names, values = _same_names(payload, type(row))
    return dict(zip(names, values(row), strict=True))


class Published(BaseModel):
    """Payload of one event type. `TYPE` is the CloudEvents type, `EXAMPLE` a complete payload.

    `SUBJECT` is the field whose value is the aggregate's id, `KEY` the one whose value is the record's key;
    `=word` says that every record has the key `word`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, defer_build=True)

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]
    KEY: ClassVar[str]
    EXAMPLE: ClassVar[dict[str, Any]]

    @classmethod
    def of(cls, row: BaseModel, **more: Any) -> Self:
        """The payload of a row: fields of the same name, and those that only the event has.

        An optional field that the row does not have stays unsaid.
        """
        return cls.model_validate({**same_fields(cls, row), **more})

    def address(self) -> tuple[str, str]:
        """(subject, key) of the record that carries this payload."""
        return self.address_of(self.__dict__)

    @classmethod
    def address_of(cls, payload: Mapping[str, Any]) -> tuple[str, str]:
        """(subject, key) that a record with this payload carries."""
        key = cls.KEY.removeprefix("=") if cls.KEY.startswith("=") else str(payload[cls.KEY])
        return str(payload[cls.SUBJECT]), key


class Part(BaseModel):
    """A part of a payload."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, defer_build=True)


class Heard(BaseModel):
    """A tolerant, reduced copy of another service's payload: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
