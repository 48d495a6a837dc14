"""Sealed values: what opens, where, under which keys, and what is never shown."""

from __future__ import annotations

import base64
import os
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from kit.security.cipher import (
    BadKeys,
    CannotOpen,
    KeyRing,
    Place,
    UnknownKey,
    WrappedKey,
    parse_keys,
)
from kit.settings import ServiceSettings, UnsafeSettings

PERSON, OTHER = UUID(int=1), UUID(int=2)
PLACE = Place("contact", "emails", UUID(int=7))
OLD, NEW = os.urandom(32), os.urandom(32)


def written(**keys: bytes) -> str:
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys.items())


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_opens_as_it_was(value: str) -> None:
    key, _ = KeyRing.of({"old": OLD}).new_key(PERSON)
    sealed = key.seal(value, PLACE)
    assert key.open(sealed, PLACE) == value
    assert len(sealed) == len(value.encode()) + 29
    assert key.seal(value, PLACE) != sealed


def test_the_form_is_aes_256_gcm_over_the_place() -> None:
    """Written out, so that another program can open what is stored."""
    ring = KeyRing.of({"old": OLD})
    key, stored = ring.new_key(PERSON)
    sealed = key.seal("z@example.com", PLACE)
    wrapped = stored.wrapped
    data_key = AESGCM(OLD).decrypt(wrapped[1:13], wrapped[13:], b"data-key\0" + PERSON.bytes)
    bound = b"contact\0emails\0" + PLACE.row_id.bytes
    assert (sealed[0], len(data_key)) == (1, 32)
    assert AESGCM(data_key).decrypt(sealed[1:13], sealed[13:], bound) == b"z@example.com"


@pytest.mark.parametrize(
    "place",
    [
        Place("contact", "phones", PLACE.row_id),
        Place("lead", "emails", PLACE.row_id),
        Place("contact", "emails", UUID(int=8)),
        Place("contact\0emails", "", PLACE.row_id),
    ],
)
def test_a_value_copied_elsewhere_does_not_open(place: Place) -> None:
    key, _ = KeyRing.of({"old": OLD}).new_key(PERSON)
    sealed = key.seal("z@example.com", PLACE)
    with pytest.raises(CannotOpen):
        key.open(sealed, place)


def test_every_changed_byte_is_noticed() -> None:
    key, _ = KeyRing.of({"old": OLD}).new_key(PERSON)
    sealed = key.seal("z@example.com", PLACE)
    changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]
    for broken in [*changed, *(sealed[:n] for n in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(CannotOpen) as refused:
            key.open(broken, PLACE)
        assert refused.value.__cause__ is None
        assert str(refused.value) == f"contact.emails of {PLACE.row_id} does not open under its person's key"


def test_keys_of_others_do_not_open() -> None:
    ring = KeyRing.of({"old": OLD})
    (key, stored), (others, _) = ring.new_key(PERSON), ring.new_key(PERSON)
    with pytest.raises(CannotOpen):
        others.open(key.seal("x", PLACE), PLACE)
    with pytest.raises(CannotOpen):
        ring.unwrap(OTHER, stored)
    with pytest.raises(CannotOpen):
        KeyRing.of({"old": NEW}).unwrap(PERSON, stored)
    with pytest.raises(UnknownKey, match="old"):
        KeyRing.of({"new": NEW}).unwrap(PERSON, stored)
    with pytest.raises(CannotOpen):
        ring.unwrap(PERSON, WrappedKey("old", b""))


def test_a_rewrapped_key_is_the_same_key() -> None:
    key, stored = KeyRing.of({"old": OLD}).new_key(PERSON)
    sealed = key.seal("x", PLACE)
    both = KeyRing.of({"new": NEW, "old": OLD})
    fresh = both.rewrap(PERSON, stored)
    assert (both.current, fresh.key_id) == ("new", "new")
    for ring in (both, KeyRing.of({"new": NEW}), KeyRing.of({"old": OLD, "new": NEW})):
        assert ring.unwrap(PERSON, fresh).open(sealed, PLACE) == "x"
    assert both.unwrap(PERSON, stored).open(sealed, PLACE) == "x", "a reader of the row as it was"


def test_nothing_is_shown(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    ring = KeyRing.of({"old": OLD})
    key, _ = ring.new_key(PERSON)
    settings = ServiceSettings(keys=SecretStr(written(old=OLD)))
    for thing in (ring, key, settings):
        shown = f"{thing!r} {thing}"
        assert base64.b64encode(OLD).decode() not in shown
        assert repr(OLD) not in shown
    assert repr(key) == "DataKey()"
    assert repr(ring) == "KeyRing(current='old')"
    assert (caplog.text, capsys.readouterr().out) == ("", "")


@pytest.mark.parametrize(
    "setting",
    [
        "x",
        "old",
        ":" + base64.b64encode(OLD).decode(),
        "old:c2hvcnQ=",
        "old:" + "!" * 44,
        "o d:" + base64.b64encode(OLD).decode(),
        f"{written(old=OLD)},{written(old=NEW)}",
        f"{written(old=OLD)},",
    ],
    ids=["no colon", "a name alone", "no name", "short", "no base64", "a blank in the name", "a name twice", "a comma"],
)
def test_a_setting_that_holds_no_keys_repeats_nothing(setting: str) -> None:
    with pytest.raises(BadKeys) as refused:
        parse_keys(setting)
    assert refused.value.__cause__ is None
    assert not any(part in str(refused.value) for part in setting.split(":") if len(part) > 5)


def test_keys_are_read_in_order() -> None:
    url_safe = base64.urlsafe_b64encode(b"\xfb" * 32).decode()
    assert parse_keys(f"{written(b=NEW)}, a:{url_safe}") == {"b": NEW, "a": b"\xfb" * 32}
    assert KeyRing.from_settings(ServiceSettings(keys=SecretStr(written(b=NEW, a=OLD)))).current == "b"
    assert parse_keys(" ") == {}
    with pytest.raises(BadKeys):
        KeyRing.of({})


def test_keys_are_made_of_the_secret_in_development_only() -> None:
    def settings(**more: Any) -> ServiceSettings:
        return ServiceSettings(**{"secret": SecretStr("a" * 40), **more})

    _, stored = KeyRing.from_settings(settings(ENV="test")).new_key(PERSON)
    KeyRing.from_settings(settings(ENV="development")).unwrap(PERSON, stored)
    with pytest.raises(CannotOpen):
        KeyRing.from_settings(settings(ENV="test", secret=SecretStr("b"))).unwrap(PERSON, stored)
    with pytest.raises(UnsafeSettings, match="CRMESH_KEYS"):
        KeyRing.from_settings(settings(ENV="production"))


def test_a_value_is_sealed_for_one_row_only() -> None:
    key, _ = KeyRing.of({"old": OLD}).new_key(PERSON)
    sealed = {row: key.seal("same", Place("contact", "emails", row)) for row in (uuid4() for _ in range(50))}
    assert len(set(sealed.values())) == 50
