"""`crmesh keys`: under which keys personal values are kept, and their change while everything runs."""

from __future__ import annotations

from typing import Any

import typer

from cli.command import Data, Json, OneService, Refused, execute, show
from cli.connect import reachable, runtimes
from cli.console import out
from kit.runtime import Runtime
from kit.security.cipher import CipherError, KeyRing
from kit.security.data_keys import left_to_wrap, rotate
from kit.settings import UnsafeSettings
from standalone.registry import room

app = typer.Typer(no_args_is_help=True, help="Keys of personal values (CRMESH_KEYS, CRMESH_INDEX_KEYS).")


def with_personal_values(names: tuple[str, ...]) -> list[str]:
    """Services that keep keys of persons."""
    return [name for name in names if "data_key" in room(name, "tables").METADATA.tables]


async def _state(name: str, runtime: Runtime) -> dict[str, Any]:
    ring = KeyRing.from_settings(runtime.settings)
    async with runtime.db.reading() as tx:
        left = await left_to_wrap(tx, ring)
    index_left = await room(name, "keys").left_to_fill(runtime)
    return {"service": name, "current": ring.current, "left": left, "index_left": index_left}


async def _rotate(name: str, runtime: Runtime) -> dict[str, Any]:
    wrapped = await rotate(runtime.db, KeyRing.from_settings(runtime.settings))
    hashed = await room(name, "keys").fill_index(runtime)
    return {**await _state(name, runtime), "wrapped": wrapped, "hashed": hashed}


def _each(work: Any, service: str | None, data: Any) -> list[dict[str, Any]]:
    names = with_personal_values((service,) if service else reachable(data))

    async def all_of_them() -> list[dict[str, Any]]:
        if not names:
            raise Refused("no personal values are kept there")
        try:
            async with runtimes(data, names, needs_log=False) as made:
                return [await work(name, runtime) for name, runtime in made.items()]
        except (CipherError, UnsafeSettings) as error:
            raise Refused(str(error)) from None

    return execute(all_of_them())


def _say(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show(found)
        return
    for row in found:
        left = ", ".join(f"{number} under key {key_id}" for key_id, number in row["left"].items())
        done = f"{row['wrapped']} wrapped, {row['hashed']} hashed; " if "wrapped" in row else ""
        index = "hashes are left" if row["index_left"] else "all hashes are in place"
        out.print(f"{row['service']:10} key {row['current']}; {done}{left or 'none under another key'}; {index}")


@app.command("show")
def show_keys(service: OneService = None, data: Data = None, as_json: Json = False) -> None:
    """How many persons' keys are under which key; one that is not named may leave CRMESH_KEYS."""
    _say(_each(_state, service, data), as_json)


@app.command("rotate")
def rotate_keys(service: OneService = None, data: Data = None, as_json: Json = False) -> None:
    """Wrap every person's key by the current one, and hash anew what lacks a hash under an index key.

    In batches, while everything runs; after a kill the same command goes on.
    """
    _say(_each(_rotate, service, data), as_json)
