"""`crmesh doctor`: what is wrong here, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import typer
from rich.table import Table

from cli.command import EXIT_FOUND, Data, Json, OneService, execute, show, usage
from cli.connect import default_folder, reachable, settings_of
from cli.console import out, say
from kit.db.database import Database, DatabaseSettings
from kit.doctor.database import UNREACHABLE, check_chain, check_server, check_service
from kit.doctor.findings import Finding, failed_if, finding
from kit.doctor.host import check_disk, check_issuer, check_settings, check_versions
from kit.doctor.log import check_delivery, check_topics
from kit.events.bus import BusUnavailable, EventBus
from kit.runtime import make_bus, topics_of
from kit.settings import ServiceSettings
from standalone.folder import NotRunning, read_system
from standalone.registry import room

LISTENERS = 4
"""Connections of a process outside its pools: relay, jobs, the embedded log."""

MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


def doctor(service: OneService = None, data: Data = None, as_json: Json = False) -> None:
    """Look at versions, settings, PostgreSQL, the log, and where every service stands. Changes nothing.

    Each finding is ok, warn or fail, with what was seen and what to do. Exits 1 when one fails.
    """
    data = data or default_folder()
    if data is None and "CRMESH_UPSTREAM_CUSTOMER" in os.environ and "CRMESH_POSTGRES" not in os.environ:
        raise usage("this is the environment of a gateway, which has no database: run it in the pod of an api")
    names = [service] if service else list(reachable(data))
    host = check_versions() + (check_disk(data) if data is not None and data.is_dir() else [])
    findings = host + execute(_examine(names, data))
    if as_json:
        show({"ok": not _fails(findings), "findings": [each.as_dict() for each in findings]})
    else:
        _print(findings)
    raise typer.Exit(EXIT_FOUND if _fails(findings) else 0)


def _fails(findings: list[Finding]) -> bool:
    return any(each.level == "fail" for each in findings)


async def _examine(names: list[str], data: Path | None) -> list[Finding]:
    found: list[Finding] = []
    if data is not None:
        try:
            found += await _check_gateway(read_system(data)["url"])
        except NotRunning as error:
            return [*found, finding("system", "system", "fail", str(error), f"run: crmesh run --data {data}")]
    settings = {name: settings_of(name, data, **({"env": "development"} if data else {})) for name in names}
    first = settings[names[0]]
    found += [] if data else [*check_settings(first), await check_issuer(first.jwks_url)]
    wanted = sum(2 * (each.pool_writers + each.pool_readers + LISTENERS) for each in settings.values())
    found += await check_server(first.database_connect(), 0 if data else wanted)
    bus = make_bus(first, "crmesh-doctor")
    try:
        found += await _check_log(bus, names, first)
        for name, each in settings.items():
            found += await _check_service(name, each, bus, reaches_log=_passed(found, "log"))
    finally:
        await bus.stop()
    return found


def _passed(findings: list[Finding], check: str) -> bool:
    return any(each.check == check and each.level == "ok" for each in findings)


async def _check_gateway(url: str) -> list[Finding]:
    try:
        async with httpx.AsyncClient(timeout=10) as http:
            status = (await http.get(f"{url}/readyz")).status_code
        text = f"{url}/readyz answers {status}"
    except httpx.HTTPError as error:
        status, text = 0, f"{url} does not answer: {error or type(error).__name__}"
    return [finding("system", "gateway", failed_if(status != 200), text, "read what the system says on its terminal")]


async def _check_log(bus: EventBus, names: list[str], settings: ServiceSettings) -> list[Finding]:
    topics = [topic for name in names for topic in topics_of(name)]
    try:
        await bus.start()
    except (BusUnavailable, *UNREACHABLE) as error:
        return [finding("system", "log", "fail", f"cannot be reached: {error}", "start it, or check CRMESH_POSTGRES")]
    return await check_topics(bus, topics, production=settings.env == "production")


async def _check_service(name: str, settings: ServiceSettings, bus: EventBus, *, reaches_log: bool) -> list[Finding]:
    database = DatabaseSettings(connect=settings.database_connect(), name=name, writers=1, readers=1)
    found = await check_service(name, database)
    if len(found) == 1:
        return found
    db = Database(database)
    try:
        async with db.snapshot() as tx:
            found += await check_chain(tx, name, settings.secret.get_secret_value().encode(), settings.audit_from)
        if reaches_log:
            subscriptions = room(name, "subscriptions").subscriptions
            async with db.reading() as tx:
                found += await check_delivery(tx, bus, subscriptions)
        return found
    except (BusUnavailable, *UNREACHABLE) as error:
        return [*found, finding(name, "delivery", "fail", str(error), "create the topics: crmesh topics apply")]
    finally:
        await db.stop()


def _print(findings: list[Finding]) -> None:
    view = Table("", "where", "check", "found")
    for each in findings:
        view.add_row(MARKS[each.level], each.scope, each.check, each.found)
    out.print(view)
    for each in findings:
        if each.advice:
            say(out, f"{each.scope}, {each.check}: {each.advice}", "red" if each.level == "fail" else "yellow")
    counts = {level: sum(each.level == level for each in findings) for level in MARKS}
    say(out, f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} failed")
