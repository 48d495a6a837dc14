"""Projection of targets' members: who may see what."""

from __future__ import annotations

from kit.security.principals import PrincipalRow
from services.channels.db import Base


class Principal(PrincipalRow, Base, table=True):
    """Memberships, for record scope."""
