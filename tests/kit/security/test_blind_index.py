"""Values that are encrypted are found by their normal form, also while the index key is changed."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any

import pytest
from pydantic import SecretStr

from kit.db.database import Database, Tx
from kit.security.blind_index import BlindIndex, NotNormal, normal_email, normal_phone
from kit.security.cipher import BadKeys
from kit.settings import ServiceSettings, UnsafeSettings

ONE, TWO = os.urandom(32), os.urandom(32)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Zoe@Example.COM", "zoe@example.com"),
        ("  ｚｏｅ＠example。com ", "zoe@example.com"),
        ("STRASSE@bücher.de", "strasse@xn--bcher-kva.de"),
        ("straße@BÜCHER.de", "strasse@xn--bcher-kva.de"),
        ("张三@例子.中国", "张三@xn--fsqu00a.xn--fiqs8s"),
        ("Zoe\u0308@example.com", "zoë@example.com"),
        ("a+b@example.com", "a+b@example.com"),
    ],
)
def test_normal_form_of_an_address(written: str, normal: str) -> None:
    assert normal_email(written) == normal
    assert normal_email(normal) == normal


@pytest.mark.parametrize(
    "written", ["", "zoe", "@example.com", "zoe@", "zoe@-.com", "z oe@example.com", "z@" + "x" * 70]
)
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(NotNormal) as refused:
        normal_email(written)
    assert refused.value.code == "email-invalid"
    assert "example" not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "country", "normal"),
    [
        ("138 0013 8000", "CN", "+8613800138000"),
        ("+86-138-0013-8000", "DE", "+8613800138000"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("010-6552 9988转801", "CN", "+861065529988"),
        ("010-6552 9988 ext. 801", "CN", "+861065529988"),
        ("010-65529988#801", "CN", "+861065529988"),
        ("030 303986300", "DE", "+4930303986300"),
        ("+442079460958", "CN", "+442079460958"),
    ],
)
def test_normal_form_of_a_phone(written: str, country: str, normal: str) -> None:
    assert normal_phone(written, country) == normal
    assert normal_phone(normal) == normal


@pytest.mark.parametrize("written", ["", "12", "abc", "+", "00000000000", "138001380001380013800"])
def test_what_is_no_phone(written: str) -> None:
    with pytest.raises(NotNormal) as refused:
        normal_phone(written)
    assert refused.value.code == "phone-invalid"


def test_the_hash_is_a_keyed_one_of_kind_and_value() -> None:
    first, second = BlindIndex.of({"1": ONE}).hashes("email", "zoe@example.com")
    assert first == hmac.new(ONE, b"email\0zoe@example.com", hashlib.sha256).digest()[:16]
    assert second is None
    assert BlindIndex.of({"1": ONE}).hashes("phone", "zoe@example.com").first != first
    assert BlindIndex.of({"1": ONE}).hashes("emailzoe@", "example.com") != (first, None)


def test_keys_are_named_after_their_column() -> None:
    for keys in ({}, {"3": ONE}, {"1": ONE, "a": TWO}):
        with pytest.raises(BadKeys):
            BlindIndex.of(keys)
    assert repr(BlindIndex.of({"1": ONE})) == "BlindIndex()"
    assert BlindIndex.from_settings(ServiceSettings(**dict[str, Any](ENV="test"))).hashes("email", "x").first
    with pytest.raises(UnsafeSettings, match="CRMESH_INDEX_KEYS"):
        BlindIndex.from_settings(ServiceSettings(**dict[str, Any](ENV="production", secret=SecretStr("a" * 40))))


async def test_found_in_every_stage_of_a_change(db: Database) -> None:
    """Old processes, both, new ones: each finds what each wrote, as far as the order of the stages lets them meet."""
    old, both, new = (BlindIndex.of(keys) for keys in ({"1": ONE}, {"1": ONE, "2": TWO}, {"2": TWO}))
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE person (name text, email_index_1 bytea, email_index_2 bytea)")
        for index, name in ((old, "old"), (both, "both")):
            await write(tx, index, name)
        assert [await found(tx, index) for index in (old, both)] == [["both", "old"]] * 2
        await tx.execute(
            "UPDATE person SET email_index_2 = $1 WHERE email_index_2 IS NULL", both.hashes("email", "z@x.com").second
        )
        await write(tx, new, "new")
        assert [await found(tx, index) for index in (both, new)] == [["both", "new", "old"]] * 2
        assert await found(tx, new, "y@x.com") == []


async def write(tx: Tx, index: BlindIndex, name: str) -> None:
    await tx.execute("INSERT INTO person VALUES ($1, $2, $3)", name, *index.hashes("email", normal_email("Z@X.com")))


async def found(tx: Tx, index: BlindIndex, email: str = "z@x.com") -> list[str]:
    rows = await tx.fetch(
        "SELECT name FROM person WHERE email_index_1 = $1 OR email_index_2 = $2 ORDER BY name",
        *index.hashes("email", normal_email(email)),
    )
    return [row["name"] for row in rows]
