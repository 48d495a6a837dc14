"""A migration that is killed between its parts goes on where it stopped.

Alembic commits what stands before an `autocommit_block` (an index that is built beside the traffic) and writes down
the revision at the very end. Killed in between, a migration finds its own first part when it runs again and fails
("column already exists"). So the commit itself says how far it came, in the comment of Alembic's table: `0011 up 1`,
the first block of revision 0011 was entered. The next run passes over what stands before that block. Statements
within a block commit one by one and therefore say `IF NOT EXISTS`; an index whose building was cut off is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

TABLE = "alembic_version"
_SAID = sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')")
_CUT_OFF = sa.text(
    "SELECT format('%I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"
)


@dataclass
class _Place:
    """Where a revision stands: how many of its blocks a run before entered, and how many this one."""

    label: str = ""
    before: int = 0
    entered: int = 0

    @property
    def is_committed(self) -> bool:
        """Whether what stands here was committed by a run before: it entered a later block."""
        return self.entered < self.before


def resume_blocks(context: Any) -> None:
    """Let the migrations of an online `MigrationContext` go on where a killed run stopped; called once, before them."""
    place = _Place()
    steps, block, execute = context._migrations_fn, context.autocommit_block, context.impl._exec

    def begun(heads: Any, of: Any) -> Iterator[Any]:
        for step in steps(heads, of):
            place.label = f"{step.revision.revision} {'up' if step.is_upgrade else 'down'}"
            place.before, place.entered = _entered_before(context.connection, place.label), 0
            yield step

    def executed(*args: Any, **options: Any) -> Any:
        return None if place.is_committed else execute(*args, **options)

    @contextmanager
    def entered() -> Iterator[None]:
        place.entered += 1
        is_again = place.entered <= place.before
        if not is_again:
            _say(context.connection, f"'{place.label} {place.entered}'")
        with block():
            if is_again:
                _drop_cut_off(context.connection)
            yield

    def ended(**_: Any) -> None:
        if place.entered:
            _say(context.connection, "NULL")

    context._migrations_fn, context.autocommit_block, context.impl._exec = begun, entered, executed
    context.on_version_apply_callbacks = (*context.on_version_apply_callbacks, ended)


def _entered_before(connection: Any, label: str) -> int:
    said = connection.execute(_SAID, {"name": TABLE}).scalar() or ""
    return int(said.removeprefix(f"{label} ")) if said.startswith(f"{label} ") else 0


def _say(connection: Any, literal: str) -> None:
    connection.execute(sa.text(f"COMMENT ON TABLE {TABLE} IS {literal}"))


def _drop_cut_off(connection: Any) -> None:
    for name in connection.execute(_CUT_OFF).scalars().all():
        connection.execute(sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
