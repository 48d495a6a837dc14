"""Loading the CDNOW purchases through the public API, and the table that proves them."""
