"""Development issuer: demo principals, one shared secret, tokens of an hour. Never for production."""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel

from gateway.settings import GatewaySettings
from kit import clock
from kit.web.queries import known_only

ALGORITHM = "ES256"
KEY_FILE = "issuer-key.pem"
_MAX_FORM_BYTES = 16 * 1024
FORM_SECONDS = 30.0
_SAFE_ENVIRONMENTS = frozenset({"development", "test"})

PRINCIPALS: dict[str, str] = {
    "admin": "administrator",
    "director": "sales_director",
    "manager-north": "sales_manager",
    "manager-south": "sales_manager",
    "manager-east": "sales_manager",
    **{f"rep-{number:02d}": "sales_rep" for number in range(1, 41)},
    "officer": "risk_officer",
    "channel-manager": "channel_manager",
    "agent": "service_agent",
    "auditor": "auditor",
}


class IssuerRefused(RuntimeError):
    """The development issuer must not run here."""


class OAuthError(Exception):
    """An error of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def load_or_create_key(path: Path) -> ECKey:
    """The signing key kept at `path` (mode 0600). Of processes that start together one makes it, all get the same.

    Raises IssuerRefused when others may read the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _publish(path, ECKey.generate_key("P-256").as_pem(private=True))
    status = path.stat()
    # a secret mounted into a container belongs to root, and the group is how this process reads it
    forbidden = 0o077 if status.st_uid == os.geteuid() else 0o027
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise IssuerRefused(f"{path} can be read by others: its mode must be 0600")
    key = ECKey.import_key(path.read_bytes())
    return ECKey.import_key(key.as_dict(private=True, kid=key.thumbprint(), use="sig", alg=ALGORITHM))


def _publish(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            # a link, as a rename would replace the key of a process that was faster
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


class DevelopmentIssuer:
    """Signs tokens for the demo principals. Raises IssuerRefused unless ENV is development or test."""

    def __init__(self, settings: GatewaySettings) -> None:
        if settings.env.strip().lower() not in _SAFE_ENVIRONMENTS:
            raise IssuerRefused("the development issuer needs ENV=development or ENV=test; unset means production")
        self._settings = settings
        self._url = settings.issuer_url.rstrip("/")
        self._key = load_or_create_key(settings.data_dir / KEY_FILE)

    def jwks(self) -> dict[str, Any]:
        """Public keys (RFC 7517)."""
        return {"keys": [self._key.as_dict(private=False)]}

    def metadata(self) -> dict[str, Any]:
        """OpenID Connect discovery document."""
        return {
            "issuer": self._settings.issuer_url,
            "token_endpoint": f"{self._url}/oauth/token",
            "jwks_uri": f"{self._url}/.well-known/jwks.json",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }

    def token(self, principal: str) -> str:
        """A signed token of the principal; KeyError for an unknown one."""
        now = int(clock.now().timestamp())
        claims = {
            "iss": self._settings.issuer_url,
            "aud": self._settings.audience,
            "sub": principal,
            "roles": [PRINCIPALS[principal]],
            "iat": now,
            "exp": now + self._settings.token_lifetime_seconds,
            "jti": secrets.token_hex(16),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])

    def grant(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Token answer of a client_credentials request. Raises OAuthError."""
        if "grant_type" not in form:
            raise OAuthError("invalid_request", "grant_type is missing")
        if form["grant_type"] != "client_credentials":
            raise OAuthError("unsupported_grant_type", "only client_credentials is supported")
        expected = self._settings.dev_client_secret.get_secret_value()
        is_right = secrets.compare_digest(form.get("client_secret", "").encode(), expected.encode())
        if not is_right or form.get("client_id") not in PRINCIPALS:
            raise OAuthError("invalid_client", "client_id or client_secret is wrong")
        return {
            "access_token": self.token(form["client_id"]),
            "token_type": "Bearer",
            "expires_in": self._settings.token_lifetime_seconds,
        }


async def _read_form(request: Request) -> dict[str, str]:
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_FORM_BYTES:
                    raise OAuthError("invalid_request", "the request is too large")
    except TimeoutError:
        raise OAuthError("invalid_request", "the request did not come to its end in time") from None
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            form = orjson.loads(bytes(body))
        else:
            form = _single_values(bytes(body))
    except ValueError:
        raise OAuthError("invalid_request", "the request is neither a form nor JSON") from None
    if not isinstance(form, dict) or not all(isinstance(value, str) for value in form.values()):
        raise OAuthError("invalid_request", "every parameter must be one text")
    return _with_basic(request, form)


def _single_values(body: bytes) -> dict[str, str]:
    values = parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=20)
    if any(len(found) > 1 for found in values.values()):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return {name: found[0] for name, found in values.items()}


def _with_basic(request: Request, form: dict[str, str]) -> dict[str, str]:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise OAuthError("invalid_client", "the Authorization header is malformed") from None
    return {**form, "client_id": unquote(name), "client_secret": unquote(secret)}


_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type", "client_id", "client_secret"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_id": {"type": "string", "enum": list(PRINCIPALS)},
        "client_secret": {"type": "string"},
    },
}
_FORM_CONTENT = {kind: {"schema": _FORM_SCHEMA} for kind in ("application/x-www-form-urlencoded", "application/json")}


class TokenRead(BaseModel):
    """A bearer token (RFC 6749 section 5.1); `expires_in` in seconds."""

    access_token: str
    token_type: str
    expires_in: int


def issuer_router(issuer: DevelopmentIssuer) -> APIRouter:
    """Endpoints of the issuer."""
    router = APIRouter(tags=["development issuer"])

    @router.post(
        "/oauth/token",
        response_model=TokenRead,
        openapi_extra={"requestBody": {"required": True, "content": _FORM_CONTENT}},
        responses={400: {"description": "Malformed request"}, 401: {"description": "Unknown client or secret"}},
    )
    async def issue_token(request: Request) -> JSONResponse:
        """A token for a demo principal (RFC 6749 section 4.4)."""
        try:
            return JSONResponse(issuer.grant(await _read_form(request)), headers=_NO_STORE)
        except OAuthError as error:
            content = {"error": error.error, "error_description": error.description}
            if error.error != "invalid_client":
                return JSONResponse(content, 400, headers=_NO_STORE)
            return JSONResponse(content, 401, headers=_NO_STORE | {"WWW-Authenticate": 'Basic realm="crmesh"'})

    @router.get("/.well-known/jwks.json", dependencies=[Depends(known_only)])
    async def read_keys() -> dict[str, Any]:
        """Public keys of the issuer."""
        return issuer.jwks()

    @router.get("/.well-known/openid-configuration", dependencies=[Depends(known_only)])
    async def read_issuer() -> dict[str, Any]:
        """Discovery document of the issuer."""
        return issuer.metadata()

    return router
