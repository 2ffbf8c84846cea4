"""REST: trusted and pending publishers, and the providers that they are of."""
