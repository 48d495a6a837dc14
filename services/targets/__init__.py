"""The targets service: the sales organisation, its targets, their decomposition, crediting and attainment."""
