"""Alembic environment of the risk service."""

from kit.db.migrate import run_environment
from services.risk.tables import METADATA

run_environment(METADATA)
