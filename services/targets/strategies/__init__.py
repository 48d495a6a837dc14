"""How targets are to be reached in the market."""
