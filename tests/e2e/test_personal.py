"""Personal values of a busy while stand in clear nowhere but in the answers to those who may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from kit.native.process import free_port
from kit.runtime import LOG_DATABASE
from kit.testing.native import run_apart
from kit.testing.program import Program, run_program, start_program
from tests.e2e.learned import LAST_MONTH
from tests.e2e.world import SERVICES, World

PEOPLE = 12
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
def traces() -> Iterator[tuple[str, list[bytes]]]:
    """Where spans are sent to, and what came."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def program(data_folder: Path, traces: tuple[str, list[bytes]]) -> Iterator[Program]:
    """A system that logs all it can, and tells of each step of each request."""
    port = free_port()
    words = ("run", "--data", str(data_folder), "--port", str(port), "--log-level", "INFO")
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": traces[0], "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    url = f"http://127.0.0.1:{port}"
    program = start_program(*words, log=data_folder / "run.log", url=url, environment=told)
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


def reported(world: World) -> str:
    """A report that a schedule has written, who may be leaving, and who may be the same."""
    unit = world.make("/v1/units", world.example("POST /v1/units"))["id"]
    body = {"unit_id": unit, "cadence": "monthly", "local_time": "06:00"}
    schedule = world.make("/v1/report-schedules", body)["id"]
    world.query("targets", (LAST_MONTH, UUID(schedule)))
    report = world.until(lambda: world.get("/v1/reports", schedule_id=schedule)["items"])[0]["id"]
    paths = (f"/v1/reports/{report}", "/v1/churn-warnings", "/v1/duplicate-candidates")
    return "\n".join(world.send("GET", path).text for path in paths)


def exported(folder: Path) -> str:
    """All events of all services, as `crmesh events export` writes them, and what is parked."""
    done = run_program("events", "export", "--data", str(folder), "--out", str(folder / "events.jsonl"))
    assert done.returncode == 0, done.stderr
    parked = [run_program("parked", "list", service, "--data", str(folder)) for service in SERVICES]
    assert [one.returncode for one in parked] == [0] * len(SERVICES), parked
    return "\n".join([(folder / "events.jsonl").read_text(), *(one.stdout for one in parked)])


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


def test_nothing_stands_in_clear(program: Program, data_folder: Path, traces: tuple[str, list[bytes]]) -> None:
    with World(program.url, data_folder) as world:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: busy(world, number), range(PEOPLE)))
        assert clear_values(reported(world), names=True) == []
        world.settled()
        events = exported(data_folder)
        assert events.count("customer.contact.created.v1") >= PEOPLE
        assert clear_values(events, names=True) == []
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
    spans = b"".join(traces[1]).decode("utf-8", "replace")
    assert spans.count("/v1/contacts") >= 10 * PEOPLE
    assert clear_values(spans, names=True) == []
    log = program.output()
    assert log.count('"event":"request"') >= 10 * PEOPLE
    assert clear_values(log, names=True) == []
