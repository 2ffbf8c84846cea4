"""REST: exchanges and API tokens."""
