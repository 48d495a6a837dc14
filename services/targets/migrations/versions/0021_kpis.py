"""KPIs with their versions, what they are counted from, and observations; the core KPIs are installed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_FROZEN = """
CREATE FUNCTION kpi_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a KPI never changes' USING ERRCODE = 'restrict_violation';
END $$
"""
_KEEP = """
-- widens: the table is new
CREATE TRIGGER kpi_version_kept BEFORE UPDATE OR DELETE ON kpi_version
FOR EACH ROW EXECUTE FUNCTION kpi_version_frozen()
"""
_UNFILTERED = "'product_line', NULL, 'region', NULL, 'customer_type', NULL, 'channel_id', NULL"
_CORE: tuple[tuple[str, str, str, str | None, str, str], ...] = (
    ("signed-amount", "Signed amount", "signed_amount", None, "minor_unit", "higher"),
    ("revenue-growth", "Revenue growth", "revenue_year_change", "revenue_year_before", "millionth", "higher"),
    ("collection-rate", "Collection rate", "collected_amount", "due_amount", "millionth", "higher"),
    ("gross-margin", "Gross margin", "gross_margin", "costed_revenue", "millionth", "higher"),
    ("revenue-per-head", "Revenue per head", "revenue", "heads", "minor_unit", "higher"),
    ("visit-conversion", "Visit conversion", "converted_visits", "mature_visits", "millionth", "higher"),
    ("win-rate", "Win rate", "won_opportunities", "closed_opportunities", "millionth", "higher"),
    ("won-cycle", "Cycle of won opportunities", "won_cycle_days", "won_cycles", "thousandth", "lower"),
    ("acquisition-cost", "Customer acquisition cost", "spend", "new_customers", "minor_unit", "lower"),
    ("repurchase-rate", "Repurchase rate", "repeat_customers", "customers", "millionth", "higher"),
    ("csat", "Customer satisfaction", "csat_top", "csat_answers", "millionth", "higher"),
    ("nps", "Net promoter score", "nps_balance", "nps_answers", "millionth", "higher"),
    ("retention-rate", "Retention rate", "retained_customers", "base_customers", "millionth", "higher"),
    ("satisfaction-index", "Satisfaction index", "satisfaction_points", "scored_answers", "thousandth", "higher"),
    ("lead-conversion", "Lead conversion", "converted_leads", "closed_leads", "millionth", "higher"),
)
_PROJECTIONS = (
    "kpi_sale",
    "kpi_payment",
    "kpi_share",
    "kpi_visit",
    "kpi_opportunity",
    "kpi_answer",
    "kpi_stage",
    "kpi_account",
    "kpi_lead",
)
_FACTS = ("kpi_movement", *_PROJECTIONS)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _owned() -> list[sa.Column[Any]]:
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
    version = sa.Column("version", sa.Integer(), server_default="1", nullable=False)
    return [_column("id", sa.Uuid()), version, *moments]


def _kpis() -> None:
    op.create_table(
        "kpi",
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        _column("keyed_of", sa.Text(), nullable=True),
        *_owned(),
        _column("code", sa.Text()),
        _column("name", sa.Text()),
        _column("description", sa.Text(), nullable=True),
        _column("published", sa.Integer()),
        _column("benchmarks", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kpi")),
        sa.UniqueConstraint("code", name=op.f("uq_kpi_code")),
    )
    keyed = "keyed_of IS DISTINCT FROM '1.1 ' || coalesce(name, '') || chr(10) || coalesce(code, '')"
    folded = sa.text('lower(code COLLATE "C")')
    op.create_index("ix_kpi_to_key", "kpi", ["id"], postgresql_where=sa.text(keyed))
    op.create_index("ix_kpi_name_sort_id", "kpi", ["name_sort", "id"])
    op.create_index("ix_kpi_unkeyed", "kpi", ["id"], postgresql_where=sa.text("search_key IS NULL"))
    op.create_index("ix_kpi_grams", "kpi", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_kpi_name_folded", "kpi", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_kpi_code_folded_id", "kpi", [folded, "id"])
    op.create_index("uq_kpi_code_folded", "kpi", [folded], unique=True, postgresql_where=sa.text("NOT is_code_twin"))


def _versions() -> None:
    op.create_table(
        "kpi_version",
        _column("id", sa.Uuid()),
        _column("kpi_id", sa.Uuid()),
        _column("number", sa.Integer()),
        _column("numerator", postgresql.JSONB()),
        _column("denominator", postgresql.JSONB(), nullable=True),
        _column("window_days", sa.Integer(), nullable=True),
        _column("unit", sa.Text()),
        _column("direction", sa.Text()),
        _column("author", sa.Text()),
        _column("recorded_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("unit IN ('minor_unit', 'thousandth', 'millionth')", name=op.f("ck_kpi_version_unit")),
        sa.CheckConstraint("direction IN ('higher', 'lower')", name=op.f("ck_kpi_version_direction")),
        sa.ForeignKeyConstraint(["kpi_id"], ["kpi.id"], name=op.f("fk_kpi_version_kpi_id_kpi")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kpi_version")),
        sa.UniqueConstraint("kpi_id", "number", name=op.f("uq_kpi_version_kpi_id_number")),
    )
    op.execute(_FROZEN)
    op.execute(_KEEP)


def _observations() -> None:
    kinds = "kind IN ('size', 'growth', 'share', 'competitor', 'spend', 'force')"
    op.create_table(
        "observation",
        *_owned(),
        _column("external_id", sa.Text()),
        _column("kind", sa.Text()),
        _column("subject", sa.Text(), nullable=True),
        _column("unit_id", sa.Uuid(), nullable=True),
        _column("region", sa.Text(), nullable=True),
        _column("product_line", sa.Text(), nullable=True),
        _column("channel_id", sa.Uuid(), nullable=True),
        _column("period_start", sa.Date()),
        _column("period_end", sa.Date()),
        _column("value", sa.BigInteger()),
        _column("source", sa.Text()),
        _column("observed_on", sa.Date()),
        _column("corrects_id", sa.Uuid(), nullable=True),
        _column("author", sa.Text()),
        sa.CheckConstraint(kinds, name=op.f("ck_observation_kind")),
        sa.CheckConstraint("period_end >= period_start", name=op.f("ck_observation_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint("external_id", name=op.f("uq_observation_external_id")),
    )
    corrects = sa.text("corrects_id IS NOT NULL")
    op.create_index(
        "uq_observation_corrects_id", "observation", ["corrects_id"], unique=True, postgresql_where=corrects
    )
    _indexes("observation", ("observed_on", "id"), ("kind", "period_start"), ("unit_id",))


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for each in columns:
        op.create_index(f"ix_{table}_{'_'.join(each)}", table, list(each))


def _fact(name: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))


def _of_orders() -> None:
    uuid, whole, text, day = sa.Uuid(), sa.BigInteger(), sa.Text(), sa.Date()
    _fact(
        "kpi_sale",
        ("order_id",),
        _column("order_id", uuid),
        _column("account_id", uuid),
        _column("order_date", day),
        _column("due_on", day, nullable=True),
        _column("region", text, nullable=True),
        _column("customer_type", text, nullable=True),
        _column("channel_id", uuid, nullable=True),
        _column("is_first_order", sa.Boolean()),
    )
    _indexes("kpi_sale", ("order_date",), ("due_on",), ("account_id", "order_date"))
    _fact(
        "kpi_movement",
        ("event_id", "line_no"),
        _column("event_id", uuid),
        _column("line_no", sa.Integer()),
        _column("order_id", uuid),
        _column("day", day),
        _column("product_line", text, nullable=True),
        *(_column(name, whole) for name in ("pieces", "net", "gross", "costed_net")),
        _column("margin", whole, nullable=True),
    )
    _indexes("kpi_movement", ("day",), ("order_id",))
    _fact(
        "kpi_payment",
        ("event_id", "ordinal"),
        _column("event_id", uuid),
        _column("ordinal", sa.Integer()),
        _column("order_id", uuid),
        _column("day", day),
        _column("amount", whole),
    )
    _indexes("kpi_payment", ("order_id",))
    numbers = (_column(name, whole) for name in ("share", "sequence"))
    _fact("kpi_share", ("order_id", "member_id"), _column("order_id", uuid), _column("member_id", uuid), *numbers)
    _indexes("kpi_share", ("member_id",))


def _of_accounts() -> None:
    uuid, whole, text, day = sa.Uuid(), sa.BigInteger(), sa.Text(), sa.Date()
    owners = (_column("account_id", uuid, nullable=True), _column("owner_id", uuid, nullable=True))
    _fact("kpi_visit", ("id",), _column("id", uuid), *owners, _column("day", day))
    _indexes("kpi_visit", ("day",), ("owner_id", "day"))
    _fact(
        "kpi_opportunity",
        ("id",),
        _column("id", uuid),
        _column("account_id", uuid),
        _column("owner_id", uuid, nullable=True),
        _column("state", text),
        _column("amount", whole),
        _column("opened_on", day),
        _column("closed_on", day, nullable=True),
        _column("version", sa.Integer()),
    )
    _indexes("kpi_opportunity", ("closed_on",), ("owner_id", "closed_on"))
    _fact(
        "kpi_answer",
        ("id",),
        _column("id", uuid),
        _column("account_id", uuid),
        _column("owner_id", uuid, nullable=True),
        _column("order_id", uuid, nullable=True),
        _column("kind", text),
        _column("score", sa.Integer()),
        _column("product_line", text, nullable=True),
        _column("day", day),
    )
    _indexes("kpi_answer", ("day",), ("owner_id", "day"))
    _fact(
        "kpi_stage",
        ("event_id",),
        _column("event_id", uuid),
        _column("account_id", uuid),
        _column("sequence", whole),
        _column("owner_id", uuid, nullable=True),
        _column("day", day),
        _column("stage", text),
    )
    op.create_index("ix_kpi_stage_account_id_day", "kpi_stage", ["account_id", "day", "sequence"])
    labels = (_column("region", text, nullable=True), _column("customer_type", text, nullable=True))
    _fact("kpi_account", ("id",), _column("id", uuid), *labels, _column("version", sa.Integer()))
    _fact(
        "kpi_lead",
        ("id",),
        _column("id", uuid),
        _column("owner_id", uuid, nullable=True),
        _column("created_on", day, nullable=True),
        _column("closed_on", day, nullable=True),
        _column("is_converted", sa.Boolean()),
        _column("sequence", whole),
    )
    _indexes("kpi_lead", ("created_on",), ("closed_on",))


def _core() -> None:
    for number, (code, name, over, under, unit, direction) in enumerate(_CORE, 1):
        own, first = (f"01989f2e-0000-7000-8000-0000000{kind}{number:04d}" for kind in ("2", "3"))
        above, below = (
            f"jsonb_build_object('measure', '{one}', {_UNFILTERED})" if one else "NULL" for one in (over, under)
        )
        op.execute(
            f"INSERT INTO kpi (id, code, name, published, benchmarks) VALUES ('{own}', '{code}', '{name}', 1, '[]')"
        )
        op.execute(
            "INSERT INTO kpi_version"
            " (id, kpi_id, number, numerator, denominator, unit, direction, author, recorded_at) VALUES"
            f" ('{first}', '{own}', 1, {above}, {below}, '{unit}', '{direction}',"
            " 'system', now())"
        )


def upgrade() -> None:
    """Apply."""
    _kpis()
    _versions()
    _observations()
    _of_orders()
    _of_accounts()
    _core()


def downgrade() -> None:
    """Take back."""
    for name in (*_FACTS, "observation", "kpi_version", "kpi"):
        op.drop_table(name)
    op.execute("DROP FUNCTION IF EXISTS kpi_version_frozen()")
    names = ", ".join(f"'{name}'" for name in _PROJECTIONS)
    op.execute(f"DELETE FROM projection_state WHERE name IN ({names})")
