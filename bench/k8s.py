"""The system on a real node, under load: rollouts, deleted pods, scaling, the next schema version and back.

usage: KUBECONFIG=... python -m bench.k8s --image crmesh:0.1.0 [--engine ENGINE] [--build-flags FLAGS] [--load COMMAND]

PostgreSQL and Kafka are started on the node's address, which must be one of this machine. Two images are made: the one
given, and one on top of it with another migration. `--load` is a shell command that brings $IMAGE into the node (for
kind: `kind load docker-image "$IMAGE"`). The namespace `crmesh` is removed before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.faults.checker import Checker, runtimes, wait_quiet
from bench.faults.log import read_topic
from bench.faults.rules import DUPLICATED, LOST, REORDERED
from bench.k8s_cluster import Cluster, kinds
from bench.k8s_load import Load
from bench.report import write
from cli.load.client import connected
from cli.story import run_story
from kit.db.migrate import head
from kit.events.envelope import Event, topic_of
from kit.events.kafka import KafkaBus
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.runtime import Runtime
from kit.testing.native import make_folder
from standalone.registry import SERVICES

POSTGRES_PORT, KAFKA_PORT = 5432, 9092
CONNECTIONS = 500
NEXT_SERVICE = "customer"
MIGRATION = '''"""One more column."""

from alembic import op

revision = "{revision}"
down_revision = "{former}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE account ADD COLUMN smoke text")


def downgrade() -> None:
    """Take back."""
    op.execute("ALTER TABLE account DROP COLUMN smoke")
'''
NEXT = """FROM {image}
USER 0
COPY migration.py /tmp/
RUN python3 -c "import shutil, services.{service} as s; \\
    shutil.move('/tmp/migration.py', s.__path__[0] + '/migrations/versions/{revision}_smoke.py')"
USER 10001:10001
"""


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Kafka as the checker knows them."""

    postgres: EmbeddedPostgres
    kafka: NativeKafka

    @property
    def kafka_address(self) -> str:
        return self.kafka.bootstrap

    async def start(self) -> None:
        await asyncio.gather(self.postgres.start(), self.kafka.start())
        for service in SERVICES:
            await self.postgres.ensure_database(f"crmesh_{service}")

    async def stop(self) -> None:
        await asyncio.gather(self.postgres.destroy(), self.kafka.destroy())


def next_revision() -> str:
    """The number after the newest migration."""
    return f"{int(head(NEXT_SERVICE)) + 1:04d}"


def build_next(image: str, engine: str, flags: str, folder: Path) -> str:
    """An image with one more migration on top of `image`; returns its name."""
    revision, name = next_revision(), f"{image}-next"
    (folder / "migration.py").write_text(MIGRATION.format(revision=revision, former=head(NEXT_SERVICE)))
    (folder / "Dockerfile").write_text(NEXT.format(image=image, service=NEXT_SERVICE, revision=revision))
    shell(f"{engine} build {flags} --tag {name} {folder}")
    return name


def shell(command: str, **environment: str) -> None:
    """Run a command of the user's; its output is shown when it fails."""
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")


async def revision_of(servers: Servers) -> str:
    """The revision of the service that the next image migrates."""
    import asyncpg

    connection = await asyncpg.connect(f"{servers.postgres.tcp_dsn()}crmesh_{NEXT_SERVICE}")
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


async def rollouts(cluster: Cluster, load: Load, servers: Servers, image: str, following: str) -> None:
    """Everything that happens to a running system, each under load."""
    for kind in kinds():
        async with load.step(f"rolling restart: {kind.name}"):
            await asyncio.gather(*map(cluster.restart, kind.deployments))
    for kind in kinds():
        async with load.step(f"delete pod: {kind.name}"):
            await asyncio.gather(*map(cluster.delete_pod, kind.deployments))
    async with load.step("workers 1 -> 3"):
        await asyncio.gather(*(cluster.scale(f"{service}-worker", 3) for service in SERVICES))
    async with load.step("workers 3 -> 1"):
        await asyncio.gather(*(cluster.scale(f"{service}-worker", 1) for service in SERVICES))
    async with load.step("next schema version"):
        await cluster.deploy(following)
    if await revision_of(servers) != next_revision():
        raise RuntimeError("the next version did not migrate")
    async with load.step("back to the version before"):
        await cluster.deploy(image)
    if await revision_of(servers) != next_revision():
        raise RuntimeError("going back must leave the database as it is")


async def tell_story(url: str) -> dict[str, Any]:
    """The story of tests/e2e through the gateway's Service. Raises RuntimeError when it breaks."""
    async with connected(url) as api:
        report = await run_story(api)
    if report.broken:
        raise RuntimeError(f"the story breaks: {report.broken}")
    return {"step": "story", "seconds": round(sum(one.milliseconds for one in report.steps) / 1000, 1)}


@asynccontextmanager
async def looking(servers: Servers) -> AsyncIterator[tuple[dict[str, Runtime], KafkaBus]]:
    """Databases and log from beside the running system."""
    bus = KafkaBus(servers.kafka_address, "crmesh-smoke")
    try:
        async with runtimes(servers, bus) as made:
            yield made, bus
    finally:
        await bus.stop()


async def events_so_far(servers: Servers) -> dict[UUID, Event]:
    """All events in the log by id, when nothing more is on its way."""
    async with looking(servers) as (made, bus):
        await wait_quiet(made, 60)
        entries = [entry for service in SERVICES for entry in await read_topic(bus, topic_of(service))]
    return {entry.event.id: entry.event for entry in entries if entry.event is not None}


def made_by(events: Collection[Event]) -> set[str]:
    """Ids of what events are about: accounts, orders, members, and the payments, refunds and returns in them."""
    named = {event.subject for event in events}
    return named | {
        str(event.payload[name]) for event in events for name in ("id", "return_id") if name in event.payload
    }


async def smoke(cluster: Cluster, servers: Servers, image: str, following: str, folder: Path) -> dict[str, Any]:
    """Install, tell the story, load and roll, check; returns rows and findings."""
    rows: list[dict[str, Any]] = []
    await cluster.prepare(servers.postgres.tcp_dsn())
    rows += await cluster.install(image)
    load = Load(cluster.url, folder / "acknowledged.jsonl")
    async with load.prepared():
        before = await events_so_far(servers)
        rows.append(await tell_story(cluster.url))
        of_story = {key: event for key, event in (await events_so_far(servers)).items() if key not in before}
        async with load.running():
            async with load.step("load alone"):
                await asyncio.sleep(15)
            await rollouts(cluster, load, servers, image, following)
    async with looking(servers) as (made, bus):
        seconds, waiting = await wait_quiet(made, 180)
        verdict = await Checker(made, bus, load.journal, of_story, made_by(of_story.values())).check({})
    counted = {kind: verdict.count(kind) for kind in (LOST, DUPLICATED, REORDERED)}
    other = len(verdict.damage) - sum(counted.values()) + bool(waiting)
    rows += load.rows
    rows.append({"step": "all", "seconds": round(sum(row["seconds"] for row in rows), 1), **load.total()})
    return {
        "rows": rows,
        "acknowledged": len(load.journal.acks),
        "lost": counted[LOST],
        "doubled": counted[DUPLICATED],
        "reordered": counted[REORDERED],
        "otherwise_wrong": other,
        "seconds_to_quiet": round(seconds, 1),
        "failures": load.failures[:20],
        "damage": [one.what for one in verdict.damage[:20]] + ([waiting] if waiting else []),
    }


async def run(arguments: argparse.Namespace) -> int:
    """The whole smoke; 0 when nothing failed and nothing was lost, doubled or reordered."""
    folder = make_folder("smoke")
    cluster = Cluster()
    postgres = EmbeddedPostgres(
        folder / "postgres", tcp_port=POSTGRES_PORT, host=cluster.address, max_connections=CONNECTIONS
    )
    servers = Servers(postgres, NativeKafka(folder / "kafka", KAFKA_PORT, host=cluster.address))
    following = build_next(arguments.image, arguments.engine, arguments.build_flags, folder)
    for image in (arguments.image, following):
        if arguments.load:
            shell(arguments.load, IMAGE=image)
    try:
        await cluster.remove()
        await servers.start()
        found = await smoke(cluster, servers, arguments.image, following, folder)
    except Exception:
        print(cluster.describe())
        raise
    finally:
        if not arguments.keep:
            await cluster.remove()
            await servers.stop()
            shutil.rmtree(folder, ignore_errors=True)
    rows = found.pop("rows")
    keys = ("acknowledged", "lost", "doubled", "reordered", "otherwise_wrong")
    note = ", ".join(f"{key.replace('_', ' ')} {found[key]}" for key in keys)
    write("k8s", rows, command="make k8s-smoke", note=f"commands: {note}", server=cluster.version, **found)
    print(note)
    for text in [*found["failures"], *found["damage"]]:
        print(f"! {text}")
    is_clean = rows[-1]["failed"] == 0 and not any(found[key] for key in keys[1:])
    return 0 if is_clean else 1


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", required=True, help="already built")
    parser.add_argument("--engine", default="docker", help="docker, or podman with its options")
    parser.add_argument("--build-flags", default="", help="of the engine's build")
    parser.add_argument("--load", default="", help="shell command that brings $IMAGE into the node")
    parser.add_argument("--keep", action="store_true", help="leave namespace and servers for a look")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended then too
    return asyncio.run(run(arguments))


if __name__ == "__main__":
    sys.exit(main())
