"""Levels of partners in a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World

PROGRAMME = "/v1/tier-programmes"
ONE_PROGRAMME = PROGRAMME + "/{tier_programme_id}"
EVALUATION = "/v1/tier-evaluations"
ONE = EVALUATION + "/{tier_evaluation_id}"
RESULT = ONE + "/results/{partner_id}"
CERTIFICATE = "/v1/partner-certificates"


def programme_example(world: World) -> httpx.Response:
    code = f"T-{uuid4().hex[:12]}"
    return world.send("POST", PROGRAMME, world.example(f"POST {PROGRAMME}") | {"code": code, "name": code})


def drafted(world: World) -> str:
    """A draft of somebody else than the administrator."""
    code = f"T-{uuid4().hex[:12]}"
    body = world.example(f"POST {PROGRAMME}") | {"code": code, "name": code}
    made: str = world.make(PROGRAMME, body, by="channel-manager")["id"]
    return made


def standing(world: World) -> str:
    made = drafted(world)
    world.make(f"{PROGRAMME}/{made}/publish")
    return made


def start_example(world: World) -> httpx.Response:
    body = world.example(f"POST {EVALUATION}") | {"programme_id": standing(world)}
    return world.send("POST", EVALUATION, body)


def previewed(world: World) -> str:
    """An evaluation of somebody else than the administrator."""
    body = world.example(f"POST {EVALUATION}") | {"programme_id": standing(world)}
    made: str = world.make(EVALUATION, body, by="channel-manager")["id"]
    world.until(lambda: world.get(f"{EVALUATION}/{made}")["state"] == "previewed")
    return made


def on_result(verb: str, *before: str) -> How:
    """An action on what an evaluation says of a partner."""

    def act(world: World) -> httpx.Response:
        path = f"{EVALUATION}/{previewed(world)}/results/{world.ids['partner_id'][0]}"
        for step in before:
            world.make(f"{path}/{step}", world.example(f"POST {RESULT}/{step}"), by="channel-manager")
        return world.send("POST", f"{path}/{verb}", world.example(f"POST {RESULT}/{verb}"))

    return act


def certificate_example(world: World) -> httpx.Response:
    own = {"partner_id": world.ids["partner_id"][0], "number": f"N-{uuid4().hex[:12]}"}
    return world.send("POST", CERTIFICATE, world.example(f"POST {CERTIFICATE}") | own)


def certificate(world: World) -> str:
    made: str = certificate_example(world).raise_for_status().json()["id"]
    return made


def _acted(path: str, thing: Callable[[World], str]) -> dict[str, How]:
    return {f"POST {path}": acted(path, thing)}


TIER_CALLS: dict[str, How] = {
    f"POST {PROGRAMME}": programme_example,
    f"PUT {ONE_PROGRAMME}": changed("PUT", ONE_PROGRAMME, drafted),
    **_acted(f"{ONE_PROGRAMME}/publish", drafted),
    **_acted(f"{ONE_PROGRAMME}/revise", standing),
    f"POST {EVALUATION}": start_example,
    **_acted(f"{ONE}/publish", previewed),
    **_acted(f"{ONE}/cancel", previewed),
    f"POST {RESULT}/appeal": on_result("appeal"),
    f"POST {RESULT}/decide": on_result("decide", "appeal"),
    f"POST {CERTIFICATE}": certificate_example,
    f"PATCH {CERTIFICATE}/{{certificate_id}}": changed("PATCH", f"{CERTIFICATE}/{{certificate_id}}", certificate),
}
