"""Policies, and version 1 of each kind: it holds from the first day on."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Json = dict[str, Any]


def _up_to(*steps: tuple[int | None, int]) -> Json:
    """Bands that end with a value each; the last has no end."""
    lows = [None, *(high for high, _ in steps)]
    bands = [{"low": low, "high": high, "points": points} for low, (high, points) in zip(lows, steps, strict=False)]
    return {"closed": "high", "bands": bands}


def _from(*steps: tuple[int | None, int]) -> Json:
    """Bands that begin with a value each, the highest first; the last has no beginning."""
    highs = [None, *(low for low, _ in steps)]
    bands = [{"low": low, "high": high, "points": points} for high, (low, points) in zip(highs, steps, strict=False)]
    return {"closed": "low", "bands": bands[::-1]}


SCORECARD: Json = {
    "window_days": 365,
    "min_items": 3,
    "min_points": 50,
    "paid_below": 100,
    "late_after_days": 3,
    "default_after_days": 90,
    "default_years": 3,
    "utilisation_days": 90,
    "factors": {
        "days_late": _up_to((0, 25), (5, 20), (15, 14), (30, 8), (60, 3), (None, 0)),
        "late_share": _up_to((20000, 15), (100000, 11), (250000, 6), (500000, 2), (None, 0)),
        "defaults": {"none": 20, "one_cured": 8, "others": 0},
        "utilisation": _up_to((300000, 10), (600000, 8), (800000, 5), (1000000, 2), (None, 0)),
        "tenure": _from((36, 8), (12, 6), (6, 3), (None, 0)),
        "financials": {
            "max_age_months": 18,
            "current_ratio": _from((1500000, 4), (1000000, 2), (None, 0)),
            "equity_share": _from((400000, 4), (200000, 2), (None, 0)),
            "net_margin": _from((50000, 4), (0, 2), (None, 0)),
        },
        "disputes": _up_to((0, 5), (50000, 3), (200000, 1), (None, 0)),
        "external": {"max_age_days": 365, **_from((80, 5), (60, 4), (40, 2), (None, 0))},
    },
}
GRADES = (
    ("AAA", 90, 1000, 60, 0, 3000000, 50000000),
    ("AA", 80, 2000, 60, 0, 2500000, 40000000),
    ("A", 70, 5000, 30, 0, 2000000, 30000000),
    ("BBB", 60, 10000, 30, 0, 1500000, 20000000),
    ("BB", 50, 30000, 15, 0, 1000000, 10000000),
    ("B", 40, 80000, 15, 300000, 500000, 5000000),
    ("CCC", 25, 200000, 0, 1000000, 0, 0),
    ("D", 0, 1000000, 0, 1000000, 0, 0),
    ("NR", None, 50000, 30, 0, None, None),
)
_OF_A_GRADE = ("grade", "score_from", "pd", "terms_days", "deposit_share", "limit_factor", "limit_cap")
TERMS: Json = {
    "grades": [dict(zip(_OF_A_GRADE, row, strict=True)) for row in GRADES],
    "lgd": 450000,
    "rise_points": 2,
    "rise_runs": 2,
    "limit_mode": "recommend",
    "limit_months": 6,
    "limit_step": 100000,
    "override_ceiling": None,
}
HOLDS: Json = {"overdue_days": 15, "open_from": 100, "grade_drop": 2, "waiver_days": 30, "items_from": None}


def _band(likelihood: int, impact: int) -> str:
    """By their product; what would be very bad is high although it hardly ever happens."""
    if (likelihood, impact) == (1, 5):
        return "high"
    product = likelihood * impact
    return "low" if product <= 4 else "medium" if product <= 9 else "high" if product <= 14 else "extreme"


MATRIX: Json = {
    "cells": [{"likelihood": x, "impact": y, "band": _band(x, y)} for x in range(1, 6) for y in range(1, 6)],
    "likelihood_bounds": [50000, 200000, 500000, 800000],
    "impact_bounds": [1000, 5000, 20000, 50000],
}
_COMMON = (
    ("parties", "Parties, their registration and authority to sign", True),
    ("payment", "Price, currency, payment term and delay", True),
    ("liability", "Liability and its cap", True),
    ("termination", "Term, notice and termination for cause", True),
    ("disputes", "Governing law, venue or arbitration", True),
    ("confidentiality", "Confidentiality", False),
    ("force-majeure", "Force majeure", False),
    ("data-protection", "Personal data", False),
)
_OF_A_TYPE = {
    "sales": (("delivery", "Delivery and passing of risk", True), ("warranty", "Warranty and remedies", True)),
    "framework": (("call-off", "How orders are called off", True), ("price-review", "Review of prices", False)),
    "distribution": (
        ("territory", "Territory and channels", True),
        ("minimum-purchase", "Minimum purchase and what follows without it", False),
        ("brand", "Use of brands", True),
    ),
    "service": (("service-levels", "Service levels and credits", True), ("acceptance", "Acceptance", True)),
}
_NDA = (
    ("parties", "Parties, their registration and authority to sign", True),
    ("scope", "What is confidential, and for which purpose", True),
    ("term", "Term and return of information", True),
    ("disputes", "Governing law, venue or arbitration", True),
)


def _clauses(*rows: tuple[str, str, bool]) -> list[Json]:
    return [{"code": code, "title": title, "is_mandatory": is_mandatory} for code, title, is_mandatory in rows]


CLAUSES: Json = {**{kind: _clauses(*_COMMON, *own) for kind, own in _OF_A_TYPE.items()}, "nda": _clauses(*_NDA)}
FORWARD: Json = {"horizon_days": 90, "commit": 900000, "best_case": 500000, "pipeline": 200000, "omitted": 0}
DEFAULTS = {
    "scorecard": SCORECARD,
    "terms": TERMS,
    "holds": HOLDS,
    "matrix": MATRIX,
    "clauses": CLAUSES,
    "forward": FORWARD,
}
_INSTALL = """
INSERT INTO risk_policy (id, kind, policy_version, body, reason, state, authors, approved_by, approved_at,
                         effective_from, activation)
VALUES ('{id}', '{kind}', 1, '{body}', 'Installed', 'active', '{{}}', 'system', now(), '1900-01-01', 1)
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "risk_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("activation", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('scorecard', 'terms', 'holds', 'matrix', 'clauses', 'forward')", name=op.f("ck_risk_policy_kind")
        ),
        sa.CheckConstraint("state IN ('draft', 'approved', 'active', 'superseded')", name=op.f("ck_risk_policy_state")),
        sa.CheckConstraint(
            "(state IN ('active', 'superseded')) = (effective_from IS NOT NULL AND activation IS NOT NULL)",
            name=op.f("ck_risk_policy_activation"),
        ),
        sa.CheckConstraint("state = 'draft' OR approved_by IS NOT NULL", name=op.f("ck_risk_policy_approved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_policy")),
        sa.UniqueConstraint("kind", "policy_version", name=op.f("uq_risk_policy_kind_policy_version")),
        sa.UniqueConstraint("kind", "activation", name=op.f("uq_risk_policy_kind_activation")),
    )
    op.create_index(
        "uq_risk_policy_active", "risk_policy", ["kind"], unique=True, postgresql_where=sa.text("state = 'active'")
    )
    op.create_index("ix_risk_policy_created_at_id", "risk_policy", ["created_at", "id"], unique=False)
    for number, (kind, body) in enumerate(DEFAULTS.items(), start=1):
        row_id = f"01989f2e-0000-7000-8000-{number:012x}"
        op.execute(_INSTALL.format(id=row_id, kind=kind, body=json.dumps(body)))


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_risk_policy_created_at_id", table_name="risk_policy")
    op.drop_index("uq_risk_policy_active", table_name="risk_policy", postgresql_where=sa.text("state = 'active'"))
    op.drop_table("risk_policy")
