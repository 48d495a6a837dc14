"""Saved filters: checked once, good on every day, the same rows as the list shows; relative dates; hostile text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.db.database import Database
from kit.db.lists import Field, ListSpec, fetch_page
from kit.db.saved_filters import (
    FIRST_DAY,
    LAST_DAY,
    MAX_LENGTH,
    MAX_PARAMETERS,
    SavedFilter,
    parse_saved_filter,
    relative_date,
)
from kit.errors import BadQuery
from kit.ids import new_id

SPEC = ListSpec(
    source="item i",
    fields={
        "id": Field("i.id", "uuid"),
        "name": Field("i.name", "text", nullable=True),
        "state": Field("i.state", "text", enum=("open", "shut")),
        "day": Field("i.day", "date", nullable=True, sortable=True),
        "seen_at": Field("i.seen_at", "datetime", nullable=True),
        "size": Field("i.size", "int"),
    },
    search=("i.name",),
)
TODAY = date(2026, 3, 31)
ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", "2026-03-31"),
        ("today-30d", "2026-03-01"),
        ("today+1d", "2026-04-01"),
        ("today-2w", "2026-03-17"),
        ("today-1m", "2026-02-28"),
        ("today-1m+1m", "2026-03-28"),
        ("today-1q", "2025-12-31"),
        ("today-25m", "2024-02-29"),
        ("week-start", "2026-03-30"),
        ("month-start", "2026-03-01"),
        ("month-start-1m", "2026-02-01"),
        ("month-start+1m-1d", "2026-03-31"),
        ("quarter-start+1q", "2026-04-01"),
        ("year-start-1y", "2025-01-01"),
        ("today-9999y", "1900-01-01"),
        ("today+9999q-9999d", "2972-08-15"),
    ],
)
def test_relative_dates(text: str, expected: str) -> None:
    assert str(relative_date(text, TODAY)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Today",
        "today ",
        "today-30",
        "today-d",
        "today-30h",
        "today--1d",
        "today-00001d",
        "today+1d+1d+1d+1d",
        "month-end",
        "today-٣d",
        "today-1d\n",
        "2026-03-31",
        "yesterday",
        "start",
        "today-1D",
    ],
)
def test_other_words_are_no_relative_dates(text: str) -> None:
    assert relative_date(text, TODAY) is None


words = st.sampled_from(["today", "week-start", "month-start", "quarter-start", "year-start"])
shifts = st.lists(st.tuples(st.sampled_from("+-"), st.integers(0, 9999), st.sampled_from("dwmqy")), max_size=3)
days = st.dates(FIRST_DAY, LAST_DAY)


def written(word: str, shifted: list[tuple[str, int, str]]) -> str:
    return word + "".join(f"{sign}{amount}{unit}" for sign, amount, unit in shifted)


@given(words, shifts, days)
def test_every_relative_date_is_a_day_within_the_years(word: str, shifted: Any, today: date) -> None:
    day = relative_date(written(word, shifted), today)
    assert day is not None
    assert FIRST_DAY <= day <= LAST_DAY


@given(words, shifts, days, days)
def test_a_later_day_never_means_an_earlier_one(word: str, shifted: Any, one: date, two: date) -> None:
    first, second = (relative_date(written(word, shifted), day) for day in sorted((one, two)))
    assert first is not None
    assert second is not None
    assert first <= second


@given(st.integers(0, 9999), st.dates(date(1980, 1, 1), date(2100, 1, 1)))
def test_days_there_and_back(amount: int, today: date) -> None:
    assert relative_date(f"today-{amount}d+{amount}d", today) == today
    assert relative_date(f"today-{amount}d", today) == today - timedelta(days=amount)


def saved(text: str) -> SavedFilter:
    return parse_saved_filter(SPEC, text, extra=("segment",))


def test_a_filter_means_the_day_of_its_use() -> None:
    late = saved("day[lt]=today-30d&state=open&segment=big&seen_at[gte]=month-start")
    where, args = late.condition(TODAY, ZONE, "i.size > $1", [5])
    assert where == ("(i.size > $1) AND i.day < $2::date AND i.seen_at >= $3::timestamptz AND i.state = $4::text")
    assert args == [5, date(2026, 3, 1), datetime(2026, 2, 28, 16, tzinfo=UTC), "open"]
    assert late.condition(TODAY + timedelta(1), ZONE)[1][0] == date(2026, 3, 2)
    assert late.fields() == {"day", "state", "seen_at"}
    assert late.others == (("segment", "big"),)


def test_the_kept_text_is_one_for_all_ways_to_write_it() -> None:
    one = saved("state=open&day[in]=today,2026-01-01")
    assert one.text == saved("day%5Bin%5D=today&state=open&day[in]=2026-01-01").text
    assert saved(one.text) == one
    plus = saved("day[lt]=today+30d")
    assert plus.condition(TODAY, ZONE) == saved("day[lt]=today%2B30d").condition(TODAY, ZONE)
    assert plus.condition(TODAY, ZONE)[1] == [date(2026, 4, 30)]


def test_nothing_asks_for_all_rows() -> None:
    assert saved("").condition(TODAY, ZONE) == ("(TRUE)", [])


def test_text_fields_take_the_words_as_they_are() -> None:
    assert saved("name=today-30d").condition(TODAY, ZONE)[1] == ["today-30d"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("sort=day&limit=5&cursor=x&count=exact&fields=id", {"sort", "limit", "cursor", "count", "fields"}),
        ("colour=red", {"colour"}),
        ("day=soon&size=x&state=lost", {"day", "size", "state"}),
        ("seen_at=today", {"seen_at"}),
        ("seen_at[lte]=today&seen_at[gt]=month-start&colour=1", {"seen_at[lte]", "seen_at[gt]", "colour"}),
        ("seen_at[in]=today,today", {"seen_at[in]"}),
        ("day[null]=today", {"day[null]"}),
        ("size=today", {"size"}),
        ("state=open&state=shut", {"state"}),
        ("name=%00", {"name"}),
        ("q=", {"q"}),
        ("day[in]=today,", {"day[in]"}),
        ("day); DROP TABLE item; --=1", {"day); DROP TABLE item; --"}),
    ],
)
def test_every_fault_is_named(text: str, faults: set[str]) -> None:
    with pytest.raises(BadQuery) as refused:
        saved(text)
    assert {error.pointer for error in refused.value.errors} == faults


@pytest.mark.parametrize(
    "text",
    ["name", "name=1&", "&", "name=%FF", "a" * (MAX_LENGTH + 1), "&".join(["name=1"] * (MAX_PARAMETERS + 1)), "="],
)
def test_what_is_no_query_string_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        saved(text)


@given(
    st.text(max_size=60) | st.builds(lambda n, v: f"{quote(n)}={quote(v)}", st.text(max_size=9), st.text(max_size=9))
)
def test_hostile_text_is_refused_or_kept_as_it_is(text: str) -> None:
    try:
        found = saved(text)
    except BadQuery:
        return
    assert saved(found.text) == found
    found.condition(TODAY, ZONE)


relative = st.builds(written, words, shifts)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "day[gte]": relative | st.dates(FIRST_DAY, LAST_DAY).map(str),
        "day[lt]": relative,
        "day[in]": st.lists(relative, min_size=1, max_size=3).map(",".join),
        "day[null]": st.sampled_from(["true", "false"]),
        "seen_at[gte]": relative,
        "seen_at[lt]": relative | st.just("2026-03-31T00:00:00Z"),
        "name": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
        "name[ne]": st.sampled_from(["a", "today", "%_\\'; --"]),
        "q": st.sampled_from(["a", "50%", "'"]),
        "size[gt]": st.integers(-5, 5).map(str),
        "state[in]": st.sampled_from(["open", "open,shut"]),
    },
)


@given(parameters, days, st.sampled_from([ZONE, "America/St_Johns", "America/Sao_Paulo"]))
def test_what_is_accepted_is_good_on_every_day(given_parameters: dict[str, str], today: date, zone: str) -> None:
    found = saved(urlencode(given_parameters))
    assert saved(found.text) == found
    assert found.condition(today, zone) == found.condition(today, zone)
    assert found.fields() == {name.partition("[")[0] for name in given_parameters} - {"q"}


TABLE = (
    "CREATE TABLE item (id uuid PRIMARY KEY, name text, state text NOT NULL, day date, seen_at timestamptz, "
    "size bigint NOT NULL)"
)


async def test_the_rows_are_those_of_the_list_on_that_day(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(TABLE)
        rows = [
            (
                new_id(),
                (None, "a", "50%", "it's")[n % 4],
                ("open", "shut")[n % 2],
                None if n % 7 == 0 else TODAY - timedelta(days=n),
                None if n % 5 == 0 else datetime(2026, 3, 31, 15, 30, tzinfo=UTC) - timedelta(hours=n),
                n % 10,
            )
            for n in range(120)
        ]
        await tx.copy("item", ["id", "name", "state", "day", "seen_at", "size"], rows)
    texts = [
        "",
        "day[gte]=today-30d",
        "day[lt]=month-start&state=open",
        "day[gte]=month-start-1m&day[lt]=month-start",
        "day[null]=true&size[gt]=2",
        "day[in]=today-1d,today-2d,2026-03-01",
        "seen_at[gte]=today&name[ne]=a",
        "seen_at[gte]=today-2d&seen_at[lt]=today-1d",
        "q=50%25&state[in]=open,shut",
        "name=it%27s",
    ]
    counts = [await same_rows(database, saved(text)) for text in texts]
    assert counts[0] == 108
    assert all(counts)
    begun = saved("seen_at[gte]=today")
    async with database.reading() as tx:
        where, args = begun.condition(TODAY, ZONE)
        first = await tx.fetchval(f"SELECT min(i.seen_at) FROM item i WHERE {where}", *args)
    assert first >= datetime(2026, 3, 30, 16, tzinfo=UTC), "midnight in the company zone"


async def same_rows(database: Database, found: SavedFilter) -> int:
    """By the set-based condition and page by page, among the rows of a scope; returns how many."""
    where, args = found.condition(TODAY, ZONE, "i.size < $1", [9])
    listed: set[UUID] = set()
    query = found.on(TODAY, ZONE)
    async with database.reading() as tx:
        selected = {row["id"] for row in await tx.fetch(f"SELECT i.id FROM {SPEC.source} WHERE {where}", *args)}
        page = await fetch_page(tx, SPEC, query, where="i.size < $1", args=[9], secret=b"secret")
        listed |= {item["id"] for item in page.items}
        while page.next_cursor:
            after = replace(query, cursor=page.next_cursor)
            page = await fetch_page(tx, SPEC, after, where="i.size < $1", args=[9], secret=b"secret")
            listed |= {item["id"] for item in page.items}
    assert selected == listed
    return len(selected)
