"""How operations on custom fields succeed."""

from __future__ import annotations

from itertools import count

from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World

_NUMBERS = count(1)


def custom_field(world: World) -> str:
    """A field with a key of its own: no key is given twice."""
    body = {**world.example("POST /v1/custom-fields"), "key": f"tier_{next(_NUMBERS)}", "indexed": False}
    made: str = world.make("/v1/custom-fields", body)["id"]
    return made


CUSTOM_FIELD_CALLS: dict[str, How] = {
    "POST /v1/custom-fields": lambda world: world.send(
        "POST",
        "/v1/custom-fields",
        {**world.example("POST /v1/custom-fields"), "key": f"tier_{next(_NUMBERS)}", "indexed": False},
    ),
    "PATCH /v1/custom-fields/{custom_field_id}": changed("PATCH", "/v1/custom-fields/{custom_field_id}", custom_field),
    "POST /v1/custom-fields/{custom_field_id}/archive": acted(
        "/v1/custom-fields/{custom_field_id}/archive", custom_field
    ),
    "POST /v1/custom-fields/{custom_field_id}/restore": acted(
        "/v1/custom-fields/{custom_field_id}/restore", custom_field
    ),
}
