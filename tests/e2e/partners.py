"""What is kept of partners in a filled system, and how operations on it succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, changed, created, filled
from tests.e2e.world import World

PARTNER = "/v1/partners/{partner_id}"
CONTACT = "/v1/partner-contacts"
DOCUMENT = "/v1/partner-documents"
TASK = "/v1/partner-tasks"
LOG = "/v1/partner-logs"
CRITERIA = "/v1/partner-criteria"
TRAINING = "/v1/trainings"


def made_of(path: str, **more: Any) -> Callable[[World], str]:
    """One of the documented example, entered by somebody else than the administrator."""

    def make(world: World) -> str:
        made: str = world.make(path, world.example(f"POST {path}") | more, by="channel-manager")["id"]
        return made

    return make


def done_task(world: World) -> str:
    found = made_of(TASK)(world)
    world.make(f"{TASK}/{found}/complete")
    return found


def document_example(world: World) -> httpx.Response:
    own = {"number": f"N-{uuid4().hex[:12]}", "is_mandatory": False}
    return world.send("POST", DOCUMENT, world.example(f"POST {DOCUMENT}") | own)


def document(world: World) -> str:
    made: str = document_example(world).raise_for_status().json()["id"]
    return made


def training_example(world: World) -> httpx.Response:
    return world.send("POST", TRAINING, world.example(f"POST {TRAINING}") | {"code": f"T-{uuid4().hex[:12]}"})


def training(world: World) -> str:
    made: str = training_example(world).raise_for_status().json()["id"]
    return made


def applied(world: World) -> str:
    made: str = world.make("/v1/partners", world.example("POST /v1/partners"))["id"]
    return made


def selling(world: World) -> str:
    found = applied(world)
    world.make(f"/v1/partners/{found}/activate")
    return found


def applicable(world: World) -> str:
    """A partner that may be screened by what counts."""
    world.make(f"{CRITERIA}/{made_of(CRITERIA)(world)}/publish")
    return applied(world)


def screening(world: World) -> str:
    """A partner that somebody else than the administrator weighs."""
    found = applicable(world)
    world.make(f"/v1/partners/{found}/screen", by="channel-manager")
    return found


def scores_of(world: World, partner_id: str, by: str) -> httpx.Response:
    template = f"{PARTNER}/scores"
    version = world.get("/v1/partner-screenings", partner_id=partner_id)["items"][0]["version"]
    headers = {"If-Match": f'"{version}"'}
    return world.send("PUT", filled(template, partner_id), world.example(f"PUT {template}"), by=by, headers=headers)


def scored(world: World) -> str:
    found = screening(world)
    scores_of(world, found, "channel-manager").raise_for_status()
    return found


def attended(world: World) -> httpx.Response:
    path = f"{TRAINING}/{training(world)}"
    body = world.example(f"PUT {TRAINING}/{{training_id}}/attendance")
    return world.send("PUT", f"{path}/attendance", body, headers=world.etag(path))


PARTNER_CALLS: dict[str, How] = {
    f"POST {PARTNER}/screen": acted(f"{PARTNER}/screen", applicable),
    f"PUT {PARTNER}/scores": lambda world: scores_of(world, screening(world), "admin"),
    f"POST {PARTNER}/approve": acted(f"{PARTNER}/approve", scored),
    f"POST {PARTNER}/reject": acted(f"{PARTNER}/reject", scored),
    f"POST {PARTNER}/terminate": acted(f"{PARTNER}/terminate", selling),
    f"POST {CONTACT}": created(CONTACT),
    f"PATCH {CONTACT}/{{partner_contact_id}}": changed("PATCH", f"{CONTACT}/{{partner_contact_id}}", made_of(CONTACT)),
    f"POST {CONTACT}/{{partner_contact_id}}/archive": acted(
        f"{CONTACT}/{{partner_contact_id}}/archive", made_of(CONTACT)
    ),
    f"POST {CONTACT}/{{partner_contact_id}}/restore": acted(
        f"{CONTACT}/{{partner_contact_id}}/restore", made_of(CONTACT)
    ),
    f"POST {DOCUMENT}": document_example,
    f"PATCH {DOCUMENT}/{{partner_document_id}}": changed("PATCH", f"{DOCUMENT}/{{partner_document_id}}", document),
    f"POST {TASK}": created(TASK),
    f"PATCH {TASK}/{{partner_task_id}}": changed("PATCH", f"{TASK}/{{partner_task_id}}", made_of(TASK)),
    f"POST {TASK}/{{partner_task_id}}/complete": acted(f"{TASK}/{{partner_task_id}}/complete", made_of(TASK)),
    f"POST {TASK}/{{partner_task_id}}/reopen": acted(f"{TASK}/{{partner_task_id}}/reopen", done_task),
    f"POST {LOG}": created(LOG),
    f"PATCH {LOG}/{{partner_log_id}}": changed("PATCH", f"{LOG}/{{partner_log_id}}", made_of(LOG)),
    f"POST {LOG}/{{partner_log_id}}/close": acted(f"{LOG}/{{partner_log_id}}/close", made_of(LOG)),
    f"POST {CRITERIA}": created(CRITERIA),
    f"PUT {CRITERIA}/{{partner_criteria_id}}": changed("PUT", f"{CRITERIA}/{{partner_criteria_id}}", made_of(CRITERIA)),
    f"POST {CRITERIA}/{{partner_criteria_id}}/publish": acted(
        f"{CRITERIA}/{{partner_criteria_id}}/publish", made_of(CRITERIA)
    ),
    f"POST {TRAINING}": training_example,
    f"PATCH {TRAINING}/{{training_id}}": changed("PATCH", f"{TRAINING}/{{training_id}}", training),
    f"PUT {TRAINING}/{{training_id}}/attendance": attended,
}
