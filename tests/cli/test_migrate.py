"""`crmesh migrate` as a Kubernetes Job runs it: by environment variables alone, twice at once, and again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest

from kit.db.migrate import head
from kit.native.process import free_port
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from kit.testing.program import COMMAND, run_program
from kit.testing.service import server_url


@pytest.fixture
def database(postgres_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database that the environment names; there is no log and no data folder."""
    name = run_apart(create_database(postgres_server, unique_name("job")))
    monkeypatch.setenv("CRMESH_POSTGRES", server_url(postgres_server))
    monkeypatch.setenv("CRMESH_DATABASE", name)
    yield name
    run_apart(drop_database(postgres_server, name))


@pytest.mark.usefixtures("database")
def test_two_at_once_do_it_once_and_later_there_is_nothing_to_do() -> None:
    plan = run_program("migrate", "targets", "--plan", "--json")
    (row,) = json.loads(plan.stdout)
    assert (plan.returncode, row["at"]) == (1, None)
    pending = [(each["revision"], each["phase"]) for each in row["pending"]]
    assert (pending[:2], pending[-1][0]) == ([("0001", "expand"), ("0002", "contract")], head("targets"))

    command = [str(COMMAND), "migrate", "targets", "--json"]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    answers = [job.communicate(timeout=300) for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], answers
    (first,), (second,) = (json.loads(out) for out, _said in answers)
    assert sorted([first["migrated"], second["migrated"]]) == [False, True]
    assert (first["at"], first["pending"]) == (head("targets"), [])

    again = run_program("migrate", "targets")
    assert (again.returncode, "current" in again.stdout) == (0, True)
    status = run_program("migrate", "targets", "--status", "--json")
    assert (status.returncode, json.loads(status.stdout)[0]["pending"]) == (0, [])


def test_a_database_that_is_not_there(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMESH_DATABASE", f"no_{database}")
    answer = run_program("migrate", "risk")
    assert (answer.returncode, "does not exist" in answer.stderr) == (3, True)


@pytest.mark.usefixtures("database")
def test_the_database_of_another_service_is_refused() -> None:
    assert run_program("migrate", "risk").returncode == 0
    answer = run_program("migrate", "customer")
    assert (answer.returncode, "is the database of risk, not customer" in answer.stderr) == (1, True), answer.stderr
    assert run_program("migrate", "risk").returncode == 0


@pytest.mark.usefixtures("database")
def test_in_a_process_of_a_service_all_is_that_service_and_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMESH_SERVICE", "risk")
    answer = run_program("migrate", "--json")
    assert (answer.returncode, [row["service"] for row in json.loads(answer.stdout)]) == (0, ["risk"])
    for arguments in (("migrate", "customer"), ("parked", "list", "targets"), ("audit-log", "verify", "customer")):
        answer = run_program(*arguments)
        assert (answer.returncode, answer.stdout) == (2, ""), arguments
        assert "this environment is that of risk" in answer.stderr
    verified = run_program("audit-log", "verify", "--json")
    assert [row["service"] for row in json.loads(verified.stdout)] == ["risk"]


@pytest.mark.usefixtures("database")
def test_in_a_process_of_a_service_nothing_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMESH_SERVICE", "risk")
    answer = run_program("events", "replay", "risk", "--apply")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "run it without CRMESH_SERVICE" in answer.stderr


def test_a_role_that_may_make_no_tables(
    database: str, postgres_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = unique_name("role")

    async def say(statement: str) -> None:
        connection = await asyncpg.connect(**postgres_server.connect_args())
        await connection.execute(statement)
        await connection.close()

    run_apart(say(f"CREATE ROLE {role} LOGIN PASSWORD 'x'"))
    try:
        monkeypatch.setenv("CRMESH_POSTGRES", server_url(replace(postgres_server, user=role, password="x")))
        answer = run_program("migrate", "risk")
    finally:
        run_apart(say(f"DROP ROLE {role}"))
    assert (answer.returncode, answer.stdout) == (1, "")
    text = f"the role of risk may not make tables in {database}: make it the owner of that database"
    assert " ".join(answer.stderr.split()) == text


def test_a_gateway_has_nothing_to_examine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRMESH_POSTGRES", raising=False)
    monkeypatch.setenv("CRMESH_UPSTREAM_CUSTOMER", "http://customer-api")
    monkeypatch.setenv("CRMESH_DATA", "/nonexistent")
    answer = run_program("doctor")
    assert (answer.returncode, "environment of a gateway" in answer.stderr) == (2, True)


@pytest.mark.usefixtures("database")
def test_a_revision_says_what_it_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    before = head("risk")
    answer = run_program("revision", "risk", "add nothing")
    assert (answer.returncode, "`crmesh migrate risk`" in " ".join(answer.stderr.split())) == (1, True), answer.stderr
    monkeypatch.setenv("CRMESH_POSTGRES", f"postgresql://postgres@127.0.0.1:{free_port()}/")
    answer = run_program("revision", "risk", "add nothing")
    assert (answer.returncode, "cannot be reached" in answer.stderr) == (3, True), answer.stderr
    assert head("risk") == before, "nothing was written"
