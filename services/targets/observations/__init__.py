"""Observations of markets: sizes, growth, shares, competitors, forces, and what was spent."""
