"""Alembic environment of the targets service."""

from kit.db.migrate import run_environment
from services.targets.tables import METADATA

run_environment(METADATA)
