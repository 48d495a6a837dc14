"""Bearer tokens: signature, issuer, audience and times checked; keys and verified tokens cached."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kit import clock
from kit.errors import AppError, Unauthenticated

MAX_TOKEN_CHARS = 8192
_AHEAD = 0.75
_RETRY = timedelta(seconds=1)
_LATEST_TIME = 253_402_300_799  # the end of year 9999: the last instant a datetime can hold
_KEY_CLASSES: dict[str, type[ECKey] | type[RSAKey] | type[OKPKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
_KEY_SHAPES = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None), "PS256": ("RSA", None), "Ed25519": ("OKP", "Ed25519")}

logger = logging.getLogger(__name__)

JwksSource = Callable[[], Awaitable[dict[str, Any]]]
PublicKey = ECKey | RSAKey | OKPKey


class KeysUnavailable(AppError):
    """The issuer's keys were never obtained: the token can be neither accepted nor refused."""

    code, status, title = "issuer-unavailable", 503, "The issuer's keys cannot be obtained now"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says about its bearer."""

    subject: str
    roles: frozenset[str]
    issuer: str
    expires_at: datetime
    issued_at: datetime | None = None


def static_jwks(document: dict[str, Any]) -> JwksSource:
    """Source for an issuer that lives in this process."""

    async def fetch() -> dict[str, Any]:
        return document

    return fetch


def http_jwks(url: str, timeout_seconds: float = 5.0) -> JwksSource:
    """Source that reads `url`; a new connection each time, as it is read a few times an hour."""

    async def fetch() -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=timeout_seconds) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            document: dict[str, Any] = answer.json()
            return document

    return fetch


class KeyCache:
    """The issuer's public keys by key id.

    Fresh for `ttl`; used in its last quarter they are asked for again while the old ones serve, so that nobody waits.
    An unknown key id asks again, at most once per `cooldown` whatever the number of callers; when the issuer does not
    answer, keys up to `max_stale` old go on being used. While there are none it is asked every second.
    """

    def __init__(
        self,
        source: JwksSource,
        algorithm: str,
        *,
        ttl: timedelta = timedelta(minutes=10),
        cooldown: timedelta = timedelta(seconds=30),
        max_stale: timedelta = timedelta(hours=24),
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._source = source
        self._algorithm = algorithm
        self._ttl, self._cooldown, self._max_stale = ttl, cooldown, max_stale
        self._now = now
        self._pause = cooldown
        self._keys: dict[str, PublicKey] = {}
        self._loaded_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> PublicKey | None:
        """The key, or None when the issuer does not have it. Raises KeysUnavailable when no usable keys are held."""
        if kid not in self._keys or not self._within(self._loaded_at, self._ttl):
            await self._refresh()
        elif not self._within(self._loaded_at, self._ttl * _AHEAD):
            self._start_asking()
        if not self._are_usable():
            raise KeysUnavailable()
        return self._keys.get(kid)

    async def obtained(self) -> bool:
        """Whether usable keys are held; asks for them when not."""
        if not self._are_usable():
            await self._refresh()
        return self._are_usable()

    def _are_usable(self) -> bool:
        return self._within(self._loaded_at, self._max_stale)

    def _within(self, since: datetime | None, span: timedelta) -> bool:
        # a negative age means the clock was set back: asking once more is better than trusting for ever
        return since is not None and timedelta(0) <= self._now() - since < span

    def _start_asking(self) -> asyncio.Task[None] | None:
        """The request under way, begun now unless the last one is younger than the pause after it."""
        if self._asking is None and not self._within(self._asked_at, self._pause):
            self._asked_at = self._now()
            self._asking = asyncio.create_task(self._ask())
        return self._asking

    async def _refresh(self) -> None:
        asking = self._start_asking()
        if asking is not None:
            # shielded: one caller going away must not cost the others their answer
            await asyncio.shield(asking)

    async def _ask(self) -> None:
        try:
            document = await self._source()
            self._keys = _public_keys(document, self._algorithm)
            self._loaded_at = self._now()
        except Exception as error:
            logger.warning("keys of the issuer not obtained: %s", type(error).__name__)
        finally:
            self._pause = self._cooldown if self._are_usable() else _RETRY
            self._asking = None


def _public_keys(document: dict[str, Any], algorithm: str) -> dict[str, PublicKey]:
    """Keys of the document usable for `algorithm`; the others (encryption, other kinds, broken) are left out."""
    kind, curve = _KEY_SHAPES[algorithm]
    keys: dict[str, PublicKey] = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict) or entry.get("kty") != kind or not isinstance(entry.get("kid"), str):
            continue
        if (curve and entry.get("crv") != curve) or entry.get("use", "sig") != "sig":
            continue
        if entry.get("alg", algorithm) != algorithm:
            continue
        try:
            keys[entry["kid"]] = _KEY_CLASSES[kind].import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            logger.warning("a broken key of the issuer was left out")
    return keys


class TokenVerifier:
    """Verifies tokens of one issuer, which signs with one known algorithm.

    A verified token is remembered by its sha256 for `remember` at most (a key withdrawn by the issuer stops
    counting then); its expiry is checked at every use.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks: JwksSource,
        *,
        algorithm: str = "ES256",
        leeway: timedelta = timedelta(seconds=10),
        ttl: timedelta = timedelta(minutes=10),
        cooldown: timedelta = timedelta(seconds=30),
        remember: timedelta = timedelta(seconds=60),
        remember_count: int = 10_000,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """`algorithm` must be asymmetric: with a shared secret every verifier could sign (ValueError)."""
        if algorithm not in _KEY_SHAPES:
            raise ValueError(f"algorithm {algorithm} is not one of {sorted(_KEY_SHAPES)}")
        self._issuer, self._audience, self._algorithm = issuer, audience, algorithm
        self._leeway, self._remember, self._remember_count = leeway, remember, remember_count
        self._now = now
        self._keys = KeyCache(jwks, algorithm, ttl=ttl, cooldown=cooldown, now=now)
        self._verified: OrderedDict[bytes, tuple[datetime, Claims]] = OrderedDict()

    async def has_keys(self) -> bool:
        """Whether tokens can be verified now; asks the issuer for its keys when there are none."""
        return await self._keys.obtained()

    async def verify(self, token: str) -> Claims:
        """Claims of a valid token. Raises Unauthenticated, or KeysUnavailable when the issuer is out of reach."""
        if not token.isascii() or len(token) > MAX_TOKEN_CHARS:
            raise Unauthenticated("The token is malformed")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._recall(digest)
        if known is not None:
            return known
        key = await self._keys.get(self._key_id(token))
        if key is None:
            raise Unauthenticated("The token is signed by an unknown key")
        try:
            payload = jwt.decode(token, key, algorithms=[self._algorithm]).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise Unauthenticated("The token's signature or form is not valid") from None
        claims = self._check(payload)
        self._verified[digest] = (self._now(), claims)
        if len(self._verified) > self._remember_count:
            self._verified.popitem(last=False)
        return claims

    def _recall(self, digest: bytes) -> Claims | None:
        known = self._verified.get(digest)
        if known is None:
            return None
        verified_at, claims = known
        now = self._now()
        if not timedelta(0) <= now - verified_at < self._remember:
            del self._verified[digest]
            return None
        if now >= claims.expires_at + self._leeway:
            del self._verified[digest]
            raise Unauthenticated("The token has expired")
        self._verified.move_to_end(digest)
        return claims

    def _key_id(self, token: str) -> str:
        """Key id of the header. The algorithm is refused here, before any key is looked at."""
        segment = token.partition(".")[0]
        try:
            header = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
        except (ValueError, RecursionError):
            raise Unauthenticated("The token is malformed") from None
        if not isinstance(header, dict) or header.get("alg") != self._algorithm:
            raise Unauthenticated("The token is not signed with the issuer's algorithm")
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise Unauthenticated("The token names no key")
        return kid

    def _check(self, payload: dict[str, Any]) -> Claims:
        if payload.get("iss") != self._issuer:
            raise Unauthenticated("The token is from another issuer")
        audience = payload.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise Unauthenticated("The token is for another audience")
        now = self._now()
        expires_at = _instant(payload, "exp")
        if expires_at is None:
            raise Unauthenticated("The token has no expiry")
        if now >= expires_at + self._leeway:
            raise Unauthenticated("The token has expired")
        not_before = _instant(payload, "nbf")
        if not_before is not None and now < not_before - self._leeway:
            raise Unauthenticated("The token is not valid yet")
        return Claims(_subject(payload), _roles(payload), self._issuer, expires_at, _instant(payload, "iat"))


def _instant(payload: dict[str, Any], name: str) -> datetime | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST_TIME:
        raise Unauthenticated(f"The token's {name} is not a time")
    return datetime.fromtimestamp(value, UTC)


def _subject(payload: dict[str, Any]) -> str:
    subject = payload.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise Unauthenticated("The token has no usable subject")
    return subject


def _roles(payload: dict[str, Any]) -> frozenset[str]:
    roles = payload.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) and role for role in roles):
        raise Unauthenticated("The token has no list of roles")
    return frozenset(roles)
