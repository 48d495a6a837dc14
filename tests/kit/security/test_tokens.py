"""Token verification: forgeries refused, keys fetched sparingly, expiry never cached away."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from kit.errors import Unauthenticated
from kit.security.tokens import KeysUnavailable, TokenVerifier, static_jwks

ISSUER, AUDIENCE = "https://issuer.test", "crmesh"
KEY = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})
OTHER = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"})


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


class Source:
    """An issuer's key document that counts its readers and can be out of order."""

    def __init__(self, *keys: ECKey | RSAKey | OctKey) -> None:
        self.keys, self.fetches, self.broken = list(keys), 0, False

    async def __call__(self) -> dict[str, Any]:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionError("issuer away")
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source(KEY)


@pytest.fixture
def verifier(clock: Clock, source: Source) -> TokenVerifier:
    return TokenVerifier(ISSUER, AUDIENCE, source, now=clock)


def claims_at(clock: Clock, **changes: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "rep-07", "roles": ["sales_rep"], "iat": now, "exp": now + 600}
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def sign(claims: dict[str, Any], key: Any = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "k1"} | header, claims, key, algorithms=["ES256", "HS256", "RS256"])


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_valid_token_gives_its_claims(verifier: TokenVerifier, clock: Clock) -> None:
    claims = await verifier.verify(sign(claims_at(clock, aud=["other", AUDIENCE], roles=["sales_rep", "auditor"])))
    assert claims.subject == "rep-07"
    assert claims.roles == frozenset({"sales_rep", "auditor"})
    assert claims.issuer == ISSUER
    assert claims.issued_at == clock()
    assert claims.expires_at == clock() + timedelta(seconds=600)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": ...},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": ...},
        {"aud": {"crmesh": 1}},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**400},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": -5},
        {"nbf": 4_000_000_000},
        {"nbf": "now"},
        {"iat": [1]},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\x00b"},
        {"sub": "x" * 256},
        {"roles": ...},
        {"roles": "administrator"},
        {"roles": [1]},
        {"roles": [""]},
        {"roles": {"administrator": True}},
    ],
    ids=repr,
)
async def test_signed_but_wrong_claims_are_refused(
    verifier: TokenVerifier, clock: Clock, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(sign(claims_at(clock, **changes)))


async def test_expiry_and_start_allow_the_leeway_only(verifier: TokenVerifier, clock: Clock) -> None:
    now = int(clock().timestamp())
    await verifier.verify(sign(claims_at(clock, exp=now - 9, nbf=now + 9)))
    with pytest.raises(Unauthenticated, match="expired"):
        await verifier.verify(sign(claims_at(clock, exp=now - 10)))
    with pytest.raises(Unauthenticated, match="not valid yet"):
        await verifier.verify(sign(claims_at(clock, nbf=now + 11)))


async def test_public_key_as_shared_secret_is_refused(verifier: TokenVerifier, clock: Clock) -> None:
    for secret in (KEY.as_pem(private=False), json.dumps(KEY.as_dict(private=False)).encode()):
        header, payload = segment({"alg": "HS256", "kid": "k1"}), segment(claims_at(clock))
        signature = hmac.new(secret, f"{header}.{payload}".encode(), hashlib.sha256).digest()
        forged = f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        with pytest.raises(Unauthenticated, match="algorithm"):
            await verifier.verify(forged)


async def test_forged_forms_are_refused(verifier: TokenVerifier, clock: Clock) -> None:
    claims, good = claims_at(clock), sign(claims_at(clock))
    header, payload, signature = good.split(".")
    admin = segment(claims_at(clock, roles=["administrator"]))
    deep = base64.urlsafe_b64encode(b"[" * 3000).decode()
    forged = [
        f"{segment({'alg': 'none', 'kid': 'k1'})}.{payload}.",
        f"{segment({'alg': 'NONE', 'kid': 'k1'})}.{payload}.{signature}",
        sign(claims, RSAKey.generate_key(2048), alg="RS256"),
        sign(claims, OTHER),
        f"{header}.{admin}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{good}.{signature}",
        f"{segment({'alg': 'ES256'})}.{payload}.{signature}",
        f"{segment({'alg': 'ES256', 'kid': ['k1']})}.{payload}.{signature}",
        f"{segment(['ES256'])}.{payload}.{signature}",
        sign(claims, KEY, kid="elsewhere"),
        f"{deep}.{payload}.{signature}",
        "",
        "....",
        "é" + good,
        good + "A" * 9000,
        good + "\n",
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)
    assert (await verifier.verify(good)).subject == "rep-07"


async def test_key_offered_inside_the_token_is_not_used(verifier: TokenVerifier, clock: Clock) -> None:
    jwk = OTHER.as_dict(private=False)
    with pytest.raises(Unauthenticated):
        await verifier.verify(jwt.encode({"alg": "ES256", "kid": "k1", "jwk": jwk}, claims_at(clock), OTHER))


@given(st.text(max_size=300) | st.lists(st.binary(max_size=80), min_size=3, max_size=3))
async def test_garbage_is_refused_and_nothing_else(garbage: str | list[bytes]) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, Source(KEY), now=Clock())
    if isinstance(garbage, list):
        garbage = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in garbage)
    with pytest.raises(Unauthenticated):
        await verifier.verify(garbage)


@given(header=st.dictionaries(st.sampled_from(["crit", "b64", "typ", "zip", "jku", "x5c"]), st.none() | st.integers()))
async def test_odd_headers_never_cause_another_error(header: dict[str, Any]) -> None:
    clock = Clock()
    verifier = TokenVerifier(ISSUER, AUDIENCE, static_jwks({"keys": [KEY.as_dict(private=False)]}), now=clock)
    _, payload, signature = sign(claims_at(clock)).split(".")
    with pytest.raises(Unauthenticated):
        await verifier.verify(f"{segment({'alg': 'ES256', 'kid': 'k1', **header})}.{payload}.A{signature}")


async def test_flood_of_unknown_keys_asks_once_per_cooldown(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    await verifier.verify(sign(claims_at(clock)))
    assert source.fetches == 1
    clock.forward(seconds=31)
    for second in range(2):
        tokens = [sign(claims_at(clock), KEY, kid=f"k{number}-{second}") for number in range(50)]
        results = await asyncio.gather(*map(verifier.verify, tokens), return_exceptions=True)
        assert all(isinstance(result, Unauthenticated) for result in results)
        assert source.fetches == 2 + second
        clock.forward(seconds=31)


async def test_new_key_is_picked_up_and_withdrawn_key_stops(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    old = sign(claims_at(clock, exp=int(clock().timestamp()) + 7200))
    await verifier.verify(old)
    fresh = ECKey.generate_key("P-256", {"kid": "k2", "alg": "ES256"})
    source.keys = [fresh]
    clock.forward(seconds=31)
    assert (await verifier.verify(sign(claims_at(clock), fresh, kid="k2"))).subject == "rep-07"
    await verifier.verify(old)
    clock.forward(seconds=30)
    with pytest.raises(Unauthenticated, match="unknown key"):
        await verifier.verify(old)


async def test_keys_are_refreshed_ahead_and_nobody_waits(clock: Clock) -> None:
    gate, fetches = asyncio.Event(), 0

    async def slow() -> dict[str, Any]:
        nonlocal fetches
        fetches += 1
        if fetches > 1:
            await gate.wait()
        return {"keys": [KEY.as_dict(private=False)]}

    verifier = TokenVerifier(ISSUER, AUDIENCE, slow, now=clock, remember=timedelta(0))
    token = sign(claims_at(clock, exp=int(clock().timestamp()) + 3600))
    await verifier.verify(token)
    clock.forward(minutes=7)
    await verifier.verify(token)
    assert fetches == 1
    clock.forward(minutes=1)
    async with asyncio.timeout(1):
        for _ in range(3):
            await verifier.verify(token)
    await asyncio.sleep(0)
    assert fetches == 2
    gate.set()
    await asyncio.sleep(0.01)
    clock.forward(minutes=7)
    async with asyncio.timeout(1):
        await verifier.verify(token)
    assert fetches == 2, "the refreshed keys are young again"


async def test_failed_refresh_ahead_is_tried_again_after_the_cooldown(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    await verifier.verify(sign(claims_at(clock)))
    source.broken = True
    clock.forward(minutes=8)
    for number in range(5):
        await verifier.verify(sign(claims_at(clock, jti=str(number))))
        await asyncio.sleep(0.005)
    assert source.fetches == 2
    clock.forward(seconds=31)
    source.broken = False
    await verifier.verify(sign(claims_at(clock)))
    await asyncio.sleep(0.005)
    assert source.fetches == 3


async def test_stale_keys_serve_while_the_issuer_is_away(verifier: TokenVerifier, clock: Clock, source: Source) -> None:
    await verifier.verify(sign(claims_at(clock)))
    source.broken = True
    clock.forward(hours=1)
    for number in range(5):
        await verifier.verify(sign(claims_at(clock, sub=f"rep-{number}")))
    assert source.fetches == 2
    clock.forward(hours=24)
    with pytest.raises(KeysUnavailable):
        await verifier.verify(sign(claims_at(clock)))


async def test_issuer_away_from_the_start_is_not_the_callers_fault(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    source.broken = True
    token = sign(claims_at(clock))
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await verifier.verify(token)
    assert source.fetches == 1
    source.broken = False
    clock.forward(seconds=1)
    await verifier.verify(token)


async def test_while_there_are_no_keys_the_issuer_is_asked_every_second(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    source.broken = True
    for second in range(1, 4):
        assert not any(await asyncio.gather(*(verifier.has_keys() for _ in range(20))))
        assert source.fetches == second
        clock.forward(seconds=1)
    source.broken = False
    assert await verifier.has_keys()
    for minutes in (5, 60):
        clock.forward(minutes=minutes)
        assert await verifier.has_keys()
    assert source.fetches == 4, "keys that can be used are not asked for by the probe"
    with pytest.raises(Unauthenticated):
        await verifier.verify(sign(claims_at(clock), kid="other"))
    with pytest.raises(Unauthenticated):
        await verifier.verify(sign(claims_at(clock), kid="another"))
    assert source.fetches == 5, "an unknown key id asks once per cooldown"


async def test_caller_going_away_does_not_spoil_the_fetch_of_the_others(
    verifier: TokenVerifier, clock: Clock, source: Source
) -> None:
    token = sign(claims_at(clock))
    first, second = asyncio.create_task(verifier.verify(token)), asyncio.create_task(verifier.verify(token))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).subject == "rep-07"
    assert source.fetches == 1


async def test_expiry_is_checked_on_remembered_tokens(clock: Clock, source: Source) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, source, now=clock, remember=timedelta(days=1))
    token = sign(claims_at(clock))
    await verifier.verify(token)
    clock.forward(seconds=609)
    await verifier.verify(token)
    clock.forward(seconds=1)
    with pytest.raises(Unauthenticated, match="expired"):
        await verifier.verify(token)


async def test_remembered_tokens_are_bounded_and_not_decoded_again(
    clock: Clock, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, source, now=clock, remember_count=10)
    tokens = [sign(claims_at(clock, sub=f"rep-{number}")) for number in range(30)]
    for token in tokens:
        await verifier.verify(token)
    assert len(verifier._verified) == 10
    decoded = Mock(wraps=jwt.decode)
    monkeypatch.setattr("kit.security.tokens.jwt.decode", decoded)
    for token in tokens[:-11:-1]:
        await verifier.verify(token)
    assert decoded.call_count == 0
    await verifier.verify(tokens[0])
    assert decoded.call_count == 1


async def test_unusable_keys_of_the_document_are_left_out(clock: Clock) -> None:
    document = {
        "keys": [
            {"kty": "oct", "kid": "k1", "k": "c2VjcmV0"},
            {"kty": "EC", "kid": "k1", "crv": "P-256", "x": "broken", "y": "broken"},
            KEY.as_dict(private=False) | {"use": "enc"},
            KEY.as_dict(private=False) | {"alg": "ES384"},
            "not a key",
        ]
    }
    verifier = TokenVerifier(ISSUER, AUDIENCE, static_jwks(document), now=clock)
    with pytest.raises(Unauthenticated, match="unknown key"):
        await verifier.verify(sign(claims_at(clock)))


def test_shared_secret_algorithms_cannot_be_configured(source: Source) -> None:
    with pytest.raises(ValueError, match="HS256"):
        TokenVerifier(ISSUER, AUDIENCE, source, algorithm="HS256")
