"""KPIs: two sums and a filter, in published versions that never change."""
