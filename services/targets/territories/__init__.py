"""Territories: who answers for which accounts, by name, region and industry."""
