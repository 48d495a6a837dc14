"""The development issuer: its key, its refusals, its OAuth answers; tokens that the gateway accepts."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.issuer import KEY_FILE, PRINCIPALS, DevelopmentIssuer, IssuerRefused
from gateway.settings import GatewaySettings
from kit.security.tokens import TokenVerifier, http_jwks, static_jwks

CREDENTIALS = {"grant_type": "client_credentials", "client_id": "rep-07", "client_secret": "crmesh-development"}


@pytest.fixture
async def client(issuer: DevelopmentIssuer, settings: GatewaySettings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, {}, issuer=issuer)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        yield client


@pytest.mark.parametrize("env", ["production", "PRODUCTION", "prod", "staging", "", " "])
def test_refuses_everything_but_development_and_test(tmp_path: Path, env: str) -> None:
    with pytest.raises(IssuerRefused):
        DevelopmentIssuer(GatewaySettings(env=env, data_dir=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_unset_environment_means_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENV", raising=False)
    monkeypatch.delenv("CRMESH_ENV", raising=False)
    with pytest.raises(IssuerRefused):
        DevelopmentIssuer(GatewaySettings(data_dir=tmp_path))
    monkeypatch.setenv("ENV", "development")
    DevelopmentIssuer(GatewaySettings(data_dir=tmp_path))


def test_key_is_private_and_stays(settings: GatewaySettings) -> None:
    first = DevelopmentIssuer(settings).jwks()
    path = settings.data_dir / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in settings.data_dir.iterdir()] == [KEY_FILE]
    assert DevelopmentIssuer(settings).jwks() == first
    assert "d" not in first["keys"][0]
    path.chmod(0o640)
    with pytest.raises(IssuerRefused, match="0600"):
        DevelopmentIssuer(settings)


def test_a_mounted_key_is_read_by_the_group(settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = DevelopmentIssuer(settings).jwks()
    path = settings.data_dir / KEY_FILE
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    path.chmod(0o440)
    assert DevelopmentIssuer(settings).jwks() == first
    path.chmod(0o444)
    with pytest.raises(IssuerRefused):
        DevelopmentIssuer(settings)


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom gateway.issuer import load_or_create_key\n"
        "sys.stdin.readline()\nsys.stdout.write(load_or_create_key(Path(sys.argv[1])).kid)"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path / "new" / "key.pem")]
    root = Path(__file__).parents[2]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": root}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        kids = [output for output, _ in pool.map(lambda process: process.communicate("go\n"), processes)]
    assert all(process.returncode == 0 for process in processes)
    assert len(set(kids)) == 1
    assert len(kids[0]) == 43
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["key.pem"]


def test_threads_racing_for_the_key_get_the_same(settings: GatewaySettings) -> None:
    with ThreadPoolExecutor(8) as pool:
        documents = list(pool.map(lambda _: DevelopmentIssuer(settings).jwks()["keys"][0]["kid"], range(16)))
    assert len(set(documents)) == 1


async def test_every_principal_has_its_role(issuer: DevelopmentIssuer, settings: GatewaySettings) -> None:
    verifier = TokenVerifier(settings.issuer_url, "crmesh", static_jwks(issuer.jwks()))
    for name, role in PRINCIPALS.items():
        claims = await verifier.verify(issuer.token(name))
        assert (claims.subject, claims.roles) == (name, frozenset({role}))
        assert claims.issued_at is not None
        assert (claims.expires_at - claims.issued_at).total_seconds() == settings.token_lifetime_seconds
    assert len([name for name in PRINCIPALS if name.startswith("rep-")]) == 40
    assert len(set(PRINCIPALS.values())) == 8


@pytest.mark.parametrize("how", ["form", "json", "basic"])
async def test_token_request(client: httpx.AsyncClient, how: str) -> None:
    if how == "form":
        response = await client.post("/oauth/token", data=CREDENTIALS)
    elif how == "json":
        response = await client.post("/oauth/token", json=CREDENTIALS)
    else:
        auth = (CREDENTIALS["client_id"], CREDENTIALS["client_secret"])
        response = await client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=auth)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    refused = await client.get("/v1/accounts", headers={"Authorization": f"Bearer {answer['access_token']}x"})
    assert refused.status_code == 401
    accepted = await client.get("/v1/accounts", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert accepted.status_code == 502


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        ({"data": {}}, 400, "invalid_request"),
        ({"data": {**CREDENTIALS, "grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": {**CREDENTIALS, "client_id": "rep-99"}}, 401, "invalid_client"),
        ({"data": {**CREDENTIALS, "client_secret": "é"}}, 401, "invalid_client"),
        ({"data": {"grant_type": "client_credentials"}}, 401, "invalid_client"),
        ({"data": {**CREDENTIALS, "client_id": ["rep-01", "admin"]}}, 400, "invalid_request"),
        ({"json": {**CREDENTIALS, "client_id": ["admin"]}}, 400, "invalid_request"),
        ({"json": [1]}, 400, "invalid_request"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"content": b"\xff\xfe"}, 400, "invalid_request"),
        ({"content": b"a=1&" * 100}, 400, "invalid_request"),
        ({"content": b"x" * 20_000}, 400, "invalid_request"),
        ({"data": CREDENTIALS, "headers": {"Authorization": "Basic !!"}}, 401, "invalid_client"),
    ],
)
async def test_refused_token_requests(
    client: httpx.AsyncClient, request_: dict[str, Any], status: int, error: str
) -> None:
    response = await client.post("/oauth/token", **request_)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert "crmesh-development" not in response.text
    assert ("www-authenticate" in response.headers) == (status == 401)


async def test_other_services_verify_through_the_published_keys(gateway: Any, settings: GatewaySettings) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        metadata = (await client.get("/.well-known/openid-configuration")).json()
    assert metadata["issuer"] == settings.issuer_url
    assert metadata["jwks_uri"].endswith("/.well-known/jwks.json")
    verifier = TokenVerifier(settings.issuer_url, "crmesh", http_jwks(f"{gateway.url}/.well-known/jwks.json"))
    tokens = [gateway.issuer.token(name) for name in PRINCIPALS]
    claims = await asyncio.gather(*map(verifier.verify, tokens))
    assert [claim.subject for claim in claims] == list(PRINCIPALS)


def test_outside_keys_need_an_address(settings: GatewaySettings) -> None:
    with pytest.raises(ValueError, match="CRMESH_JWKS_URL"):
        create_app(settings, {})


@pytest.mark.parametrize("adapter", ["asgi"], indirect=True)
async def test_a_request_that_does_not_end_is_not_waited_for(
    adapter: Any, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.issuer.FORM_SECONDS", 0.1)
    head = b"POST /oauth/token HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: 100\r\n\r\ngrant"
    async with start(*adapter) as running:
        answer = await running.raw(head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"did not come to its end" in answer
