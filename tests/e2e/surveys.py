"""How operations on surveys and on their forms succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import How, account, acted, changed, created
from tests.e2e.world import World


def survey(world: World, **changes: Any) -> str:
    """A survey."""
    made: str = world.make("/v1/surveys", world.example("POST /v1/surveys") | changes)["id"]
    return made


def willing(world: World, **fields: Any) -> str:
    """A contact, of an account of its own unless said, who may be asked by e-mail."""
    body = {"name": "Li", "emails": [{"value": f"li.{uuid4().hex}@harbour.example"}], **fields}
    made: str = world.make("/v1/contacts", body if fields else body | {"account_id": account(world)})["id"]
    consent = world.example("POST /v1/contacts/{contact_id}/consents") | {"purpose": "survey", "channel": "email"}
    world.make(f"/v1/contacts/{made}/consents", consent)
    return made


def invitation(world: World) -> httpx.Response:
    """Somebody is asked."""
    return world.send(
        "POST", f"/v1/surveys/{survey(world)}/invitations", {"contacts": [{"contact_id": willing(world)}]}
    )


def answer(world: World) -> httpx.Response:
    """Somebody was asked and answers, without a bearer token."""
    (item,) = invitation(world).raise_for_status().json()["items"]
    body = world.example("POST /v1/survey-forms/{token}/answer")
    return world.http.post(f"/v1/survey-forms/{item['token']}/answer", json=body)


_SURVEY = "/v1/surveys/{survey_id}"
SURVEY_CALLS: dict[str, How] = {
    "POST /v1/surveys": created("/v1/surveys"),
    f"PATCH {_SURVEY}": changed("PATCH", _SURVEY, survey),
    f"POST {_SURVEY}/close": acted(f"{_SURVEY}/close", survey),
    f"POST {_SURVEY}/invitations": invitation,
    "POST /v1/survey-forms/{token}/answer": answer,
}
