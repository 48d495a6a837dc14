"""pytest fixtures for the servers: started by the first test that asks, stopped when the session ends."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.testing import kafka, postgres
from kit.testing.native import make_folder, run_apart, sweep
from kit.testing.postgres import TestServer, parse_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """The server named in CRMESH_POSTGRES, else an embedded one without durability for this session."""
    if url := os.environ.get(postgres.ENVIRONMENT):
        yield parse_server(url)
        return
    run_apart(sweep())
    server = EmbeddedPostgres(make_folder("postgres"), fast=True, max_connections=200)
    try:
        run_apart(server.start())
        arguments = server.connect_args("postgres")
        yield TestServer(arguments["host"], arguments["port"], arguments["user"])
    finally:
        run_apart(server.destroy())


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """`host:port` from CRMESH_KAFKA, else a native broker for this session; tests fail if it cannot start."""
    if bootstrap := os.environ.get(kafka.ENVIRONMENT):
        yield bootstrap
        return
    run_apart(sweep())
    broker = NativeKafka(make_folder("kafka"))
    try:
        run_apart(broker.start())
        yield broker.bootstrap
    finally:
        run_apart(broker.destroy())
