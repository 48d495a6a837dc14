"""Event door of the targets service: event type -> handler."""

from __future__ import annotations

from kit.events.handlers import Subscriptions

subscriptions = Subscriptions("targets")
