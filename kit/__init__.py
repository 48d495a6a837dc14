"""Technical toolkit shared by the four services; it knows no domain noun."""
