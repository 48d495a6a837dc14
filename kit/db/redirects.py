"""Redirects kept in tables: what was merged into what, where each leads in the end, and rows filed under either.

A service that hears of merges of a noun has the tables `<noun>_redirect` (its row is a `RedirectRow`) and `<noun>_root`
(`<noun>_id`, `root_id`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field as Column

from kit.db.columns import FrozenRow, identifier, moment
from kit.db.database import Tx
from kit.db.lists import Field
from kit.db.rows import insert_rows
from kit.redirects import Groups, Redirect, roots_of


class RedirectRow(FrozenRow):
    """A merge, which stands until it is taken back; one that was never stands again."""

    merge_id: Annotated[UUID, identifier(primary_key=True)]
    survivor_id: Annotated[UUID, identifier(nullable=False)]
    merged_id: Annotated[UUID, identifier(nullable=False)]
    merged_at: Annotated[datetime, moment(nullable=False)]
    stands: Annotated[bool, Column(nullable=False)]


def redirect_indexes(table: str) -> tuple[sa.Index, ...]:
    """Standing merges are found from either end."""
    return tuple(
        sa.Index(f"ix_{table}_{end}", end, postgresql_where=sa.text("stands")) for end in ("survivor_id", "merged_id")
    )


class _Lead(NamedTuple):
    id: UUID
    root_id: UUID


@dataclass(frozen=True, slots=True)
class Redirects:
    """The redirects of a noun, in the tables of the service that asks."""

    noun: str

    def root_sql(self, column: str) -> str:
        """What a column leads to; NULL where it leads nowhere."""
        return f"(SELECT ar.root_id FROM {self.noun}_root ar WHERE ar.{self.noun}_id = {column})"

    def root_of(self, column: str) -> str:
        """What a column reads as: itself, unless it leads to another."""
        return f"coalesce({self.root_sql(column)}, {column})"

    def is_one_sql(self, column: str, parameter: str) -> str:
        """Whether what a column names is one with a parameter."""
        members = self._members().replace("$1::uuid[]", f"ARRAY[{parameter}::uuid]")
        return f"{column} = ANY(ARRAY(SELECT m.id FROM {members}))"

    def filed_fields(self, column: str, *, nullable: bool = False) -> dict[str, Field]:
        """`<noun>_id` is what the column reads as, found by any of those that read as it; `filed_<noun>_id` is the
        column itself."""
        return {
            f"{self.noun}_id": Field(
                self.root_of(column), "uuid", nullable=nullable, filed=column, members=self._members()
            ),
            f"filed_{self.noun}_id": Field(column, "uuid", nullable=nullable),
        }

    def _members(self) -> str:
        root, key = f"{self.noun}_root", f"{self.noun}_id"
        return f"""
unnest($1::uuid[]) AS g(id) CROSS JOIN LATERAL (
  SELECT coalesce((SELECT r.root_id FROM {root} r WHERE r.{key} = g.id), g.id) AS id
) t CROSS JOIN LATERAL (
  SELECT t.id UNION ALL SELECT r.{key} FROM {root} r WHERE r.root_id = t.id
) m
"""


async def groups_in(tx: Tx, of: Redirects, ids: Collection[UUID]) -> Groups:
    """The groups of these, as they are now."""
    if not ids:
        return Groups.of(())
    root, key = f"{of.noun}_root", f"{of.noun}_id"
    sql = f"""
SELECT m.{key} AS id, m.root_id FROM {root} m
WHERE m.root_id = ANY($1::uuid[] || ARRAY(SELECT root_id FROM {root} WHERE {key} = ANY($1::uuid[])))
"""
    return Groups.of(await tx.rows(_Lead, sql, sorted(ids)))


async def fold_redirects(tx: Tx, of: Redirects, heard: Sequence[RedirectRow]) -> None:
    """Keep each merge by its first copy, and where those lead that it joins or parts.

    A merge whose end came first never stands.
    """
    found: dict[UUID, RedirectRow] = {}
    for one in heard:
        known = found.get(one.merge_id)
        if known is None or (known.stands and not one.stands):
            found[one.merge_id] = one
    if not found:
        return
    table = f"{of.noun}_redirect"
    suffix = f"ON CONFLICT (merge_id) DO UPDATE SET stands = false WHERE {table}.stands AND NOT excluded.stands"
    rows = [found[key] for key in sorted(found)]
    await insert_rows(tx, type(rows[0]), rows, suffix)
    ids = await _connected(tx, of, {end for one in rows for end in (one.survivor_id, one.merged_id)})
    await _put_roots(tx, of, ids, roots_of(await _standing(tx, of, ids)))


async def _connected(tx: Tx, of: Redirects, ids: Collection[UUID]) -> list[UUID]:
    """Those that standing merges join with these, and these."""
    sql = f"""
WITH RECURSIVE c AS (
  SELECT unnest($1::uuid[]) AS id
  UNION SELECT n.id FROM c CROSS JOIN LATERAL (
    SELECT merged_id AS id FROM {of.noun}_redirect WHERE survivor_id = c.id AND stands
    UNION ALL SELECT survivor_id FROM {of.noun}_redirect WHERE merged_id = c.id AND stands
  ) n
) SELECT id FROM c
"""
    return [row["id"] for row in await tx.fetch(sql, sorted(ids))]


async def _standing(tx: Tx, of: Redirects, ids: Collection[UUID]) -> list[Redirect]:
    """Standing merges of these into others."""
    sql = f"""
SELECT merge_id, survivor_id, merged_id, merged_at FROM {of.noun}_redirect
WHERE merged_id = ANY($1::uuid[]) AND stands ORDER BY merge_id
"""
    return await tx.rows(Redirect, sql, list(ids))


async def _put_roots(tx: Tx, of: Redirects, ids: Collection[UUID], roots: dict[UUID, UUID]) -> None:
    """Where these lead; those without a root lead nowhere."""
    root, key = f"{of.noun}_root", f"{of.noun}_id"
    await tx.execute(f"DELETE FROM {root} WHERE {key} = ANY($1::uuid[])", list(ids))
    if roots:
        sql = f"INSERT INTO {root} ({key}, root_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])"
        leading = sorted(roots)
        await tx.execute(sql, leading, [roots[each] for each in leading])
