"""How satisfied accounts are, by the answers of a year."""
