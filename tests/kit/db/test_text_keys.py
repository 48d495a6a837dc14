"""Keys of names and codes: what SQL and Python say is the same, lists are read by index, rows get their keys."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Field, SQLModel

from kit.db.columns import FrozenRow, identifier, new_registry, text
from kit.db.database import Database
from kit.db.key_filler import KeyFiller, folded_of, names_of
from kit.db.lists import ListSpec, fetch_page, fields_of, parse_query, search_of
from kit.db.rows import insert_rows, update_row
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, code_sql, fold_code, grams, key_indexes
from kit.ids import new_id
from kit.text import fold_text, sort_key
from tests.kit.db.test_list_plans import Explained

PERSON = 7


class Base(SQLModel, registry=new_registry()):
    """Tables of this file."""


class Shop(FrozenRow):
    __tablename__ = "shop"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    id: Annotated[UUID, identifier(primary_key=True)]
    name: Annotated[str, text(nullable=False)]
    code: Annotated[str, text(nullable=False)]
    rank: Annotated[int, Field(nullable=False)] = 0


class Party(Shop):
    """A shop, or a person who keeps one."""

    __tablename__ = "party"
    __text_keys__: ClassVar = TextKeys(name="name", is_person=lambda row: row["rank"] == PERSON, told_by=("rank",))


class PartyTable(Party, TextKeyed, Base, table=True):
    __table_args__ = key_indexes("party", Party.__text_keys__)


class ShopTable(Shop, TextKeyed, CodeKeyed, Base, table=True):
    __table_args__ = (*key_indexes("shop", Shop.__text_keys__), *code_indexes("shop", "code"))


SHOPS = ListSpec(
    source="shop s",
    fields=fields_of(Shop, "s", sortable=("name", "code")),
    search=("s.name", "s.code"),
    search_key=search_of(Shop, "s"),
)
NAMES = st.text(
    st.sampled_from("aÄß ｶ\u3099ｱ張张李%_0") | st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
)


@pytest.fixture
async def db(database: Database) -> Database:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://", async_creator=database.connect)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    return database


async def found(db: Database, **query: str) -> list[str]:
    async with db.reading() as tx:
        page = await fetch_page(tx, SHOPS, parse_query(SHOPS, query.items()), secret=b"secret")
    return [item["code"] for item in page.items]


async def add(db: Database, *names: str) -> None:
    async with db.transaction() as tx:
        await insert_rows(tx, Shop, [Shop(id=new_id(), name=name, code=f"S-{n}") for n, name in enumerate(names)])


async def waiting(db: Database) -> int:
    async with db.reading() as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM shop WHERE {Shop.__text_keys__.waiting()}"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(NAMES, max_size=6), part=NAMES)
async def test_q_finds_what_contains_it_folded_and_sort_is_that_of_the_keys(
    db: Database, names: list[str], part: str
) -> None:
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM shop")
    await add(db, *names)
    assert await waiting(db) == 0
    ordered = sorted(range(len(names)), key=lambda n: (sort_key(names[n]) if names[n] else "~", n))
    assert await found(db, sort="name") == [f"S-{n}" for n in ordered]
    if fold_text(part):
        holds = [f"S-{n}" for n, name in enumerate(names) if fold_text(part) in f"{fold_text(name)}\ns-{n}"]
        assert await found(db, q=part) == holds


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=NAMES, code=st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=9))
async def test_sql_and_python_make_the_same_keys(db: Database, words: str, code: str) -> None:
    async with db.reading() as tx:
        there = set(await tx.fetchval("SELECT text_grams($1)", words))
        assert await tx.fetchval(f"SELECT {code_sql('$1::text')}", code) == fold_code(code)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            assert there >= set(grams(words[start:end]))


async def test_a_million_rows_would_be_read_by_index(db: Database) -> None:
    """Every page reads about its rows, whatever the size of the table: near and far, by name, by code, by part."""
    names = [f"Kunde {n} 蓝港{'贸易' if n % 97 else '航运'}" for n in range(20_000)]
    await add(db, *names)
    async with db.transaction() as tx:
        await tx.execute("ANALYZE shop")
    for query, pages in (
        ({"sort": "name"}, 3),
        ({"sort": "-name"}, 3),
        ({"sort": "code"}, 3),
        ({"name": "KUNDE 77 藍港貿易"}, 1),
        ({"name[in]": "kunde 77 藍港貿易,Kunde 78 蓝港贸易"}, 1),
        ({"code": "s-77"}, 1),
        ({"q": "nde 7777"}, 1),
        ({"q": "航", "sort": "name"}, 3),
        ({"name[gte]": "kunde 9", "sort": "name"}, 3),
    ):
        cursor: dict[str, str] = {}
        for _ in range(pages):
            async with db.reading() as plain:
                tx = Explained(plain.connection)
                page = await fetch_page(tx, SHOPS, parse_query(SHOPS, {**query, **cursor}.items()), secret=b"secret")
            assert page.items, query
            assert "Seq Scan" not in tx.plan, (query, tx.plan)
            assert tx.read <= (300 if "q" in query else 60), (query, tx.read)
            cursor = {"cursor": page.next_cursor or ""}


async def test_rows_get_their_keys_once_whoever_is_killed(db: Database) -> None:
    await add(db, *(f"Größe {n}" for n in range(25)))
    async with db.transaction() as tx:
        await tx.execute("UPDATE shop SET search_key = NULL, name_sort = DEFAULT, keyed_of = NULL")
    assert await found(db, q="GRÖSSE 7") == []
    assert await found(db, q="größe 7") == ["S-7"]

    killed = 0

    async def dies(tx: object, after: UUID, count: int) -> UUID | None:
        nonlocal killed
        last = await fill(tx, after, count)  # type: ignore[arg-type]
        killed += 1
        if killed == 3:
            raise ConnectionResetError
        return last

    fill = names_of(Shop)
    with pytest.raises(ConnectionResetError):
        await KeyFiller(db, [dies], batch=5).fill()
    assert await waiting(db) == 15, "a batch is whole or not there"
    await asyncio.gather(*(KeyFiller(db, [names_of(Shop)], batch=4).fill() for _ in range(2)))
    await KeyFiller(db, [names_of(Shop)]).fill()
    assert await waiting(db) == 0
    assert await found(db, q="GRÖSSE 7") == ["S-7"]


async def test_a_key_of_before_that_holds_another_sign_is_made_anew(db: Database) -> None:
    await add(db, "サン〜ルート", "Blue Harbour")
    async with db.transaction() as tx:
        await tx.execute("UPDATE shop SET search_key = 'サン〜ルート' || chr(10) || 's-0' WHERE code = 'S-0'")
        before = await tx.fetchval("SELECT xmin::text FROM shop WHERE code = 'S-1'")
    assert (await found(db, name="サン～ルート"), await waiting(db)) == ([], 0)
    await KeyFiller(db, [names_of(Shop)]).fill()
    assert (await found(db, name="サン～ルート"), await found(db, q="ン~ル"), await waiting(db)) == (
        ["S-0"],
        ["S-0"],
        0,
    )
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT xmin::text FROM shop WHERE code = 'S-1'") == before, "others stay"


async def test_a_place_of_before_is_made_anew(db: Database) -> None:
    """Of persons and of others: what one was taken for before, and a reading that changed."""
    names = ("曾国藩", "单位", "Blue Harbour", "张三", "任我行", "任我行", "任老二")
    async with db.transaction() as tx:
        rows = [
            Party(id=new_id(), name=name, code=f"S-{n}", rank=PERSON if n in (0, 4) else n)
            for n, name in enumerate(names)
        ]
        await insert_rows(tx, Party, rows)
    right = await places(db)
    assert [code for code, _place in sorted(right.items(), key=lambda item: item[1])] == [
        "S-2", "S-1", "S-4", "S-6", "S-5", "S-0", "S-3",
    ]  # fmt: skip
    async with db.transaction() as tx:
        await tx.execute("UPDATE party SET name_sort = '1 ceng2曾 guo2国 fan1藩' WHERE code = 'S-0'")
        await tx.execute("UPDATE party SET name_sort = '1 ren2任 wo3我 xing2行' WHERE code = 'S-5'")
        before = await tx.fetch("SELECT code, xmin::text FROM party WHERE code NOT IN ('S-0', 'S-5') ORDER BY code")
    await asyncio.gather(*(KeyFiller(db, [names_of(Party)], batch=1).fill() for _ in range(2)))
    await KeyFiller(db, [names_of(Party)]).fill()
    assert await places(db) == right
    async with db.reading() as tx:
        after = await tx.fetch("SELECT code, xmin::text FROM party WHERE code NOT IN ('S-0', 'S-5') ORDER BY code")
    assert after == before, "others stay, also those that look like it"


async def places(db: Database) -> dict[str, str]:
    async with db.reading() as tx:
        return {row["code"]: row["name_sort"] for row in await tx.fetch("SELECT code, name_sort FROM party")}


async def test_a_name_of_before_with_turkish_letters_is_made_anew(db: Database) -> None:
    await add(db, "İSTANBUL ILICA", "Blue Harbour")
    old = "i\u0307stanbul ilıca"
    async with db.transaction() as tx:
        await tx.execute("UPDATE shop SET search_key = $1 || chr(10) || 's-0' WHERE code = 'S-0'", old)
        await tx.execute("UPDATE shop SET code = $1 WHERE code = 'S-1'", old)
    await KeyFiller(db, [folded_of(Shop, "code"), names_of(Shop)], batch=1).fill()
    assert await found(db, q="istanbul ılıca", name="istanbul ilica") == ["S-0"]
    assert await found(db, name="Blue Harbour") == ["istanbul ilica"]
    assert await waiting(db) == 0


async def test_a_change_of_a_name_changes_its_keys(db: Database) -> None:
    await add(db, "apple")
    async with db.transaction() as tx:
        row_id = await tx.fetchval("SELECT id FROM shop")
        with pytest.raises(TypeError, match="changes the keys"):
            await update_row(tx, Shop, row_id, 1, {"name": "pear"})


async def test_old_twins_of_a_code_are_marked(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("DROP INDEX uq_shop_code_folded")
        rows = [Shop(id=UUID(int=n), name="x", code=code) for n, code in enumerate(("CN-A", "cn-a", "B"), 1)]
        await insert_rows(tx, Shop, rows)
        await tx.execute("UPDATE shop SET is_code_twin = code = 'cn-a'")
        await tx.execute(f"CREATE UNIQUE INDEX uq_shop_code_folded ON shop ({code_sql('code')}) WHERE NOT is_code_twin")
    assert await found(db, code="Cn-A") == ["CN-A", "cn-a"]
