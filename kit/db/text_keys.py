"""Keys of names and codes: what they are matched, searched and sorted by, whatever their spelling.

A row type says what it has: `__text_keys__ = TextKeys(name="name", also=("code",), codes=("code",))`. Its table has
the columns (`TextKeyed`, `CodeKeyed`) and the indexes (`key_indexes`, `code_indexes`); `kit.db.rows` writes the columns
with every row, `kit.db.lists` compares by them, and `kit.db.key_filler` makes those of rows that have none yet.

Codes of our own are ASCII: their key is an expression over the code itself and needs no column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from kit.text import FOLD_VERSION, SORT_VERSION, fold_text, sort_key

KEYS_VERSION = f"{FOLD_VERSION}.{SORT_VERSION}"
"""Of the keys of names: stored in front of what they were made of, so a new one makes every row wait for new keys. A
migration then makes the index of waiting rows anew."""
LAST = "~"
"""Where a name stands that has no key yet: behind all others."""
KEY_COLUMNS = ("search_key", "name_sort", "keyed_of")
SCRIPTS = 0x2E80
"""From here on a single character is searched by index: one of Chinese, Japanese or Korean says as much as a word."""
GRAMS = """
CREATE FUNCTION text_grams(words text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  found text[] := '{}';
  before text := '';
  each text;
BEGIN
  FOREACH each IN ARRAY string_to_array(words, NULL) LOOP
    IF before <> '' THEN
      found := found || (before || each);
    END IF;
    IF ascii(each) >= 11904 THEN
      found := found || each;
    END IF;
    before := each;
  END LOOP;
  RETURN found;
END
$$
"""
"""Every two characters that follow each other in a text, and each one of Chinese, Japanese or Korean: what a GIN index
finds parts of words by, in any script and whatever the locale."""


class TextKeyed(SQLModel):
    """Columns of a table whose rows have a name: the folded texts, a line each; the place of the name; what both were
    made of (null: not made yet)."""

    search_key: Annotated[str | None, Field(sa_type=sa.Text, nullable=True)] = None
    name_sort: Annotated[
        str, Field(sa_type=cast(Any, sa.Text(collation="C")), nullable=False, sa_column_kwargs={"server_default": LAST})
    ] = LAST
    keyed_of: Annotated[str | None, Field(sa_type=sa.Text, nullable=True)] = None


class CodeKeyed(SQLModel):
    """Column of a table with a code of our own: whether an older row has the same code in another case."""

    is_code_twin: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": sa.false()})] = False


@dataclass(frozen=True, slots=True)
class TextKey:
    """How a field is compared: `sql` with what `fold` makes of a value for equality, `order` with what `place` makes of
    it for everything else. Rows that satisfy `waiting` have no keys yet and are matched as they are spelt."""

    sql: str
    fold: Callable[[str], Sequence[str]]
    order: str
    place: Callable[[str], str]
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class SearchKey:
    """The folded texts that `q` searches, and which rows have none yet."""

    sql: str
    waiting: str


@dataclass(frozen=True, slots=True)
class TextKeys:
    """What a row type has: `name` sorts, it and the columns in `also` are searched and matched by their folded form;
    `codes` are codes of our own, which are one code in upper and lower case; `numbers` are drawn by us, in upper case,
    and found in any. `is_person` says of a row whether its name is a person's, by what the row has in `told_by` and in
    the columns above (None: no row's is)."""

    name: str = ""
    also: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    is_person: Callable[[Mapping[str, Any]], bool] | None = None
    told_by: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns that the stored keys are made of."""
        return (self.name, *self.also) if self.name else ()

    def made(self, row: Mapping[str, Any]) -> dict[str, str | None]:
        """The key columns of a row."""
        texts = [row[column] or "" for column in self.sources]
        is_person = self.is_person is not None and self.is_person(row)
        return {
            "search_key": "\n".join(map(fold_text, texts)),
            "name_sort": sort_key(texts[0], may_be_person=is_person) if texts[0] else LAST,
            "keyed_of": f"{KEYS_VERSION} " + "\n".join(texts),
        }

    def waiting(self, alias: str = "") -> str:
        """Condition of the rows whose keys are to be made: none yet, or not of what they say (an older release wrote
        them)."""
        dot = f"{alias}." if alias else ""
        texts = " || chr(10) || ".join(f"coalesce({dot}{column}, '')" for column in self.sources)
        return f"{dot}keyed_of IS DISTINCT FROM '{KEYS_VERSION} ' || {texts}"

    def fields(self, alias: str) -> dict[str, TextKey]:
        """How the fields of a list are compared, by their column."""
        keys = {column: code_key(f"{alias}.{column}") for column in self.codes}
        keys |= {column: number_key(f"{alias}.{column}") for column in self.numbers}
        for number, column in enumerate(self.sources, 1):
            if column not in keys:
                order = f"{alias}.name_sort" if column == self.name else ""
                match = f"split_part({alias}.search_key, chr(10), {number})"
                keys[column] = TextKey(match, _folded, order, self._place, f"{alias}.search_key IS NULL")
        return keys

    def _place(self, value: str) -> str:
        """Of a value that a list is compared with: of whom it is the name is not said."""
        return sort_key(value, may_be_person=self.is_person is not None)

    def search(self, alias: str) -> SearchKey | None:
        """What `q` looks into, None where only codes are searched."""
        return SearchKey(f"{alias}.search_key", f"{alias}.search_key IS NULL") if self.name else None


def everybody(_row: Mapping[str, Any]) -> bool:
    """`is_person` of a row type whose rows are persons."""
    return True


def _folded(value: str) -> Sequence[str]:
    return (fold_text(value),)


def fold_code(code: str) -> str:
    """The key of a code of our own: ASCII case does not count."""
    return "".join(chr(ord(each) + 32) if "A" <= each <= "Z" else each for each in code)


def code_sql(column: str) -> str:
    """`fold_code` in SQL, in the same order on every platform."""
    return f'lower({column} COLLATE "C")'


def code_key(column: str) -> TextKey:
    """How a code of our own is compared."""
    return TextKey(code_sql(column), lambda value: (fold_code(value),), code_sql(column), fold_code)


def raise_code(code: str) -> str:
    """A number in the spelling in which we draw them: ASCII letters in upper case."""
    return "".join(chr(ord(each) - 32) if "a" <= each <= "z" else each for each in code)


def number_key(column: str) -> TextKey:
    """How a number that we draw is compared: its own index serves, since no row has it in another spelling."""
    return TextKey(column, lambda value: (raise_code(value),), column, raise_code)


def keys_of(model: type[SQLModel]) -> TextKeys | None:
    """What a row type says of its keys."""
    return getattr(model, "__text_keys__", None)


def grams(folded: str) -> list[str]:
    """What `text_grams` of a text must hold for the text to hold this; empty when an index cannot tell."""
    pairs = {folded[at : at + 2] for at in range(len(folded) - 1)}
    return sorted(pairs or {each for each in folded if ord(each) >= SCRIPTS})


def key_indexes(table: str, keys: TextKeys, *owners: str) -> tuple[sa.Index, ...]:
    """Indexes of the columns of `TextKeyed`: order (also of each owner's rows), equality, parts, rows to be keyed.

    Rows without keys have an index of their own: the planner knows how few they are, which it does not of those to be
    keyed.
    """
    return (
        sa.Index(f"ix_{table}_name_sort_id", "name_sort", "id"),
        *(sa.Index(f"ix_{table}_{owner}_name_sort_id", owner, "name_sort", "id") for owner in owners),
        sa.Index(f"ix_{table}_name_folded", sa.text("split_part(search_key, chr(10), 1)")),
        sa.Index(f"ix_{table}_grams", sa.text("text_grams(search_key)"), postgresql_using="gin"),
        sa.Index(f"ix_{table}_unkeyed", "id", postgresql_where=sa.text("search_key IS NULL")),
        sa.Index(f"ix_{table}_to_key", "id", postgresql_where=sa.text(keys.waiting())),
    )


def code_indexes(table: str, column: str, among: str = "") -> tuple[sa.Index, ...]:
    """Indexes of a code: order, and that no two rows (of those of the condition `among`) have it in different case, but
    those that did already."""
    folded, counts = code_sql(column), " AND ".join(filter(None, ("NOT is_code_twin", among)))
    return (
        sa.Index(f"ix_{table}_{column}_folded_id", sa.text(folded), "id"),
        sa.Index(f"uq_{table}_{column}_folded", sa.text(folded), unique=True, postgresql_where=sa.text(counts)),
    )
