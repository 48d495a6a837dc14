"""A company's year over real sales: planned, traded, adjusted and closed, and every service tied to every other."""
