"""The databases of a new system: made once in a test run, copied for the tests that are not about the first start."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.native.pgbackup import copy_cluster
from kit.native.postgres import EmbeddedPostgres
from kit.testing.native import make_folder, run_apart
from standalone.system import Options, _prepare_databases


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Gives a new data folder the databases of all services, migrated and empty; returns the folder."""
    root = tmp_path_factory.getbasetemp()
    databases = databases_of_run(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)

    def give(folder: Path) -> Path:
        run_apart(EmbeddedPostgres(folder / "postgres").restore(databases))
        return folder

    return give


def databases_of_run(root: Path) -> Path:
    """The copy below `root`, the folder of this test run; whoever asks first makes it, others wait."""
    place = root / "databases"
    with (root / "databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            run_apart(_make(place))
    return place


async def _make(place: Path) -> None:
    server = EmbeddedPostgres(make_folder("postgres"), fast=True)
    pending = place.with_suffix(".new")
    try:
        await server.start()
        await _prepare_databases(server, Options(place), asyncio.Event())
        await copy_cluster(server.dsn("postgres"), pending, lambda _done, _total: None)
        pending.rename(place)
    finally:
        await server.destroy()
