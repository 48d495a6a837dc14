"""Steps of migrations that give tables their text keys: columns at once, indexes beside the traffic.

Versions and columns are passed in: what a migration did stays what it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from kit.db.text_keys import GRAMS

_BESIDE: dict[str, Any] = {"postgresql_concurrently": True}


def add_key_columns(*tables: str) -> None:
    """The columns of `TextKeyed`, without a rewrite of the table."""
    for table in tables:
        op.add_column(table, sa.Column("search_key", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False))
        op.add_column(table, sa.Column("keyed_of", sa.Text(), nullable=True))


def add_code_columns(*tables: str) -> None:
    """The column of `CodeKeyed`."""
    for table in tables:
        op.add_column(table, sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def add_grams() -> None:
    """The function of parts of words."""
    op.execute(GRAMS)


def build_key_indexes(table: str, version: str, sources: Sequence[str], *owners: str) -> None:
    """The indexes of `key_indexes` for keys of `version`, made of `sources`; call it in an autocommit block. They may
    stand already from an attempt before."""
    texts = " || chr(10) || ".join(f"coalesce({column}, '')" for column in sources)
    waiting = f"keyed_of IS DISTINCT FROM '{version} ' || {texts}"
    build_index(f"ix_{table}_name_sort_id", table, ["name_sort", "id"])
    for owner in owners:
        build_index(f"ix_{table}_{owner}_name_sort_id", table, [owner, "name_sort", "id"])
    build_index(f"ix_{table}_name_folded", table, [sa.text("split_part(search_key, chr(10), 1)")])
    build_index(f"ix_{table}_grams", table, [sa.text("text_grams(search_key)")], postgresql_using="gin")
    build_index(f"ix_{table}_unkeyed", table, ["id"], postgresql_where=sa.text("search_key IS NULL"))
    build_index(f"ix_{table}_to_key", table, ["id"], postgresql_where=sa.text(waiting))


def build_code_index(table: str, column: str) -> None:
    """The order of a code; call it in an autocommit block."""
    build_index(f"ix_{table}_{column}_folded_id", table, [sa.text(f'lower({column} COLLATE "C")'), "id"])


def forbid_code_twins(table: str, column: str, among: str = "true") -> None:
    """No two rows (of those of the condition `among`) have a code in different case; call it in an autocommit block. Of
    those that do already all but the oldest are marked."""
    folded = f'lower({column} COLLATE "C")'
    op.execute(
        f"UPDATE {table} t SET is_code_twin = true WHERE NOT is_code_twin AND {among} AND EXISTS ("
        f"SELECT FROM {table} o WHERE {among} AND o.id < t.id AND "
        f'lower(o.{column} COLLATE "C") = lower(t.{column} COLLATE "C"))'
    )
    build_index(
        f"uq_{table}_{column}_folded",
        table,
        [sa.text(folded)],
        unique=True,
        postgresql_where=sa.text("NOT is_code_twin" if among == "true" else f"NOT is_code_twin AND {among}"),
    )


def drop_indexes(table: str, *names: str) -> None:
    """Take indexes away; call it in an autocommit block."""
    for name in names:
        op.drop_index(name, table_name=table, if_exists=True, **_BESIDE)


def build_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """An index, beside the traffic; call it in an autocommit block."""
    # one that an attempt before has left half-built is no index: it is dropped first
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('{name}') AND NOT indisvalid) "
        f"THEN EXECUTE 'DROP INDEX {name}'; END IF; END $$"
    )
    op.create_index(name, table, columns, if_not_exists=True, **options, **_BESIDE)
