"""Adjustments: what is done when a target is not on its way, and what it brought."""
