"""Studies keep exposures of regions, channels and product lines, too."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_NAMES = ("region", "channel", "product_line")


def upgrade() -> None:
    """Apply."""
    for name in _NAMES:
        op.execute(f"ALTER TABLE study_run ADD COLUMN IF NOT EXISTS {name}_exposures bigint[] DEFAULT '{{}}' NOT NULL")


def downgrade() -> None:
    """Take back."""
    for name in reversed(_NAMES):
        op.drop_column("study_run", f"{name}_exposures")
