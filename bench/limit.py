"""The yardstick: exactly the product's statements by the least code, and the floor under it.

usage: python -m bench.limit    (prints the statements of each operation; `bench.http` measures)

One request of each operation is sent to a customer api whose session logs its statements; they are read
from PostgreSQL's log with their parameters. `bench.limit_app` executes them again for every request.
Each operation is sent twice: ids that differ between the two are made afresh for every request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from bench.report import write
from bench.servers import Filled, Servers, fill_system, order_body, system
from kit.native.process import free_port

PRINCIPAL = "manager-north"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER = re.compile(r"SO-\d{4}-(\d{6,})")
_LINE = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] (\w+):  (.*)$")
_PARAMETER = re.compile(r"\$\d+ = (NULL|'(?:[^']|'')*')")
_BIG = 2**31


@dataclass
class Statement:
    """One statement with the text of its parameters."""

    sql: str
    args: list[str | None] = field(default_factory=list)


@dataclass
class Program:
    """What one request does, and what it answers. `named` is the id in the path, `fresh` ids that every request
    makes anew, `numbers` unique texts or integers that do."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: str
    statements: list[Statement]
    named: str = ""
    fresh: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    @property
    def is_transaction(self) -> bool:
        """Whether the statements stand between BEGIN and COMMIT."""
        return self.statements[0].sql.upper().startswith("BEGIN")


def read_statements(text: str) -> list[Statement]:
    """Statements of a piece of PostgreSQL's log."""
    found: list[Statement] = []
    last: str | None = None
    for line in text.splitlines():
        matched = _LINE.match(line)
        if matched is None:
            if last == "LOG" and found and line.startswith("\t"):
                found[-1].sql += "\n" + line[1:]
            continue
        _pid, last, rest = matched.groups()
        kind, _, body = rest.partition(": ")
        if last == "LOG" and (kind == "statement" or kind.startswith("execute ")):
            found.append(Statement(body))
        elif last == "LOG":
            last = None
        elif last == "DETAIL" and kind.lower() == "parameters":
            found[-1].args = [
                None if value == "NULL" else value[1:-1].replace("''", "'") for value in _PARAMETER.findall(body)
            ]
    return found


def combine(first: Program, second: Program) -> Program:
    """`first` with everything marked that `second` has otherwise."""
    if [s.sql for s in first.statements] != [s.sql for s in second.statements]:
        raise RuntimeError(f"{first.method} {first.path} does not execute the same statements twice")
    named = {*UUID.findall(first.path)}
    for one, other in zip(first.statements, second.statements, strict=True):
        for left, right in zip(one.args, other.args, strict=True):
            if left is None or right is None or left == right:
                continue
            if left.lstrip("-").isdigit() and abs(int(left)) > _BIG:
                first.numbers.append(left)
            pairs = zip(UUID.findall(left), UUID.findall(right), strict=False)
            first.fresh += [a for a, b in pairs if a != b and a not in named and a not in first.fresh]
            numbers = [m.group(0) for m in NUMBER.finditer(left) if m.group(0) not in right]
            first.numbers += [number for number in numbers if number not in first.numbers]
    first.named = next(iter(named), "")
    return first


class Capture:
    """A customer api of one process that logs its statements."""

    def __init__(self, servers: Servers, filled: Filled) -> None:
        self.servers, self.filled = servers, filled
        self.port = free_port()
        self.token = servers.token(PRINCIPAL)
        self.log = Path()

    async def run(self) -> dict[str, Program]:
        """Programs by the name of their operation."""
        self.log = await self._log_file()
        dsn = f"{self.servers.postgres.tcp_dsn()}?log_statement=all"
        name = "capture-api"
        self.servers.start_api("customer", name=name, port=self.port, processes=1, CRMESH_POSTGRES=dsn)
        self.servers.wait(name, path="/readyz")
        try:
            return await self._operations()
        finally:
            self.servers.stop(name)

    async def _log_file(self) -> Path:
        connection = await asyncpg.connect(**self.servers.database("postgres"))
        try:
            return Path(await connection.fetchval("SHOW data_directory")) / "server.log"
        finally:
            await connection.close()

    async def _operations(self) -> dict[str, Program]:
        account = self.filled.accounts[0]
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30) as http:
            order = {**order_body(account), "place": True}
            found: dict[str, list[Program]] = {}
            for _round in range(4):  # asyncpg asks for types the first times
                requests = {
                    "read": await self._one(http, "GET", f"/v1/accounts/{account}"),
                    "list": await self._one(http, "GET", "/v1/accounts?limit=50"),
                    "create": await self._one(http, "POST", "/v1/accounts", account_body(self.filled)),
                    "order": await self._one(http, "POST", "/v1/orders", order),
                }
                for name, program in requests.items():
                    found.setdefault(name, []).append(program)
        return {name: combine(*programs[-2:]) for name, programs in found.items()}

    async def _one(self, http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Program:
        start = self.log.stat().st_size
        headers = {} if method == "GET" else {"Idempotency-Key": str(uuid4())}
        answer = await http.request(method, path, json=body, headers=headers)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        with self.log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
        kept = {name: answer.headers[name] for name in ("etag", "location", "link") if name in answer.headers}
        return Program(method, path, answer.status_code, kept, answer.text, read_statements(text))


def account_body(filled: Filled) -> dict[str, Any]:
    """A new account with a name of its own and an id of another system, owned by a seller of the caller's region."""
    return {
        "kind": "organization",
        "name": f"Harbour {uuid4()}",
        "country": "CN",
        "region": "CN-SH",
        "business_type": "retail",
        "owner_id": filled.seller_of(0),
        "external_ids": {"erp": str(uuid4())},
        "tags": ["import"],
    }


def capture(servers: Servers, filled: Filled) -> dict[str, Program]:
    """The programs of all operations; written to `limit.json` for `bench.limit_app` as well."""
    programs = asyncio.run(Capture(servers, filled).run())
    text = json.dumps({name: asdict(program) for name, program in programs.items()})
    (servers.folder / "limit.json").write_text(text)
    return programs


def main() -> None:
    """Show what is executed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.parse_args()
    with system() as servers:
        programs = capture(servers, fill_system(servers, 200, 0))
    rows = []
    for name, program in programs.items():
        print(f"== {name}: {program.method} {program.path}")
        for statement in program.statements:
            print("   " + " ".join(statement.sql.split())[:160])
        plain = [s for s in program.statements if s.args]
        rows.append({"name": name, "value": len(program.statements), "unit": "round trips", "with_data": len(plain)})
    write("limit", rows, unit="round trips", note="statements of one request, as PostgreSQL logs them")


if __name__ == "__main__":
    main()
