"""Field policies: full, masked, none; the mask of the database is that of Python."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.db.database import Database, DatabaseSettings
from kit.db.filters import Field, ListSpec
from kit.db.lists import fetch_page, parse_query
from kit.errors import BadQuery
from kit.security.fields import FieldRule, mask, shown, shown_list
from kit.security.principals import Actor
from kit.testing.postgres import TestServer

POLICY = {"tax_id": FieldRule("tax-ids:read"), "bank": FieldRule("banks:read", otherwise="none")}
EVERYTHING = Actor("boss", frozenset(), frozenset({"tax-ids:read", "banks:read"}))
NOTHING = Actor("guest", frozenset(), frozenset())
SPEC = ListSpec(
    source="(VALUES (1, 'ann', '91110000600037341L', 'DE02'), (2, 'bob', 'DE1', NULL), (3, 'eve', NULL, NULL)) "
    "AS p(id, name, tax_id, bank)",
    fields={
        "id": Field("p.id::bigint", "int"),
        "name": Field("p.name"),
        "tax_id": Field("p.tax_id", nullable=True, sortable=True),
        "bank": Field("p.bank", nullable=True),
    },
    search=("p.name", "p.tax_id"),
)


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    """Any database: the list needs no tables."""
    made = Database(DatabaseSettings(connect=postgres_server.connect_args()))
    yield made
    await made.stop()


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("91110000600037341L", "**************341L"),
        ("12345678", "****5678"),
        ("1234567", "*******"),
        ("北京市朝阳区税务局号", "******税务局号"),
        ("", ""),
    ],
)
def test_a_mask_keeps_the_length_and_at_most_four_characters(value: str, seen: str) -> None:
    assert mask(value) == seen


def test_a_body_is_shown_as_far_as_the_caller_may_see_it() -> None:
    body = {"id": 1, "tax_id": "91110000600037341L", "bank": "DE02", "name": "ann"}
    assert shown(body, POLICY, EVERYTHING) == body
    assert shown(body, POLICY, NOTHING) == {**body, "tax_id": "**************341L", "bank": None}
    assert shown({"tax_id": None}, POLICY, NOTHING) == {"tax_id": None}
    half = Actor("half", frozenset(), frozenset({"banks:read"}))
    assert shown(body, POLICY, half) == {**body, "tax_id": "**************341L"}


async def page(db: Database, actor: Actor, *params: tuple[str, str]) -> list[dict[str, Any]]:
    spec = shown_list(SPEC, POLICY, actor)
    async with db.reading() as tx:
        return (await fetch_page(tx, spec, parse_query(spec, params), secret=b"secret")).items


async def test_a_list_is_masked_by_the_database(db: Database) -> None:
    assert shown_list(SPEC, POLICY, EVERYTHING) is SPEC
    assert shown_list(SPEC, POLICY, NOTHING) is shown_list(SPEC, POLICY, NOTHING), "its statements are cached"
    assert await page(db, NOTHING) == [
        {"id": 1, "name": "ann", "tax_id": "**************341L", "bank": None},
        {"id": 2, "name": "bob", "tax_id": "***", "bank": None},
        {"id": 3, "name": "eve", "tax_id": None, "bank": None},
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("tax_id", "DE1"), ("tax_id[gte]", "D"), ("tax_id[null]", "true"), ("bank[in]", "DE02"), ("sort", "tax_id")],
)
async def test_a_masked_field_answers_no_question(db: Database, name: str, value: str) -> None:
    assert await page(db, EVERYTHING, (name, value)) is not None
    with pytest.raises(BadQuery) as refused:
        await page(db, NOTHING, (name, value))
    assert refused.value.errors[0].pointer == name


async def test_a_masked_field_is_not_searched(db: Database) -> None:
    assert [item["id"] for item in await page(db, EVERYTHING, ("q", "9111"))] == [1]
    assert await page(db, NOTHING, ("q", "9111")) == []
    assert [item["id"] for item in await page(db, NOTHING, ("q", "bo"))] == [2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(values=st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)))
async def test_both_masks_agree(db: Database, values: list[str]) -> None:
    spec = ListSpec(
        source="unnest($1::text[]) WITH ORDINALITY AS v(v, n)",
        fields={"id": Field("v.n", "int"), "tax_id": Field("v.v")},
    )
    masked = shown_list(spec, {"tax_id": POLICY["tax_id"]}, NOTHING)
    async with db.reading() as tx:
        query = parse_query(masked, [("limit", "200")])
        found = await fetch_page(tx, masked, query, args=[values], secret=b"secret")
    assert [item["tax_id"] for item in found.items] == [mask(value) for value in values]
