"""Own CPU of the gateway per proxied request, token check and rate limits on, beside nginx in the same run; memory
of a streamed body.

usage: python -m bench.gateway [--requests 20000] [--repeat 5] [--quick]

One client of 16 connections, one tiny upstream, each in a process of its own; CPU is user and system time of the
gateway's process between two readings. nginx (when installed) only proxies: it checks no token. The body is sent
to an upstream that counts it; what counts is how much the gateway's memory has grown at its end.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import uvicorn
import uvloop

from bench.report import middle, write
from gateway.app import create_app
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import HttpUpstream
from kit.collector import settle_collector
from kit.native.process import free_port

CONNECTIONS = 16
LIMIT_MS = 0.15
STREAM_MIB = 100
STREAM_LIMIT_MIB = 8
BODY = b'{"id":"0198a7c0-0000-7000-8000-000000000000","name":"x","status":"open","amount":12345}' * 3
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; keepalive_requests 100000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream up {{ server 127.0.0.1:{upstream}; keepalive 32; keepalive_requests 100000000; }}
    server {{ listen 127.0.0.1:{port}; location / {{
        proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""


class _Tiny(asyncio.Protocol):
    """Answers every head without reading it; the head of a stream once all of its body has come."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest, self.wanted = transport, b"", 0

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"POST "):
            data = data.partition(b"\r\n\r\n")[2]
            self.wanted = STREAM_MIB * 2**20
        if self.wanted:
            self.wanted -= len(data)
            if not self.wanted:
                self.transport.write(ANSWER)
            return
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        if heads:
            self.transport.write(ANSWER * len(heads))


def serve_upstream(port: int) -> None:
    """Runs until it is terminated."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Tiny, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(run())


def serve_gateway(port: int, upstream: int, folder: Path) -> None:
    """Runs until it is terminated; writes a token for the client."""
    # one principal sends everything: the quota is beyond what it can reach, the counting is the same
    settings = GatewaySettings(
        env="test", data_dir=folder, rate_limit_per_second=1_000_000, max_body_bytes=2**30, access_log=False
    )
    issuer = DevelopmentIssuer(settings)
    app = create_app(settings, {"customer": HttpUpstream(f"http://127.0.0.1:{upstream}")}, issuer=issuer)
    settle_collector()
    (folder / "token").write_text(issuer.token("rep-07"))
    uvicorn.Server(server_config(app, port=port)).run()


async def load(port: int, token: str, requests: int) -> float:
    """Requests a second of a closed loop over keep-alive connections; every answer is checked."""
    head = f"GET /v1/accounts/1 HTTP/1.1\r\nHost: g\r\nAccept: */*\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    async def client(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200") or await reader.readexactly(len(BODY)) != BODY:
                raise RuntimeError(answer.decode())
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(requests // CONNECTIONS) for _ in range(CONNECTIONS)))
    return requests / (time.perf_counter() - began)


@contextmanager
def started(port: int, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on `port`."""
    with subprocess.Popen(command) as process:
        try:
            for _ in range(100):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield process
        finally:
            process.terminate()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children."""
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])


def measure(name: str, port: int, pid: int, token: str, requests: int, repetitions: int) -> dict[str, Any]:
    """CPU ms per request: median and range over the repetitions, after one to warm up."""
    uvloop.run(load(port, token, requests // 10))
    costs, rates = [], []
    for _ in range(repetitions):
        before = cpu_seconds(pid)
        rates.append(uvloop.run(load(port, token, requests)))
        costs.append((cpu_seconds(pid) - before) / requests * 1000)
    value = middle(costs)
    is_ours = name == "gateway"
    return {
        "name": f"{name}, own CPU of a request",
        "value": value,
        "unit": "ms",
        "limit": LIMIT_MS if is_ours else None,
        "ratio": round(value / LIMIT_MS, 2) if is_ours else None,
        "least": min(costs),
        "most": max(costs),
        "per_second": middle(rates),
        "repetitions": repetitions,
    }


def streamed(port: int, pid: int, token: str) -> dict[str, Any]:
    """How much the memory of the gateway has grown at the end of a large body."""
    process = psutil.Process(pid)
    before = process.memory_info().rss
    headers = {"Authorization": f"Bearer {token}", "Content-Length": str(STREAM_MIB * 2**20)}
    part = bytes(2**16)
    body = (part for _ in range(STREAM_MIB * 2**20 // len(part)))
    httpx.post(f"http://127.0.0.1:{port}/v1/accounts", content=body, headers=headers, timeout=120).raise_for_status()
    value = (process.memory_info().rss - before) / 2**20
    ratio = round(value / STREAM_LIMIT_MIB, 2)
    name = f"memory of a body of {STREAM_MIB} MiB"
    return {"name": name, "value": value, "unit": "MiB", "limit": STREAM_LIMIT_MIB, "ratio": ratio, "repetitions": 1}


def main() -> None:
    """Measure and write bench/out/gateway.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one repetition of few requests")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        role, port, *more = given.serve
        serve_upstream(int(port)) if role == "upstream" else serve_gateway(int(port), int(more[0]), Path(more[1]))
        return
    if given.quick:
        given.requests, given.repeat = 2_000, 1
    this = (sys.executable, "-m", "bench.gateway", "--serve")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder, upstream, port = Path(name), free_port(), free_port()
        with started(upstream, *this, "upstream", str(upstream)):
            with started(port, *this, "gateway", str(port), str(upstream), name) as process:
                token = (folder / "token").read_text()
                rows.append(measure("gateway", port, process.pid, token, given.requests, given.repeat))
                memory = streamed(port, process.pid, token)
            nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
            if nginx is not None:
                (folder / "nginx.conf").write_text(NGINX.format(folder=name, port=port, upstream=upstream))
                with started(port, nginx, "-e", f"{name}/error.log", "-c", f"{name}/nginx.conf") as process:
                    rows.append(measure("nginx", port, process.pid, token, given.requests, given.repeat))
    write("gateway", [*rows, memory], connections=CONNECTIONS, requests=given.requests)


if __name__ == "__main__":
    main()
