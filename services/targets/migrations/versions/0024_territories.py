"""Territories, and the directory of accounts that they hold."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_SOME = "cardinality(regions) + cardinality(industries) + cardinality(account_ids) > 0"


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _codes(*names: str) -> list[sa.Column[Any]]:
    return [_column(name, postgresql.ARRAY(sa.Text())) for name in names]


def _accounts() -> None:
    op.create_table(
        "account_directory",
        _column("id", sa.Uuid()),
        _column("owner_id", sa.Uuid(), nullable=True),
        *_codes("places", "branches"),
        _column("is_archived", sa.Boolean()),
        _column("version", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_directory")),
    )


def _territories() -> None:
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
    op.create_table(
        "territory",
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        _column("keyed_of", sa.Text(), nullable=True),
        _column("id", sa.Uuid()),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *moments,
        _column("code", sa.Text()),
        _column("name", sa.Text()),
        _column("member_id", sa.Uuid(), nullable=True),
        _column("unit_id", sa.Uuid(), nullable=True),
        *_codes("regions", "industries", "branches"),
        _column("account_ids", postgresql.ARRAY(sa.Uuid())),
        _column("valid_from", sa.Date()),
        _column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("num_nonnulls(member_id, unit_id) = 1", name=op.f("ck_territory_one_holder")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_territory_period")),
        sa.CheckConstraint(_SOME, name=op.f("ck_territory_some")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_territory_member_id_member")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_territory_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("code", name=op.f("uq_territory_code")),
    )


def _indexes() -> None:
    keyed = "keyed_of IS DISTINCT FROM '1.1 ' || coalesce(name, '') || chr(10) || coalesce(code, '')"
    folded = sa.text('lower(code COLLATE "C")')
    once: dict[str, Any] = {"postgresql_where": sa.text("NOT is_code_twin")}
    op.create_index("ix_territory_to_key", "territory", ["id"], postgresql_where=sa.text(keyed))
    op.create_index("ix_territory_name_sort_id", "territory", ["name_sort", "id"])
    op.create_index("ix_territory_unkeyed", "territory", ["id"], postgresql_where=sa.text("search_key IS NULL"))
    op.create_index("ix_territory_grams", "territory", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_territory_name_folded", "territory", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_territory_code_folded_id", "territory", [folded, "id"])
    op.create_index("uq_territory_code_folded", "territory", [folded], unique=True, **once)
    op.create_index("ix_territory_member_id", "territory", ["member_id"])
    op.create_index("ix_territory_unit_id", "territory", ["unit_id"])
    op.create_index("ix_territory_account_ids", "territory", ["account_ids"], postgresql_using="gin")


def upgrade() -> None:
    """Apply."""
    _accounts()
    _territories()
    _indexes()


def downgrade() -> None:
    """Take back."""
    op.drop_table("territory")
    op.drop_table("account_directory")
