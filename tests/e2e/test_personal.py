"""Personal values of a busy while stand in clear nowhere but in the answers to those who may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import pytest

from kit.native.process import free_port
from kit.runtime import LOG_DATABASE
from kit.testing.native import run_apart
from kit.testing.program import Program, run_program, start_program
from tests.e2e.world import SERVICES, World

PEOPLE = 12
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def program(data_folder: Path) -> Iterator[Program]:
    """A system that logs all it can."""
    port = free_port()
    words = ("run", "--data", str(data_folder), "--port", str(port), "--log-level", "INFO")
    program = start_program(*words, log=data_folder / "run.log", url=f"http://127.0.0.1:{port}")
    try:
        program.wait_ready()
        yield program
    finally:
        if program.process.poll() is None:
            program.stop()


def person(number: int) -> dict[str, object]:
    """Somebody all of whose values can be told from others."""
    return {
        "name": f"Quillon {number}",
        "emails": [{"value": f"Quillon.{number}@Secret-Harbour.example", "label": f"quillabel{number}"}],
        "phones": [{"value": f"138 7654 {3000 + number}"}],
        "birthday": f"1957-11-{number + 10}",
        "address": f"{number} Quillstreet, Shanghai",
    }


def busy(world: World, number: int) -> None:
    """All that is done with a contact, well and badly, by those who may and those who may not."""
    account = world.make("/v1/accounts", {"kind": "organization", "name": f"Harbour {number}"})["id"]
    body, key = {**person(number), "account_id": account}, {"Idempotency-Key": f"k-{number}"}
    made = world.send("POST", "/v1/contacts", body, headers=key)
    assert made.status_code == 201, made.text
    again = world.send("POST", "/v1/contacts", body, headers=key)
    assert (again.text, again.headers["idempotency-replayed"]) == (made.text, "true")
    path = f"/v1/contacts/{made.json()['id']}"
    row = {**body, "external_ids": {"erp": f"K-{number}"}}
    world.send("POST", "/v1/contacts", body)
    world.send("POST", "/v1/contacts", {**body, "phones": [{"value": "138 7654 3"}]})
    world.send("POST", "/v1/contacts/batch", {"rows": [row, row, {**row, "account_id": "quillon"}]})
    world.send("PATCH", path, {"address": f"{number} Quillroad"}, headers=world.etag(path))
    consent = world.example("POST /v1/contacts/{contact_id}/consents") | {"evidence": f"quillform {number}"}
    world.make(f"{path}/consents", consent)
    address = f"quillon.{number}@secret-harbour.example"
    lead = {"company": f"Pier {number}", "email": f"Quillon.{number}@Secret-Harbour.example", "phone": "138 7654 3000"}
    lead_path = f"/v1/leads/{world.make('/v1/leads', lead)['id']}"
    world.make(f"{lead_path}/consents", consent)
    world.send("GET", lead_path, by="auditor")
    world.send("GET", "/v1/leads", params={"email": address})
    for by in ("admin", "auditor"):
        world.send("GET", path, by=by)
        world.send("GET", f"{path}/consents", by=by)
        world.send("GET", "/v1/contacts", by=by, params={"limit": 5, "sort": "-created_at"})
        world.send("GET", "/v1/contacts", by=by, params={"email": address})
        world.send("GET", f"/v1/contacts?phone={quote(f'138 7654 {3000 + number}')}", by=by)
    found = world.get("/v1/contacts", email=address)["items"]
    assert [item["emails"][0]["value"] for item in found] == [f"Quillon.{number}@Secret-Harbour.example"]


def rows_of(world: World, database: str) -> str:
    """Every row of every table as text; what is kept as bytes is read as text too."""
    address = urlsplit(json.loads((world.folder / "system.json").read_text())["postgres"])

    async def read() -> str:
        connection = await asyncpg.connect(urlunsplit(address._replace(path=f"/{database}")))
        try:
            seen = []
            for table in await connection.fetch(_TABLES):
                seen += [f"{list(row.values())}" for row in await connection.fetch(f'SELECT * FROM "{table[0]}"')]
            return "\n".join(seen)
        finally:
            await connection.close()

    return run_apart(read())


def clear_values(text: str, names: bool) -> list[str]:
    """What of a person stands in a text; `names` where they may not stand either."""
    folded = text.lower()
    words = ["secret-harbour", "quillabel", "quillstreet", "quillroad", "quillform", "1387654", "138 7654", "1957-11"]
    return [word for word in [*words, *(["quillon"] if names else [])] if word in folded]


def test_nothing_stands_in_clear(program: Program, data_folder: Path) -> None:
    with World(program.url, data_folder) as world:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: busy(world, number), range(PEOPLE)))
        world.settled()
        raw = {name: rows_of(world, name) for name in (*(f"crmesh_{one}" for one in SERVICES), LOG_DATABASE)}
        assert "consent_changed" in raw["crmesh_customer"]
        for name, text in raw.items():
            assert clear_values(text, names=name != "crmesh_customer") == [], name
        audited = world.query("customer", ("SELECT row_to_json(a)::text AS row FROM audit_log a",))
        assert sum('"read"' in one["row"] for one in audited) >= 6 * PEOPLE
        for statement in ("outbox", "parked_event", "audit_log", "idempotency_key", "job"):
            rows = world.query("customer", (f"SELECT row_to_json(t)::text AS row FROM {statement} t",))
            assert clear_values("\n".join(one["row"] for one in rows), names=True) == [], statement
        assert clear_values(world.http.get("/metrics").text, names=True) == []
        shown = run_program("keys", "show", "--data", str(data_folder), "--json")
        assert [(row["left"], row["index_left"]) for row in json.loads(shown.stdout)] == [({}, False)] * 2
        turned = run_program("keys", "rotate", "--data", str(data_folder))
        assert turned.returncode == 0, turned.stderr
        program.stop()
    log = program.output()
    assert log.count('"event":"request"') >= 10 * PEOPLE
    assert clear_values(log, names=True) == []
