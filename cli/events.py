"""`crmesh events`: look at the log, take it out, put back what it lost."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.command import EXIT_FOUND, Data, Json, Service, complete_service, execute, show, usage
from cli.connect import reachable, runtimes
from cli.console import Bars, err, out, say
from cli.export import Exported, export_to_file, export_to_stdout
from kit.events.bus import EventBus, Record
from kit.events.envelope import dead_letter_topic_of, topic_of
from kit.events.reading import Selection, decode, follow, newest, structured
from kit.events.replay import ReplayRefused, ReplayReport, beyond_the_end, mend_offsets, replay
from kit.runtime import Runtime
from standalone.registry import SERVICES, room

app = typer.Typer(no_args_is_help=True, help="The log of events: look at it, export it, send again what it lost.")

Types = Annotated[list[str] | None, typer.Option("--type", help="customer.order.placed.v1, or customer.order.*")]
Key = Annotated[str | None, typer.Option("--key", help="Events of one key: an account, a partner, a root target.")]


@app.command()
def tail(
    service: Service,
    types: Types = None,
    key: Key = None,
    last: Annotated[int, typer.Option("--last", "-n", help="How many of the newest.", min=0, max=10_000)] = 10,
    from_start: Annotated[bool, typer.Option("--from-start", help="All of them, partition by partition.")] = False,
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more until Ctrl-C.")] = False,
    dead: Annotated[bool, typer.Option("--dead", help="The service's dead letters instead.")] = False,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="CloudEvents JSON, a line an event.")] = False,
) -> None:
    """The newest events of a service, oldest first. Reads without a group: nobody's position moves."""
    selection = Selection(tuple(types or ()), key)
    topic = dead_letter_topic_of(service) if dead else topic_of(service)

    async def work() -> None:
        async with runtimes(data) as made:
            await _tail(next(iter(made.values())).bus, topic, selection, last, from_start, follow_on, as_json)

    execute(work())


async def _tail(
    bus: EventBus, topic: str, selection: Selection, last: int, from_start: bool, follow_on: bool, as_json: bool
) -> None:
    if from_start:
        positions = {place: first for place, (first, _end) in (await bus.bounds(topic)).items()}
    else:
        records, positions = await newest(bus, topic, selection, last)
        for record in records:
            _print(record, as_json=as_json)
    async for record in follow(bus, topic, selection, positions, forever=follow_on):
        _print(record, as_json=as_json)


def _print(record: Record, *, as_json: bool) -> None:
    event = decode(record)
    place = f"{record.partition}/{record.offset}"
    if event is None:
        line = f'{{"undecodable":"{place}"}}' if as_json else f"{place:>12} undecodable, {len(record.value)} bytes"
    elif as_json:
        line = orjson.dumps(structured(event, record)).decode()
    else:
        line = f"{place:>12} {event.time:%Y-%m-%d %H:%M:%S} {event.type:40} {event.key} #{event.sequence}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@app.command()
def export(
    services: Annotated[
        list[str] | None, typer.Option("--service", autocompletion=complete_service, help="Several may be named.")
    ] = None,
    types: Types = None,
    key: Key = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Facts from this time on: 2026-05-01 or RFC 3339.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Facts before this time.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", help="A file; run it again and only what is new is added.")
    ] = None,
    data: Data = None,
) -> None:
    """Events as CloudEvents JSON lines, on standard output or into a file, whatever the size of the log.

    Within a key they stand in their order. `logtopic`, `logpartition` and `logoffset` tell the place of each.
    With --out the place is kept in FILE.position: an export that was cut short goes on there, without gap or double.
    """
    names = services or list(SERVICES)
    if unknown := set(names) - set(SERVICES):
        raise usage(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(SERVICES)}")
    selection = Selection(tuple(types or ()), key, _moment(since), _moment(until))

    async def work() -> Exported:
        async with runtimes(data) as made:
            bus = next(iter(made.values())).bus
            with Bars() as bars:
                progress = bars.bar("records read")
                if file is None:
                    return await export_to_stdout(bus, names, selection, progress)
                return await export_to_file(bus, names, selection, file, progress)

    done = execute(work())
    left_out = f", {done.undecodable} undecodable records left out" if done.undecodable else ""
    say(err, f"{done.written} events written{left_out}")


def _moment(text: str | None) -> datetime | None:
    """A time with a zone; UTC when it names none. Exits with usage when it is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise usage(f"{text} is no time: write 2026-05-01 or 2026-05-01T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command("replay")
def replay_lost(
    service: Service,
    apply: Annotated[bool, typer.Option("--apply", help="Send them; else only say what is missing.")] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="With --apply: set stored offsets beyond the end of the log to its end.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Send facts again that were sent once and that the log has lost, with their ids and in their order.

    Sent facts are kept 14 days in the outbox; those that are not in the topic any more are sent again by the
    relay. Who has handled them drops them. Exits 1 when some are missing and were not sent. Refused: keys of which
    a later fact is in the log (they would come out of order), and consumers whose offset lies beyond the end of the
    log, until their workers are stopped and --mend has set it to the end. To derive tables anew from the log use
    `crmesh rebuild`; to feed another system use `crmesh events export` or a consumer group of its own.
    """
    if mend and not apply:
        raise usage("--mend goes with --apply")
    near = reachable(data)
    if apply and len(near) < len(SERVICES):
        raise usage(
            "--apply looks at the offsets of every service, and here (CRMESH_SERVICE) one database is in reach: "
            "run it without CRMESH_SERVICE and with CRMESH_POSTGRES of a role that may read all four"
        )

    async def work() -> tuple[ReplayReport, list[dict[str, Any]]]:
        async with runtimes(data, sorted({service, *near})) as made:  # the offsets of all that hear it are looked at
            beyond = await _check_groups(made, service, mend=mend, apply=apply)
            return await replay(made[service].db, made[service].bus, service, apply=apply), beyond

    report, beyond = execute(work())
    if as_json:
        show({**report.as_dict(), "beyond_the_end": beyond})
    else:
        _print_replay(report, beyond)
    raise typer.Exit(EXIT_FOUND if report.missing > report.replayed or (beyond and not mend) else 0)


async def _check_groups(made: dict[str, Runtime], service: str, *, mend: bool, apply: bool) -> list[dict[str, Any]]:
    """Groups whose offset lies beyond the end of the topic; raises ReplayRefused when that forbids to apply."""
    found = []
    for name, runtime in made.items():
        subscriptions = room(name, "subscriptions").subscriptions
        if topic_of(service) not in subscriptions.topics():
            continue
        if mend:
            await mend_offsets(runtime.db, runtime.bus, subscriptions)
        for lane in subscriptions.lanes:
            async with runtime.db.reading() as tx:
                beyond = await beyond_the_end(tx, runtime.bus, lane)
            for place, (stored, end) in sorted(beyond.items()):
                found.append({"group": lane.group, "partition": place.partition, "stored": stored, "end": end})
    if found and apply:
        groups = ", ".join(sorted({row["group"] for row in found}))
        raise ReplayRefused(f"stored offsets of {groups} lie beyond the end of the log: stop their workers, use --mend")
    return found


def _print_replay(report: ReplayReport, beyond: list[dict[str, Any]]) -> None:
    say(out, f"{report.kept} sent facts kept, {report.missing} of them not in the log, {report.replayed} sent again")
    if report.disordered:
        say(out, f"cannot be sent again, later facts of the key are in the log: {', '.join(report.disordered)}", "red")
    for row in beyond:
        text = f"{row['group']}: partition {row['partition']} stored {row['stored']}, the log ends at {row['end']}"
        say(out, text, "red")
